//! A rollout policy: the waves, what limits them, what a wave must satisfy, and what happens when it does not. A rollout keeps
//! a copy, so that a later change of the policy changes no open rollout.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::label::{LabelKey, Labels};
use crate::names::Slug;
use crate::permission::VendorRole;
use crate::window::Windows;

mod check;

pub use check::PolicyRejection;

/// The most waves of a policy.
pub const MAX_WAVES: usize = 50;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// in the order in which they open, at least one
    pub waves: Vec<WavePolicy>,
    pub limits: Limits,
    #[serde(default)]
    pub gate: Gate,
    /// minutes for each hop, from its release to its outcome, while windows are open
    #[serde(default = "sixty")]
    pub timeout_minutes: u32,
    /// minutes for which what was released may be unhealthy before that is a failure
    #[serde(default = "five")]
    pub unhealthy_grace_minutes: u32,
    /// how often a hop is tried again that failed for want of network or resources
    #[serde(default)]
    pub retries: u32,
    /// minutes of a window that must be left for a start
    #[serde(default = "five")]
    pub lead_minutes: u32,
    #[serde(default)]
    pub on_halt: OnHalt,
    /// days for which targets may come back after the last wave
    #[serde(default = "thirty")]
    pub tail_days: u32,
    /// what is needed before the start
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approve: Option<Approval>,
    /// when the vendor's people are awake
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub windows: Option<Windows>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keep_together: Option<KeepTogether>,
    /// each rollout of the policy has the same order
    #[serde(default, skip_serializing_if = "is_false")]
    pub sticky: bool,
    /// targets that join while the rollout is open are left out
    #[serde(default, skip_serializing_if = "is_false")]
    pub closed: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WavePolicy {
    pub name: Slug,
    pub select: Selector,
    /// minutes from the wave's last outcome until it may pass
    #[serde(default)]
    pub soak_minutes: u32,
    /// what is needed before it opens
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approve: Option<Approval>,
}

/// Which members are in a wave. Labels are taken first, in the order of the waves; the others speak of the members that no
/// label took.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Selector {
    /// up to this share by now, 1 to 100
    Percent(u32),
    /// up to this number by now, at least 1
    Count(u32),
    /// the targets that have all of them
    Labels(Labels),
    /// whoever is left
    Rest,
}

/// How much may happen at the same time. All of them hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    pub in_flight: Amount,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_customer: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_label: Option<LabelLimit>,
    /// starts within any 60 seconds
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starts_per_minute: Option<u32>,
    /// bytes a second that the registry is estimated to serve for it
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub egress: Option<u64>,
}

/// A number of targets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Amount {
    Count(u32),
    /// of the members, rounded down, and at least one
    Percent(u32),
}

/// How many targets with the same value of a label are in flight at most.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LabelLimit {
    pub label: LabelKey,
    pub most: u32,
}

/// What a wave must satisfy. Shares are of the decided targets: succeeded, failed or lost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Gate {
    /// failed and lost targets of the whole rollout that are tolerated; one more halts it
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_failures: Option<u32>,
    /// failed and lost
    pub max_failure_percent: u32,
    /// lost
    pub max_unknown_percent: u32,
    /// decided targets before a share says anything; fewer where fewer can be reached
    pub min_decided: u32,
    /// 100 less `max_failure_percent`, if none is given
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_success_percent: Option<u32>,
    /// members of a wave that must be decided before it passes
    #[serde(skip_serializing_if = "Option::is_none")]
    pub require_reached_percent: Option<u32>,
}

impl Default for Gate {
    fn default() -> Self {
        Self {
            max_failures: None,
            max_failure_percent: 5,
            max_unknown_percent: 5,
            min_decided: 5,
            min_success_percent: None,
            require_reached_percent: None,
        }
    }
}

/// Who has to agree. Whoever planned the rollout is none of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    pub roles: BTreeSet<VendorRole>,
    pub count: u32,
    /// hours after which an approval counts no more
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within_hours: Option<u32>,
}

/// What a halt does with what was released and not begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnHalt {
    /// It stays, and is done when the agent comes to it.
    Leave,
    /// It goes back to what runs, so that an agent that returns after weeks does not install a halted release.
    #[default]
    Withdraw,
}

/// What goes together into a wave that is chosen by percent or count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeepTogether {
    Customer,
    Label(LabelKey),
}

fn sixty() -> u32 {
    60
}

fn thirty() -> u32 {
    30
}

fn five() -> u32 {
    5
}

fn is_false(value: &bool) -> bool {
    !value
}

impl Policy {
    /// Those that it demands, of the start and of waves.
    pub fn approvals(&self) -> impl Iterator<Item = &Approval> {
        self.approve.iter().chain(self.waves.iter().filter_map(|wave| wave.approve.as_ref()))
    }
}

impl Limits {
    /// Whether they allow something, with so many members or more, that the other ones do not.
    pub fn exceed(&self, other: &Self, members: u32) -> bool {
        let is_more = |own: Option<u64>, other: Option<u64>| match (own, other) {
            (_, None) => false,
            (own, Some(other)) => own.is_none_or(|own| own > other),
        };
        let in_flight = match (self.in_flight, other.in_flight) {
            (Amount::Percent(own), Amount::Percent(other)) => own > other,
            (Amount::Percent(_), Amount::Count(_)) => true,
            (own, other) => own.of(members) > other.of(members),
        };
        let per_label = match (&self.per_label, &other.per_label) {
            (_, None) => false,
            (None, Some(_)) => true,
            (Some(own), Some(other)) => own.label != other.label || own.most > other.most,
        };
        in_flight
            || per_label
            || is_more(self.per_customer.map(u64::from), other.per_customer.map(u64::from))
            || is_more(self.starts_per_minute.map(u64::from), other.starts_per_minute.map(u64::from))
            || is_more(self.egress, other.egress)
    }
}

impl Amount {
    /// The number, of so many members.
    pub fn of(self, members: u32) -> u32 {
        match self {
            Self::Count(count) => count,
            Self::Percent(percent) => ((u64::from(percent) * u64::from(members) / 100) as u32).max(1),
        }
    }
}

impl Gate {
    pub fn min_success_percent(&self) -> u32 {
        self.min_success_percent.unwrap_or(100 - self.max_failure_percent.min(100))
    }
}
