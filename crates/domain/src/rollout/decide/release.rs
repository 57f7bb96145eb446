//! Which starts a rollout's stream accepts: those of opened waves, within all limits, each once.

use std::collections::{BTreeMap, BTreeSet};

use super::{Decision, check_count};
use crate::rollout::MAX_RELEASED;
use crate::rollout::command::RolloutRejection;
use crate::rollout::event::{Planned, RolloutEvent, Stamp, Start};
use crate::rollout::policy::Limits;
use crate::rollout::state::{Member, MemberState, Phase, Rollout};

impl Rollout {
    pub(super) fn decide_release(&self, plan: &Planned, wave: u32, starts: &[Start], stamp: Stamp) -> Decision {
        match self.phase {
            Phase::Running | Phase::Tailing => {}
            Phase::Halted => return Err(RolloutRejection::Halted),
            phase => return Err(RolloutRejection::WrongState { phase }),
        }
        check_count(starts.len(), MAX_RELEASED)?;
        let index = self.index_of(wave)?;
        if !self.waves[index].is_opened() {
            return Err(RolloutRejection::WaveClosed { wave });
        }
        let mut once = BTreeSet::new();
        let may_start = |start: &&Start| {
            let member = self.members.get(&start.target).filter(|member| member.wave == index);
            member.is_some_and(|member| may_start(member, start, plan)) && once.insert(start.target)
        };
        let starts: Vec<Start> = starts.iter().filter(may_start).cloned().collect();
        if starts.is_empty() {
            return Ok(vec![]);
        }
        self.check_limits(&starts, stamp)?;
        Ok(vec![RolloutEvent::TargetsReleased { wave, targets: starts, stamp }])
    }

    fn check_limits(&self, starts: &[Start], stamp: Stamp) -> Result<(), RolloutRejection> {
        let Some(limits) = &self.limits else { return Ok(()) };
        let total = self.total();
        let new: Vec<&Member> = (starts.iter().filter_map(|start| self.members.get(&start.target)))
            .filter(|member| member.state == MemberState::Waiting)
            .collect();
        let in_flight = limits.in_flight.of(total.members());
        if !new.is_empty() && total.in_flight + new.len() as u32 > in_flight {
            return Err(RolloutRejection::OverLimit { what: "in flight", most: in_flight.into() });
        }
        self.check_shares(limits, &new)?;
        let (recent, _) = self.starts_before(stamp.at);
        if let Some(most) = limits.starts_per_minute.filter(|most| recent + starts.len() as u32 > *most) {
            return Err(RolloutRejection::OverLimit { what: "starts per minute", most: most.into() });
        }
        let Some(rate) = limits.egress else { return Ok(()) };
        let mut bucket = self.bucket;
        for start in starts {
            if bucket.ready(start.bytes, rate, stamp.at) > stamp.at {
                return Err(RolloutRejection::OverLimit { what: "egress", most: rate });
            }
            bucket = bucket.take(start.bytes, rate, stamp.at);
        }
        Ok(())
    }

    /// Customers, and values of the limited label, beside each other.
    fn check_shares(&self, limits: &Limits, new: &[&Member]) -> Result<(), RolloutRejection> {
        let (mut customers, mut groups) = (BTreeMap::new(), BTreeMap::new());
        for member in new {
            *customers.entry(member.customer).or_insert(0) += 1;
            if let Some(group) = &member.group {
                *groups.entry(group).or_insert(0) += 1;
            }
        }
        let flying = |customer| self.by_customer.get(customer).copied().unwrap_or_default();
        let is_over = |most: u32| customers.iter().any(|(customer, new)| flying(customer) + new > most);
        if let Some(most) = limits.per_customer.filter(|most| is_over(*most)) {
            return Err(RolloutRejection::OverLimit { what: "per customer", most: most.into() });
        }
        let flying = |group: &_| self.by_group.get(group).copied().unwrap_or_default();
        let is_over = |most: u32| groups.iter().any(|(group, new)| flying(group) + new > most);
        match limits.per_label.as_ref().map(|limit| limit.most).filter(|most| is_over(*most)) {
            Some(most) => Err(RolloutRejection::OverLimit { what: "per label", most: most.into() }),
            None => Ok(()),
        }
    }
}

/// Whether the start is the next one of the member: its first, the next hop, or another try of the last.
fn may_start(member: &Member, start: &Start, plan: &Planned) -> bool {
    let attempts = member.last.as_ref().filter(|(hop, _)| *hop == start.hop).map_or(0, |(_, attempt)| *attempt);
    let is_next = start.attempt == attempts + 1;
    match (&member.state, &member.last) {
        (MemberState::Waiting, _) => is_next,
        (MemberState::InFlight { .. }, Some((hop, _))) if *hop == start.hop => {
            is_next && start.attempt <= plan.policy.retries + 1
        }
        (MemberState::InFlight { .. }, Some((hop, _))) => is_next && start.hop > *hop && start.hop <= plan.version,
        _ => false,
    }
}
