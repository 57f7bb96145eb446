//! How much work an answer was: the statements that the hub's database ran for one request, told by the hub's log. Two
//! refusals after the same statements cannot be told apart by their time, as a measurement of time could not show reliably.

use std::io::{Read, Seek, SeekFrom};

use distr_tests::hub::HubProcess;
use uuid::Uuid;

/// What the hub must log for it.
pub(super) const LOG: (&str, &str) = ("DISTR_LOG", "info,tokio_postgres=debug");

pub(super) struct Statements<'a> {
    hub: &'a HubProcess,
    read: u64,
}

impl<'a> Statements<'a> {
    pub(super) fn of(hub: &'a HubProcess) -> Self {
        Self { hub, read: 0 }
    }

    /// For the request with this correlation id, which was answered since the last look.
    pub(super) fn count(&mut self, correlation: Uuid) -> usize {
        let mut file = std::fs::File::open(self.hub.log_path()).expect("the hub has a log");
        file.seek(SeekFrom::Start(self.read)).expect("a file");
        let mut new = Vec::new();
        self.read += file.read_to_end(&mut new).expect("a readable log") as u64;
        let id = format!("correlation={correlation}");
        let text = String::from_utf8_lossy(&new);
        text.lines().filter(|line| line.contains(&id) && line.contains("executing statement")).count()
    }
}
