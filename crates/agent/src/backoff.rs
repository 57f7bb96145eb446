//! How long to wait before the next try: exponential with full jitter, so that many agents that lost the same hub do not
//! come back in step.

use std::time::Duration;

use tokio::time::Instant;

#[derive(Debug, Clone, Copy)]
pub struct Backoff {
    pub base: Duration,
    pub cap: Duration,
}

impl Backoff {
    /// Between nothing and `base * 2^attempts`, at most `cap`; `dice` is in `0..1`.
    pub fn delay(&self, attempts: u32, dice: f64) -> Duration {
        let ceiling = self.base.saturating_mul(2u32.saturating_pow(attempts)).min(self.cap);
        ceiling.mul_f64(dice)
    }

    pub fn jittered(&self, attempts: u32) -> Duration {
        self.delay(attempts, rand::random::<f64>())
    }
}

/// What is remembered of a deployment that did not work out, until a newer generation or a success.
#[derive(Debug, Clone)]
pub struct Retry {
    pub generation: u64,
    pub attempts: u32,
    pub not_before: Instant,
}

impl Retry {
    /// After one more fruitless try of the same generation.
    pub fn after(earlier: Option<&Self>, generation: u64, now: Instant, backoff: Backoff) -> Self {
        let attempts = earlier.filter(|retry| retry.generation == generation).map_or(0, |retry| retry.attempts);
        Self { generation, attempts: attempts + 1, not_before: now + backoff.jittered(attempts) }
    }

    pub fn allows(&self, generation: u64, now: Instant) -> bool {
        self.generation != generation || now >= self.not_before
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BACKOFF: Backoff = Backoff { base: Duration::from_secs(1), cap: Duration::from_secs(60) };

    #[test]
    fn the_ceiling_doubles_up_to_the_cap() {
        for (attempts, ceiling) in [(0, 1), (1, 2), (5, 32), (6, 60), (40, 60), (u32::MAX, 60)] {
            assert_eq!(BACKOFF.delay(attempts, 1.0), Duration::from_secs(ceiling), "{attempts}");
        }
    }

    #[test]
    fn the_jitter_is_full() {
        assert_eq!(BACKOFF.delay(6, 0.0), Duration::ZERO);
        assert_eq!(BACKOFF.delay(6, 0.5), Duration::from_secs(30));
    }

    #[test]
    fn a_newer_generation_need_not_wait() {
        let now = Instant::now();
        let slow = Backoff { base: Duration::from_secs(3600), cap: Duration::from_secs(3600) };
        let mut retry = Retry::after(None, 3, now, slow);
        retry.not_before = now + Duration::from_secs(1);
        assert!(!retry.allows(3, now));
        assert!(retry.allows(4, now));
        assert_eq!(Retry::after(Some(&retry), 3, now, slow).attempts, 2);
        assert_eq!(Retry::after(Some(&retry), 4, now, slow).attempts, 1);
    }
}
