//! All rollouts of the log, replayed.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context;
use distr_domain::decider::Category;
use distr_domain::deployment::DeploymentEvent;
use distr_domain::ids::{DeploymentId, RolloutId, TargetId};
use distr_domain::rollout::replay::Replay;
use distr_domain::rollout::{Class, MemberState, RolloutEvent};
use distr_domain::version::Version;
use distr_eventlog::{Entry, EventLog, Limit, Position, RecordedEvent, Selection};
use distr_projections::rollout::RolloutRow;
use distr_projections::rollout_target::RolloutTargetRow;

const PAGE: usize = 1000;

/// What a rollout released: the deployment that may be asked for the version, and which try that is.
type Release = (RolloutId, DeploymentId, Version, u32);

#[derive(Default)]
pub(super) struct Seen {
    replays: BTreeMap<RolloutId, Replay>,
    released: BTreeSet<Release>,
    /// What is wrong, a sentence each.
    pub(super) wrong: Vec<String>,
}

impl Seen {
    /// The log up to a position.
    pub(super) async fn replay(log: &dyn EventLog, until: Position) -> anyhow::Result<Self> {
        let mut seen = Self::default();
        let mut after = Position::START;
        while after < until {
            let page = log.scan(after, Limit::entries(PAGE), Selection::Facts).await.context("cannot read the log")?;
            for entry in &page.entries {
                match entry {
                    Entry::Fact(event) if event.position <= until => seen.take(event)?,
                    _ => {}
                }
            }
            after = page.scanned_to;
        }
        Ok(seen)
    }

    pub(super) fn releases(&self) -> usize {
        self.released.len()
    }

    fn take(&mut self, recorded: &RecordedEvent) -> anyhow::Result<()> {
        match recorded.stream.category {
            Category::Rollout => self.take_rollout(recorded),
            Category::Deployment => self.take_deployment(recorded),
            _ => Ok(()),
        }
    }

    fn take_rollout(&mut self, recorded: &RecordedEvent) -> anyhow::Result<()> {
        let event: RolloutEvent = recorded.decode()?;
        let id = RolloutId(recorded.stream.id);
        let replay = self.replays.entry(id).or_default();
        if let Some(breach) = replay.take(&event) {
            let (position, kind) = (recorded.position, &recorded.event_type);
            self.wrong.push(format!("rollout {id}: {kind} at position {position} could not have happened: {breach}"));
        }
        let RolloutEvent::TargetsReleased { targets, .. } = event else { return Ok(()) };
        let Some(plan) = &replay.rollout.plan else { return Ok(()) };
        let release = |target: TargetId| DeploymentId::of(target, plan.application);
        self.released.extend(targets.into_iter().map(|start| (id, release(start.target), start.hop, start.attempt)));
        Ok(())
    }

    /// A deployment is asked by a rollout that released it before.
    fn take_deployment(&mut self, recorded: &RecordedEvent) -> anyhow::Result<()> {
        let DeploymentEvent::DesiredReleaseSet { desired, origin: Some(origin), .. } = recorded.decode()? else {
            return Ok(());
        };
        let deployment = DeploymentId(recorded.stream.id);
        let release = (origin.rollout, deployment, desired.version, origin.attempt);
        if !self.released.contains(&release) {
            let (rollout, _, version, attempt) = release;
            let position = recorded.position;
            self.wrong.push(format!(
                "deployment {deployment} was asked for {version} at position {position}, try {attempt}, which rollout {rollout} had not released"
            ));
        }
        Ok(())
    }

    /// What the read models say otherwise than the streams.
    pub(super) fn compare(&mut self, rollouts: &[RolloutRow], members: &[RolloutTargetRow]) {
        let shown: BTreeMap<RolloutId, &RolloutRow> = rollouts.iter().map(|row| (row.id, row)).collect();
        let mut of: BTreeMap<RolloutId, Vec<&RolloutTargetRow>> = BTreeMap::new();
        for member in members {
            of.entry(member.rollout).or_default().push(member);
        }
        let mut wrong = vec![];
        for (id, replay) in &self.replays {
            let members = of.remove(id).unwrap_or_default();
            match shown.get(id) {
                Some(row) => wrong.extend(differences(replay, row, &members)),
                None => wrong.push("it is not in the read models".to_owned()),
            }
            self.wrong.extend(wrong.drain(..).map(|what| format!("rollout {id}: {what}")));
        }
        let unknown = shown.keys().filter(|id| !self.replays.contains_key(id));
        self.wrong.extend(unknown.map(|id| format!("rollout {id} is in the read models, and not in the log")));
    }
}

fn differences(replay: &Replay, row: &RolloutRow, members: &[&RolloutTargetRow]) -> Vec<String> {
    let rollout = &replay.rollout;
    let mut wrong = vec![];
    if rollout.phase != row.phase {
        wrong.push(format!("it is {}, and the read models say {}", rollout.phase, row.phase));
    }
    for (number, (wave, shown)) in (1..).zip(rollout.waves.iter().zip(&row.waves)) {
        if wave.phase != shown.phase {
            wrong.push(format!("wave {number} is {:?}, and the read models say {:?}", wave.phase, shown.phase));
        }
    }
    let shown: BTreeMap<TargetId, &&RolloutTargetRow> = members.iter().map(|member| (member.target, member)).collect();
    for (target, member) in &rollout.members {
        let Some(row) = shown.get(target) else {
            wrong.push(format!("target {target} is a member, and the read models do not know it"));
            continue;
        };
        let last = row.hop.clone().zip(row.attempt);
        if (member.wave as u32 + 1, &member.last) != (row.wave, &last)
            || !is_so(&member.state, row, rollout.phase.is_final())
        {
            wrong.push(format!(
                "target {target} is {} in wave {}, and the read models say {} in wave {}",
                word(&member.state),
                member.wave + 1,
                row.class.map_or("open", Class::as_str),
                row.wave
            ));
        }
    }
    let strangers = shown.keys().filter(|target| !rollout.members.contains_key(target));
    wrong.extend(strangers.map(|target| format!("target {target} is no member, and the read models say that it is")));
    wrong
}

fn word(state: &MemberState) -> &'static str {
    match state {
        MemberState::Waiting => "waiting",
        MemberState::InFlight { .. } => "in flight",
        MemberState::Settled(class) => class.as_str(),
    }
}

/// Whoever has no class when a rollout is stopped for good gets it by that fact, and the row stays as it is.
fn is_so(state: &MemberState, row: &RolloutTargetRow, has_ended: bool) -> bool {
    match (state, row.class) {
        (MemberState::Settled(class), Some(shown)) => *class == shown,
        (MemberState::Settled(Class::Cancelled | Class::Superseded), None) => has_ended,
        (MemberState::InFlight { .. }, None) => row.in_flight_since.is_some(),
        (MemberState::Waiting, None) => row.in_flight_since.is_none(),
        _ => false,
    }
}
