//! The read side: connections that look, how far what they see is, and as of when.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use deadpool_postgres::Pool;
use distr_projections::Progress;
use distr_projections::past::{self, Moment};
use distr_registry::BlobStore;
use tokio::task_local;

use crate::clock::SharedClock;
use crate::failure::Failure;
use crate::limits::shares::{self, Of, SharedClient};

task_local! {
    static MOMENT: Option<Moment>;
}

/// The read models.
#[derive(Clone)]
pub struct ReadModels {
    pub pool: Pool,
    /// whose connections look at them as of a moment
    pub past: Pool,
    pub progress: ModelsProgress,
}

/// How far each group of read models is.
#[derive(Clone)]
pub struct ModelsProgress {
    pub core: Progress,
    pub fleet: Progress,
    pub audit: Progress,
}

/// What the registry holds: the read models say what, and the store has the bytes.
#[derive(Clone)]
pub struct Artifacts {
    pub models: ReadModels,
    pub blobs: Arc<dyn BlobStore>,
}

impl ReadModels {
    /// As they are, or as of the moment of the work that asks.
    pub async fn client(&self) -> Result<SharedClient, Failure> {
        let Some(moment) = moment() else { return shares::client(Of::ReadModels, &self.pool).await };
        let client = shares::client(Of::Past, &self.past).await?;
        past::look_at(&client, moment).await?;
        Ok(client)
    }
}

/// Runs work to which the read models show a moment that is past; what it spawns is to be run so, too. None: they show what is.
pub async fn as_of<F: Future>(moment: Option<Moment>, work: F) -> F::Output {
    MOMENT.scope(moment, work).await
}

/// The moment as of which the work at hand sees the read models, if it is past.
pub fn moment() -> Option<Moment> {
    MOMENT.try_with(|moment| *moment).ok().flatten()
}

/// The time at which it is what the read models show to the work at hand.
pub fn now(clock: &SharedClock) -> DateTime<Utc> {
    moment().map_or_else(|| clock.now(), |moment| moment.at)
}
