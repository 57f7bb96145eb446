//! The waves of a rollout, as they stand.

use async_graphql::{Enum, SimpleObject};
use chrono::{DateTime, TimeDelta, Utc};
use distr_domain::rollout::WavePhase;
use distr_projections::rollout::RolloutRow;
use distr_projections::rollout_target::WaveCount;

use crate::graphql::scalar::Name;

/// The state of a wave.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub enum RolloutWaveState {
    /// The wave waits for its turn, or for an approval.
    Pending,
    /// Targets of the wave start.
    Open,
    /// Nobody of the wave is in flight any more; the wave soaks, and then its gate is asked.
    Soaking,
    /// The wave satisfied its gate.
    Passed,
    /// Somebody skipped the wave.
    Skipped,
}

/// A wave of a rollout. Its counts are of the targets that the caller may see.
#[derive(SimpleObject)]
pub(super) struct RolloutWave {
    /// The number of the wave; the first is 1.
    number: u32,
    /// The name of the wave.
    name: Name,
    /// The state of the wave.
    state: RolloutWaveState,
    /// The number of targets in the wave.
    members: u32,
    /// The number of targets that are neither released nor settled.
    waiting: u32,
    /// The number of targets that are released, without an outcome yet.
    in_flight: u32,
    /// The number of targets that became healthy.
    succeeded: u32,
    /// The number of targets that failed.
    failed: u32,
    /// The number of targets of which no outcome came in time.
    lost: u32,
    /// The number of targets that are settled in another way, as skipped or cancelled.
    apart: u32,
    /// The time at which the wave opened; null if it has not.
    opened_at: Option<DateTime<Utc>>,
    /// The time until which the wave soaks; null if it does not.
    soaks_until: Option<DateTime<Utc>>,
    /// The time at which the wave passed or was skipped; null if it was not.
    done_at: Option<DateTime<Utc>>,
    /// The reason for which somebody skipped the wave; null if nobody did, and for a customer's members.
    skipped_because: Option<String>,
}

/// A customer sees the waves that it has a target in.
pub(super) fn of(row: &RolloutRow, counts: &[WaveCount], is_customer: bool) -> Vec<RolloutWave> {
    let waves = row.waves.iter().zip(&row.plan.policy.waves).zip(1..).map(|((wave, policy), number)| {
        let count = counts.iter().find(|count| count.wave == number);
        let of = |part: fn(&WaveCount) -> u32| count.map_or(0, part);
        let (state, soaks_until) = match wave.phase {
            WavePhase::Pending => (RolloutWaveState::Pending, None),
            WavePhase::Open => (RolloutWaveState::Open, None),
            WavePhase::Soaking { since } => {
                let soak = TimeDelta::minutes(policy.soak_minutes.into());
                (RolloutWaveState::Soaking, Some(since + soak))
            }
            WavePhase::Passed => (RolloutWaveState::Passed, None),
            WavePhase::Skipped => (RolloutWaveState::Skipped, None),
        };
        let members = |of: &WaveCount| of.waiting + of.in_flight + of.succeeded + of.failed + of.lost + of.apart;
        RolloutWave {
            number,
            name: policy.name.clone().into(),
            state,
            members: of(members),
            waiting: of(|of| of.waiting),
            in_flight: of(|of| of.in_flight),
            succeeded: of(|of| of.succeeded),
            failed: of(|of| of.failed),
            lost: of(|of| of.lost),
            apart: of(|of| of.apart),
            opened_at: wave.opened_at,
            soaks_until,
            done_at: wave.done_at,
            skipped_because: wave.skipped.clone().filter(|_| !is_customer),
        }
    });
    waves.filter(|wave| !is_customer || wave.members > 0).collect()
}
