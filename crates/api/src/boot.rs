//! From configuration to a running hub, and down again in the reverse order.

mod bootstrap;
mod database;
mod event_log;
mod following;
mod listening;
mod maintenance;
mod recorder;
mod stores;

use std::sync::Arc;
use std::time::Duration;

use actix_web::web;
use anyhow::{Context, bail};
use chrono::TimeDelta;
use distr_embedded_postgres::EmbeddedPostgres;
use distr_eventlog::{EventLog, Position, PostgresLog};
use distr_projections::FollowerHandle;
use distr_registry::{DiskReserve, Maintenance, Ports, Recording, Registry, Settings as RegistrySettings, UploadCaps};
use tokio::task::JoinSet;
use tracing::info;
use url::Url;

use crate::auth::{Sessions, open_sockets};
use crate::clock::{Clock, SystemClock};
use crate::commands::Commands;
use crate::config::{
    BootstrapConfig, DiskConfig, FleetConfig, HttpConfig, RegistryConfig, StorageConfig, registry_host,
};
use crate::drawing::Drawing;
use crate::feed::Feed;
use crate::health::{Health, Probed, Readiness};
use crate::http::{Served, scrape::Scraped};
use crate::hub::{Hub, Settings};
use crate::limits::Limits;
use crate::limits::bodies::Bodies;
use crate::limits::shares::Shares;
use crate::limits::turns::{CHARTS_AT_ONCE, PACKAGES_AT_ONCE, Turns};
use crate::models::{Artifacts, ModelsProgress, ReadModels};
use crate::operations::desired::DesiredEtags;
use crate::ops;
use crate::ops::person;
use crate::ops::secret::Vault;
use crate::policy::Policy;
use crate::proof::{self, Signing};
use crate::registry_callers::HubCallers;
use crate::shared_log::SharedLog;
use crate::tallies::Tallies;
use crate::traces::{TracedLog, Traces};
use crate::{graphql, policy};
use following::Following;
use maintenance::Ownership;
use recorder::Recorder;
use stores::Stores;

pub use database::{Database, attach_database, open_database};
pub use event_log::{LogPlace, OpenLog};
pub use maintenance::{CollectConfig, collect, scrub, take_over_blobs};

#[derive(Debug, Clone, clap::Args)]
pub struct ServeConfig {
    #[command(flatten)]
    pub storage: StorageConfig,
    #[command(flatten)]
    pub http: HttpConfig,
    #[command(flatten)]
    pub fleet: FleetConfig,
    #[command(flatten)]
    pub registry: RegistryConfig,
    #[command(flatten)]
    pub disk: DiskConfig,
    #[command(flatten)]
    pub bootstrap: BootstrapConfig,
}

/// Serves until a signal says stop, or something that it rests on ends.
pub async fn serve(config: ServeConfig) -> anyhow::Result<()> {
    let settings = settings(&config)?;
    let edge = config.http.edge(&settings.public_url)?;
    let first_owner = config.bootstrap.first_owner()?;
    let recorder = Recorder::install()?;
    let (traces, exporting) = Traces::start(Arc::new(SystemClock))?;
    let stores = Stores::open(&config.storage).await?;
    let head = stores.log.port().head().await?;
    let following = Following::start(&stores, traces.clone()).await?;
    let (mut maintenance, ownership) = match maintenance::maintenance(&config.storage, &stores, &following).await {
        Ok(maintenance) => maintenance,
        Err(error) => return give_up(error, following, stores).await,
    };
    maintenance.log = TracedLog::of(maintenance.log, &traces);
    let hub = Arc::new(hub(&config, settings, &stores, &following, &maintenance, traces));
    let disk = Arc::new(config.disk.reserve(&config.storage));
    let (registry, recording) = open_registry(&config, &maintenance, &stores, &hub, disk.clone());
    if ownership == Ownership::Unknown {
        registry.hold_back();
    }

    let (readiness, health) = (Arc::new(Readiness::default()), Arc::new(Health::default()));
    let served = Served {
        hub: hub.clone(),
        schema: graphql::schema(hub.clone()),
        registry: registry.clone(),
        readiness: readiness.clone(),
        health: health.clone(),
        edge: edge.clone(),
        disk: disk.clone(),
    };
    let scraped = Scraped {
        hub: hub.clone(),
        health: health.clone(),
        data_dir: config.storage.data_dir.clone(),
        disk,
        owner: stores.owner,
        handle: recorder.handle.clone(),
        connections: edge.connections.clone(),
    };
    let (metrics, server) = match listening::listen(&config.http, served, scraped) {
        Ok(listening) => listening,
        Err(error) => return give_up(error, following, stores).await,
    };
    let handle = server.handle();
    let mut server = tokio::spawn(server);
    let policies = [
        proof::start(following.log.clone(), stores.ops.clone(), stores.owner),
        start_policy(&following, &stores, policy::Observation::new(hub.commands.clone(), stores.ops.clone())),
        start_policy(&following, &stores, policy::Seats { commands: hub.commands.clone(), models: hub.models.clone() }),
        start_policy(&following, &stores, policy::UnusedSeats::new(hub.commands.clone(), hub.models.clone())),
        rollouts(&hub).start(following.log.clone(), stores.ops.clone(), stores.owner),
    ];
    let probed = Probed {
        log: hub.commands.log.clone(),
        models: hub.models.clone(),
        ops: stores.ops.clone(),
        blobs: hub.artifacts.blobs.clone(),
    };
    let mut keeping_up = JoinSet::new();
    keeping_up.spawn(upkeep(hub.clone(), registry.clone()));
    keeping_up.spawn(open_sockets::watch(hub.sessions.clone()));
    keeping_up.spawn(health.watch(probed));
    keeping_up.spawn(hub.signing.clone().keep_up());
    if let Some(tls) = edge.tls {
        keeping_up.spawn(tls.watch());
    }

    let mut keeping = None;
    let own_blobs = async {
        maintenance::owned(&config.storage, &maintenance, ownership).await?;
        registry.go_on();
        keeping = Some(tokio::spawn(maintenance.follow(config.registry.schedule())));
        anyhow::Ok(())
    };
    let begin = async {
        catch_up(&hub.models.progress, head).await;
        person::note_customers(&*hub.sessions.client().await?).await?;
        if let Some(owner) = &first_owner {
            bootstrap::make(hub.identities(), owner).await?;
            // a log that was empty until now
            ops::followed_log::check(&stores.database.main, stores.log.port().as_ref()).await?;
        }
        readiness.caught_up();
        info!(url = %hub.settings.public_url, position = head.number(), "ready");
        anyhow::Ok(())
    };
    let begun = async {
        tokio::try_join!(begin, own_blobs)?;
        std::future::pending().await
    };
    // the database may also end while the hub begins
    let ended = tokio::select! {
        failed = begun => failed,
        () = stop_signal() => Ok(()),
        error = database_exit(stores.database.embedded.as_ref()) => Err(error),
        Some(ended) = keeping_up.join_next() => ended.context("a task that lasts as long as the hub ended"),
        result = &mut server => result.context("the HTTP server ended").and_then(|result| Ok(result?)),
    };
    info!("stopping");
    readiness.stopping();
    handle.stop(true).await;
    let _ = server.await;
    if let Some(metrics) = metrics {
        metrics.stop(false).await;
    }
    for policy in policies {
        policy.stop().await;
    }
    keeping_up.abort_all();
    keeping.iter().for_each(|task| task.abort());
    write_uses(&hub.sessions).await;
    drop(registry);
    // the records leave with the last request; a connection that lingers must not hold up the end
    let _ = tokio::time::timeout(Duration::from_secs(5), recording.finished()).await;
    following.stop().await;
    if let Some(exporting) = exporting {
        exporting.stop().await;
    }
    stores.close().await.and(ended)
}

/// A hub that does not come to serve gives back what it leads, for others to go on with at once.
async fn give_up(error: anyhow::Error, following: Following, stores: Stores) -> anyhow::Result<()> {
    following.stop().await;
    stores.close().await.and(Err(error))
}

fn start_policy(following: &Following, stores: &Stores, policy: impl Policy) -> FollowerHandle {
    policy::start(following.log.clone(), stores.ops.clone(), stores.owner, policy)
}

fn rollouts(hub: &Hub) -> policy::Rollouts {
    policy::Rollouts {
        commands: hub.commands.clone(),
        models: hub.models.clone(),
        artifacts: hub.artifacts.clone(),
        vault: hub.vault.clone(),
        silence: hub.settings.silence,
    }
}

fn settings(config: &ServeConfig) -> anyhow::Result<Settings> {
    if config.registry.blob_redirect && config.storage.blob_store_url.is_none() {
        bail!("DISTR_BLOB_REDIRECT is true, and the blobs are files: set BLOB_STORE_URL, too");
    }
    let public_url: Url = config.http.public_url()?;
    Ok(Settings {
        registry_host: registry_host(&public_url),
        registry_quota: config.registry.registry_quota,
        public_url,
        heartbeat_seconds: config.fleet.heartbeat_seconds,
        silence: config.fleet.silence()?,
        credential_age: TimeDelta::seconds(config.fleet.credential_seconds.into()),
        introspection: config.http.introspection,
        kubernetes_agent_image: config.fleet.kubernetes_agent_image.clone(),
    })
}

fn hub(
    config: &ServeConfig,
    settings: Settings,
    stores: &Stores,
    following: &Following,
    maintenance: &Maintenance,
    traces: Traces,
) -> Hub {
    let (clock, progress) = (Arc::new(SystemClock), following.progress.clone());
    let limits = Arc::new(Limits::new(config.http.rate_limit, config.fleet.report_bytes.bytes()));
    let log: Arc<dyn EventLog> = Arc::new(SharedLog { log: maintenance.log.clone(), clock: clock.clone() });
    let followed: Arc<dyn EventLog> = Arc::new(SharedLog { log: following.log.clone(), clock: clock.clone() });
    let core = progress.core.clone();
    let commands = Commands { log, clock: clock.clone(), core, limits: limits.clone() };
    let models = ReadModels { pool: stores.read.clone(), past: stores.past.clone(), progress };
    // the same on all hubs of one master key
    let cookie = hex::encode(&stores.master.derive("name of the session cookie")[..4]);
    let signing = Signing::new(stores.ops.clone(), commands.log.clone(), clock.clone(), &stores.master);
    Hub {
        commands,
        artifacts: Artifacts { models: models.clone(), blobs: maintenance.blobs.clone() },
        models,
        sessions: Arc::new(Sessions::new(stores.ops.clone(), clock.clone(), cookie)),
        vault: Arc::new(Vault::new(stores.ops.clone(), &stores.master)),
        signing: Arc::new(signing),
        feed: Arc::new(Feed::start(following.changes.clone(), followed, &stores.read)),
        desired_etags: DesiredEtags::start(stores.ops.clone()),
        tallies: Tallies::default(),
        limits,
        drawing: Drawing::default(),
        chart_turns: Turns::new(CHARTS_AT_ONCE),
        package_turns: Turns::new(PACKAGES_AT_ONCE),
        bodies: Bodies::default(),
        shares: Shares::among(
            connections(&stores.read),
            connections(&stores.ops),
            PostgresLog::READERS,
            connections(&stores.past),
        ),
        traces,
        listening_since: clock.now(),
        settings,
    }
}

fn connections(pool: &deadpool_postgres::Pool) -> usize {
    pool.status().max_size
}

fn open_registry(
    config: &ServeConfig,
    maintenance: &Maintenance,
    stores: &Stores,
    hub: &Arc<Hub>,
    disk: Arc<DiskReserve>,
) -> (web::Data<Registry>, Recording) {
    let Maintenance { log, blobs, shown, clock, .. } = maintenance.clone();
    let pool = stores.read.clone();
    let ports = Ports {
        log,
        pool,
        blobs,
        callers: Arc::new(HubCallers { sessions: hub.sessions.clone(), models: hub.models.clone() }),
        shown,
        clock,
    };
    let settings = RegistrySettings {
        token_key: stores.master.derive("registry tokens").to_vec(),
        public_url: config.http.public_url.as_ref().map(|url| url.as_str().trim_end_matches('/').to_owned()),
        requests_per_second: config.http.rate_limit,
        quota: config.registry.registry_quota,
        redirect_blobs: config.registry.blob_redirect,
        uploads: UploadCaps::default(),
        disk,
    };
    let (registry, recording) = Registry::start(ports, settings);
    (web::Data::new(registry), recording)
}

/// Bounded by the length of the log alone; the hub's log says how far it is.
async fn catch_up(models: &ModelsProgress, head: Position) {
    for progress in [&models.core, &models.fleet, &models.audit] {
        while progress.wait_for(head, Duration::from_secs(10)).await.is_err() {
            info!(position = progress.position().number(), head = head.number(), "read models are catching up");
        }
    }
}

async fn upkeep(hub: Arc<Hub>, registry: web::Data<Registry>) {
    let mut every = tokio::time::interval(Duration::from_secs(60));
    loop {
        every.tick().await;
        hub.limits.forget_idle();
        registry.forget_idle();
        write_uses(&hub.sessions).await;
        let Ok(client) = hub.sessions.client().await else { continue };
        // what has expired lets nobody in anyhow
        if let Err(error) = person::erase_removed(&client).await {
            error.log();
        }
        let _ = client.execute("DELETE FROM credential WHERE expires_at < $1", &[&hub.commands.now()]).await;
    }
}

async fn write_uses(sessions: &Sessions) {
    let written = async { sessions.last_uses.write(&*sessions.client().await?).await };
    if let Err(error) = written.await {
        error.log();
    }
}

async fn database_exit(embedded: Option<&EmbeddedPostgres>) -> anyhow::Error {
    match embedded {
        Some(embedded) => embedded.exited().await.into(),
        None => std::future::pending().await,
    }
}

pub(crate) async fn stop_signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut terminate), Ok(mut interrupt)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}
