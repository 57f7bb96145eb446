//! Telemetry: in the same positions as the facts, kept for a while.

use std::sync::Arc;

use distr_eventlog::{
    AppendError, Entry, EventLog, Expected, MAX_TELEMETRY_RECORDS, Position, Selection, TelemetryKind, TelemetryRecord,
};
use futures_util::future::join_all;

use crate::given::{append, day, everything, id, positions, record, records, stream};

pub(crate) async fn telemetry_and_facts_share_one_dense_space(log: Arc<dyn EventLog>) {
    let facts = join_all((0..10).map(|_| log.append(append(stream(), Expected::NoStream, 2))));
    let given: Vec<Vec<TelemetryRecord>> = (1..=10).map(|count| records(count, day(0))).collect();
    let telemetry = join_all(given.iter().map(|records| log.append_telemetry(records.clone())));
    let (facts, telemetry) = futures_util::join!(facts, telemetry);

    let entries = everything(&*log, Selection::All).await;
    assert_eq!(positions(&entries), (1..=75).collect::<Vec<_>>());
    for answer in facts {
        let at = answer.unwrap().position.number() as usize;
        assert!(matches!(entries[at - 1], Entry::Fact(_)));
    }
    for (records, answer) in given.iter().zip(telemetry) {
        let end = answer.unwrap().number() as usize;
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
    assert_eq!(log.append_telemetry(given.clone()).await.unwrap(), Position::of_number(3));
    let entries = everything(&*log, Selection::Telemetry).await;
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
    assert_eq!(log.drop_telemetry(day(-5)).await.unwrap(), Position::START);
    assert_eq!(everything(&*log, Selection::All).await.len(), 12);
    assert_eq!(log.drop_telemetry(day(15)).await.unwrap(), Position::of_number(8));
    assert_eq!(positions(&everything(&*log, Selection::All).await), [1, 5, 9, 10, 11, 12]);
    assert_eq!(positions(&everything(&*log, Selection::Facts).await), [1, 5, 9]);
    assert_eq!(log.drop_telemetry(day(15)).await.unwrap(), Position::of_number(8), "again changes nothing");
    assert_eq!(log.drop_telemetry(day(30)).await.unwrap(), Position::of_number(12));
    assert_eq!(positions(&everything(&*log, Selection::All).await), [1, 5, 9]);
    assert_eq!(
        log.append_telemetry(records(1, day(0))).await.unwrap(),
        Position::of_number(13),
        "nothing is given twice"
    );
}

pub(crate) async fn empty_or_too_large_telemetry_is_refused(log: Arc<dyn EventLog>) {
    let refused = log.append_telemetry(Vec::new()).await;
    assert!(matches!(refused, Err(AppendError::Empty)), "{refused:?}");
    let refused = log.append_telemetry(records(MAX_TELEMETRY_RECORDS + 1, day(0))).await;
    assert!(matches!(refused, Err(AppendError::TooLarge { unit: "records", .. })), "{refused:?}");
    let most = log.append_telemetry(records(MAX_TELEMETRY_RECORDS, day(0))).await.unwrap();
    assert_eq!(most.number() as usize, MAX_TELEMETRY_RECORDS);
}
