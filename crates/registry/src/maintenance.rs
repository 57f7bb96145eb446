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
use distr_eventlog::{EventLog, ReadError};
use distr_projections::{Progress, QueryError, WaitError};

use crate::blobs::{BlobFault, BlobStore};
use crate::changing::ChangeError;
use crate::ownership::OwnershipFault;

pub use collect::{CollectOptions, Collected};
pub use due::{Job, Schedule};
pub use retain::Retained;
pub use scrub::Scrubbed;

/// How long a job waits for the read models before it gives up: what they do not show yet must not be taken for gone.
const SHOWN_WITHIN: Duration = Duration::from_secs(60);

/// What the jobs work through; the same as `Ports`, but for the callers.
#[derive(Clone)]
pub struct Maintenance {
    pub log: Arc<dyn EventLog>,
    pub pool: Pool,
    pub blobs: Arc<dyn BlobStore>,
    pub shown: Progress,
    pub clock: fn() -> DateTime<Utc>,
}

#[derive(Debug, thiserror::Error)]
pub enum MaintenanceFault {
    #[error(transparent)]
    Blobs(#[from] BlobFault),
    #[error("the registry's database refused a statement")]
    Database(#[from] tokio_postgres::Error),
    #[error("the registry got no database connection")]
    Pool(#[from] deadpool_postgres::PoolError),
    #[error(transparent)]
    ReadModels(#[from] QueryError),
    #[error(transparent)]
    Log(#[from] ReadError),
    #[error("the read models have not caught up with the log")]
    Behind(#[from] WaitError),
    #[error(transparent)]
    Ownership(#[from] OwnershipFault),
    #[error("a repository could not be changed")]
    Change(#[from] ChangeError),
}

impl Maintenance {
    fn now(&self) -> DateTime<Utc> {
        (self.clock)()
    }

    async fn client(&self) -> Result<Client, MaintenanceFault> {
        Ok(self.pool.get().await?)
    }

    /// Returns when the read models show all that is in the log now.
    async fn caught_up(&self) -> Result<(), MaintenanceFault> {
        let head = self.log.head().await?;
        Ok(self.shown.wait_for(head, SHOWN_WITHIN).await?)
    }
}
