//! Two hubs on one database, and the one that leads is cut off from the log: the other takes over, and changes made through it
//! are shown. Healed, the first serves again.

use distr_embedded_postgres::{EmbeddedPostgres, start_temporary};
use distr_tests::hub::HubProcess;
use distr_tests::ports::free_port;
use distr_tests::proxy::Proxy;
use distr_tests::wait;
use serde_json::json;

use crate::two_hubs::{KEY, TAKEN_OVER_WITHIN, leases};

/// A proxy before the server, and the database's address by it.
pub(crate) async fn proxied(postgres: &EmbeddedPostgres, database: &str) -> (Proxy, String) {
    let url = postgres.url(database);
    let (credentials, place) = url.split_once('@').expect("a URL with a user");
    let port = place.rsplit_once(':').and_then(|(_, rest)| rest.split_once('/')).expect("a URL with a port").0;
    let socket = postgres.socket_dir().join(format!(".s.PGSQL.{port}"));
    let proxy = Proxy::start(move || Some(socket.clone())).await;
    let url = format!("{credentials}@127.0.0.1:{}/{database}", proxy.port);
    (proxy, url)
}

async fn create(hub: &HubProcess, owner: &str, customer: &str) -> Result<(), String> {
    let create = format!("mutation {{ customerCreate(name: \"{customer}\") {{ changed }} }}");
    let answer = hub.graphql(Some(owner), &create, json!({})).await;
    match answer.code() {
        None => Ok(()),
        Some(code) => Err(code.to_owned()),
    }
}

/// Returns when the hub leads everything.
async fn until_leading(port: u16) {
    wait::until("all leases", TAKEN_OVER_WITHIN, async || match leases(port).await {
        (held, all) if held == all && all > 0 => Ok(()),
        (held, all) => Err(format!("{held} of {all}")),
    })
    .await;
}

#[tokio::test]
async fn a_leader_that_lost_the_log_gives_way_and_comes_back() {
    let postgres = start_temporary().await.expect("a Postgres");
    postgres.create_database("distr").await.expect("a database");
    let (proxy, log) = proxied(&postgres, "distr").await;
    let (url, ports) = (postgres.url("distr"), [free_port(), free_port()]);
    let listens = ports.map(|port| format!("127.0.0.1:{port}"));
    let shared = [("DATABASE_URL", url.as_str()), ("DISTR_MASTER_KEY", KEY)];
    let through_proxy = [("EVENTLOG_URL", log.as_str()), ("DISTR_METRICS_LISTEN", &listens[0])];
    let sick = HubProcess::start_with(&[&shared[..], &through_proxy].concat()).await;
    until_leading(ports[0]).await;
    let healthy = HubProcess::start_with(&[&shared[..], &[("DISTR_METRICS_LISTEN", &listens[1])]].concat()).await;
    let owner = healthy.sign_in("acme").await;
    create(&healthy, &owner, "before").await.expect("two healthy hubs");

    proxy.sever();
    until_leading(ports[1]).await;
    for n in 0..5 {
        create(&healthy, &owner, &format!("meanwhile-{n}")).await.expect("the healthy hub leads");
    }
    assert!(create(&sick, &owner, "lost").await.is_err(), "the sick hub has no log");

    proxy.heal();
    wait::until("the first hub to serve again", TAKEN_OVER_WITHIN, async || create(&sick, &owner, "after").await).await;
    create(&healthy, &owner, "at-last").await.expect("two healthy hubs");
}
