//! Pages of the log, decoded, a few ahead of whoever takes them: one is read while others are decoded.

use std::ops::Range;
use std::sync::Arc;

use distr_eventlog::{EventLog, Page, Position, Selection};
use tokio::sync::mpsc;
use tokio::task::{JoinHandle, spawn_blocking};

use super::read;
use crate::error::ProjectionError;
use crate::projection::Seen;

/// Entries of a page.
pub(super) const PAGE: usize = 10_000;
/// Pages that wait, decoded or not.
const AHEAD: usize = 3;

#[derive(Debug)]
pub(super) struct Decoded {
    pub(super) batch: Vec<Seen>,
    pub(super) scanned_to: Position,
}

type Decoding = JoinHandle<Result<Decoded, ProjectionError>>;

/// The reader ends with this.
pub(super) struct Pages {
    pages: mpsc::Receiver<Result<Decoding, ProjectionError>>,
}

/// The entries in `range`; its start is what was seen last.
pub(super) fn pages(log: Arc<dyn EventLog>, range: Range<Position>, selection: Selection) -> Pages {
    let (sender, pages) = mpsc::channel(AHEAD);
    tokio::spawn(async move {
        let (mut at, to) = (range.start, range.end);
        while at < to {
            let page = read(log.as_ref(), at, to, selection).await;
            let page = page.inspect(|page| at = page.scanned_to).map(|page| spawn_blocking(|| decode(page)));
            let failed = page.is_err();
            if sender.send(page).await.is_err() || failed {
                return;
            }
        }
    });
    Pages { pages }
}

impl Pages {
    /// Not beyond the end of the range.
    pub(super) async fn next(&mut self) -> Result<Decoded, ProjectionError> {
        let decoding = self.pages.recv().await.expect("pages up to the end of the range")?;
        decoding.await.expect("decoding does not panic")
    }
}

fn decode(page: Page) -> Result<Decoded, ProjectionError> {
    let batch = page.entries.iter().map(Seen::decode).collect::<Result<_, _>>()?;
    Ok(Decoded { batch, scanned_to: page.scanned_to })
}
