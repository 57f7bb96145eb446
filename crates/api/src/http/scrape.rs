//! `/metrics`, on an address of its own: it tells how much a vendor has to do, which is nobody's business outside. No name
//! of a tenant is in it. What changes with each request is counted where it happens; what stands somewhere is looked up here.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use actix_web::dev::Server;
use actix_web::{App, HttpResponse, HttpServer, web};
use deadpool_postgres::Pool;
use distr_eventlog::{Entry, Position, Selection};
use metrics::gauge;
use metrics_exporter_prometheus::PrometheusHandle;
use metrics_process::Collector;
use uuid::Uuid;

use crate::hub::Hub;

/// What the figures are taken from.
#[derive(Clone)]
pub struct Scraped {
    pub hub: Arc<Hub>,
    pub data_dir: PathBuf,
    /// this process, among those that hold leases
    pub owner: Uuid,
    pub handle: PrometheusHandle,
}

/// Starts to listen. An address that is taken is an error here.
pub fn serve(listen: SocketAddr, scraped: Scraped) -> std::io::Result<Server> {
    let process = Collector::new("distr_");
    process.describe();
    let scraped = web::Data::new((scraped, process));
    let app = move || App::new().app_data(scraped.clone()).route("/metrics", web::get().to(metrics));
    Ok(HttpServer::new(app).workers(1).disable_signals().bind(listen)?.run())
}

async fn metrics(scraped: web::Data<(Scraped, Collector)>) -> HttpResponse {
    let (scraped, process) = scraped.get_ref();
    process.collect();
    pools(&scraped.hub);
    if let Ok(disk) = rustix::fs::statvfs(&scraped.data_dir) {
        gauge!("distr_data_dir_free_bytes").set((disk.f_bavail * disk.f_frsize) as f64);
        gauge!("distr_data_dir_size_bytes").set((disk.f_blocks * disk.f_frsize) as f64);
    }
    let database_up = match log(&scraped.hub).await {
        Ok(head) => database(scraped, head).await.is_ok(),
        Err(_) => false,
    };
    gauge!("distr_database_up").set(f64::from(u8::from(database_up)));
    HttpResponse::Ok().content_type("text/plain; version=0.0.4").body(scraped.handle.render())
}

fn pools(hub: &Hub) {
    for (name, pool) in [("read", &hub.read), ("ops", &hub.ops)] {
        let status: deadpool_postgres::Status = Pool::status(pool);
        gauge!("distr_pool_connections", "pool" => name, "state" => "in_use")
            .set((status.size - status.available) as f64);
        gauge!("distr_pool_connections", "pool" => name, "state" => "idle").set(status.available as f64);
        gauge!("distr_pool_waiting", "pool" => name).set(status.waiting as f64);
    }
}

/// Where the log and the read models stand.
async fn log(hub: &Hub) -> Result<Position, distr_eventlog::ReadError> {
    let head = hub.log.head().await?;
    gauge!("distr_log_head_position").set(head.0 as f64);
    let groups = [("core", &hub.progress.core), ("fleet", &hub.progress.fleet), ("audit", &hub.progress.audit)];
    for (group, progress) in groups {
        let at = progress.position();
        let behind = head.0.saturating_sub(at.0);
        gauge!("distr_projection_lag_positions", "group" => group).set(behind as f64);
        let seconds = if behind == 0 { 0.0 } else { age_of_next(hub, at).await? };
        gauge!("distr_projection_lag_seconds", "group" => group).set(seconds);
    }
    Ok(head)
}

/// How long the entry after `at` has been waiting.
async fn age_of_next(hub: &Hub, at: Position) -> Result<f64, distr_eventlog::ReadError> {
    let page = hub.log.read_all(at, 1, Selection::All).await?;
    let recorded_at = page.entries.first().map(|entry| match entry {
        Entry::Fact(event) => event.recorded_at,
        Entry::Telemetry(recorded) => recorded.record.recorded_at,
    });
    let age = recorded_at.map_or(0, |at| (hub.clock.now() - at).num_milliseconds());
    Ok(age.max(0) as f64 / 1000.0)
}

/// What only the database knows: leases, policies, targets.
async fn database(scraped: &Scraped, head: Position) -> Result<(), Box<dyn std::error::Error>> {
    let client = scraped.hub.ops.get().await?;
    for row in client.query(include_str!("scrape/leases.sql"), &[&scraped.owner]).await? {
        let (kind, name, leads): (String, String, bool) = (row.get(0), row.get(1), row.get(2));
        gauge!("distr_lease_held", "kind" => kind, "name" => name).set(f64::from(u8::from(leads)));
    }
    for row in client.query("SELECT name, position FROM ops.policy", &[]).await? {
        let (policy, position): (String, i64) = (row.get(0), row.get(1));
        let behind = head.0.saturating_sub(position.unsigned_abs());
        gauge!("distr_policy_lag_positions", "policy" => policy).set(behind as f64);
    }
    let (silence, now) = (scraped.hub.settings.silence, scraped.hub.clock.now());
    let (stale, offline) = (now - silence.stale_after, now - silence.offline_after);
    let row = client.query_one(include_str!("scrape/targets.sql"), &[&stale, &offline]).await?;
    for (column, state) in ["unknown", "offline", "stale", "failed", "online"].into_iter().enumerate() {
        gauge!("distr_targets", "state" => state).set(row.get::<_, i64>(column) as f64);
    }
    Ok(())
}
