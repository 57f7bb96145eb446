//! How far this process has seen the log grow, by its own appends or by others'.

use distr_eventlog::Position;
use tokio::sync::{Notify, watch};

/// How far the log is known to go.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) end: watch::Sender<Position>,
    news: Notify,
}

impl Default for Seen {
    fn default() -> Self {
        Self { end: watch::Sender::new(Position::START), news: Notify::new() }
    }
}

impl Seen {
    /// Returns when the log has grown.
    pub(crate) async fn news(&self) {
        self.news.notified().await;
    }

    pub(crate) fn advance(&self, to: Position) {
        let has_moved = self.end.send_if_modified(|end| {
            let is_news = to > *end;
            *end = to.max(*end);
            is_news
        });
        if has_moved {
            self.news.notify_one();
        }
    }
}
