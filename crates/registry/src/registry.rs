//! The registry's state: the ports it works through, and its settings.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use chrono::{DateTime, Utc};
use deadpool_postgres::{Client, Pool};
use distr_domain::quota::Quota;
use distr_eventlog::EventLog;
use distr_projections::Progress;
use tokio::task::JoinHandle;

use crate::annotations::Annotations;
use crate::blobs::BlobStore;
use crate::caller::Callers;
use crate::disk::DiskReserve;
use crate::error::OciError;
use crate::fault::Fault;
use crate::limits::Limits;
use crate::manifest_bytes::ManifestBytes;
use crate::pull::Pulls;
use crate::quota::Sums;
use crate::record::Recorder;
use crate::token::Tokens;
use crate::unfinished::UploadCaps;

/// What the registry works through.
pub struct Ports {
    pub log: Arc<dyn EventLog>,
    /// Of the read models; schema `registry` is in the same database.
    pub pool: Pool,
    pub blobs: Arc<dyn BlobStore>,
    pub callers: Arc<dyn Callers>,
    /// Of the read models' group `core`: a push is answered when they show it.
    pub shown: Progress,
    pub clock: fn() -> DateTime<Utc>,
}

pub struct Settings {
    /// Signs the registry's tokens; secret, the same on all hubs, at least 32 random bytes.
    pub token_key: Vec<u8>,
    /// Where clients reach the hub: `https://registry.example.com`. Not set: what the request itself says.
    pub public_url: Option<String>,
    /// Requests per second of one credential, or of one address without one; ten times as many at once.
    pub requests_per_second: u32,
    /// What each organization may hold; not set: anything.
    pub quota: Option<Quota>,
    /// Whether who may have a blob that is in a bucket is sent there for it.
    pub redirect_blobs: bool,
    /// How many uploads may be under way.
    pub uploads: UploadCaps,
    /// What stays free of the hub's own disks.
    pub disk: Arc<DiskReserve>,
}

/// The state that the routes share, as `web::Data<Registry>`.
pub struct Registry {
    pub(crate) log: Arc<dyn EventLog>,
    pub(crate) blobs: Arc<dyn BlobStore>,
    pub(crate) callers: Arc<dyn Callers>,
    pub(crate) shown: Progress,
    pub(crate) tokens: Tokens,
    pub(crate) recorder: Recorder,
    pub(crate) limits: Limits,
    pub(crate) annotations: Annotations,
    pub(crate) manifests: ManifestBytes,
    pub(crate) pulls: Pulls,
    pub(crate) sums: Sums,
    pub(crate) settings: Settings,
    pub(crate) pool: Pool,
    /// whose the blob store is has to be found out first
    holds_back: AtomicBool,
    clock: fn() -> DateTime<Utc>,
}

/// The task that writes access records. It ends when the registry is dropped and all that was recorded is in the log.
pub struct Recording(pub(crate) JoinHandle<()>);

impl Registry {
    pub fn start(ports: Ports, settings: Settings) -> (Self, Recording) {
        let Ports { log, pool, blobs, callers, shown, clock } = ports;
        let (recorder, recording) = Recorder::start(log.clone());
        let tokens = Tokens::new(&settings.token_key);
        let limits = Limits::new(settings.requests_per_second);
        let annotations = Annotations::new(blobs.clone());
        let pulls = Pulls::start(&pool);
        let registry = Self {
            manifests: ManifestBytes::new(blobs.clone()),
            log,
            blobs,
            callers,
            shown,
            tokens,
            recorder,
            limits,
            annotations,
            pulls,
            sums: Sums::new(),
            settings,
            pool,
            holds_back: AtomicBool::new(false),
            clock,
        };
        (registry, recording)
    }

    /// Serves nobody until `go_on`: the blob store does not answer, and may be another database's.
    pub fn hold_back(&self) {
        self.holds_back.store(true, Ordering::Release);
    }

    pub fn go_on(&self) {
        self.holds_back.store(false, Ordering::Release);
    }

    pub(crate) fn check_store(&self) -> Result<(), OciError> {
        match self.holds_back.load(Ordering::Acquire) {
            false => Ok(()),
            true => Err(OciError::StoreUnknown),
        }
    }

    /// To be called now and then: forgets who has not asked for a while.
    pub fn forget_idle(&self) {
        self.limits.forget_idle();
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        (self.clock)()
    }

    pub(crate) async fn client(&self) -> Result<Client, Fault> {
        Ok(self.pool.get().await?)
    }
}

impl Recording {
    /// Returns when everything that was recorded is in the log.
    pub async fn finished(self) {
        if let Err(error) = self.0.await {
            tracing::error!(%error, "the recording of accesses ended badly");
        }
    }
}
