//! The rules of a rollout policy, as they are set and as they are shown.

use async_graphql::{Enum, InputObject, SimpleObject};
use distr_domain::permission::VendorRole;
use distr_domain::rollout::policy::{self as domain, Amount, Policy, Selector};

use super::windows::RolloutWindows;
use crate::failure::Failure;
use crate::graphql::label::{self, Label};
use crate::graphql::scalar::{LabelKey, Name};

/// The rules of a rollout: its waves, what limits them, what a wave must satisfy, and what happens when it does not.
#[derive(SimpleObject, InputObject)]
#[graphql(input_name = "RolloutPolicyInput")]
pub(in crate::graphql) struct RolloutRules {
    /// The waves in the order in which they open, 1 to 50.
    waves: Vec<RolloutWaveRule>,
    /// The limits of what happens at the same time.
    limits: RolloutLimits,
    /// The gate that each wave must satisfy.
    #[graphql(default)]
    gate: RolloutGate,
    /// The minutes for each hop, from its release to its outcome, while windows are open. A target without an outcome is lost then.
    #[graphql(default = 60)]
    timeout_minutes: u32,
    /// The minutes for which what was released may be unhealthy before that is a failure.
    #[graphql(default = 5)]
    unhealthy_grace_minutes: u32,
    /// The number of times that a hop is tried again that failed for want of network or resources, at most 10.
    #[graphql(default)]
    retries: u32,
    /// The minutes of a window that must be left for a start.
    #[graphql(default = 5)]
    lead_minutes: u32,
    /// The handling, on a halt, of what was released and not begun.
    #[graphql(default_with = "RolloutOnHalt::Withdraw")]
    on_halt: RolloutOnHalt,
    /// The days for which targets may come back after the last wave, at most 366.
    #[graphql(default = 30)]
    tail_days: u32,
    /// The approval that is needed before the start; none if null.
    approve: Option<RolloutApprovalRule>,
    /// The times at which targets may start; at any time if null.
    windows: Option<RolloutWindows>,
    /// Whether the targets of a customer are in the same wave, where a wave is chosen by percent or count.
    #[graphql(default)]
    keep_customers_together: bool,
    /// The label whose value keeps targets in the same wave, where a wave is chosen by percent or count; none if null.
    keep_together_by: Option<LabelKey>,
    /// Whether each rollout of the policy has the same order, and so the same first targets.
    #[graphql(default)]
    sticky: bool,
    /// Whether targets that join while the rollout is open are left out.
    #[graphql(default)]
    closed: bool,
}

/// The rule of a wave: which members are in it. Exactly one of `percent`, `count`, `labels` and `rest` chooses them. Labels are taken first,
/// in the order of the waves; percent and count speak of the members that no label took.
#[derive(SimpleObject, InputObject)]
#[graphql(input_name = "RolloutWaveRuleInput")]
pub(in crate::graphql) struct RolloutWaveRule {
    /// The name of the wave, unique in the policy.
    name: Name,
    /// The share of the members up to which the wave reaches, with the waves before it, 1 to 100; rounded up.
    percent: Option<u32>,
    /// The number of members up to which the wave reaches, with the waves before it.
    count: Option<u32>,
    /// The labels that a target must have to be in the wave: all of them.
    labels: Option<Vec<Label>>,
    /// Whether the wave takes whoever is left; only the last one does.
    #[graphql(default)]
    rest: bool,
    /// The minutes from the wave's last outcome until it may pass.
    #[graphql(default)]
    soak_minutes: u32,
    /// The approval that is needed before the wave opens; none if null.
    approve: Option<RolloutApprovalRule>,
}

/// The limits of what happens at the same time; all of them hold. Exactly one of `inFlight` and `inFlightPercent` is given.
#[derive(SimpleObject, InputObject)]
#[graphql(input_name = "RolloutLimitsInput")]
pub(in crate::graphql) struct RolloutLimits {
    /// The most targets that are in flight: released, without an outcome yet.
    in_flight: Option<u32>,
    /// The same as a share of the members, 1 to 100; rounded down, and at least one target.
    in_flight_percent: Option<u32>,
    /// The most targets of one customer that are in flight; any number if null.
    per_customer: Option<u32>,
    /// The most targets with the same value of a label that are in flight; any number if null.
    per_label: Option<RolloutLabelLimit>,
    /// The most targets that start within any 60 seconds; any number if null.
    starts_per_minute: Option<u32>,
}

/// A limit of targets with the same value of a label.
#[derive(SimpleObject, InputObject)]
#[graphql(input_name = "RolloutLabelLimitInput")]
pub(in crate::graphql) struct RolloutLabelLimit {
    /// The word of the label.
    label: LabelKey,
    /// The most targets with the same value that are in flight.
    most: u32,
}

/// The gate of a wave: what it must satisfy. Shares are of the decided targets: those that succeeded, failed or were lost.
#[derive(SimpleObject, InputObject)]
#[graphql(input_name = "RolloutGateInput")]
pub(in crate::graphql) struct RolloutGate {
    /// The failed and lost targets of the whole rollout that are tolerated; one more halts it. Not limited if null.
    max_failures: Option<u32>,
    /// The share of failed and lost targets of a wave above which the rollout halts, 0 to 100.
    #[graphql(default = 5)]
    max_failure_percent: u32,
    /// The share of lost targets of a wave above which the rollout halts, 0 to 100.
    #[graphql(default = 5)]
    max_unknown_percent: u32,
    /// The decided targets of a wave before a share says anything; fewer where fewer can be reached.
    #[graphql(default = 5)]
    min_decided: u32,
    /// The share of successes of a wave that it needs to pass, 0 to 100; 100 less `maxFailurePercent` if null.
    min_success_percent: Option<u32>,
    /// The share of a wave's members that must be decided before it passes, 0 to 100; if null, silent ones are not waited for.
    require_reached_percent: Option<u32>,
}

/// An approval: who has to agree. Whoever started the rollout is none of them.
#[derive(SimpleObject, InputObject)]
#[graphql(input_name = "RolloutApprovalRuleInput")]
pub(in crate::graphql) struct RolloutApprovalRule {
    /// The roles whose members may approve.
    roles: Vec<RolloutApprover>,
    /// The number of members who must.
    #[graphql(default = 1)]
    count: u32,
    /// The hours after which an approval counts no more; it always counts if null.
    within_hours: Option<u32>,
}

/// A role that may approve rollouts.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub enum RolloutApprover {
    /// The role of owners.
    Owner,
    /// The role of those who publish releases.
    Publisher,
    /// The role of those who look after customers.
    Support,
}

/// The handling, on a halt, of what was released and not begun.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "domain::OnHalt")]
pub enum RolloutOnHalt {
    /// The wish stays, and is brought about when the agent comes to it.
    Leave,
    /// The wish goes back to what runs, so that an agent that returns after weeks does not install a halted release.
    Withdraw,
}

impl Default for RolloutGate {
    fn default() -> Self {
        domain::Gate::default().into()
    }
}

impl From<&Policy> for RolloutRules {
    fn from(policy: &Policy) -> Self {
        let label = match &policy.keep_together {
            Some(domain::KeepTogether::Label(label)) => Some(label.clone().into()),
            Some(domain::KeepTogether::Customer) | None => None,
        };
        Self {
            waves: policy.waves.iter().map(RolloutWaveRule::from).collect(),
            limits: (&policy.limits).into(),
            gate: policy.gate.clone().into(),
            timeout_minutes: policy.timeout_minutes,
            unhealthy_grace_minutes: policy.unhealthy_grace_minutes,
            retries: policy.retries,
            lead_minutes: policy.lead_minutes,
            on_halt: policy.on_halt.into(),
            tail_days: policy.tail_days,
            approve: policy.approve.as_ref().map(RolloutApprovalRule::from),
            windows: policy.windows.as_ref().map(RolloutWindows::from),
            keep_customers_together: policy.keep_together == Some(domain::KeepTogether::Customer),
            keep_together_by: label,
            sticky: policy.sticky,
            closed: policy.closed,
        }
    }
}

impl TryFrom<RolloutRules> for Policy {
    type Error = Failure;

    fn try_from(rules: RolloutRules) -> Result<Self, Failure> {
        let keep_together = match (rules.keep_customers_together, rules.keep_together_by) {
            (true, Some(_)) => {
                let why = "keepCustomersTogether and keepTogetherBy exclude each other; give one of them";
                return Err(Failure::BadInput(why.into()));
            }
            (true, None) => Some(domain::KeepTogether::Customer),
            (false, label) => label.map(|label| domain::KeepTogether::Label(label.0)),
        };
        Ok(Self {
            waves: rules.waves.into_iter().map(TryInto::try_into).collect::<Result<_, Failure>>()?,
            limits: rules.limits.try_into()?,
            gate: rules.gate.into(),
            timeout_minutes: rules.timeout_minutes,
            unhealthy_grace_minutes: rules.unhealthy_grace_minutes,
            retries: rules.retries,
            lead_minutes: rules.lead_minutes,
            on_halt: rules.on_halt.into(),
            tail_days: rules.tail_days,
            approve: rules.approve.map(Into::into),
            windows: rules.windows.map(TryInto::try_into).transpose()?,
            keep_together,
            sticky: rules.sticky,
            closed: rules.closed,
        })
    }
}

impl From<&domain::WavePolicy> for RolloutWaveRule {
    fn from(wave: &domain::WavePolicy) -> Self {
        let (mut percent, mut count, mut labels) = (None, None, None);
        match &wave.select {
            Selector::Percent(share) => percent = Some(*share),
            Selector::Count(number) => count = Some(*number),
            Selector::Labels(wanted) => labels = Some(label::list(wanted)),
            Selector::Rest => {}
        }
        Self {
            name: wave.name.clone().into(),
            percent,
            count,
            labels,
            rest: wave.select == Selector::Rest,
            soak_minutes: wave.soak_minutes,
            approve: wave.approve.as_ref().map(RolloutApprovalRule::from),
        }
    }
}

impl TryFrom<RolloutWaveRule> for domain::WavePolicy {
    type Error = Failure;

    fn try_from(wave: RolloutWaveRule) -> Result<Self, Failure> {
        let select = match (wave.percent, wave.count, wave.labels, wave.rest) {
            (Some(percent), None, None, false) => Selector::Percent(percent),
            (None, Some(count), None, false) => Selector::Count(count),
            (None, None, Some(labels), false) => Selector::Labels(label::read(labels)?),
            (None, None, None, true) => Selector::Rest,
            _ => {
                let why = format!("wave \"{}\" needs exactly one of percent, count, labels and rest", wave.name.0);
                return Err(Failure::BadInput(why));
            }
        };
        let approve = wave.approve.map(Into::into);
        Ok(Self { name: wave.name.0, select, soak_minutes: wave.soak_minutes, approve })
    }
}

impl From<&domain::Limits> for RolloutLimits {
    fn from(limits: &domain::Limits) -> Self {
        let (in_flight, in_flight_percent) = match limits.in_flight {
            Amount::Count(count) => (Some(count), None),
            Amount::Percent(percent) => (None, Some(percent)),
        };
        let per_label = limits.per_label.as_ref();
        Self {
            in_flight,
            in_flight_percent,
            per_customer: limits.per_customer,
            per_label: per_label.map(|of| RolloutLabelLimit { label: of.label.clone().into(), most: of.most }),
            starts_per_minute: limits.starts_per_minute,
        }
    }
}

impl TryFrom<RolloutLimits> for domain::Limits {
    type Error = Failure;

    fn try_from(limits: RolloutLimits) -> Result<Self, Failure> {
        let in_flight = match (limits.in_flight, limits.in_flight_percent) {
            (Some(count), None) => Amount::Count(count),
            (None, Some(percent)) => Amount::Percent(percent),
            _ => return Err(Failure::BadInput("limits need exactly one of inFlight and inFlightPercent".into())),
        };
        let per_label = limits.per_label.map(|of| domain::LabelLimit { label: of.label.0, most: of.most });
        let RolloutLimits { per_customer, starts_per_minute, .. } = limits;
        // how many bytes a hop needs is not known, so that nothing is held by them
        Ok(Self { in_flight, per_customer, per_label, starts_per_minute, egress: None })
    }
}

impl From<domain::Gate> for RolloutGate {
    fn from(gate: domain::Gate) -> Self {
        Self {
            max_failures: gate.max_failures,
            max_failure_percent: gate.max_failure_percent,
            max_unknown_percent: gate.max_unknown_percent,
            min_decided: gate.min_decided,
            min_success_percent: gate.min_success_percent,
            require_reached_percent: gate.require_reached_percent,
        }
    }
}

impl From<RolloutGate> for domain::Gate {
    fn from(gate: RolloutGate) -> Self {
        Self {
            max_failures: gate.max_failures,
            max_failure_percent: gate.max_failure_percent,
            max_unknown_percent: gate.max_unknown_percent,
            min_decided: gate.min_decided,
            min_success_percent: gate.min_success_percent,
            require_reached_percent: gate.require_reached_percent,
        }
    }
}

impl From<&domain::Approval> for RolloutApprovalRule {
    fn from(approval: &domain::Approval) -> Self {
        let roles = approval.roles.iter().filter_map(|role| match role {
            VendorRole::Owner => Some(RolloutApprover::Owner),
            VendorRole::Publisher => Some(RolloutApprover::Publisher),
            VendorRole::Support => Some(RolloutApprover::Support),
            // changes nothing, so that it approves nothing either
            VendorRole::Auditor => None,
        });
        Self { roles: roles.collect(), count: approval.count, within_hours: approval.within_hours }
    }
}

impl From<RolloutApprovalRule> for domain::Approval {
    fn from(approval: RolloutApprovalRule) -> Self {
        let roles = approval.roles.into_iter().map(|role| match role {
            RolloutApprover::Owner => VendorRole::Owner,
            RolloutApprover::Publisher => VendorRole::Publisher,
            RolloutApprover::Support => VendorRole::Support,
        });
        Self { roles: roles.collect(), count: approval.count, within_hours: approval.within_hours }
    }
}
