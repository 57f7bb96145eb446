//! `/metrics`, on an address of its own: it tells how much a vendor has to do, which is nobody's business outside. No name
//! of a tenant is in it. What changes with each request is counted where it happens; what stands somewhere is looked up here,
//! within a moment: a database that takes longer leaves the values of the scrape before.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::Server;
use actix_web::{App, HttpResponse, HttpServer, web};
use deadpool_postgres::Pool;
use distr_eventlog::{Entry, Limit, Position, Selection};
use distr_registry::{DiskReserve, DiskStanding};
use metrics::gauge;
use metrics_exporter_prometheus::PrometheusHandle;
use metrics_process::Collector;
use tokio::sync::Mutex;
use uuid::Uuid;

use crate::edge::Connections;
use crate::health::Health;
use crate::hub::Hub;

/// How long a scrape waits for what only the database knows.
const MOMENT: Duration = Duration::from_secs(1);

/// What the figures are taken from.
#[derive(Clone)]
pub struct Scraped {
    pub hub: Arc<Hub>,
    pub health: Arc<Health>,
    pub data_dir: PathBuf,
    pub disk: Arc<DiskReserve>,
    /// this process, among those that hold leases
    pub owner: Uuid,
    pub handle: PrometheusHandle,
    pub connections: Arc<Connections>,
}

/// Starts to listen. An address that is taken is an error here.
pub fn serve(listen: SocketAddr, scraped: Scraped) -> std::io::Result<Server> {
    let process = Collector::new("distr_");
    process.describe();
    let looking = Arc::<Mutex<()>>::default();
    let scraped = web::Data::new((scraped, process, looking));
    let app = move || App::new().app_data(scraped.clone()).route("/metrics", web::get().to(metrics));
    Ok(HttpServer::new(app).workers(1).disable_signals().bind(listen)?.run())
}

async fn metrics(scraped: web::Data<(Scraped, Collector, Arc<Mutex<()>>)>) -> HttpResponse {
    let (scraped, process, looking) = scraped.get_ref();
    process.collect();
    pools(&scraped.hub);
    scraped.connections.record();
    if let Ok(disk) = rustix::fs::statvfs(&scraped.data_dir) {
        gauge!("distr_data_dir_free_bytes").set((disk.f_bavail * disk.f_frsize) as f64);
        gauge!("distr_data_dir_size_bytes").set((disk.f_blocks * disk.f_frsize) as f64);
    }
    let standing = scraped.disk.standing();
    gauge!("distr_disk_reserve_bytes").set(standing.map_or(0, |standing| standing.reserve) as f64);
    let is_reached = standing.is_some_and(DiskStanding::is_reached);
    gauge!("distr_disk_reserve_reached").set(f64::from(u8::from(is_reached)));
    if scraped.health.standing().database {
        let look = tokio::spawn(look(scraped.clone(), looking.clone()));
        let _ = tokio::time::timeout(MOMENT, look).await; // goes on for the next scrape
    }
    HttpResponse::Ok().content_type("text/plain; version=0.0.4").body(scraped.handle.render())
}

/// One at a time: what is stuck is not asked again.
async fn look(scraped: Scraped, looking: Arc<Mutex<()>>) {
    let Ok(_alone) = looking.try_lock() else { return };
    let looked = async { database(&scraped, log(&scraped.hub).await?).await };
    if let Err(error) = looked.await {
        tracing::warn!(error = &*error as &dyn std::error::Error, "cannot look up figures for a scrape");
    }
}

fn pools(hub: &Hub) {
    for (name, pool) in [("read", &hub.models.pool), ("past", &hub.models.past), ("ops", &hub.sessions.pool)] {
        let status: deadpool_postgres::Status = Pool::status(pool);
        gauge!("distr_pool_connections", "pool" => name, "state" => "in_use")
            .set((status.size - status.available) as f64);
        gauge!("distr_pool_connections", "pool" => name, "state" => "idle").set(status.available as f64);
        gauge!("distr_pool_waiting", "pool" => name).set(status.waiting as f64);
    }
}

/// Where the log and the read models stand.
async fn log(hub: &Hub) -> Result<Position, distr_eventlog::ReadError> {
    let head = hub.commands.log.head().await?;
    gauge!("distr_log_head_position").set(head.number() as f64);
    let groups = [
        ("core", &hub.models.progress.core),
        ("fleet", &hub.models.progress.fleet),
        ("audit", &hub.models.progress.audit),
    ];
    for (group, progress) in groups {
        let at = progress.position();
        let behind = at.behind(head);
        gauge!("distr_projection_lag_positions", "group" => group).set(behind as f64);
        gauge!("distr_projection_since_advance_seconds", "group" => group).set(progress.stands_for().as_secs_f64());
        let seconds = if behind == 0 { 0.0 } else { age_of_next(hub, at).await? };
        gauge!("distr_projection_lag_seconds", "group" => group).set(seconds);
    }
    Ok(head)
}

/// How long the entry after `at` has been waiting.
async fn age_of_next(hub: &Hub, at: Position) -> Result<f64, distr_eventlog::ReadError> {
    let page = hub.commands.log.scan(at, Limit::entries(1), Selection::All).await?;
    let recorded_at = page.entries.first().map(|entry| match entry {
        Entry::Fact(event) => event.recorded_at,
        Entry::Telemetry(recorded) => recorded.record.recorded_at,
    });
    let age = recorded_at.map_or(0, |at| (hub.commands.now() - at).num_milliseconds());
    Ok(age.max(0) as f64 / 1000.0)
}

/// What only the database knows: leases, policies, targets.
async fn database(scraped: &Scraped, head: Position) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let client = scraped.hub.sessions.client().await?;
    for row in client.query(include_str!("scrape/leases.sql"), &[&scraped.owner]).await? {
        let (kind, name, leads): (String, String, bool) = (row.get(0), row.get(1), row.get(2));
        gauge!("distr_parked_entries", "kind" => kind.clone(), "name" => name.clone()).set(row.get::<_, i64>(3) as f64);
        gauge!("distr_lease_held", "kind" => kind, "name" => name).set(f64::from(u8::from(leads)));
    }
    for row in client.query("SELECT name, position FROM ops.policy", &[]).await? {
        let (policy, position): (String, i64) = (row.get(0), row.get(1));
        let at = Position::of_number(position.unsigned_abs());
        let behind = at.behind(head);
        let seconds = if behind == 0 { 0.0 } else { age_of_next(&scraped.hub, at).await? };
        gauge!("distr_policy_lag_positions", "policy" => policy.clone()).set(behind as f64);
        gauge!("distr_policy_lag_seconds", "policy" => policy).set(seconds);
    }
    let (silence, now) = (scraped.hub.settings.silence, scraped.hub.commands.now());
    let (stale, offline) = (now - silence.stale_after, now - silence.offline_after);
    let row = client.query_one(include_str!("scrape/targets.sql"), &[&stale, &offline]).await?;
    for (column, state) in ["unknown", "offline", "stale", "failed", "online"].into_iter().enumerate() {
        gauge!("distr_targets", "state" => state).set(row.get::<_, i64>(column) as f64);
    }
    let row = client.query_one(include_str!("scrape/held.sql"), &[]).await?;
    gauge!("distr_deployments_held").set(row.get::<_, i64>(0) as f64);
    Ok(())
}
