//! Reports on their way to the hub, oldest first. They leave when they are acknowledged. Bounded: when it is full the
//! oldest goes, and is counted. In memory now; a journal on disk takes this place behind the same four calls.

use std::collections::VecDeque;

use distr_domain::agent::Report;

#[derive(Debug)]
pub struct ReportQueue {
    limit: usize,
    reports: VecDeque<Report>,
    dropped: u64,
}

impl ReportQueue {
    pub fn new(limit: usize) -> Self {
        Self { limit: limit.max(1), reports: VecDeque::new(), dropped: 0 }
    }

    pub fn push(&mut self, report: Report) {
        if self.reports.len() == self.limit {
            self.reports.pop_front();
            self.dropped += 1;
        }
        self.reports.push_back(report);
    }

    pub fn oldest(&self, at_most: usize) -> Vec<Report> {
        self.reports.iter().take(at_most).cloned().collect()
    }

    /// By id, because the oldest may have been dropped while they were on their way.
    pub fn acknowledge(&mut self, reports: &[Report]) {
        self.reports.retain(|queued| !reports.iter().any(|report| report.id == queued.id));
    }

    pub fn len(&self) -> usize {
        self.reports.len()
    }

    pub fn is_empty(&self) -> bool {
        self.reports.is_empty()
    }

    /// How many never reached the hub.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;
    use uuid::Uuid;

    fn report(sequence: u64) -> Report {
        Report {
            id: Uuid::from_u128(sequence.into()),
            boot: Uuid::nil(),
            sequence,
            at: DateTime::UNIX_EPOCH,
            agent_version: String::new(),
            deployments: vec![],
        }
    }

    fn sequences(queue: &ReportQueue) -> Vec<u64> {
        queue.oldest(usize::MAX).iter().map(|report| report.sequence).collect()
    }

    #[test]
    fn what_is_acknowledged_leaves_and_the_rest_stays_in_order() {
        let mut queue = ReportQueue::new(10);
        (1..=4).for_each(|n| queue.push(report(n)));
        let sent = queue.oldest(3);
        queue.acknowledge(&sent[..2]);
        assert_eq!(sequences(&queue), [3, 4]);
    }

    #[test]
    fn a_full_queue_loses_its_oldest_and_counts_it() {
        let mut queue = ReportQueue::new(2);
        queue.push(report(1));
        let on_their_way = queue.oldest(1);
        (2..=3).for_each(|n| queue.push(report(n)));
        queue.acknowledge(&on_their_way);
        assert_eq!((sequences(&queue), queue.dropped()), (vec![2, 3], 1));
    }
}
