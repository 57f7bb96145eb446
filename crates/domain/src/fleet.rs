//! The state of a target as a dashboard shows it: a pure function of what was heard and when. Offline, stale, failed and
//! unknown are four different things.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::deployment::Phase;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TargetState {
    /// heard from, and all that was asked for runs healthily
    Ok,
    /// heard from, and on the way to what was asked for
    Progressing,
    /// heard from, and the host holds something: its policy refuses it, or somebody there has to agree
    Held,
    /// heard from, and something failed or is unhealthy
    Failed,
    /// missed a few heartbeats: what is shown may be old
    Stale,
    /// missed so many that it counts as away
    Offline,
    /// never heard from
    Unknown,
}

impl TargetState {
    pub const ALL: [Self; 7] =
        [Self::Ok, Self::Progressing, Self::Held, Self::Failed, Self::Stale, Self::Offline, Self::Unknown];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Progressing => "progressing",
            Self::Held => "held",
            Self::Failed => "failed",
            Self::Stale => "stale",
            Self::Offline => "offline",
            Self::Unknown => "unknown",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

/// How long silence lasts until it means something.
#[derive(Debug, Clone, Copy)]
pub struct Silence {
    pub stale_after: TimeDelta,
    pub offline_after: TimeDelta,
}

pub fn target_state(
    last_heartbeat: Option<DateTime<Utc>>,
    phases: impl IntoIterator<Item = Phase>,
    silence: Silence,
    now: DateTime<Utc>,
) -> TargetState {
    let Some(last) = last_heartbeat else {
        return TargetState::Unknown;
    };
    if now - last >= silence.offline_after {
        return TargetState::Offline;
    }
    if now - last >= silence.stale_after {
        return TargetState::Stale;
    }
    phases.into_iter().map(from_phase).max_by_key(|state| severity(*state)).unwrap_or(TargetState::Ok)
}

/// The instant at which silence alone changes the state, and what it is from then on; none where silence changes nothing.
pub fn next_state(
    last_heartbeat: Option<DateTime<Utc>>,
    silence: Silence,
    now: DateTime<Utc>,
) -> Option<(DateTime<Utc>, TargetState)> {
    let last = last_heartbeat?;
    let (stale, offline) = (last + silence.stale_after, last + silence.offline_after);
    match now {
        _ if now < stale => Some((stale, TargetState::Stale)),
        _ if now < offline => Some((offline, TargetState::Offline)),
        _ => None,
    }
}

fn from_phase(phase: Phase) -> TargetState {
    match phase {
        Phase::Failed | Phase::Unhealthy => TargetState::Failed,
        Phase::Held => TargetState::Held,
        Phase::Progressing | Phase::Removing => TargetState::Progressing,
        Phase::Healthy | Phase::Absent | Phase::Removed => TargetState::Ok,
    }
}

fn severity(state: TargetState) -> u8 {
    match state {
        TargetState::Failed => 3,
        TargetState::Held => 2,
        TargetState::Progressing => 1,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(heard_seconds_ago: Option<i64>, phases: &[Phase]) -> TargetState {
        let now = DateTime::from_timestamp(1_000, 0).unwrap();
        let last = heard_seconds_ago.map(|ago| now - TimeDelta::seconds(ago));
        let silence = Silence { stale_after: TimeDelta::seconds(30), offline_after: TimeDelta::seconds(300) };
        target_state(last, phases.iter().copied(), silence, now)
    }

    #[test]
    fn silence_goes_from_stale_to_offline_and_hides_what_was_reported() {
        assert_eq!(state(Some(29), &[Phase::Failed]), TargetState::Failed);
        assert_eq!(state(Some(30), &[Phase::Failed]), TargetState::Stale);
        assert_eq!(state(Some(300), &[Phase::Failed]), TargetState::Offline);
    }

    #[test]
    fn silence_says_in_advance_when_it_changes_the_state() {
        let at = |seconds| DateTime::from_timestamp(seconds, 0).unwrap();
        let silence = Silence { stale_after: TimeDelta::seconds(30), offline_after: TimeDelta::seconds(300) };
        let next = |now| next_state(Some(at(1_000)), silence, at(now));
        assert_eq!(next(1_029), Some((at(1_030), TargetState::Stale)));
        assert_eq!(next(1_030), Some((at(1_300), TargetState::Offline)));
        assert_eq!(next(1_300), None);
        assert_eq!(next_state(None, silence, at(1_000)), None);
    }

    #[test]
    fn a_target_that_was_never_heard_from_is_unknown() {
        assert_eq!(state(None, &[Phase::Progressing]), TargetState::Unknown);
    }

    #[test]
    fn the_worst_deployment_decides() {
        assert_eq!(state(Some(0), &[]), TargetState::Ok);
        assert_eq!(state(Some(0), &[Phase::Healthy, Phase::Progressing]), TargetState::Progressing);
        assert_eq!(state(Some(0), &[Phase::Progressing, Phase::Held]), TargetState::Held);
        assert_eq!(state(Some(0), &[Phase::Held, Phase::Failed]), TargetState::Failed);
    }
}
