//! What a rollout policy must be, so that a rollout can keep to it and comes to an end.

use std::collections::BTreeSet;

use super::{Amount, Gate, Limits, MAX_WAVES, Policy, Selector, WavePolicy};
use crate::label::MAX_LABELS;
use crate::names::Slug;
use crate::rejection::Rejection;
use crate::window::{InvalidWindows, MAX_MINUTES, Windows};

/// People who approve one stage.
const MAX_APPROVERS: u32 = 20;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyRejection {
    #[error("a rollout policy has at least one wave and at most {MAX_WAVES}; this one has {count}")]
    Waves { count: usize },
    #[error("two waves have the name \"{name}\"")]
    Repeated { name: Slug },
    #[error("{what} of {percent} % is not valid: use {least} to 100")]
    PercentRange { what: &'static str, percent: u32, least: u32 },
    #[error(
        "wave \"{name}\" would not reach further than the wave before it: percents and counts are of all by then, and grow"
    )]
    PercentFalls { name: Slug },
    #[error("wave \"{name}\" takes the rest, so nothing is left for the waves behind it: make it the last")]
    RestNotLast { name: Slug },
    #[error("wave \"{name}\" names no label")]
    NoLabels { name: Slug },
    #[error("wave \"{name}\" names more than {MAX_LABELS} labels, and no target has so many")]
    TooManyLabels { name: Slug },
    #[error("limit {what} is 0, so nothing would ever start: use at least 1")]
    NoLimit { what: &'static str },
    #[error("{what} must be at least 1")]
    Zero { what: &'static str },
    #[error("{what} of {value} is too long: use at most {most}")]
    TooLong { what: &'static str, value: u32, most: u32 },
    #[error("an approval by nobody is none: name roles and a count of at least 1")]
    NoApprover,
    #[error("an approval by {count} is more than a rollout waits for: use at most {MAX_APPROVERS}")]
    TooManyApprovers { count: u32 },
    #[error(transparent)]
    Windows(#[from] InvalidWindows),
    #[error("there is no such rollout policy")]
    NotFound,
}

impl Rejection for PolicyRejection {
    fn code(&self) -> &'static str {
        match self {
            Self::Waves { .. } => "policy.waves",
            Self::Repeated { .. } => "policy.repeated",
            Self::PercentRange { .. } => "policy.percent_range",
            Self::PercentFalls { .. } => "policy.percent_falls",
            Self::RestNotLast { .. } => "policy.rest_not_last",
            Self::NoLabels { .. } => "policy.no_labels",
            Self::TooManyLabels { .. } => "policy.too_many_labels",
            Self::NoLimit { .. } => "policy.no_limit",
            Self::Zero { .. } => "policy.zero",
            Self::TooLong { .. } => "policy.too_long",
            Self::NoApprover => "policy.no_approver",
            Self::TooManyApprovers { .. } => "policy.too_many_approvers",
            Self::Windows(_) => "policy.windows",
            Self::NotFound => "policy.not_found",
        }
    }
}

impl Limits {
    pub fn check(&self) -> Result<(), PolicyRejection> {
        if let Amount::Percent(percent) = self.in_flight {
            check_percent("in flight", percent, 1)?;
        }
        let in_flight = match self.in_flight {
            Amount::Count(count) => Some(count),
            Amount::Percent(_) => None,
        };
        let per_label = self.per_label.as_ref().map(|limit| limit.most);
        let limits = [
            ("in flight", in_flight.map(u64::from)),
            ("per customer", self.per_customer.map(u64::from)),
            ("per label", per_label.map(u64::from)),
            ("starts per minute", self.starts_per_minute.map(u64::from)),
            ("egress", self.egress),
        ];
        match limits.into_iter().find(|(_, limit)| *limit == Some(0)) {
            Some((what, _)) => Err(PolicyRejection::NoLimit { what }),
            None => Ok(()),
        }
    }
}

fn check_percent(what: &'static str, percent: u32, least: u32) -> Result<(), PolicyRejection> {
    match (least..=100).contains(&percent) {
        true => Ok(()),
        false => Err(PolicyRejection::PercentRange { what, percent, least }),
    }
}

impl Policy {
    /// Whether a rollout can keep to it.
    pub fn check(&self) -> Result<(), PolicyRejection> {
        self.check_waves()?;
        self.limits.check()?;
        self.check_gate()?;
        self.check_times()?;
        if self.approvals().any(|approval| approval.within_hours == Some(0)) {
            return Err(PolicyRejection::Zero { what: "the time within which an approval counts" });
        }
        if self.approvals().any(|approval| approval.count == 0 || approval.roles.is_empty()) {
            return Err(PolicyRejection::NoApprover);
        }
        let counts = self.approvals().map(|approval| approval.count);
        if let Some(count) = counts.max().filter(|count| *count > MAX_APPROVERS) {
            return Err(PolicyRejection::TooManyApprovers { count });
        }
        Ok(self.windows.as_ref().map_or(Ok(()), Windows::check)?)
    }

    fn check_waves(&self) -> Result<(), PolicyRejection> {
        let count = self.waves.len();
        if !(1..=MAX_WAVES).contains(&count) {
            return Err(PolicyRejection::Waves { count });
        }
        let (mut names, mut percents, mut counts) = (BTreeSet::new(), 0, 0);
        for (index, WavePolicy { name, select, .. }) in self.waves.iter().enumerate() {
            if !names.insert(name) {
                return Err(PolicyRejection::Repeated { name: name.clone() });
            }
            let falls = || PolicyRejection::PercentFalls { name: name.clone() };
            match select {
                Selector::Percent(percent) => {
                    check_percent("a wave", *percent, 1)?;
                    if std::mem::replace(&mut percents, *percent) >= *percent {
                        return Err(falls());
                    }
                }
                Selector::Count(count) if std::mem::replace(&mut counts, *count) >= *count => return Err(falls()),
                Selector::Labels(labels) if labels.is_empty() => {
                    return Err(PolicyRejection::NoLabels { name: name.clone() });
                }
                Selector::Labels(labels) if labels.len() > MAX_LABELS => {
                    return Err(PolicyRejection::TooManyLabels { name: name.clone() });
                }
                Selector::Rest if index + 1 < count => {
                    return Err(PolicyRejection::RestNotLast { name: name.clone() });
                }
                Selector::Count(_) | Selector::Labels(_) | Selector::Rest => {}
            }
        }
        Ok(())
    }

    fn check_gate(&self) -> Result<(), PolicyRejection> {
        let Gate { max_failure_percent, max_unknown_percent, min_decided, .. } = self.gate;
        check_percent("failures", max_failure_percent, 0)?;
        check_percent("unknown outcomes", max_unknown_percent, 0)?;
        for (what, percent) in
            [("success", self.gate.min_success_percent), ("reached", self.gate.require_reached_percent)]
        {
            check_percent(what, percent.unwrap_or_default(), 0)?;
        }
        match min_decided {
            0 => Err(PolicyRejection::Zero { what: "the number of decided targets" }),
            _ => Ok(()),
        }
    }

    fn check_times(&self) -> Result<(), PolicyRejection> {
        if self.timeout_minutes == 0 {
            return Err(PolicyRejection::Zero { what: "the timeout" });
        }
        const YEAR: u32 = 366 * 24 * 60;
        let approvals = self.approvals().filter_map(|approval| approval.within_hours);
        let approvals = approvals.map(|hours| ("an approval, in hours,", hours, YEAR / 60));
        let soaks = self.waves.iter().map(|wave| ("a soak, in minutes,", wave.soak_minutes, YEAR));
        let times = [
            ("the timeout, in minutes,", self.timeout_minutes, YEAR),
            ("the grace, in minutes,", self.unhealthy_grace_minutes, YEAR),
            ("the lead, in minutes,", self.lead_minutes, MAX_MINUTES),
            ("the number of retries", self.retries, 10),
            ("the tail, in days,", self.tail_days, 366),
        ];
        match times.into_iter().chain(soaks).chain(approvals).find(|(_, value, most)| value > most) {
            Some((what, value, most)) => Err(PolicyRejection::TooLong { what, value, most }),
            None => Ok(()),
        }
    }
}
