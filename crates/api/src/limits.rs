//! How often an address may ask at all, and an agent that reports; and how much the agent of a target may add to the log. Signing
//! in has limits of its own: `auth::throttle`.

pub mod bodies;
mod budget;
pub mod holder;
pub mod shares;
pub mod turns;

use std::hash::Hash;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::time::Instant;

use distr_domain::ids::{CredentialId, MemberId, TargetId};
use distr_registry::site;
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use crate::failure::Failure;
use budget::Budget;

pub struct Limits {
    addresses: DefaultKeyedRateLimiter<IpAddr>,
    agents: DefaultKeyedRateLimiter<CredentialId>,
    /// tries to be an agent that failed, by address
    strangers: Budget<IpAddr>,
    reports: Budget<TargetId>,
    writes: Budget<MemberId>,
    desired: Budget<TargetId>,
}

/// Of events that one member adds to the log in a second, on average; and what it may add at once.
const WRITTEN_BYTES: u64 = 64 * 1024;
const WRITTEN_AT_ONCE: u64 = 64 * 1024 * 1024;

/// Of desired states that one target is told in a second, on average; and what it may be told at once.
const DESIRED_BYTES: u64 = 64 * 1024;
const DESIRED_AT_ONCE: u64 = 32 * 1024 * 1024;

/// Seconds' worth of report bytes that a target that was silent may add at once: what waited while it was away.
const SAVED_UP: u64 = 256;
const TEN: NonZeroU32 = NonZeroU32::new(10).unwrap();

impl Limits {
    /// `per_second` of one address or agent, on average; ten times as many at once.
    /// `report_bytes`: of one target per second, on average.
    pub fn new(per_second: u32, report_bytes: u64) -> Self {
        let rate = NonZeroU32::new(per_second).unwrap_or(NonZeroU32::MIN);
        let quota = Quota::per_second(rate).allow_burst(rate.saturating_mul(TEN));
        Self {
            addresses: RateLimiter::keyed(quota),
            agents: RateLimiter::keyed(quota),
            strangers: Budget::new(rate.get().into(), rate.saturating_mul(TEN).get().into()),
            reports: Budget::new(report_bytes, report_bytes.saturating_mul(SAVED_UP)),
            writes: Budget::new(WRITTEN_BYTES, WRITTEN_AT_ONCE),
            desired: Budget::new(DESIRED_BYTES, DESIRED_AT_ONCE),
        }
    }

    /// Of a connection that has an address.
    pub fn check_address(&self, address: Option<IpAddr>) -> Result<(), Failure> {
        address.map_or(Ok(()), |address| check(&self.addresses, site(address)))
    }

    /// An agent counts by itself, wherever it speaks from.
    pub fn check_agent(&self, credential: CredentialId) -> Result<(), Failure> {
        check(&self.agents, credential)
    }

    /// Whether the database is asked about one more who says to be an agent. It is charged when it turns out to be none.
    pub fn check_stranger(&self, address: Option<IpAddr>) -> Result<(), Failure> {
        let Some(address) = address else { return Ok(()) };
        let spent = self.strangers.spend(site(address), 0, Instant::now());
        spent.map_err(|wait| Failure::TooMany { seconds: wait.as_secs() + 1 })
    }

    pub fn charge_stranger(&self, address: Option<IpAddr>) {
        if let Some(address) = address {
            self.strangers.charge(site(address), 1, Instant::now());
        }
    }

    /// Bytes of reports that are new. An agent keeps what is refused, and sends it again later.
    pub fn spend_report_bytes(&self, target: TargetId, bytes: usize) -> Result<(), Failure> {
        let spent = self.reports.spend(target, bytes, Instant::now());
        spent.map_err(|wait| Failure::TooMany { seconds: wait.as_secs() + 1 })
    }

    /// Bytes of reports that could not be stored, and will be sent again.
    pub fn give_back_report_bytes(&self, target: TargetId, bytes: usize) {
        self.reports.give_back(target, bytes);
    }

    /// Whether a member may change something. What it changes is charged when its size is known.
    pub fn check_writes(&self, member: MemberId) -> Result<(), Failure> {
        let spent = self.writes.spend(member, 0, Instant::now());
        spent.map_err(|wait| Failure::TooMany { seconds: wait.as_secs() + 1 })
    }

    pub fn charge_written(&self, member: MemberId, bytes: usize) {
        // whoever has nothing left was let in with something
        _ = self.writes.spend(member, bytes, Instant::now());
    }

    /// Whether a target may be told its desired state. It is charged when its size is known.
    pub fn check_desired(&self, target: TargetId) -> Result<(), Failure> {
        let spent = self.desired.spend(target, 0, Instant::now());
        spent.map_err(|wait| Failure::TooMany { seconds: wait.as_secs() + 1 })
    }

    pub fn charge_desired(&self, target: TargetId, bytes: usize) {
        // also of those that were let in at the same time
        self.desired.charge(target, bytes, Instant::now());
    }

    /// Seconds between reports of this size that add no more than a target may.
    pub fn report_interval(&self, bytes: usize) -> u32 {
        self.reports.seconds_for(bytes).ceil() as u32
    }

    /// Forgets those who have not asked for a while, so that memory does not grow with their number.
    pub fn forget_idle(&self) {
        self.addresses.retain_recent();
        self.addresses.shrink_to_fit();
        self.agents.retain_recent();
        self.agents.shrink_to_fit();
        self.strangers.forget_idle(Instant::now());
        self.reports.forget_idle(Instant::now());
        self.writes.forget_idle(Instant::now());
        self.desired.forget_idle(Instant::now());
    }
}

fn check<K: Hash + Eq + Clone>(limiter: &DefaultKeyedRateLimiter<K>, key: K) -> Result<(), Failure> {
    limiter.check_key(&key).map_err(|not_until| {
        let wait = not_until.wait_time_from(DefaultClock::default().now());
        Failure::TooMany { seconds: wait.as_secs() + 1 }
    })
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_stranger_is_asked_about_only_so_often() {
        let limits = Limits::new(2, 1_000);
        let [one, other] = ["192.0.2.1", "192.0.2.2"].map(|address| address.parse().ok());
        limits.check_stranger(one).expect("nothing is spent");
        // more than ten seconds bring back
        for _ in 0..50 {
            limits.charge_stranger(one);
        }
        assert!(matches!(limits.check_stranger(one), Err(Failure::TooMany { .. })));
        limits.check_stranger(other).expect("another address");
    }

    #[test]
    fn a_target_is_told_so_much_and_no_more_until_it_has_paid() {
        let limits = Limits::new(10, 1_000);
        let [one, other] = [1, 2].map(|number| TargetId(Uuid::from_u128(number)));
        limits.check_desired(one).expect("nothing was told");
        // both were let in before either was charged
        limits.charge_desired(one, 33 * 1024 * 1024);
        limits.charge_desired(one, 33 * 1024 * 1024);
        let refused = limits.check_desired(one).expect_err("too much was told");
        let Failure::TooMany { seconds } = refused else { panic!("{refused}") };
        assert!((500..600).contains(&seconds), "34 MiB are earned in {seconds} s");
        limits.check_desired(other).expect("another target");
    }
}
