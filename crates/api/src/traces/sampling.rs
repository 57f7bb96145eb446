//! Which traces are recorded: by the trace's id alone, so that all who see it decide alike, and by what a caller decided.

use std::time::Duration;

use moka::sync::Cache;
use uuid::Uuid;

use super::context::Incoming;

/// Callers' decisions that are remembered for what their requests lead to. Another hub does not know them, and goes by the id.
const REMEMBERED: u64 = 10_000;
const REMEMBERED_FOR: Duration = Duration::from_secs(60);

/// `OTEL_TRACES_SAMPLER`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Sampler {
    /// of all traces, from 0 to 1
    pub(super) share: f64,
    /// a caller's decision comes first
    pub(super) parent_based: bool,
}

pub(super) struct Sampling {
    sampler: Sampler,
    /// by correlation id
    decided: Cache<Uuid, bool>,
}

impl Sampling {
    pub(super) fn new(sampler: Sampler) -> Self {
        let decided = Cache::builder().max_capacity(REMEMBERED).time_to_live(REMEMBERED_FOR).build();
        Self { sampler, decided }
    }

    pub(super) fn takes_request(&self, incoming: &Incoming) -> bool {
        match incoming.caller {
            Some(caller) if self.sampler.parent_based => {
                self.decided.insert(incoming.correlation, caller.sampled);
                caller.sampled
            }
            _ => self.takes(incoming.correlation),
        }
    }

    pub(super) fn takes(&self, correlation: Uuid) -> bool {
        self.decided.get(&correlation).unwrap_or_else(|| chance(correlation) < self.sampler.share)
    }
}

/// From 0 to 1, by the last four bytes: they are random in ids of traces (W3C Trace Context 2), and in UUIDs, where those before
/// them count up within a millisecond.
fn chance(trace: Uuid) -> f64 {
    f64::from(trace.as_u128() as u32) / (1_u64 << 32) as f64
}

#[cfg(test)]
mod tests {
    use super::super::caller::Caller;
    use super::*;

    fn sampling(share: f64, parent_based: bool) -> Sampling {
        Sampling::new(Sampler { share, parent_based })
    }

    #[test]
    fn a_share_of_the_traces_is_taken() {
        let (none, some, all) = (sampling(0.0, true), sampling(0.1, true), sampling(1.0, true));
        let ids: Vec<Uuid> = (0..20_000).map(|_| Uuid::now_v7()).collect();
        let count = |sampling: &Sampling| ids.iter().filter(|id| sampling.takes(**id)).count();
        assert_eq!((count(&none), count(&all)), (0, ids.len()));
        // ten standard deviations
        assert!((1_600..2_400).contains(&count(&some)), "{}", count(&some));
    }

    #[test]
    fn a_callers_decision_comes_first() {
        let caller = Caller { trace: [1; 16], span: [2; 8], sampled: false };
        let incoming = Incoming::new(None, Some(caller), Uuid::nil());
        let all = sampling(1.0, true);
        assert!(!all.takes_request(&incoming) && !all.takes(incoming.correlation));
        assert!(sampling(1.0, false).takes_request(&incoming));
        let sampled = Incoming::new(None, Some(Caller { sampled: true, ..caller }), Uuid::nil());
        let none = sampling(0.0, true);
        assert!(none.takes_request(&sampled) && none.takes(sampled.correlation));
    }
}
