//! Telemetry: in the same positions as the facts, kept for a while.

use std::sync::Arc;

use distr_eventlog::{
    AppendError, Entry, EventLog, Expected, MAX_TELEMETRY_RECORDS, Position, Selection, TelemetryKind, TelemetryRecord,
};
use futures_util::future::join_all;

use crate::given::{Order, append, day, everything, id, record, records, stream};

pub(crate) async fn telemetry_and_facts_share_one_order(log: Arc<dyn EventLog>) {
    let facts = join_all((0..10).map(|_| log.append(append(stream(), Expected::NoStream, 2))));
    let given: Vec<Vec<TelemetryRecord>> = (1..=10).map(|count| records(count, day(0))).collect();
    let telemetry = join_all(given.iter().map(|records| log.append_telemetry(records.clone())));
    let (facts, telemetry) = futures_util::join!(facts, telemetry);

    let entries = everything(&*log, Selection::All).await;
    let order = Order::of(&*log).await;
    assert_eq!((entries.len(), order.count()), (75, 75));
    for answer in facts {
        let at = order.number(answer.unwrap().position);
        assert!(matches!(entries[at - 1], Entry::Fact(_)));
    }
    for (records, answer) in given.iter().zip(telemetry) {
        let end = order.number(answer.unwrap());
        let stored: Vec<_> = entries[end - records.len()..end].iter().map(id).collect();
        assert_eq!(stored, records.iter().map(|record| record.id).collect::<Vec<_>>(), "together, in their order");
    }
}

pub(crate) async fn telemetry_survives(log: Arc<dyn EventLog>) {
    let payload = vec![7; 100_000].into();
    let given = vec![
        record(day(0)),
        TelemetryRecord { kind: TelemetryKind::Access, payload, ..record(day(1)) },
        TelemetryRecord { payload: Default::default(), ..record(day(-40_000)) },
    ];
    let last = log.append_telemetry(given.clone()).await.unwrap();
    let entries = everything(&*log, Selection::Telemetry).await;
    assert_eq!(entries.last().map(Entry::position), Some(last));
    let stored = entries.into_iter().map(|entry| match entry {
        Entry::Telemetry(recorded) => recorded.record,
        Entry::Fact(event) => panic!("{event:?}"),
    });
    assert_eq!(stored.collect::<Vec<_>>(), given);
}

pub(crate) async fn dropped_telemetry_is_no_hole(log: Arc<dyn EventLog>) {
    let stream = stream();
    for (number, expected) in [Expected::NoStream, Expected::Revision(0), Expected::Revision(1)].into_iter().enumerate()
    {
        log.append(append(stream, expected, 1)).await.unwrap();
        log.append_telemetry(records(3, day(10 * number as i64))).await.unwrap();
    }
    let order = Order::of(&*log).await;
    let left = async |selection| order.numbers(&everything(&*log, selection).await);
    assert_eq!(log.drop_telemetry(day(-5)).await.unwrap(), Position::START);
    assert_eq!(left(Selection::All).await.len(), 12);
    assert_eq!(log.drop_telemetry(day(15)).await.unwrap(), order.at(8));
    assert_eq!(left(Selection::All).await, [1, 5, 9, 10, 11, 12]);
    assert_eq!(left(Selection::Facts).await, [1, 5, 9]);
    assert_eq!(log.drop_telemetry(day(15)).await.unwrap(), order.at(8), "again changes nothing");
    assert_eq!(log.drop_telemetry(day(30)).await.unwrap(), order.at(12));
    assert_eq!(left(Selection::All).await, [1, 5, 9]);
    assert_eq!(log.head().await.unwrap(), order.at(12), "it was there");
    let next = log.append_telemetry(records(1, day(0))).await.unwrap();
    assert!(next > order.at(12), "nothing is given twice");
    assert_eq!(everything(&*log, Selection::Telemetry).await.len(), 1, "what comes late stays");
}

pub(crate) async fn empty_or_too_large_telemetry_is_refused(log: Arc<dyn EventLog>) {
    let refused = log.append_telemetry(Vec::new()).await;
    assert!(matches!(refused, Err(AppendError::Empty)), "{refused:?}");
    let refused = log.append_telemetry(records(MAX_TELEMETRY_RECORDS + 1, day(0))).await;
    assert!(matches!(refused, Err(AppendError::TooLarge { unit: "records", .. })), "{refused:?}");
    let most = log.append_telemetry(records(MAX_TELEMETRY_RECORDS, day(0))).await.unwrap();
    let order = Order::of(&*log).await;
    assert_eq!((order.count(), order.number(most)), (MAX_TELEMETRY_RECORDS, MAX_TELEMETRY_RECORDS));
}
