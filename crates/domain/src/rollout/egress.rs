//! The egress bucket: how many bytes the registry is estimated to serve for a rollout. It fills at the policy's rate and holds a
//! minute's worth; a start takes the bytes that its target lacks. A start that needs more than the bucket holds waits until it is
//! full, and then leaves a debt.

use chrono::{DateTime, TimeDelta, Utc};

/// Seconds of the rate that a bucket holds.
const HOLDS: u64 = 60;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Bucket {
    /// bytes that were taken and not filled up again
    taken: u64,
    at: DateTime<Utc>,
}

impl Bucket {
    /// The bucket at a later instant, filled at `rate` bytes a second.
    fn filled(self, rate: u64, now: DateTime<Utc>) -> Self {
        let millis = (now - self.at).num_milliseconds().max(0) as u128;
        let bytes = (millis * u128::from(rate) / 1000).min(u128::from(u64::MAX)) as u64;
        Self { taken: self.taken.saturating_sub(bytes), at: self.at.max(now) }
    }

    /// The bucket after a start that takes so many bytes.
    pub fn take(self, bytes: u64, rate: u64, now: DateTime<Utc>) -> Self {
        let filled = self.filled(rate, now);
        Self { taken: filled.taken.saturating_add(bytes), ..filled }
    }

    /// The instant from which a start may take so many bytes; `now` if it may at once.
    pub fn ready(self, bytes: u64, rate: u64, now: DateTime<Utc>) -> DateTime<Utc> {
        let taken = self.filled(rate, now).taken;
        let room = rate.saturating_mul(HOLDS).saturating_sub(bytes);
        match taken.saturating_sub(room) {
            0 => now,
            surplus => {
                let millis = (u128::from(surplus) * 1000).div_ceil(u128::from(rate.max(1)));
                now + TimeDelta::milliseconds(millis.min(1 << 40) as i64)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(millis: i64) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(millis).unwrap()
    }

    #[test]
    fn a_bucket_holds_a_minutes_worth_and_fills_at_the_rate() {
        let bucket = Bucket::default().take(500, 10, at(0));
        assert_eq!(bucket.ready(100, 10, at(0)), at(0));
        assert_eq!(bucket.ready(101, 10, at(0)), at(100));
        assert_eq!(bucket.ready(600, 10, at(0)), at(50_000));
        assert_eq!(bucket.ready(600, 10, at(60_000)), at(60_000));
    }

    #[test]
    fn a_start_of_more_than_the_bucket_holds_waits_until_it_is_full() {
        let bucket = Bucket::default().take(10, 10, at(0));
        assert_eq!(bucket.ready(10_000, 10, at(0)), at(1000));
        let indebted = bucket.take(10_000, 10, at(1000));
        assert_eq!(indebted.ready(1, 10, at(1000)), at(1000 + 940_100));
    }

    proptest! {
        /// Over any time no more is taken than the rate gives, a full bucket, and the largest start.
        #[test]
        fn no_more_is_taken_than_the_rate_gives(rate in 1..100_u64, starts in prop::collection::vec((1..2000_u64, 0..30_000_i64), 1..60)) {
            let (mut bucket, mut now, mut taken, mut largest) = (Bucket::default(), at(0), 0, 0);
            for (bytes, later) in starts {
                now += TimeDelta::milliseconds(later);
                if bucket.ready(bytes, rate, now) == now {
                    bucket = bucket.take(bytes, rate, now);
                    taken += bytes;
                    largest = largest.max(bytes);
                }
                let given = now.timestamp_millis() as u64 * rate / 1000;
                prop_assert!(taken <= given + rate * HOLDS + largest, "{taken} by {now}");
            }
        }
    }
}
