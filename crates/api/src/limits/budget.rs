//! A budget of bytes: so many a second on average, and many at once after a silence. Whoever has anything left may spend
//! more than that, and waits until the debt is paid: a request of any size is taken in the end.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

pub(super) struct Budget<K> {
    per_second: f64,
    most: f64,
    accounts: Mutex<HashMap<K, Account>>,
}

#[derive(Clone, Copy)]
struct Account {
    left: f64,
    at: Instant,
}

impl<K: Hash + Eq> Budget<K> {
    pub(super) fn new(per_second: u64, most: u64) -> Self {
        Self { per_second: per_second.max(1) as f64, most: most.max(1) as f64, accounts: Mutex::default() }
    }

    /// How long `key` has to wait, if it has nothing left; else the bytes are spent.
    pub(super) fn spend(&self, key: K, bytes: usize, now: Instant) -> Result<(), Duration> {
        let mut accounts = self.lock();
        let account = accounts.entry(key).or_insert(Account { left: self.most, at: now });
        *account = self.refilled(*account, now);
        if account.left <= 0.0 {
            return Err(Duration::from_secs_f64((1.0 - account.left) / self.per_second));
        }
        account.left -= bytes as f64;
        Ok(())
    }

    /// Spends bytes of somebody who was let in, whatever is left by now.
    pub(super) fn charge(&self, key: K, bytes: usize, now: Instant) {
        let mut accounts = self.lock();
        let account = accounts.entry(key).or_insert(Account { left: self.most, at: now });
        *account = self.refilled(*account, now);
        account.left -= bytes as f64;
    }

    /// Gives back bytes that were spent and not taken in the end.
    pub(super) fn give_back(&self, key: K, bytes: usize) {
        if let Some(account) = self.lock().get_mut(&key) {
            account.left = (account.left + bytes as f64).min(self.most);
        }
    }

    /// Seconds in which so many bytes are earned.
    pub(super) fn seconds_for(&self, bytes: usize) -> f64 {
        bytes as f64 / self.per_second
    }

    /// Who has all of it again is as if unknown.
    pub(super) fn forget_idle(&self, now: Instant) {
        self.lock().retain(|_, account| self.refilled(*account, now).left < self.most);
    }

    fn refilled(&self, account: Account, now: Instant) -> Account {
        let earned = now.saturating_duration_since(account.at).as_secs_f64() * self.per_second;
        Account { left: (account.left + earned).min(self.most), at: now }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<K, Account>> {
        self.accounts.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_spent_comes_back_with_time() {
        let (budget, start) = (Budget::new(10, 100), Instant::now());
        let at = |seconds| start + Duration::from_secs(seconds);
        budget.spend("a", 60, at(0)).unwrap();
        // more than there is left, once
        budget.spend("a", 140, at(0)).unwrap();
        let wait = budget.spend("a", 1, at(0)).unwrap_err();
        assert!((10.0..11.0).contains(&wait.as_secs_f64()), "{wait:?}");
        budget.spend("b", 1, at(0)).unwrap();
        assert!(budget.spend("a", 1, at(9)).is_err());
        budget.spend("a", 1, at(11)).unwrap();
    }

    #[test]
    fn nobody_saves_up_more_than_the_most_and_the_rich_are_forgotten() {
        let (budget, start) = (Budget::new(10, 100), Instant::now());
        let at = |seconds| start + Duration::from_secs(seconds);
        budget.spend("a", 50, at(0)).unwrap();
        budget.forget_idle(at(1));
        assert_eq!(budget.lock().len(), 1);
        budget.forget_idle(at(10));
        assert_eq!(budget.lock().len(), 0);
        budget.spend("a", 101, at(1_000)).unwrap();
        assert!(budget.spend("a", 1, at(1_000)).is_err());
    }
}
