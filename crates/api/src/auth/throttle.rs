//! How often somebody may try to sign in. Guesses wait longer and longer: at one account from one address, from one address
//! at any account, and at one account from anywhere. An IPv6 address stands for its /64. So that nobody locks others out by
//! guessing, an account and an address that signed in together before wait for their own tries alone, and the first tries of
//! an address at an account do not wait for those of other addresses. Whether the account exists plays no part.

use std::net::IpAddr;
use std::sync::Mutex;
use std::time::Duration;

use aws_lc_rs::digest;
use chrono::{DateTime, TimeDelta, Utc};
use distr_domain::names::Slug;
use distr_registry::site;
use moka::policy::EvictionPolicy;
use moka::sync::Cache;

use crate::failure::Failure;

/// Of each kind; the one that was not seen for the longest time is forgotten first. Less than 100 bytes each.
const MAX_REMEMBERED: u64 = 100_000;
const FORGET_TRIES: Duration = Duration::from_secs(60 * 60);
const FORGET_KNOWN: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// A hash: what is typed into the fields of a sign-in is kept nowhere.
type Key = [u8; 16];

/// How many tries are free, and how long one waits at most. Each try after the free ones doubles the wait, from 1 s on.
#[derive(Clone, Copy)]
struct Waits {
    free: u32,
    longest: u32,
}

const PAIR: Waits = Waits { free: 5, longest: 900 };
const ADDRESS: Waits = Waits { free: 50, longest: 900 };
const ACCOUNT: Waits = Waits { free: 30, longest: 60 };
/// Tries of an address at an account that do not wait for those of other addresses.
const FIRST_TRIES: u32 = 3;

#[derive(Clone, Copy, Default)]
struct Tries {
    count: u32,
    last: DateTime<Utc>,
}

pub struct Throttle {
    /// one try is decided at a time, so that many at once are no way around
    turn: Mutex<()>,
    pairs: Cache<Key, Tries>,
    addresses: Cache<Key, Tries>,
    accounts: Cache<Key, Tries>,
    /// account and address that have signed in together
    known: Cache<Key, ()>,
}

/// One attempt to sign in, counted as failed until it is said to have succeeded.
#[derive(Clone, Copy)]
pub struct Attempt {
    pair: Key,
    address: Key,
    account: Key,
    /// it counts at the pair alone
    is_known: bool,
}

impl Default for Throttle {
    fn default() -> Self {
        let tries = || cache(FORGET_TRIES);
        let known =
            Cache::builder().max_capacity(MAX_REMEMBERED).time_to_idle(FORGET_KNOWN).eviction_policy(lru()).build();
        Self { turn: Mutex::new(()), pairs: tries(), addresses: tries(), accounts: tries(), known }
    }
}

fn cache(forget: Duration) -> Cache<Key, Tries> {
    Cache::builder().max_capacity(MAX_REMEMBERED).time_to_idle(forget).eviction_policy(lru()).build()
}

fn lru() -> EvictionPolicy {
    EvictionPolicy::lru()
}

impl Throttle {
    pub fn admit(
        &self,
        organization: &Slug,
        email: &str,
        address: Option<IpAddr>,
        now: DateTime<Utc>,
    ) -> Result<Attempt, Failure> {
        let email = email.to_lowercase();
        let address = &address.map(site).map(|site| site.to_string()).unwrap_or_default();
        let mut this = Attempt {
            pair: key(&[organization.as_str(), &email, address]),
            address: key(&[address]),
            account: key(&[organization.as_str(), &email]),
            is_known: false,
        };
        let _turn = self.turn.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        this.is_known = self.known.contains_key(&this.pair);
        let mut counters = vec![(&self.pairs, this.pair, PAIR)];
        let mut waits_for = 1;
        if !this.is_known {
            counters.extend([(&self.addresses, this.address, ADDRESS), (&self.accounts, this.account, ACCOUNT)]);
            let is_new = self.pairs.get(&this.pair).is_none_or(|tries| tries.count < FIRST_TRIES);
            waits_for = if is_new { 2 } else { 3 };
        }
        let wait = counters[..waits_for].iter().map(|(tries, key, waits)| wait(tries.get(key), *waits, now)).max();
        if let Some(seconds @ 1..) = wait {
            return Err(Failure::TooMany { seconds });
        }
        for (tries, key, _) in counters {
            let count = tries.get(&key).map_or(0, |tries| tries.count);
            tries.insert(key, Tries { count: count.saturating_add(1), last: now });
        }
        Ok(this)
    }

    /// The right password was given: this try costs nothing, and the address is known from now on.
    pub fn succeeded(&self, this: Attempt) {
        let _turn = self.turn.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        self.known.insert(this.pair, ());
        // no more than its own: of several memberships with one address, the password of one frees no guesses at another's, and
        // who signs in again and again frees none at all
        let counted = [(&self.pairs, this.pair), (&self.addresses, this.address), (&self.accounts, this.account)];
        for (tries, key) in counted.into_iter().take(if this.is_known { 1 } else { 3 }) {
            if let Some(before) = tries.get(&key) {
                tries.insert(key, Tries { count: before.count.saturating_sub(1), ..before });
            }
        }
    }
}

/// Seconds until the next try.
fn wait(tries: Option<Tries>, waits: Waits, now: DateTime<Utc>) -> u64 {
    let Some(over) = tries.and_then(|tries| tries.count.checked_sub(waits.free)) else { return 0 };
    let last = tries.unwrap_or_default().last;
    let pause = 1_u32.checked_shl(over).filter(|_| over < 31).unwrap_or(u32::MAX).min(waits.longest);
    let left = last + TimeDelta::seconds(pause.into()) - now;
    u64::try_from(left.num_milliseconds()).unwrap_or(0).div_ceil(1_000)
}

fn key(parts: &[&str]) -> Key {
    let mut hash = digest::Context::new(&digest::SHA256);
    for part in parts {
        hash.update(&part.len().to_le_bytes());
        hash.update(part.as_bytes());
    }
    let mut key = Key::default();
    key.copy_from_slice(&hash.finish().as_ref()[..16]);
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(second, 0).unwrap()
    }

    fn try_at(throttle: &Throttle, email: &str, address: &str, second: i64) -> Result<Attempt, u64> {
        throttle.admit(&"acme".parse().unwrap(), email, address.parse().ok(), at(second)).map_err(|error| match error {
            Failure::TooMany { seconds } => seconds,
            other => panic!("{other}"),
        })
    }

    #[test]
    fn guesses_wait_twice_as_long_each_time() {
        let throttle = Throttle::default();
        for _ in 0..5 {
            try_at(&throttle, "a@b.c", "192.0.2.1", 0).unwrap();
        }
        let mut now = 0;
        for expected in [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900] {
            assert_eq!(try_at(&throttle, "A@b.c", "192.0.2.1", now).map(|_| ()), Err(expected));
            now += i64::try_from(expected).unwrap();
            try_at(&throttle, "a@b.c", "192.0.2.1", now).unwrap();
        }
    }

    #[test]
    fn the_right_password_makes_the_slate_clean() {
        let throttle = Throttle::default();
        for _ in 0..100 {
            let this = try_at(&throttle, "a@b.c", "192.0.2.1", 0).unwrap();
            throttle.succeeded(this);
        }
    }

    #[test]
    fn one_address_guesses_at_many_accounts_only_so_often() {
        let throttle = Throttle::default();
        for number in 0..50 {
            try_at(&throttle, &format!("{number}@b.c"), "192.0.2.1", 0).unwrap();
        }
        assert!(try_at(&throttle, "another@b.c", "192.0.2.1", 0).is_err());
        try_at(&throttle, "another@b.c", "192.0.2.2", 0).unwrap();
    }

    #[test]
    fn signing_in_frees_no_guesses_at_others() {
        let throttle = Throttle::default();
        let own = try_at(&throttle, "own@b.c", "192.0.2.1", 0).unwrap();
        throttle.succeeded(own);
        let guesses = (0..200).filter(|number| {
            throttle.succeeded(try_at(&throttle, "own@b.c", "192.0.2.1", 0).unwrap());
            try_at(&throttle, &format!("{number}@b.c"), "192.0.2.1", 0).is_ok()
        });
        assert_eq!(guesses.count(), 50);
    }

    #[test]
    fn whoever_was_in_before_waits_for_nobody_else() {
        let throttle = Throttle::default();
        let owner = try_at(&throttle, "a@b.c", "198.51.100.1", 0).unwrap();
        throttle.succeeded(owner);
        // guesses at the account from elsewhere, and at others from the very same address
        for number in 0..200 {
            let _ = try_at(&throttle, "a@b.c", &format!("192.0.2.{number}"), 0);
            let _ = try_at(&throttle, &format!("{number}@b.c"), "198.51.100.1", 0);
        }
        try_at(&throttle, "a@b.c", "198.51.100.1", 0).unwrap();
    }

    #[test]
    fn many_addresses_guess_at_one_account_only_so_often_and_lock_nobody_out() {
        let throttle = Throttle::default();
        let mut guesses = 0;
        for number in 0..200 {
            guesses += (0..10).filter(|_| try_at(&throttle, "a@b.c", &format!("192.0.2.{number}"), 0).is_ok()).count();
        }
        assert!((30..=620).contains(&guesses), "{guesses}");
        // the owner, at an address that nobody has seen
        try_at(&throttle, "a@b.c", "203.0.113.1", 0).unwrap();
    }

    #[test]
    fn a_network_of_ipv6_counts_as_one_address() {
        let throttle = Throttle::default();
        let guesses = (0..200).filter(|n| try_at(&throttle, "a@b.c", &format!("2001:db8::{n:x}"), 0).is_ok());
        assert_eq!(guesses.count(), 5);
    }
}
