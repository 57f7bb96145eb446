//! Wakes the converger as soon as the engine says that a container changed. Only an optimisation: without it the next
//! look finds the same.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use bollard::query_parameters::EventsOptions;
use distr_agent::backoff::Backoff;
use futures_util::StreamExt;
use tokio::sync::Notify;
use tokio::time::sleep;

use crate::engine::Engine;

/// Those after which something may be otherwise; health checks alone make many more.
const EVENTS: [&str; 8] = ["start", "die", "destroy", "pause", "unpause", "oom", "rename", "health_status"];
const BACKOFF: Backoff = Backoff { base: Duration::from_secs(1), cap: Duration::from_secs(60) };

/// Runs until it is aborted.
pub async fn on_events(engine: Arc<Engine>, wake: Arc<Notify>) {
    let mut attempts = 0;
    loop {
        if let Ok(docker) = engine.docker().await {
            let mut events = std::pin::pin!(docker.events(Some(options())));
            while let Some(Ok(_)) = events.next().await {
                attempts = 0;
                wake.notify_one();
            }
        }
        // the engine went away: what runs may have changed with it
        wake.notify_one();
        sleep(BACKOFF.jittered(attempts)).await;
        attempts += 1;
    }
}

fn options() -> EventsOptions {
    let owned = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect::<Vec<_>>();
    let filters = HashMap::from([
        ("type".to_owned(), owned(&["container"])),
        ("event".to_owned(), owned(&EVENTS)),
        ("label".to_owned(), owned(&["com.docker.compose.project"])),
    ]);
    EventsOptions { filters: Some(filters), ..Default::default() }
}
