//! What happens to the registry without a request: retention, the collection of what nobody needs, the check of what is there.
//! Each is a job that a hub runs when it is due, and a command that an operator gives.

mod collect;
mod due;
mod retain;
mod scrub;

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use deadpool_postgres::{Client, Pool};
use distr_eventlog::EventLog;
use distr_projections::Progress;

use crate::blobs::BlobStore;
use crate::clock::Clock;
use crate::fault::Fault;

pub use collect::{CollectOptions, Collected};
pub use due::{Job, Schedule};
pub use retain::Retained;
pub use scrub::Scrubbed;

/// How long a job waits for the read models before it gives up: what they do not show yet must not be taken for gone.
const SHOWN_WITHIN: Duration = Duration::from_secs(60);

/// The ports that the jobs work through: `Ports` without the callers.
#[derive(Clone)]
pub struct Maintenance {
    pub log: Arc<dyn EventLog>,
    pub pool: Pool,
    pub blobs: Arc<dyn BlobStore>,
    pub shown: Progress,
    pub clock: Clock,
}

impl Maintenance {
    fn now(&self) -> DateTime<Utc> {
        (self.clock)()
    }

    async fn client(&self) -> Result<Client, Fault> {
        Ok(self.pool.get().await?)
    }

    /// Returns when the read models show all that is in the log now.
    async fn caught_up(&self) -> Result<(), Fault> {
        let head = self.log.head().await?;
        Ok(self.shown.wait_for(head, SHOWN_WITHIN).await?)
    }
}
