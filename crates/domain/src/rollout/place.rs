//! Placement: which wave a target is in. The order is that of hashes, and the boundaries between waves are hashes too, frozen
//! when the rollout starts: nobody's place depends on who asks first, or on who joins or leaves.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::policy::{KeepTogether, Policy, Selector, WavePolicy};
use crate::ids::{CustomerId, TargetId};
use crate::label::Labels;

/// Where a wave ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Boundary {
    /// The wave takes targets by their labels.
    Labels,
    /// The last hash in it; those of earlier waves are not in it.
    UpTo(Uuid),
    /// It has no members, and ends where the wave before it ends.
    Empty,
    /// It takes all hashes that are left.
    Rest,
}

/// What placement asks of a target.
#[derive(Debug, Clone, Copy)]
pub struct Placeable<'a> {
    pub target: TargetId,
    pub customer: CustomerId,
    pub labels: &'a Labels,
}

/// The order of targets within a wave.
pub fn order(seed: Uuid, target: TargetId) -> Uuid {
    Uuid::new_v5(&seed, target.0.as_bytes())
}

/// What is held against the boundaries: the target's place in the order, or that of what it is kept together with.
fn hash(policy: &Policy, seed: Uuid, of: Placeable<'_>) -> Uuid {
    let together = match &policy.keep_together {
        None => None,
        Some(KeepTogether::Customer) => Some(format!("customer/{}", of.customer)),
        Some(KeepTogether::Label(label)) => of.labels.get(label).map(|value| format!("label/{}", value.as_str())),
    };
    together.map_or_else(|| order(seed, of.target), |key| Uuid::new_v5(&seed, key.as_bytes()))
}

/// The first wave that takes the target by its labels.
fn by_labels(waves: &[WavePolicy], labels: &Labels) -> Option<usize> {
    waves.iter().position(|wave| match &wave.select {
        Selector::Labels(wanted) => wanted.iter().all(|(key, value)| labels.get(key) == Some(value)),
        _ => false,
    })
}

/// The boundaries of all waves. Each wave that is not chosen by labels gets at least one member while any are left.
pub fn boundaries<'a>(policy: &Policy, seed: Uuid, members: impl Iterator<Item = Placeable<'a>>) -> Vec<Boundary> {
    let unlabelled = members.filter(|member| by_labels(&policy.waves, member.labels).is_none());
    let mut hashes: Vec<Uuid> = unlabelled.map(|member| hash(policy, seed, member)).collect();
    hashes.sort_unstable();
    let all = hashes.len();
    let mut so_far = 0;
    let waves = policy.waves.iter().map(|wave| {
        let wanted = match &wave.select {
            Selector::Labels(_) => return Boundary::Labels,
            Selector::Rest | Selector::Percent(100) => {
                so_far = all;
                return Boundary::Rest;
            }
            Selector::Percent(percent) => (*percent as usize * all).div_ceil(100),
            Selector::Count(count) => *count as usize,
        };
        let end = wanted.max(so_far + 1).min(all);
        if end <= so_far {
            return Boundary::Empty;
        }
        let last = hashes[end - 1];
        // those that are kept together with the last one are in
        so_far = hashes.partition_point(|hash| *hash <= last);
        Boundary::UpTo(last)
    });
    waves.collect()
}

/// The wave of a target, counted from 0; none takes it if no wave takes the rest.
pub fn wave_of(policy: &Policy, seed: Uuid, boundaries: &[Boundary], of: Placeable<'_>) -> Option<usize> {
    by_labels(&policy.waves, of.labels).or_else(|| {
        let hash = hash(policy, seed, of);
        boundaries.iter().position(|boundary| match boundary {
            Boundary::UpTo(last) => hash <= *last,
            Boundary::Rest => true,
            Boundary::Labels | Boundary::Empty => false,
        })
    })
}
