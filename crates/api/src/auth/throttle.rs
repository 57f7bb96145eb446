//! How often somebody may try to sign in. Guesses wait longer and longer: at one account from one address, from one address
//! at any account, and at one account from anywhere. The last does not hold for an address from which the account was
//! signed in to before, so that nobody locks others out by guessing. Whether the account exists plays no part.

use std::sync::Mutex;
use std::time::Duration;

use aws_lc_rs::digest;
use chrono::{DateTime, TimeDelta, Utc};
use distr_domain::names::Slug;
use moka::policy::EvictionPolicy;
use moka::sync::Cache;

use crate::error::ApiError;

/// Of each kind; the one that was not seen for the longest time is forgotten first. Less than 100 bytes each.
const MAX_REMEMBERED: u64 = 100_000;
const FORGET_TRIES: Duration = Duration::from_secs(60 * 60);
const FORGET_KNOWN: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// A hash: what is typed into the fields of a sign-in is kept nowhere.
type Key = [u8; 16];

/// How many tries are free, and how long one waits at most. Each try after the free ones doubles the wait, from 1 s on.
#[derive(Clone, Copy)]
struct Patience {
    free: u32,
    longest: u32,
}

const PAIR: Patience = Patience { free: 5, longest: 900 };
const ADDRESS: Patience = Patience { free: 50, longest: 900 };
const ACCOUNT: Patience = Patience { free: 30, longest: 60 };

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

/// One try, counted as failed until it is said to have succeeded.
#[derive(Clone, Copy)]
pub struct Try {
    pair: Key,
    address: Key,
    account: Key,
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
    pub fn admit(&self, organization: &Slug, email: &str, address: &str, now: DateTime<Utc>) -> Result<Try, ApiError> {
        let email = email.to_lowercase();
        let this = Try {
            pair: key(&[organization.as_str(), &email, address]),
            address: key(&[address]),
            account: key(&[organization.as_str(), &email]),
        };
        let _turn = self.turn.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let mut counters = vec![(&self.pairs, this.pair, PAIR), (&self.addresses, this.address, ADDRESS)];
        if !self.known.contains_key(&this.pair) {
            counters.push((&self.accounts, this.account, ACCOUNT));
        }
        let wait = counters.iter().map(|(tries, key, patience)| wait(tries.get(key), *patience, now)).max();
        if let Some(seconds @ 1..) = wait {
            return Err(ApiError::TooMany { seconds });
        }
        for (tries, key, _) in counters {
            let count = tries.get(&key).map_or(0, |tries| tries.count);
            tries.insert(key, Tries { count: count.saturating_add(1), last: now });
        }
        Ok(this)
    }

    /// The right password was given: this try costs nothing, and the address is known from now on.
    pub fn succeeded(&self, this: Try) {
        let _turn = self.turn.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        self.pairs.invalidate(&this.pair);
        self.known.insert(this.pair, ());
        for (tries, key) in [(&self.addresses, this.address), (&self.accounts, this.account)] {
            if let Some(before) = tries.get(&key) {
                tries.insert(key, Tries { count: before.count.saturating_sub(1), ..before });
            }
        }
    }
}

/// Seconds until the next try.
fn wait(tries: Option<Tries>, patience: Patience, now: DateTime<Utc>) -> u64 {
    let Some(over) = tries.and_then(|tries| tries.count.checked_sub(patience.free)) else { return 0 };
    let last = tries.unwrap_or_default().last;
    let pause = 1_u32.checked_shl(over).filter(|_| over < 31).unwrap_or(u32::MAX).min(patience.longest);
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

    fn try_at(throttle: &Throttle, email: &str, address: &str, second: i64) -> Result<Try, u64> {
        throttle.admit(&"acme".parse().unwrap(), email, address, at(second)).map_err(|error| match error {
            ApiError::TooMany { seconds } => seconds,
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
    fn many_addresses_guess_at_one_account_only_so_often_and_lock_nobody_out_who_was_in_before() {
        let throttle = Throttle::default();
        let owner = try_at(&throttle, "a@b.c", "198.51.100.1", 0).unwrap();
        throttle.succeeded(owner);
        let guesses = (0..200).filter(|number| try_at(&throttle, "a@b.c", &format!("192.0.2.{number}"), 0).is_ok());
        assert_eq!(guesses.count(), 30);
        try_at(&throttle, "a@b.c", "198.51.100.1", 0).unwrap();
        // and somebody new waits a minute at most
        assert!(try_at(&throttle, "a@b.c", "203.0.113.1", 60).is_ok());
    }
}
