//! `distr policy`: the rules that rollouts go by.

mod file;

use std::path::PathBuf;

use anyhow::Result;
use clap::Subcommand;
use distr_domain::permission::VendorRole;
use distr_domain::rollout::policy::{Amount, Approval, KeepTogether, OnHalt, Policy, Selector, WavePolicy};
use distr_domain::window::{Day, Windows};
use serde_json::Value;

use crate::exit::Failure;
use crate::hub::{Hub, PAGE};
use crate::input;
use crate::operation::shown;
use crate::output::Columns;
use crate::session::Session;

use file::Rules;
pub(crate) use file::{Named, amount_of};
use policy_set::{
    LabelInput, RolloutApprovalRuleInput, RolloutApprover, RolloutBlackoutInput, RolloutGateInput,
    RolloutLabelLimitInput, RolloutLimitsInput, RolloutOnHalt, RolloutPolicyInput, RolloutWaveRuleInput,
    RolloutWindowInput, RolloutWindowsInput, Weekday,
};

shown!("src/policy.graphql": PolicyList PolicyShow PolicySet PolicyRemove);

const COLUMNS: Columns = &[
    ("NAME", "/name"),
    ("WAVES", "/waves"),
    ("LIMITS", "/rules/limits"),
    ("TOLERATED FAILURES", "/rules/gate/maxFailures"),
    ("CHANGED", "/changedAt"),
];
const FIELDS: Columns = &[
    ("name", "/name"),
    ("waves", "/rules/waves"),
    ("limits", "/rules/limits"),
    ("gate", "/rules/gate"),
    ("timeout, minutes", "/rules/timeoutMinutes"),
    ("unhealthy grace, minutes", "/rules/unhealthyGraceMinutes"),
    ("retries", "/rules/retries"),
    ("lead, minutes", "/rules/leadMinutes"),
    ("on halt", "/rules/onHalt"),
    ("tail, days", "/rules/tailDays"),
    ("approval", "/rules/approve"),
    ("windows", "/rules/windows"),
    ("customers together", "/rules/keepCustomersTogether"),
    ("together by label", "/rules/keepTogetherBy"),
    ("sticky", "/rules/sticky"),
    ("closed", "/rules/closed"),
    ("changed", "/changedAt"),
    ("id", "/id"),
];

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Set the rules of a policy, all of them, from a YAML file
    #[command(after_help = "\
The file has the fields of an item of `rolloutPolicies` but for its name; see: distr apply --help")]
    Set {
        /// The policy's name
        name: String,
        /// The YAML file, or - for standard input
        #[arg(short = 'f', long, value_name = "FILE")]
        file: PathBuf,
    },
    /// List the policies
    List,
    /// Show one policy
    Show {
        /// The policy's name
        name: String,
    },
    /// Remove a policy; rollouts that were started by it go on with their copies
    Remove {
        /// The policy's name
        name: String,
    },
}

impl Command {
    pub(crate) async fn run(self, Session { hub, out }: &Session) -> Result<()> {
        match self {
            Self::Set { name, file } => {
                let text = input::text(&file)?;
                let at = file.display();
                let unfit = |why: String| Failure::Usage(format!("{at}: {why}"));
                let rules: Rules =
                    serde_saphyr::from_str(&text).map_err(|error| unfit(error.without_snippet().to_string()))?;
                rules.check_name(&name).map_err(|error| unfit(error.to_string()))?;
                let policy = rules.policy().map_err(|error| unfit(error.to_string()))?;
                let sentence = format!("set rollout policy \"{name}\"");
                out.did(set(hub, name, &policy).await?, "rolloutPolicy", &sentence)
            }
            Self::List => {
                let mut policies = list(hub).await?;
                if !out.is_json() {
                    policies.iter_mut().for_each(name_waves);
                }
                out.list(policies, COLUMNS)
            }
            Self::Show { name } => {
                let policy = hub.ask::<PolicyShow>(policy_show::Variables { name }).await?.rollout_policy;
                out.show(policy, FIELDS)
            }
            Self::Remove { name } => {
                let sentence = format!("removed rollout policy \"{name}\"");
                let data = hub.ask::<PolicyRemove>(policy_remove::Variables { name }).await?;
                out.did(data.rollout_policy_remove, "rolloutPolicy", &sentence)
            }
        }
    }
}

fn name_waves(policy: &mut Value) {
    let waves = policy["rules"]["waves"].as_array().cloned().unwrap_or_default();
    policy["waves"] = waves.into_iter().map(|wave| wave["name"].clone()).collect();
}

pub(crate) async fn list(hub: &Hub) -> Result<Vec<Value>> {
    let variables = |after| policy_list::Variables { first: Some(PAGE), after };
    hub.list::<PolicyList>("/rolloutPolicies", variables).await
}

pub(crate) async fn set(hub: &Hub, name: String, policy: &Policy) -> Result<Value> {
    let variables = policy_set::Variables { name, policy: input_of(policy) };
    Ok(hub.ask::<PolicySet>(variables).await?.rollout_policy_set)
}

/// The rules as the hub has them: what it answers with when it has this policy.
pub(crate) fn rules_of(policy: &Policy) -> Result<Value> {
    Ok(serde_json::to_value(input_of(policy))?)
}

fn input_of(policy: &Policy) -> RolloutPolicyInput {
    let in_flight = policy.limits.in_flight;
    let limits = RolloutLimitsInput {
        in_flight: if let Amount::Count(count) = in_flight { Some(count.into()) } else { None },
        in_flight_percent: if let Amount::Percent(percent) = in_flight { Some(percent.into()) } else { None },
        per_customer: policy.limits.per_customer.map(i64::from),
        per_label: policy
            .limits
            .per_label
            .as_ref()
            .map(|of| RolloutLabelLimitInput { label: of.label.to_string(), most: of.most.into() }),
        starts_per_minute: policy.limits.starts_per_minute.map(i64::from),
    };
    let gate = RolloutGateInput {
        max_failures: policy.gate.max_failures.map(i64::from),
        max_failure_percent: policy.gate.max_failure_percent.into(),
        max_unknown_percent: policy.gate.max_unknown_percent.into(),
        min_decided: policy.gate.min_decided.into(),
        min_success_percent: policy.gate.min_success_percent.map(i64::from),
        require_reached_percent: policy.gate.require_reached_percent.map(i64::from),
    };
    let label = match &policy.keep_together {
        Some(KeepTogether::Label(label)) => Some(label.to_string()),
        Some(KeepTogether::Customer) | None => None,
    };
    RolloutPolicyInput {
        waves: policy.waves.iter().map(wave).collect(),
        limits,
        gate,
        timeout_minutes: policy.timeout_minutes.into(),
        unhealthy_grace_minutes: policy.unhealthy_grace_minutes.into(),
        retries: policy.retries.into(),
        lead_minutes: policy.lead_minutes.into(),
        on_halt: match policy.on_halt {
            OnHalt::Leave => RolloutOnHalt::LEAVE,
            OnHalt::Withdraw => RolloutOnHalt::WITHDRAW,
        },
        tail_days: policy.tail_days.into(),
        approve: policy.approve.as_ref().map(approval),
        windows: policy.windows.as_ref().map(windows),
        keep_customers_together: policy.keep_together == Some(KeepTogether::Customer),
        keep_together_by: label,
        sticky: policy.sticky,
        closed: policy.closed,
    }
}

fn wave(wave: &WavePolicy) -> RolloutWaveRuleInput {
    let (mut percent, mut count, mut labels) = (None, None, None);
    match &wave.select {
        Selector::Percent(share) => percent = Some(i64::from(*share)),
        Selector::Count(number) => count = Some(i64::from(*number)),
        Selector::Labels(wanted) => {
            let label = |(key, value): (&_, &_)| LabelInput { key: to_string(key), value: to_string(value) };
            labels = Some(wanted.iter().map(label).collect());
        }
        Selector::Rest => {}
    }
    RolloutWaveRuleInput {
        name: wave.name.to_string(),
        percent,
        count,
        labels,
        rest: wave.select == Selector::Rest,
        soak_minutes: wave.soak_minutes.into(),
        approve: wave.approve.as_ref().map(approval),
    }
}

fn to_string(text: &impl ToString) -> String {
    text.to_string()
}

fn approval(approval: &Approval) -> RolloutApprovalRuleInput {
    let roles = approval.roles.iter().filter_map(|role| match role {
        VendorRole::Owner => Some(RolloutApprover::OWNER),
        VendorRole::Publisher => Some(RolloutApprover::PUBLISHER),
        VendorRole::Support => Some(RolloutApprover::SUPPORT),
        VendorRole::Auditor => None,
    });
    RolloutApprovalRuleInput {
        roles: roles.collect(),
        count: approval.count.into(),
        within_hours: approval.within_hours.map(i64::from),
    }
}

fn windows(windows: &Windows) -> RolloutWindowsInput {
    let allow = windows.allow.iter().map(|window| RolloutWindowInput {
        days: window.days.iter().copied().map(weekday).collect(),
        start: window.start.to_string(),
        minutes: window.minutes.into(),
    });
    let blackouts = windows.blackouts.iter().map(|of| RolloutBlackoutInput { from: of.from, to: of.to });
    RolloutWindowsInput { zone: windows.zone.to_string(), allow: allow.collect(), blackouts: blackouts.collect() }
}

fn weekday(day: Day) -> Weekday {
    match day {
        Day::Mon => Weekday::MON,
        Day::Tue => Weekday::TUE,
        Day::Wed => Weekday::WED,
        Day::Thu => Weekday::THU,
        Day::Fri => Weekday::FRI,
        Day::Sat => Weekday::SAT,
        Day::Sun => Weekday::SUN,
    }
}
