//! How often a caller may ask: each credential by itself, wherever it is used, and whoever shows none by its address.

use std::net::IpAddr;
use std::num::NonZeroU32;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use uuid::Uuid;

use crate::client::site;
use crate::error::OciError;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Asker {
    Credential(Uuid),
    /// none: of a connection that has no address
    Address(Option<IpAddr>),
}

impl Asker {
    pub(crate) fn of_address(address: Option<IpAddr>) -> Self {
        Self::Address(address.map(site))
    }
}

pub(crate) struct Limits(DefaultKeyedRateLimiter<Asker>);

impl Limits {
    /// `per_second` on average; ten times as many at once.
    pub(crate) fn new(per_second: u32) -> Self {
        let rate = NonZeroU32::new(per_second).unwrap_or(NonZeroU32::MIN);
        let ten = NonZeroU32::MIN.saturating_add(9);
        Self(RateLimiter::keyed(Quota::per_second(rate).allow_burst(rate.saturating_mul(ten))))
    }

    pub(crate) fn check(&self, asker: Asker) -> Result<(), OciError> {
        self.0.check_key(&asker).map_err(|not_until| {
            let wait = not_until.wait_time_from(DefaultClock::default().now());
            OciError::TooMany { seconds: wait.as_secs() + 1 }
        })
    }

    /// Forgets those who have not asked for a while, so that memory does not grow with the number of addresses.
    pub(crate) fn forget_idle(&self) {
        self.0.retain_recent();
        self.0.shrink_to_fit();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_askers_haste_is_not_anothers() {
        let limits = Limits::new(1);
        let address = |text: &str| Asker::of_address(Some(text.parse().unwrap()));
        for _ in 0..10 {
            limits.check(address("2001:db8::1")).unwrap();
        }
        assert!(matches!(limits.check(address("2001:db8::2")), Err(OciError::TooMany { seconds: 1..=2 })));
        limits.check(address("192.0.2.1")).unwrap();
        limits.check(Asker::Credential(Uuid::nil())).unwrap();
    }
}
