//! The plan of a rollout as it would be made now: who would be in which wave, where each would go first, and what one should know before
//! the start. The start keeps its boundaries, so that the preview is what happens.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Serialize;
use uuid::Uuid;

use super::event::{Kind, Placed, PlanDigest, Planned, Scope};
use super::place::{Boundary, Placeable, boundaries, order, wave_of};
use super::policy::Policy;
use super::world::{TargetView, World, destination, may_join};
use crate::ids::{ApplicationId, TargetId};
use crate::names::Slug;
use crate::rejection::Rejection;
use crate::upgrade_path::{NoPath, Running};
use crate::version::Version;

/// Where a target goes first, or why it does not.
pub type FirstHop = (TargetId, Result<Version, NoPath>);

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// the members of each wave, in their order
    pub waves: Vec<Vec<FirstHop>>,
    pub boundaries: Vec<Boundary>,
    /// targets in scope that no wave takes
    pub unmatched: Vec<TargetId>,
    pub warnings: Vec<Warning>,
    pub digest: PlanDigest,
}

/// What somebody should know before the start.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Warning {
    #[error("wave \"{wave}\" has no members, and passes at once")]
    EmptyWave { wave: Slug },
    #[error(
        "wave \"{wave}\" passes by one success if its other targets are silent; require a share of it to be reached, if that is too few"
    )]
    OneSuccess { wave: Slug },
    #[error(
        "{count} targets in scope are in no wave, and are left out: end the policy with a wave of the rest to take them"
    )]
    Unmatched { count: usize },
}

impl Draft {
    pub fn members(&self) -> u32 {
        self.waves.iter().map(Vec::len).sum::<usize>() as u32
    }
}

/// The first hop of a target, or why there is none.
pub(super) fn first_hop(plan: &Planned, world: &World, view: &TargetView, to: &Version) -> Result<Version, NoPath> {
    match (plan.kind, &view.running) {
        (Kind::Rollback, Running::Version(running)) if running == to => Err(NoPath::Arrived(to.clone())),
        (Kind::Rollback, Running::Version(running)) => world.catalog.check_way_back(running, to).map(|()| to.clone()),
        (Kind::Rollback, _) => Err(NoPath::Unknown),
        (_, running) => world.catalog.next_hop(running, to),
    }
}

pub(super) fn placeable(target: TargetId, view: &TargetView) -> Placeable<'_> {
    Placeable { target, customer: view.customer, labels: &view.labels }
}

/// The target as a member.
pub(super) fn placed(plan: &Planned, target: TargetId, view: &TargetView) -> Placed {
    let label = plan.policy.limits.per_label.as_ref().map(|limit| &limit.label);
    Placed {
        target,
        customer: view.customer,
        group: label.and_then(|label| view.labels.get(label).cloned()),
        to: destination(plan, view).filter(|_| plan.kind == Kind::Rollback),
    }
}

/// The plan of what `plan` says; its members and its digest are not looked at.
pub fn draft(plan: &Planned, world: &World) -> Draft {
    let Planned { policy, seed, .. } = plan;
    let candidates: Vec<(TargetId, &TargetView)> =
        (world.targets.iter().map(|(target, view)| (*target, view))).filter(|(_, view)| may_join(plan, view)).collect();
    let boundaries = boundaries(policy, *seed, candidates.iter().map(|(target, view)| placeable(*target, view)));
    let mut waves: Vec<BTreeMap<Uuid, FirstHop>> = vec![BTreeMap::new(); policy.waves.len()];
    let mut unmatched = vec![];
    for (target, view) in candidates {
        let of = placeable(target, view);
        match wave_of(policy, *seed, &boundaries, of) {
            Some(wave) => {
                let to = destination(plan, view).unwrap_or_else(|| plan.version.clone());
                waves[wave].insert(order(*seed, target), (target, first_hop(plan, world, view, &to)));
            }
            None => unmatched.push(target),
        }
    }
    let waves: Vec<Vec<_>> = waves.into_iter().map(|wave| wave.into_values().collect()).collect();
    let warnings = warnings(policy, &waves, unmatched.len());
    let digest = digest(plan, &waves);
    Draft { waves, boundaries, unmatched, warnings, digest }
}

fn warnings<T>(policy: &Policy, waves: &[Vec<T>], unmatched: usize) -> Vec<Warning> {
    let named = || policy.waves.iter().zip(waves).map(|(wave, members)| (wave.name.clone(), members.len()));
    let empty = named().filter(|(_, members)| *members == 0).map(|(wave, _)| Warning::EmptyWave { wave });
    let before_last = policy.waves.len() - 1;
    let is_thin = policy.gate.require_reached_percent.is_none();
    let thin = named().take(before_last).filter(|(_, members)| is_thin && *members > 1);
    let thin = thin.map(|(wave, _)| Warning::OneSuccess { wave });
    let unmatched = (unmatched > 0).then_some(Warning::Unmatched { count: unmatched });
    empty.chain(thin).chain(unmatched).collect()
}

fn is_all(scope: &&Scope) -> bool {
    **scope == Scope::default()
}

/// Not of presence and licenses, which change by the minute.
fn digest(plan: &Planned, waves: &[Vec<FirstHop>]) -> PlanDigest {
    #[derive(Serialize)]
    struct Said<'a> {
        application: ApplicationId,
        version: &'a Version,
        kind: Kind,
        policy: &'a Policy,
        waves: Vec<Vec<(TargetId, String)>>,
        // left out where they say nothing: digests of plans that were made before they were told stay what they are
        #[serde(skip_serializing_if = "is_all")]
        scope: &'a Scope,
        #[serde(skip_serializing_if = "Option::is_none")]
        not_before: Option<DateTime<Utc>>,
    }
    let hop = |hop: &Result<Version, NoPath>| match hop {
        Ok(version) => version.to_string(),
        Err(no_path) => no_path.code().to_owned(),
    };
    let wave = |wave: &Vec<FirstHop>| wave.iter().map(|(target, first)| (*target, hop(first))).collect::<Vec<_>>();
    let said = Said {
        application: plan.application,
        version: &plan.version,
        kind: plan.kind,
        policy: &plan.policy,
        waves: waves.iter().map(wave).collect(),
        scope: &plan.scope,
        not_before: plan.not_before,
    };
    // what is said is plain data, whose JSON cannot fail; its order is that of the fields
    let json = serde_json::to_vec(&said).unwrap_or_default();
    PlanDigest(Uuid::new_v5(&plan.seed, &json))
}
