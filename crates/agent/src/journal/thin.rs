//! What goes when the journal is full: the oldest heartbeats that say nothing new, then the oldest changes. The newest
//! report always stays. What went is told with the next report that stays.

use std::collections::VecDeque;

use distr_domain::agent::{Missing, Report};

use super::{BATCH, Entry};

#[derive(Debug, Clone, Copy)]
pub struct Limits {
    pub reports: usize,
    pub bytes: usize,
    /// The oldest ones that may be on their way to the hub, and stay as they are.
    pub under_way: usize,
}

impl Default for Limits {
    /// Seven hours of heartbeats at five seconds, or some days of changes.
    fn default() -> Self {
        Self { reports: 5_000, bytes: 4 * 1024 * 1024, under_way: BATCH }
    }
}

/// Down to seven eighths of the limits, because the file is written anew after it. Says whether something went.
pub(super) fn thin(entries: &mut VecDeque<Entry>, limits: Limits) -> bool {
    let bytes = entries.iter().map(|entry| entry.bytes).sum::<usize>();
    let mut surplus = Surplus {
        reports: entries.len().saturating_sub(limits.reports / 8 * 7),
        bytes: bytes.saturating_sub(limits.bytes / 8 * 7),
    };
    let mut goes = vec![false; entries.len()];
    let last = entries.len() - 1;
    for news in [false, true] {
        for (index, entry) in entries.iter().enumerate().take(last).skip(limits.under_way) {
            if surplus.is_gone() {
                break;
            }
            if entry.news == news {
                goes[index] = true;
                surplus.less(entry);
            }
        }
    }
    let before = entries.len();
    let mut gap = None;
    let kept = entries.drain(..).zip(goes).filter_map(|(mut entry, goes)| {
        let missing = join(gap.take(), entry.report.missing);
        match goes {
            true => {
                gap = join(missing, Some(only(&entry.report)));
                None
            }
            false => {
                entry.report.missing = missing;
                Some(entry)
            }
        }
    });
    let kept: VecDeque<_> = kept.collect();
    *entries = kept;
    entries.len() < before
}

struct Surplus {
    reports: usize,
    bytes: usize,
}

impl Surplus {
    fn is_gone(&self) -> bool {
        self.reports == 0 && self.bytes == 0
    }

    fn less(&mut self, entry: &Entry) {
        self.reports = self.reports.saturating_sub(1);
        self.bytes = self.bytes.saturating_sub(entry.bytes);
    }
}

fn only(report: &Report) -> Missing {
    Missing { reports: 1, from: report.at, to: report.at }
}

/// Two gaps that follow each other, as one.
pub(super) fn join(first: Option<Missing>, second: Option<Missing>) -> Option<Missing> {
    match (first, second) {
        (Some(a), Some(b)) => Some(Missing { reports: a.reports + b.reports, from: a.from, to: b.to }),
        (a, b) => a.or(b),
    }
}
