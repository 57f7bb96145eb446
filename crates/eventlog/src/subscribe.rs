//! Following the log: everything that is there, then everything that comes.

use std::{sync::Arc, time::Duration};

use futures_util::{Stream, stream};
use tokio::{sync::watch, time::timeout};

use crate::{EventLog, Limit, Page, Position, ReadError, Selection};

/// Enough that a page's overhead does not count, little enough to hold in memory.
pub(crate) const PAGE: usize = 1000;

/// A wake-up is a hint that may get lost; a reader looks by itself this often.
const POLL_FLOOR: Duration = Duration::from_millis(500);

struct Follower {
    log: Arc<dyn EventLog>,
    wake: watch::Receiver<Position>,
    after: Position,
    selection: Selection,
}

/// The pages behind `after`, for ever: each follows the one before it without a gap. A page may be empty when only
/// what is not selected has come; its `scanned_to` is where to resume, once its entries are dealt with. The stream ends
/// after an error.
pub fn subscribe_all(
    log: Arc<dyn EventLog>,
    after: Position,
    selection: Selection,
) -> impl Stream<Item = Result<Page, ReadError>> + Send + 'static {
    let wake = log.wake();
    let follower = Follower { log, wake, after, selection };
    stream::unfold(Some(follower), async |follower| {
        let mut follower = follower?;
        match follower.next().await {
            Ok(page) => Some((Ok(page), Some(follower))),
            Err(error) => Some((Err(error), None)),
        }
    })
}

impl Follower {
    async fn next(&mut self) -> Result<Page, ReadError> {
        loop {
            self.wake.mark_unchanged();
            let page = self.log.scan(self.after, Limit::entries(PAGE), self.selection).await?;
            if page.scanned_to > self.after {
                self.after = page.scanned_to;
                return Ok(page);
            }
            until_news(&mut self.wake).await;
        }
    }
}

/// Returns when something may have come.
pub(crate) async fn until_news(wake: &mut watch::Receiver<Position>) {
    if let Ok(Err(_)) = timeout(POLL_FLOOR, wake.changed()).await {
        // closed for writing: nobody wakes any more, but another process may still append
        tokio::time::sleep(POLL_FLOOR).await;
    }
}

#[cfg(test)]
mod tests;
