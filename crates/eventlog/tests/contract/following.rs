//! Subscriptions: catch-up, then live.

use std::sync::Arc;

use distr_eventlog::{Entry, EventLog, Expected, Position, Selection, subscribe_all};
use futures_util::{StreamExt, pin_mut};

use crate::given::{Order, append, day, records, stream};

/// Reads the subscription until it has brought so many entries.
async fn follow(log: &Arc<dyn EventLog>, after: Position, selection: Selection, until: usize) -> Vec<Entry> {
    let pages = subscribe_all(Arc::clone(log), after, selection);
    pin_mut!(pages);
    let (mut entries, mut scanned) = (Vec::new(), after);
    while entries.len() < until {
        let page = pages.next().await.expect("it does not end").unwrap();
        assert!(page.scanned_to > scanned, "it gets on");
        scanned = page.scanned_to;
        entries.extend(page.entries);
    }
    entries
}

pub(crate) async fn a_subscription_catches_up_and_then_follows(log: Arc<dyn EventLog>) {
    let stream = stream();
    log.append(append(stream, Expected::NoStream, 1500)).await.unwrap();
    let follower = tokio::spawn({
        let log = Arc::clone(&log);
        async move { follow(&log, Position::START, Selection::All, 1600).await }
    });
    for revision in 1499..1599 {
        log.append(append(stream, Expected::Revision(revision), 1)).await.unwrap();
    }
    let entries = follower.await.unwrap();
    assert_eq!(Order::of(&*log).await.numbers(&entries), (1..=1600).collect::<Vec<_>>());
}

pub(crate) async fn a_subscription_to_facts_gets_past_telemetry(log: Arc<dyn EventLog>) {
    log.append_telemetry(records(2000, day(0))).await.unwrap();
    let follower = tokio::spawn({
        let log = Arc::clone(&log);
        async move { follow(&log, Position::START, Selection::Facts, 1).await }
    });
    log.append_telemetry(records(2000, day(0))).await.unwrap();
    log.append(append(stream(), Expected::NoStream, 1)).await.unwrap();
    let seen = follower.await.unwrap();
    assert_eq!(Order::of(&*log).await.numbers(&seen), [4001]);
}

pub(crate) async fn a_subscription_resumes_where_it_is_told(log: Arc<dyn EventLog>) {
    log.append(append(stream(), Expected::NoStream, 20)).await.unwrap();
    let order = Order::of(&*log).await;
    let entries = follow(&log, order.at(15), Selection::All, 5).await;
    assert_eq!(order.numbers(&entries), [16, 17, 18, 19, 20]);
}
