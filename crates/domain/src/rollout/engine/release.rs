//! Who starts now, within the limits: next hops and retries in the slots that they have, then new targets in their order.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::{Action, Look};
use crate::ids::{CustomerId, TargetId};
use crate::label::LabelValue;
use crate::rollout::MAX_RELEASED;
use crate::rollout::command::RolloutCommand;
use crate::rollout::egress::Bucket;
use crate::rollout::event::Start;
use crate::rollout::hold::Hold;
use crate::rollout::policy::Limits;
use crate::rollout::state::{Member, MemberState, Rollout};
use crate::rollout::world::{Outcome, TargetView};
use crate::version::Version;

/// What the limits leave at an instant.
struct Room<'a> {
    limits: &'a Limits,
    now: DateTime<Utc>,
    in_flight: u32,
    most: u32,
    customers: BTreeMap<CustomerId, u32>,
    groups: BTreeMap<LabelValue, u32>,
    starts: u32,
    /// when there may be more starts, if there are as many as may be
    next_start: Option<DateTime<Utc>>,
    bucket: Bucket,
}

impl<'a> Look<'a> {
    fn room(&self) -> Option<Room<'a>> {
        Room::of(self.rollout, self.now)
    }

    /// The limit that holds a member, if one does.
    pub(super) fn limit_hold(&self, member: &Member) -> Option<Hold> {
        let room = self.room()?;
        room.slot_hold(member).or_else(|| room.flow_hold(0))
    }

    pub(super) fn release(&mut self) -> Vec<Action> {
        if !self.is_moving() || self.tail_is_over() || self.world.is_suspect(self.now) {
            return vec![];
        }
        for wave in 0..self.rollout.waves.len() {
            if !self.rollout.waves[wave].is_opened() {
                continue;
            }
            let starts = self.starts(wave);
            if !starts.is_empty() {
                let command = RolloutCommand::Release { wave: wave as u32 + 1, starts, stamp: self.stamp() };
                return vec![Action::Command(command)];
            }
        }
        vec![]
    }

    fn starts(&mut self, wave: usize) -> Vec<Start> {
        let Some(mut room) = self.room() else { return vec![] };
        let mut starts = vec![];
        let onward = self.onward_starts(wave);
        let new = self.waiting(wave).map(|(target, member)| (target, member, None));
        for (target, member, hop) in onward.into_iter().chain(new) {
            if starts.len() == MAX_RELEASED {
                break;
            }
            let is_new = hop.is_none();
            if is_new && room.is_full() {
                break;
            }
            if is_new && room.slot_hold(member).is_some() {
                continue;
            }
            let hop = match hop.map_or_else(|| self.standing(target, member), Ok) {
                Ok(hop) => hop,
                Err(holds) => {
                    holds.iter().filter_map(Hold::until).for_each(|until| self.wake_at(until));
                    continue;
                }
            };
            let running = self.world.targets.get(&target).map(|view| &view.running);
            let bytes = running.map_or(0, |running| self.world.bytes(running, &hop));
            if let Some(hold) = room.flow_hold(bytes) {
                hold.until().into_iter().for_each(|until| self.wake_at(until));
                break;
            }
            room.take(member, is_new, bytes);
            starts.push(Start { attempt: next_attempt(member, &hop), target, hop, bytes });
        }
        starts
    }

    /// Next hops, and hops that are tried again: they have their slots.
    fn onward_starts(&mut self, wave: usize) -> Vec<(TargetId, &'a Member, Option<Version>)> {
        let (rollout, world) = (self.rollout, self.world);
        let flying = rollout
            .members
            .iter()
            .filter(|(_, member)| member.wave == wave && matches!(member.state, MemberState::InFlight { .. }));
        let mut onward = vec![];
        for (target, member) in flying {
            let Some(view) = world.targets.get(target) else { continue };
            match self.onward_start(member, view) {
                Some(Ok(hop)) => onward.push((*target, member, Some(hop))),
                Some(Err(holds)) => holds.iter().filter_map(Hold::until).for_each(|until| self.wake_at(until)),
                None => {}
            }
        }
        onward
    }

    fn onward_start(&self, member: &Member, view: &TargetView) -> Option<Result<Version, Vec<Hold>>> {
        let (hop, attempt) = member.last.as_ref()?;
        let own = view.wish.as_ref().filter(|wish| (&wish.hop, wish.attempt) == (hop, *attempt))?;
        let to = member.to.as_ref().unwrap_or(&self.plan.version);
        match own.outcome {
            Outcome::Healthy if own.hop != *to => Some(self.onward(member, view, hop)),
            Outcome::Failed { is_transient: true, .. } if self.has_retry(member) => {
                Some(self.window_hold(view).map_or(Ok(hop.clone()), |hold| Err(vec![hold])))
            }
            _ => None,
        }
    }
}

/// The number of the next try of a hop.
fn next_attempt(member: &Member, hop: &Version) -> u32 {
    member.last.as_ref().filter(|(last, _)| last == hop).map_or(0, |(_, attempt)| *attempt) + 1
}

impl<'a> Room<'a> {
    fn of(rollout: &'a Rollout, now: DateTime<Utc>) -> Option<Self> {
        let (limits, total) = (rollout.limits.as_ref()?, rollout.total());
        let (starts, next_start) = rollout.starts_before(now);
        Some(Self {
            limits,
            now,
            in_flight: total.in_flight,
            most: limits.in_flight.of(total.members()),
            customers: rollout.by_customer.clone(),
            groups: rollout.by_group.clone(),
            starts,
            next_start,
            bucket: rollout.bucket,
        })
    }

    fn is_full(&self) -> bool {
        self.in_flight >= self.most
    }

    /// Whether a new target has to wait for a slot.
    fn slot_hold(&self, member: &Member) -> Option<Hold> {
        if self.is_full() {
            return Some(Hold::InFlight { most: self.most });
        }
        let of_customer = self.customers.get(&member.customer).copied().unwrap_or_default();
        if let Some(most) = self.limits.per_customer.filter(|most| of_customer >= *most) {
            return Some(Hold::PerCustomer { most });
        }
        let most = self.limits.per_label.as_ref()?.most;
        let of_group = self.groups.get(member.group.as_ref()?).copied().unwrap_or_default();
        (of_group >= most).then_some(Hold::PerLabel { most })
    }

    /// Whether any start has to wait.
    fn flow_hold(&self, bytes: u64) -> Option<Hold> {
        if self.limits.starts_per_minute.is_some_and(|most| self.starts >= most) {
            return Some(Hold::Rate { until: self.next_start });
        }
        let until = self.bucket.ready(bytes, self.limits.egress?, self.now);
        (until > self.now).then_some(Hold::Egress { until })
    }

    fn take(&mut self, member: &Member, is_new: bool, bytes: u64) {
        if is_new {
            self.in_flight += 1;
            *self.customers.entry(member.customer).or_default() += 1;
            if let Some(group) = &member.group {
                *self.groups.entry(group.clone()).or_default() += 1;
            }
        }
        self.starts += 1;
        if let Some(rate) = self.limits.egress {
            self.bucket = self.bucket.take(bytes, rate, self.now);
        }
    }
}
