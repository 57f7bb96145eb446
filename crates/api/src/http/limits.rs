//! How often somebody may ask: each address over all, each agent that reports, and each account and address when signing in.

use std::hash::Hash;
use std::num::NonZeroU32;
use std::time::Duration;

use distr_domain::ids::CredentialId;
use distr_domain::names::Slug;
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use crate::error::ApiError;

pub struct Limits {
    address: DefaultKeyedRateLimiter<String>,
    agent: DefaultKeyedRateLimiter<CredentialId>,
    sign_in_account: DefaultKeyedRateLimiter<String>,
    sign_in_address: DefaultKeyedRateLimiter<String>,
}

impl Limits {
    /// `per_second` of one address, on average; ten times as many at once.
    pub fn new(per_second: u32) -> Self {
        let rate = NonZeroU32::new(per_second).unwrap_or(NonZeroU32::MIN);
        let sign_in = |burst| {
            let burst = NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN);
            Quota::with_period(Duration::from_secs(6)).map(|quota| quota.allow_burst(burst))
        };
        let keyed = |quota: Option<Quota>| RateLimiter::keyed(quota.unwrap_or(Quota::per_second(rate)));
        Self {
            address: RateLimiter::keyed(Quota::per_second(rate).allow_burst(rate.saturating_mul(TEN))),
            agent: RateLimiter::keyed(Quota::per_second(rate).allow_burst(rate.saturating_mul(TEN))),
            sign_in_account: keyed(sign_in(10)),
            sign_in_address: keyed(sign_in(50)),
        }
    }

    pub fn check_address(&self, address: &str) -> Result<(), ApiError> {
        check(&self.address, address.to_owned())
    }

    /// An agent counts by itself, wherever it speaks from.
    pub fn check_agent(&self, credential: CredentialId) -> Result<(), ApiError> {
        check(&self.agent, credential)
    }

    pub fn check_sign_in(&self, organization: &Slug, email: &str, address: &str) -> Result<(), ApiError> {
        check(&self.sign_in_account, format!("{organization}/{}", email.to_lowercase()))?;
        check(&self.sign_in_address, address.to_owned())
    }

    /// Forgets those who have not asked for a while, so that memory does not grow with the number of addresses.
    pub fn forget_idle(&self) {
        for limiter in [&self.address, &self.sign_in_account, &self.sign_in_address] {
            limiter.retain_recent();
            limiter.shrink_to_fit();
        }
        self.agent.retain_recent();
        self.agent.shrink_to_fit();
    }
}

const TEN: NonZeroU32 = NonZeroU32::new(10).unwrap();

fn check<K: Hash + Eq + Clone>(limiter: &DefaultKeyedRateLimiter<K>, key: K) -> Result<(), ApiError> {
    limiter.check_key(&key).map_err(|not_until| {
        let wait = not_until.wait_time_from(DefaultClock::default().now());
        ApiError::TooMany { seconds: wait.as_secs() + 1 }
    })
}
