//! Which entries of a page are next.

use std::collections::{HashMap, VecDeque};

use distr_eventlog::Entry;
use uuid::Uuid;

/// Entries that are handled at the same time: about as many as wait for one commit of the log without waiting for connections.
pub(super) const AT_ONCE: usize = 16;

/// The entries of a page, by lane.
pub(super) struct Lanes<'a> {
    entries: &'a [Entry],
    lane_of: Vec<usize>,
    /// of each lane
    waiting: Vec<VecDeque<usize>>,
    /// lanes of which no entry is under way and some are waiting; one that had its turn stands behind the others
    ready: VecDeque<usize>,
    is_done: Vec<bool>,
}

impl<'a> Lanes<'a> {
    pub(super) fn of(entries: &'a [Entry], lane: impl Fn(&Entry) -> Uuid) -> Self {
        let mut places = HashMap::new();
        let lane_of: Vec<usize> = entries
            .iter()
            .map(|entry| {
                let next = places.len();
                *places.entry(lane(entry)).or_insert(next)
            })
            .collect();
        let mut waiting = vec![VecDeque::new(); places.len()];
        lane_of.iter().enumerate().for_each(|(index, lane)| waiting[*lane].push_back(index));
        Self { entries, lane_of, ready: (0..waiting.len()).collect(), waiting, is_done: vec![false; entries.len()] }
    }

    /// An entry whose turn it is; none while all that are left wait for others of their lanes.
    pub(super) fn next(&mut self) -> Option<usize> {
        let lane = self.ready.pop_front()?;
        self.waiting[lane].pop_front()
    }

    /// The next one of its lane may be handled.
    pub(super) fn done(&mut self, index: usize) {
        self.is_done[index] = true;
        let lane = self.lane_of[index];
        if !self.waiting[lane].is_empty() {
            self.ready.push_back(lane);
        }
    }

    pub(super) fn are_done(&self) -> bool {
        self.is_done.iter().all(|is_done| *is_done)
    }

    /// The last entry up to which all are done.
    pub(super) fn reached(&self) -> Option<&'a Entry> {
        let done = self.is_done.iter().take_while(|is_done| **is_done).count();
        self.entries[..done].last()
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use distr_domain::ids::OrganizationId;
    use distr_eventlog::{Position, RecordedTelemetry, TelemetryKind, TelemetryRecord};

    use super::*;

    fn entries(lanes: &[u128]) -> Vec<Entry> {
        let entry = |(index, lane): (usize, &u128)| {
            let record = TelemetryRecord {
                id: Uuid::nil(),
                organization: OrganizationId(Uuid::nil()),
                subject: Uuid::from_u128(*lane),
                kind: TelemetryKind::Heartbeat,
                recorded_at: DateTime::UNIX_EPOCH,
                payload: vec![].into(),
            };
            Entry::Telemetry(RecordedTelemetry {
                position: Position::of_number(index as u64 + 1),
                committed_at: DateTime::UNIX_EPOCH,
                record,
            })
        };
        lanes.iter().enumerate().map(entry).collect()
    }

    fn subject(entry: &Entry) -> Uuid {
        match entry {
            Entry::Telemetry(recorded) => recorded.record.subject,
            Entry::Fact(event) => event.stream.id,
        }
    }

    fn all_next(lanes: &mut Lanes<'_>) -> Vec<usize> {
        std::iter::from_fn(|| lanes.next()).collect()
    }

    #[test]
    fn a_lane_with_much_to_do_keeps_no_other_waiting() {
        let entries = entries(&[1, 1, 1, 2, 1, 3, 2]);
        let mut lanes = Lanes::of(&entries, subject);
        assert_eq!(all_next(&mut lanes), [0, 3, 5]);
        lanes.done(3);
        assert_eq!(all_next(&mut lanes), [6], "the first lane still has its first under way");
        lanes.done(0);
        assert_eq!(all_next(&mut lanes), [1]);
        [5, 6, 1].into_iter().for_each(|index| lanes.done(index));
        assert_eq!(all_next(&mut lanes), [2]);
        lanes.done(2);
        assert_eq!(all_next(&mut lanes), [4]);
        assert!(!lanes.are_done());
        lanes.done(4);
        assert!(lanes.are_done());
    }

    #[test]
    fn what_was_reached_has_nothing_open_before_it() {
        let entries = entries(&[1, 1, 2, 3]);
        let mut lanes = Lanes::of(&entries, subject);
        assert_eq!(all_next(&mut lanes), [0, 2, 3]);
        assert!(lanes.reached().is_none());
        lanes.done(2);
        lanes.done(0);
        assert_eq!(lanes.reached(), entries.first());
        lanes.done(1);
        assert_eq!(lanes.reached(), entries.get(2));
    }
}
