//! Reports on their way to the hub, oldest first. A report goes into a file before it is sent, and leaves when the hub has
//! acknowledged it; so an agent that is killed sends again what it does not know to have arrived, and the hub counts it
//! once. Bounded: when there are too many, `thin` lets go of the oldest detail, and the gap is told with the next report.
//!
//! What says something new is synced to the disk before it is sent. A heartbeat that says nothing new is written and not
//! synced: it outlives the process, and only a machine that loses power within seconds may lose it.
//!
//! Memory holds all of them too, and the file is only its copy. When the file cannot be written (the disk is full), the
//! agent goes on from memory, and writes the file anew as soon as it can.

use std::collections::VecDeque;
use std::io;
use std::path::PathBuf;

use distr_domain::agent::Report;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::fault::Failure;

mod file;
mod thin;

use file::JournalFile;
pub use thin::Limits;

/// Reports that are on their way to the hub at a time.
pub const BATCH: usize = 100;

#[derive(Debug)]
pub struct Journal {
    limits: Limits,
    entries: VecDeque<Entry>,
    bytes: usize,
    file: JournalFile,
    /// why the file does not hold all that memory does
    trouble: Option<Failure>,
}

#[derive(Debug, Clone)]
struct Entry {
    report: Report,
    /// it says something that the one before did not
    news: bool,
    /// as JSON
    bytes: usize,
}

/// What a line of the file says.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line {
    Report {
        news: bool,
        report: Box<Report>,
    },
    /// This report and all before it are at the hub.
    Acknowledged(Uuid),
}

impl Journal {
    /// Takes over what an earlier agent left in the file. One that cannot be read is no reason not to start.
    pub fn open(path: PathBuf, limits: Limits) -> Self {
        let (file, lines) = JournalFile::open(path);
        let trouble = file.trouble().map(not_written);
        let mut journal = Self { limits, entries: VecDeque::new(), bytes: 0, file, trouble };
        for line in lines {
            match serde_json::from_slice(&line) {
                Ok(Line::Report { news, report }) => journal.remember(*report, news, line.len()),
                Ok(Line::Acknowledged(id)) => journal.forget_through(id),
                Err(error) => tracing::error!(%error, "a line of the journal is not understood; passed over"),
            }
        }
        journal
    }

    pub fn push(&mut self, report: Report, news: bool) {
        let line = encode(&Line::Report { news, report: Box::new(report.clone()) });
        self.remember(report, news, line.len());
        if self.thin() || self.trouble.is_some() {
            return self.rewrite();
        }
        let written = self.file.append(&line).and_then(|()| if news { self.file.sync() } else { Ok(()) });
        self.note(written);
    }

    pub fn oldest(&self, at_most: usize) -> Vec<Report> {
        self.entries.iter().take(at_most).map(|entry| entry.report.clone()).collect()
    }

    /// The hub has these, which were the oldest.
    pub fn acknowledge(&mut self, reports: &[Report]) {
        let Some(last) = reports.last() else { return };
        self.forget_through(last.id);
        if self.trouble.is_some() || self.file.is_worth_rewriting(self.bytes) {
            return self.rewrite();
        }
        // without this line they are sent again, and not counted again
        let written = self.file.append(&encode(&Line::Acknowledged(last.id)));
        self.note(written);
    }

    /// Changes the reports that wait, and writes them anew.
    pub fn rename(&mut self, mut change: impl FnMut(&mut Report)) {
        self.entries.iter_mut().for_each(|entry| change(&mut entry.report));
        self.rewrite();
    }

    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub fn contains(&self, id: Uuid) -> bool {
        self.entries.iter().any(|entry| entry.report.id == id)
    }

    /// Why the reports are only in memory, if they are.
    pub fn trouble(&self) -> Option<&Failure> {
        self.trouble.as_ref()
    }

    fn remember(&mut self, report: Report, news: bool, bytes: usize) {
        self.bytes += bytes;
        self.entries.push_back(Entry { report, news, bytes });
    }

    fn forget_through(&mut self, id: Uuid) {
        let Some(last) = self.entries.iter().position(|entry| entry.report.id == id) else { return };
        self.bytes -= self.entries.drain(..=last).map(|entry| entry.bytes).sum::<usize>();
    }

    fn thin(&mut self) -> bool {
        let full = self.entries.len() > self.limits.reports || self.bytes > self.limits.bytes;
        let thinned = full && thin::thin(&mut self.entries, self.limits);
        if thinned {
            self.bytes = self.entries.iter().map(|entry| entry.bytes).sum();
        }
        thinned
    }

    /// Puts exactly what memory holds into the file.
    fn rewrite(&mut self) {
        let line = |entry: &Entry| encode(&Line::Report { news: entry.news, report: Box::new(entry.report.clone()) });
        let written = self.file.rewrite(self.entries.iter().map(line));
        self.note(written);
    }

    fn note(&mut self, written: io::Result<()>) {
        let trouble = written.err().map(|error| not_written(&error));
        match (&self.trouble, &trouble) {
            (None, Some(trouble)) => tracing::error!("{}", trouble.text),
            (Some(_), None) => tracing::info!(reports = self.len(), "the journal is written again"),
            _ => {}
        }
        self.trouble = trouble;
    }
}

fn not_written(error: &io::Error) -> Failure {
    Failure::of_disk("the journal cannot be written, and reports are kept in memory", error)
}

fn encode(line: &Line) -> Vec<u8> {
    serde_json::to_vec(line).expect("a report is JSON")
}

#[cfg(test)]
mod tests;
