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
