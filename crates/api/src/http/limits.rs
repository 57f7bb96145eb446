//! How often an address may ask at all, and an agent that reports. Signing in has limits of its own: `auth::throttle`.

use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;

use distr_domain::ids::CredentialId;
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use crate::error::ApiError;

pub struct Limits {
    addresses: DefaultKeyedRateLimiter<IpAddr>,
    agents: DefaultKeyedRateLimiter<CredentialId>,
}

const TEN: NonZeroU32 = NonZeroU32::new(10).unwrap();

impl Limits {
    /// `per_second` of one address or agent, on average; ten times as many at once.
    pub fn new(per_second: u32) -> Self {
        let rate = NonZeroU32::new(per_second).unwrap_or(NonZeroU32::MIN);
        let quota = Quota::per_second(rate).allow_burst(rate.saturating_mul(TEN));
        Self { addresses: RateLimiter::keyed(quota), agents: RateLimiter::keyed(quota) }
    }

    pub fn check_address(&self, address: IpAddr) -> Result<(), ApiError> {
        check(&self.addresses, site(address))
    }

    /// An agent counts by itself, wherever it speaks from.
    pub fn check_agent(&self, credential: CredentialId) -> Result<(), ApiError> {
        check(&self.agents, credential)
    }

    /// Forgets those who have not asked for a while, so that memory does not grow with their number.
    pub fn forget_idle(&self) {
        self.addresses.retain_recent();
        self.addresses.shrink_to_fit();
        self.agents.retain_recent();
        self.agents.shrink_to_fit();
    }
}

fn check<K: Hash + Eq + Clone>(limiter: &DefaultKeyedRateLimiter<K>, key: K) -> Result<(), ApiError> {
    limiter.check_key(&key).map_err(|not_until| {
        let wait = not_until.wait_time_from(DefaultClock::default().now());
        ApiError::TooMany { seconds: wait.as_secs() + 1 }
    })
}

/// Whoever has one address of an IPv6 network has them all.
fn site(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
        address => address,
    }
}
