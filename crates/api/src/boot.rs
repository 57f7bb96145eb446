//! From configuration to a running hub, and down again in the reverse order.

mod bootstrap;
mod database;

use std::sync::Arc;
use std::time::Duration;

use actix_web::web;
use anyhow::Context;
use distr_embedded_postgres::EmbeddedPostgres;
use distr_eventlog::{EventLog, PostgresLog};
use distr_projections::{Group, Runner, RunnerHandle, groups, prepare_live, read_pool, rebuild};
use distr_registry::{FileBlobs, Ports, Registry, Settings as RegistrySettings};
use metrics_exporter_prometheus::PrometheusBuilder;
use tokio_postgres::{Config, NoTls};
use tracing::info;
use uuid::Uuid;

use crate::changes::Changes;
use crate::clock::{SharedClock, SystemClock};
use crate::config::{BootstrapConfig, FleetConfig, HttpConfig, MasterKey, StorageConfig, registry_host};
use crate::http::{self, Readiness, Served, limits::Limits};
use crate::hub::{Hub, HubProgress, Settings};
use crate::ops::{self, secret::Vault};
use crate::registry_callers::HubCallers;
use crate::{graphql, policy};

pub use database::{Database, open_database};

#[derive(Debug, Clone, clap::Args)]
pub struct ServeConfig {
    #[command(flatten)]
    pub storage: StorageConfig,
    #[command(flatten)]
    pub http: HttpConfig,
    #[command(flatten)]
    pub fleet: FleetConfig,
    #[command(flatten)]
    pub bootstrap: BootstrapConfig,
}

/// Serves until a signal says stop, or something that it rests on ends.
pub async fn serve(config: ServeConfig) -> anyhow::Result<()> {
    let public_url = config.http.public_url()?;
    let silence = config.fleet.silence()?;
    let database = open_database(&config.storage).await?;
    let master = MasterKey::load(&config.storage.data_dir)?;
    let recorder = PrometheusBuilder::new().install_recorder().context("cannot install the metrics recorder")?;

    let log = Arc::new(PostgresLog::connect_to(database.eventlog.clone()).await.context("cannot open the event log")?);
    let shared_log: Arc<dyn EventLog> = log.clone();
    ops::migrate(&database.main).await.context("cannot migrate the schema ops")?;
    prepare_read_models(&database.main, shared_log.clone()).await?;

    let owner = Uuid::now_v7();
    let pool_size = usize::from(config.storage.pool_size);
    let read = read_pool(&database.main, pool_size);
    let ops_pool = ops::pool(&database.main, pool_size / 2);
    let runners = start_runners(&read, &shared_log, owner).await?;
    let progress = |group| runners.iter().find(|runner| runner.group == group).map(|runner| runner.progress.clone());
    let progress = HubProgress {
        core: progress(Group::CORE).context("there is no group core")?,
        fleet: progress(Group::FLEET).context("there is no group fleet")?,
        audit: progress(Group::AUDIT).context("there is no group audit")?,
    };
    let changes = Changes::new();
    let head = log.head().await?;
    let follower = changes.clone().follow(shared_log.clone(), head, progress.core.clone(), progress.fleet.clone());
    let follower = tokio::spawn(follower);

    let clock: SharedClock = Arc::new(SystemClock);
    let hub = Arc::new(Hub {
        log: shared_log.clone(),
        read: read.clone(),
        ops: ops_pool,
        clock: clock.clone(),
        vault: Vault::new(&master),
        limits: Limits::new(config.http.rate_limit),
        changes,
        progress,
        settings: Settings {
            registry_host: registry_host(&public_url),
            public_url: public_url.clone(),
            heartbeat_seconds: config.fleet.heartbeat_seconds,
            silence,
            introspection: config.http.introspection,
        },
    });

    let blobs =
        FileBlobs::open(config.storage.data_dir.join("registry")).await.context("cannot open the blob store")?;
    migrate_registry(&database.main).await?;
    let ports = Ports {
        log: shared_log.clone(),
        pool: read,
        blobs: Arc::new(blobs),
        callers: Arc::new(HubCallers(hub.clone())),
        shown: hub.progress.core.clone(),
        clock: now,
    };
    let registry_settings = RegistrySettings {
        token_key: master.derive("registry tokens").to_vec(),
        public_url: config.http.public_url.as_ref().map(|url| url.as_str().trim_end_matches('/').to_owned()),
        behind_proxy: false,
    };
    let (registry, recording) = Registry::start(ports, registry_settings);
    let registry = web::Data::new(registry);

    let readiness = Arc::new(Readiness::default());
    let served = Served {
        hub: hub.clone(),
        schema: graphql::schema(hub.clone()),
        registry: registry.clone(),
        readiness: readiness.clone(),
        metrics: recorder,
    };
    let server = http::serve(&config.http, served)
        .with_context(|| format!("cannot listen on {}; is another hub running there?", config.http.listen))?;
    let handle = server.handle();
    let mut server = tokio::spawn(server);
    let policies = [
        policy::start(hub.clone(), policy::Observation::default(), owner),
        policy::start(hub.clone(), policy::Seats, owner),
    ];
    let upkeep = tokio::spawn(upkeep(hub.clone()));

    for progress in [&hub.progress.core, &hub.progress.fleet, &hub.progress.audit] {
        // bounded only by the length of the log; /readyz says how far it is
        while progress.wait_for(head, Duration::from_secs(60)).await.is_err() {
            info!(position = progress.position().0, head = head.0, "read models are catching up");
        }
    }
    bootstrap::first_owner(&hub, &config.bootstrap).await?;
    readiness.caught_up();
    info!(url = %public_url, position = head.0, "ready");

    let ended = tokio::select! {
        () = stop_signal() => Ok(()),
        error = database_exit(database.embedded.as_ref()) => Err(error),
        result = &mut server => result.context("the HTTP server ended").and_then(|result| Ok(result?)),
    };
    info!("stopping");
    readiness.stopping();
    handle.stop(true).await;
    let _ = server.await;
    for policy in policies {
        policy.stop().await;
    }
    for task in [&follower, &upkeep] {
        task.abort();
    }
    drop(registry);
    recording_end(recording).await;
    for runner in runners {
        runner.stop().await;
    }
    log.close().await;
    if let Some(embedded) = database.embedded {
        embedded.stop().await.context("Postgres did not stop cleanly")?;
    }
    ended
}

/// The registry's records leave with its last request; a connection that lingers must not hold up the end.
async fn recording_end(recording: distr_registry::Recording) {
    let _ = tokio::time::timeout(Duration::from_secs(5), recording.finished()).await;
}

fn now() -> chrono::DateTime<chrono::Utc> {
    use crate::clock::Clock;
    SystemClock.now()
}

/// Makes the read models' schema, and makes the read models anew if their shape is another program's.
async fn prepare_read_models(database: &Config, log: Arc<dyn EventLog>) -> anyhow::Result<()> {
    let (mut client, connection) = database.connect(NoTls).await?;
    let connection = tokio::spawn(connection);
    let outdated = prepare_live(&mut client).await.context("cannot prepare the read models")?;
    drop(client);
    connection.await??;
    if outdated {
        info!("the read models have another shape; making them anew");
        let report = rebuild(database, log, |_, _, _| {}).await.context("cannot rebuild the read models")?;
        info!(position = report.position.0, "read models are made anew");
    }
    Ok(())
}

async fn start_runners(
    read: &deadpool_postgres::Pool,
    log: &Arc<dyn EventLog>,
    owner: Uuid,
) -> anyhow::Result<Vec<RunnerHandle>> {
    let groups = groups(&*read.get().await?).await.context("cannot prepare the projections")?;
    Ok(groups.into_iter().map(|group| Runner::start(group, log.clone(), read.clone(), owner)).collect())
}

async fn migrate_registry(database: &Config) -> anyhow::Result<()> {
    let (mut client, connection) = database.connect(NoTls).await?;
    let connection = tokio::spawn(connection);
    distr_registry::migrate(&mut client).await.context("cannot migrate the schema registry")?;
    drop(client);
    connection.await??;
    Ok(())
}

async fn upkeep(hub: Arc<Hub>) {
    let mut every = tokio::time::interval(Duration::from_secs(60));
    loop {
        every.tick().await;
        hub.limits.forget_idle();
        let Ok(client) = hub.ops.get().await else { continue };
        let now = hub.clock.now();
        // what has expired lets nobody in anyhow
        let _ = client.execute("DELETE FROM credential WHERE expires_at < $1", &[&now]).await;
    }
}

async fn database_exit(embedded: Option<&EmbeddedPostgres>) -> anyhow::Error {
    match embedded {
        Some(embedded) => embedded.exited().await.into(),
        None => std::future::pending().await,
    }
}

async fn stop_signal() {
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
