//! The registry: its parts, each with what it needs, put together for the routes.

use std::sync::Arc;

use deadpool_postgres::Pool;
use distr_domain::quota::Quota;
use distr_eventlog::EventLog;
use distr_projections::Progress;

use crate::admission::Admission;
use crate::annotations::Annotations;
use crate::authentication::Authentication;
use crate::blobs::BlobStore;
use crate::caller::Callers;
use crate::clock::Clock;
use crate::disk::DiskReserve;
use crate::entitlements::Entitlements;
use crate::limits::Limits;
use crate::manifest_bytes::ManifestBytes;
use crate::pull::Pulls;
use crate::quota::Quotas;
use crate::record::{Recorder, Recording};
use crate::refresh::RefreshTokens;
use crate::rights::Rights;
use crate::token::Tokens;
use crate::uploads::{UploadCaps, Uploads};

/// The ports that the registry works through.
pub struct Ports {
    pub log: Arc<dyn EventLog>,
    /// Of the read models; schema `registry` is in the same database.
    pub pool: Pool,
    pub blobs: Arc<dyn BlobStore>,
    pub callers: Arc<dyn Callers>,
    /// Of the read models' group `core`: a push is answered when they show it.
    pub shown: Progress,
    pub clock: Clock,
}

/// The settings of a registry.
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

/// The parts that the routes share, as `web::Data<Registry>`.
pub struct Registry {
    // who asks, and what for
    pub(crate) authentication: Arc<Authentication>,
    pub(crate) refresh_tokens: RefreshTokens,
    pub(crate) rights: Rights,
    pub(crate) admission: Admission,
    pub(crate) entitlements: Entitlements,
    pub(crate) recorder: Recorder,
    // what goes out
    pub(crate) pulls: Pulls,
    pub(crate) manifests: ManifestBytes,
    pub(crate) annotations: Annotations,
    pub(crate) redirect_blobs: bool,
    // what comes in
    pub(crate) uploads: Uploads,
    pub(crate) quotas: Quotas,
    pub(crate) disk: Arc<DiskReserve>,
    // where all of it is
    pub(crate) blobs: Arc<dyn BlobStore>,
    pub(crate) pool: Pool,
    pub(crate) log: Arc<dyn EventLog>,
    pub(crate) shown: Progress,
    pub(crate) clock: Clock,
}

impl Registry {
    /// Within a runtime.
    pub fn start(ports: Ports, settings: Settings) -> (Self, Recording) {
        let Ports { log, pool, blobs, callers, shown, clock } = ports;
        let (recorder, recording) = Recorder::start(log.clone(), clock);
        let authentication = Arc::new(Authentication {
            tokens: Tokens::new(&settings.token_key),
            callers: callers.clone(),
            limits: Limits::new(settings.requests_per_second),
            public_url: settings.public_url,
            clock,
        });
        let rights = Rights::new(pool.clone());
        let registry = Self {
            refresh_tokens: RefreshTokens::new(pool.clone(), callers, clock),
            admission: Admission::new(authentication.clone(), rights.clone(), recorder.clone()),
            entitlements: Entitlements::new(pool.clone(), recorder.clone(), clock),
            pulls: Pulls::start(&pool),
            manifests: ManifestBytes::new(blobs.clone()),
            annotations: Annotations::new(blobs.clone()),
            redirect_blobs: settings.redirect_blobs,
            uploads: Uploads::new(pool.clone(), blobs.clone(), settings.uploads, clock),
            quotas: Quotas::new(pool.clone(), blobs.clone(), clock, settings.quota),
            disk: settings.disk,
            authentication,
            rights,
            recorder,
            blobs,
            pool,
            log,
            shown,
            clock,
        };
        (registry, recording)
    }

    /// Serves nobody until `go_on`: the blob store does not answer, and may be another database's.
    pub fn hold_back(&self) {
        self.admission.hold_back(true);
    }

    pub fn go_on(&self) {
        self.admission.hold_back(false);
    }

    /// To be called now and then: forgets who has not asked for a while.
    pub fn forget_idle(&self) {
        self.authentication.limits.forget_idle();
    }
}
