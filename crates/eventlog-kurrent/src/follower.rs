//! Follows the log, once for all in this process: wakes those who wait for news, learns what telemetry is gone, and makes marks.

use std::sync::Arc;
use std::time::Duration;

use distr_eventlog::{Limit, Position, Selection, StoreError};
use eventstore::{ReadAllOptions, StreamPosition};
use tokio::time::{sleep, timeout};

use crate::facts::{self, Clock};
use crate::link::Link;
use crate::marks::Maker;
use crate::names::{self, Kind};
use crate::place;
use crate::retention::Gone;
use crate::seen::Seen;
use crate::telemetry::Block;

/// How often it looks: what others append is seen that late.
const EVERY: Duration = Duration::from_millis(100);
const PAGE: usize = 500;

pub(crate) struct Follower {
    pub(crate) link: Arc<Link>,
    pub(crate) clock: Arc<Clock>,
    pub(crate) seen: Arc<Seen>,
    pub(crate) gone: Arc<Gone>,
    pub(crate) maker: Maker,
}

impl Follower {
    pub(crate) async fn run(mut self) {
        loop {
            match self.step().await {
                Ok(true) => {}
                Ok(false) => {
                    let _ = timeout(EVERY, self.seen.news()).await;
                    // what many append at once is one page
                    sleep(EVERY / 20).await;
                }
                // whoever reads meets it, too, and tells it
                Err(_) => sleep(EVERY).await,
            }
        }
    }

    /// Whether there was something.
    async fn step(&mut self) -> Result<bool, StoreError> {
        let from = self.maker.at();
        let start = match place::offset(from) {
            0 => StreamPosition::Start,
            commit => StreamPosition::Position(eventstore::Position { commit, prepare: commit }),
        };
        let filter = names::filter(Selection::All).add_prefix(names::RETENTION);
        let options = ReadAllOptions::default().position(start).filter(filter).max_count(PAGE);
        let events = self.link.all(&options, Limit::BYTES).await?.unwrap_or_default();
        let mut has_news = false;
        for event in &events {
            let at = place::position(event.position.commit, 0);
            if at <= from && place::offset(at) <= place::offset(from) {
                continue;
            }
            has_news = true;
            match names::kind(event.stream_id()) {
                Kind::Facts(stream) => {
                    let committed_at = facts::decode(event, stream).map_or(event.created, |fact| fact.committed_at);
                    self.take(at, committed_at, Some(event.id)).await?;
                }
                Kind::Telemetry => {
                    let block = Block::of(event).ok();
                    let committed_at = block.as_ref().map_or(event.created, Block::committed_at);
                    self.take(block.as_ref().map_or(at, Block::last), committed_at, None).await?;
                }
                Kind::Retention => {
                    self.gone.learn(event)?;
                    self.maker.pass(at);
                }
                Kind::Foreign => self.maker.pass(at),
            }
        }
        Ok(has_news)
    }

    async fn take(
        &mut self,
        at: Position,
        committed_at: chrono::DateTime<chrono::Utc>,
        id: Option<uuid::Uuid>,
    ) -> Result<(), StoreError> {
        self.clock.see(committed_at);
        self.seen.advance(at);
        self.maker.take(&self.link, at, committed_at, id).await
    }
}
