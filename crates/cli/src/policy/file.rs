//! A rollout policy as people write it, in YAML.

use std::collections::BTreeSet;
use std::fmt;

use chrono::NaiveDate;
use distr_domain::label::{LabelKey, Labels};
use distr_domain::names::Slug;
use distr_domain::permission::VendorRole;
use distr_domain::rollout::policy as domain;
use distr_domain::rollout::policy::{Amount, PolicyRejection, Selector};
use distr_domain::window::{self, Day, TimeOfDay, Zone};
use serde::{Deserialize, Deserializer};

/// The rules of a policy. What is not said has the value that the hub gives it.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Rules {
    /// Not needed where the command line names the policy.
    name: Option<Slug>,
    waves: Vec<Wave>,
    limits: Limits,
    #[serde(default)]
    gate: Gate,
    #[serde(default)]
    timeout: Option<Minutes>,
    #[serde(default)]
    unhealthy_grace: Option<Minutes>,
    #[serde(default)]
    retries: u32,
    #[serde(default)]
    lead: Option<Minutes>,
    #[serde(default)]
    on_halt: domain::OnHalt,
    #[serde(default)]
    tail: Option<Minutes>,
    approve: Option<Approve>,
    windows: Option<Windows>,
    keep_together: Option<domain::KeepTogether>,
    #[serde(default)]
    sticky: bool,
    #[serde(default)]
    closed: bool,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Wave {
    name: Slug,
    percent: Option<u32>,
    count: Option<u32>,
    labels: Option<Labels>,
    #[serde(default)]
    rest: bool,
    soak: Option<Minutes>,
    approve: Option<Approve>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Limits {
    #[serde(deserialize_with = "amount")]
    in_flight: Amount,
    per_customer: Option<u32>,
    per_label: Option<LabelLimit>,
    starts_per_minute: Option<u32>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct LabelLimit {
    label: LabelKey,
    most: u32,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
struct Gate {
    max_failures: Option<u32>,
    max_failure_percent: Option<u32>,
    max_unknown_percent: Option<u32>,
    min_decided: Option<u32>,
    min_success_percent: Option<u32>,
    require_reached_percent: Option<u32>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Approve {
    roles: BTreeSet<VendorRole>,
    #[serde(default = "one")]
    count: u32,
    within: Option<Minutes>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Windows {
    zone: Zone,
    #[serde(default)]
    allow: Vec<Window>,
    #[serde(default)]
    blackouts: Vec<Blackout>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Window {
    days: BTreeSet<Day>,
    start: TimeOfDay,
    minutes: u32,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Blackout {
    from: NaiveDate,
    to: NaiveDate,
}

/// A length of time in whole minutes: `30m`, `2h`, `30d`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
struct Minutes(u32);

/// What makes no policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unfit(String);

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<PolicyRejection> for Unfit {
    fn from(rejection: PolicyRejection) -> Self {
        Self(rejection.to_string())
    }
}

fn one() -> u32 {
    1
}

impl TryFrom<String> for Minutes {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let units = [("m", 1), ("h", 60), ("d", 24 * 60)];
        let minutes = units
            .into_iter()
            .find_map(|(unit, minutes)| text.strip_suffix(unit)?.parse::<u32>().ok()?.checked_mul(minutes));
        minutes.map(Self).ok_or_else(|| format!("{text:?} is no time: use a number with m, h or d, as 30m, 2h, 30d"))
    }
}

impl Minutes {
    /// In whole units of so many minutes.
    fn whole(self, of: u32, what: &str, unit: &str) -> Result<u32, Unfit> {
        match self.0 % of {
            0 => Ok(self.0 / of),
            _ => Err(Unfit(format!("{what} is no whole number of {unit}"))),
        }
    }
}

/// Takes `5`, or `5%` of the members.
pub(crate) fn amount_of(text: &str) -> Result<Amount, String> {
    let parsed = match text.strip_suffix('%') {
        Some(percent) => percent.trim_end().parse().map(Amount::Percent),
        None => text.parse().map(Amount::Count),
    };
    parsed.map_err(|_| format!("{text:?} is no number of targets: use 5, or 5% of the members"))
}

fn amount<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Amount, D::Error> {
    amount_of(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
}

/// A policy with its name, as an item of a list.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Rules")]
pub(crate) struct Named {
    pub(crate) name: Slug,
    pub(crate) policy: domain::Policy,
}

impl TryFrom<Rules> for Named {
    type Error = Unfit;

    fn try_from(rules: Rules) -> Result<Self, Unfit> {
        let name = rules.name.clone().ok_or_else(|| Unfit("the rollout policy has no name".to_owned()))?;
        let policy = rules.policy().map_err(|Unfit(why)| Unfit(format!("rollout policy \"{name}\": {why}")))?;
        Ok(Self { name, policy })
    }
}

impl Rules {
    /// Whether the file is of another policy than the one that is named.
    pub(crate) fn check_name(&self, name: &str) -> Result<(), Unfit> {
        match &self.name {
            Some(own) if own.as_str() != name => {
                Err(Unfit(format!("it is of policy \"{own}\", and not of \"{name}\"")))
            }
            _ => Ok(()),
        }
    }

    /// The policy, if a rollout can keep to it.
    pub(crate) fn policy(self) -> Result<domain::Policy, Unfit> {
        let minutes = |given: Option<Minutes>, default: u32| given.map_or(default, |minutes| minutes.0);
        let tail = self.tail.map(|tail| tail.whole(24 * 60, "tail", "days")).transpose()?;
        let waves = self.waves.into_iter().map(Wave::policy).collect::<Result<_, Unfit>>()?;
        let Limits { in_flight, per_customer, per_label, starts_per_minute } = self.limits;
        let per_label = per_label.map(|LabelLimit { label, most }| domain::LabelLimit { label, most });
        let policy = domain::Policy {
            waves,
            limits: domain::Limits { in_flight, per_customer, per_label, starts_per_minute, egress: None },
            gate: self.gate.policy(),
            timeout_minutes: minutes(self.timeout, 60),
            unhealthy_grace_minutes: minutes(self.unhealthy_grace, 5),
            retries: self.retries,
            lead_minutes: minutes(self.lead, 5),
            on_halt: self.on_halt,
            tail_days: tail.unwrap_or(30),
            approve: self.approve.map(Approve::policy).transpose()?,
            windows: self.windows.map(Windows::policy),
            keep_together: self.keep_together,
            sticky: self.sticky,
            closed: self.closed,
        };
        policy.check()?;
        Ok(policy)
    }
}

impl Wave {
    fn policy(self) -> Result<domain::WavePolicy, Unfit> {
        let select = match (self.percent, self.count, self.labels, self.rest) {
            (Some(percent), None, None, false) => Selector::Percent(percent),
            (None, Some(count), None, false) => Selector::Count(count),
            (None, None, Some(labels), false) => Selector::Labels(labels),
            (None, None, None, true) => Selector::Rest,
            _ => {
                let name = &self.name;
                return Err(Unfit(format!(
                    "wave \"{name}\" needs exactly one of percent, count, labels and rest: true"
                )));
            }
        };
        let soak_minutes = self.soak.map_or(0, |soak| soak.0);
        let approve = self.approve.map(Approve::policy).transpose()?;
        Ok(domain::WavePolicy { name: self.name, select, soak_minutes, approve })
    }
}

impl Gate {
    fn policy(self) -> domain::Gate {
        let default = domain::Gate::default();
        domain::Gate {
            max_failures: self.max_failures,
            max_failure_percent: self.max_failure_percent.unwrap_or(default.max_failure_percent),
            max_unknown_percent: self.max_unknown_percent.unwrap_or(default.max_unknown_percent),
            min_decided: self.min_decided.unwrap_or(default.min_decided),
            min_success_percent: self.min_success_percent,
            require_reached_percent: self.require_reached_percent,
        }
    }
}

impl Approve {
    fn policy(self) -> Result<domain::Approval, Unfit> {
        if self.roles.contains(&VendorRole::Auditor) {
            return Err(Unfit(
                "an auditor changes nothing, and approves nothing: name owner, publisher or support".into(),
            ));
        }
        let within_hours = self.within.map(|within| within.whole(60, "within", "hours")).transpose()?;
        Ok(domain::Approval { roles: self.roles, count: self.count, within_hours })
    }
}

impl Windows {
    fn policy(self) -> window::Windows {
        let allow =
            self.allow.into_iter().map(|Window { days, start, minutes }| window::Window { days, start, minutes });
        let blackouts = self.blackouts.into_iter().map(|Blackout { from, to }| window::Blackout { from, to });
        window::Windows { zone: self.zone, allow: allow.collect(), blackouts: blackouts.collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<domain::Policy, String> {
        let rules: Rules = serde_saphyr::from_str(text).map_err(|error| error.to_string())?;
        rules.policy().map_err(|unfit| unfit.to_string())
    }

    #[test]
    fn what_is_written_is_the_policy() {
        let text = "
            waves: [{name: inside, labels: {ring: early}, soak: 30m}, {name: tenth, percent: 10, soak: 2h},
              {name: half, percent: 50, approve: {roles: [owner], within: 1d}}, {name: all, rest: true}]
            limits: {inFlight: 5%, perCustomer: 1}
            gate: {maxFailures: 3}
            timeout: 1h
            onHalt: leave
            tail: 14d
            windows: {zone: Europe/Berlin, allow: [{days: [sat, sun], start: '23:30', minutes: 180}]}";
        let policy = read(text).unwrap();
        assert_eq!(policy.limits.in_flight, Amount::Percent(5));
        assert_eq!(policy.waves.iter().map(|wave| wave.soak_minutes).collect::<Vec<_>>(), [30, 120, 0, 0]);
        assert_eq!(policy.waves[2].approve.as_ref().map(|of| (of.count, of.within_hours)), Some((1, Some(24))));
        assert_eq!((policy.timeout_minutes, policy.tail_days, policy.on_halt), (60, 14, domain::OnHalt::Leave));
        assert_eq!((policy.gate.max_failures, policy.gate.max_failure_percent), (Some(3), 5));
    }

    #[test]
    fn what_makes_no_policy_is_refused_in_words() {
        let with = |waves: &str, more: &str| format!("waves: [{waves}]\nlimits: {{inFlight: 1}}\n{more}");
        let refused = |text: String| read(&text).unwrap_err();
        assert!(refused(with("{name: a}", "")).contains("exactly one of percent"));
        assert!(refused(with("{name: a, rest: true, percent: 5}", "")).contains("exactly one of percent"));
        assert!(refused(with("{name: a, rest: true}, {name: b, percent: 5}", "")).contains("make it the last"));
        assert!(refused(with("{name: a, rest: true}", "tail: 30m")).contains("whole number of days"));
        assert!(refused(with("{name: a, rest: true}", "timeout: 5")).contains("use a number with m, h or d"));
        assert!(refused(with("{name: a, rest: true}", "limit: 5")).contains("limit"));
        assert!(refused(with("{name: a, rest: true, approve: {roles: [auditor]}}", "")).contains("auditor"));
        assert!(refused(with("{name: a, rest: true}", "windows: {zone: Mars/Base}")).contains("Mars/Base"));
        assert!(read("waves: [{name: a, rest: true}]\nlimits: {inFlight: many}").unwrap_err().contains("use 5, or 5%"));
    }
}
