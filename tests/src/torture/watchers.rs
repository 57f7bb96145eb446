//! Those who follow the log: subscribers at the hubs, who subscribe again after the last position that they received, and
//! readers at the database itself. What they saw is compared with what is there.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use distr_eventlog::{Entry, EventLog, Position, PostgresLog, Selection, subscribe_all};
use futures_util::StreamExt;
use serde_json::json;
use uuid::Uuid;

use super::api::Api;
use super::cluster::Cluster;
use crate::socket::Socket;

const AGAIN: Duration = Duration::from_millis(200);
/// Longer than heartbeats pause in an audit; then the socket is opened anew.
const SILENCE: Duration = Duration::from_secs(60);

/// What one of them has seen, in the order in which it came.
pub(crate) struct Watcher {
    pub(crate) name: String,
    pub(crate) selection: Selection,
    seen: Mutex<Vec<(u64, Uuid)>>,
}

impl Watcher {
    pub(crate) fn new(name: String, selection: Selection) -> Arc<Self> {
        Arc::new(Self { name, selection, seen: Mutex::default() })
    }

    pub(crate) fn seen(&self) -> MutexGuard<'_, Vec<(u64, Uuid)>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn last(&self) -> u64 {
        self.seen().last().map_or(0, |(position, _)| *position)
    }

    /// A subscriber over graphql-transport-ws. Until the task is ended.
    pub(crate) async fn subscribe(self: Arc<Self>, api: Api) {
        loop {
            let _ = self.hear(&api).await;
            tokio::time::sleep(AGAIN).await;
        }
    }

    async fn hear(&self, api: &Api) -> Result<(), String> {
        let telemetry = match self.selection {
            Selection::Facts => "",
            _ => "HEARTBEAT, ACCESS",
        };
        let document = format!(
            "subscription ($p: Position!) {{ eventAppended(after: $p, telemetry: [{telemetry}]) {{ position id }} }}"
        );
        let variables = json!({ "p": self.last().to_string() });
        let url = api.url().replacen("http", "ws", 1) + "/graphql";
        let mut socket = Socket::open(&url, Some(api.secret()), &document, variables).await?;
        loop {
            let payload = socket.next_within(SILENCE).await?;
            let event = &payload["data"]["eventAppended"];
            let position = event["position"].as_str().and_then(|text| text.parse().ok());
            let id = event["id"].as_str().and_then(|text| text.parse().ok());
            let (Some(position), Some(id)) = (position, id) else { return Err(payload.to_string()) };
            self.seen().push((position, id));
        }
    }

    /// A reader at the database, as a hub's projections are. Until the task is ended.
    pub(crate) async fn tail(self: Arc<Self>, cluster: Cluster) {
        let mut after = Position::START;
        loop {
            let _ = self.read(&cluster, &mut after).await;
            tokio::time::sleep(AGAIN).await;
        }
    }

    async fn read(&self, cluster: &Cluster, after: &mut Position) -> anyhow::Result<()> {
        let log = Arc::new(PostgresLog::connect_to(cluster.config()?).await?);
        let mut pages = std::pin::pin!(subscribe_all(log as Arc<dyn EventLog>, *after, self.selection));
        while let Some(page) = pages.next().await {
            let page = page?;
            self.seen().extend(page.entries.iter().map(|entry| (entry.position().number(), id(entry))));
            *after = page.scanned_to;
        }
        Ok(())
    }
}

pub(crate) fn id(entry: &Entry) -> Uuid {
    match entry {
        Entry::Fact(event) => event.id,
        Entry::Telemetry(recorded) => recorded.record.id,
    }
}
