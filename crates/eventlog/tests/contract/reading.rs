//! Streams and pages.

use std::sync::Arc;

use distr_eventlog::{EventLog, Expected, Limit, Position, ReadError, Selection};

use crate::given::{Order, append, day, everything, records, stream};

pub(crate) async fn a_stream_is_read_from_a_revision_on(log: Arc<dyn EventLog>) {
    let (stream, other) = (stream(), stream());
    log.append(append(stream, Expected::NoStream, 3)).await.unwrap();
    log.append(append(other, Expected::NoStream, 1)).await.unwrap();
    log.append(append(stream, Expected::Revision(2), 4)).await.unwrap();
    let read = async |from, limit| {
        let events = log.read_stream(&stream, from, limit).await.unwrap();
        assert!(events.iter().all(|event| event.stream == stream));
        events.iter().map(|event| event.revision).collect::<Vec<_>>()
    };
    assert_eq!(read(0, 100).await, [0, 1, 2, 3, 4, 5, 6]);
    assert_eq!(read(2, 3).await, [2, 3, 4]);
    assert_eq!(read(6, 3).await, [6]);
    assert!(read(7, 3).await.is_empty());
    assert!(read(u64::MAX, 3).await.is_empty());
    assert!(log.read_stream(&crate::given::stream(), 0, 10).await.unwrap().is_empty());
}

pub(crate) async fn a_page_of_a_stream_ends_at_its_bytes(log: Arc<dyn EventLog>) {
    let stream = stream();
    for number in 0..7 {
        let expected = if number == 0 { Expected::NoStream } else { Expected::Revision(number - 1) };
        let mut large = append(stream, expected, 1);
        large.events[0].payload = format!("\"{}\"", "x".repeat(Limit::BYTES / 3)).into();
        log.append(large).await.unwrap();
    }
    let (mut next, mut pages) = (0, vec![]);
    loop {
        let page = log.read_stream(&stream, next, 100).await.unwrap();
        let Some(last) = page.last() else { break };
        next = last.revision + 1;
        pages.push(page.len());
    }
    assert_eq!(pages, [3, 3, 1]);
}

pub(crate) async fn the_log_is_read_page_by_page(log: Arc<dyn EventLog>) {
    let nothing = log.scan(Position::START, Limit::entries(10), Selection::All).await.unwrap();
    assert_eq!((nothing.entries.len(), nothing.scanned_to), (0, Position::START));
    for _ in 0..3 {
        log.append(append(stream(), Expected::NoStream, 3)).await.unwrap();
        log.append_telemetry(records(4, day(0))).await.unwrap();
    }
    let order = Order::of(&*log).await;
    for limit in [1, 2, 5, 21, 22, 1000, usize::MAX] {
        let (mut after, mut seen) = (Position::START, Vec::new());
        while after < order.at(21) {
            let page = log.scan(after, Limit::entries(limit), Selection::All).await.unwrap();
            assert_eq!(page.entries.len(), limit.min(21 - seen.len()), "limit {limit} after {after}");
            assert_eq!(page.entries.last().unwrap().position(), page.scanned_to);
            after = page.scanned_to;
            seen.extend(order.numbers(&page.entries));
        }
        assert_eq!(seen, (1..=21).collect::<Vec<_>>(), "limit {limit}");
    }
    let end = log.scan(order.at(21), Limit::entries(10), Selection::All).await.unwrap();
    assert_eq!((end.entries.len(), end.scanned_to), (0, order.at(21)));
    let least = log.scan(Position::START, Limit::entries(0), Selection::All).await.unwrap();
    assert_eq!(least.entries.len(), 1, "a page gets on whatever its limit");
}

pub(crate) async fn a_selection_is_complete_up_to_where_it_looked(log: Arc<dyn EventLog>) {
    log.append_telemetry(records(300, day(0))).await.unwrap();
    log.append(append(stream(), Expected::NoStream, 2)).await.unwrap();
    log.append_telemetry(records(300, day(0))).await.unwrap();
    let order = Order::of(&*log).await;
    let facts = log.scan(Position::START, Limit::entries(10), Selection::Facts).await.unwrap();
    assert_eq!((order.numbers(&facts.entries), facts.scanned_to), (vec![301, 302], order.at(602)));
    let cut = log.scan(Position::START, Limit::entries(1), Selection::Facts).await.unwrap();
    assert_eq!((order.numbers(&cut.entries), cut.scanned_to), (vec![301], order.at(301)));
    let telemetry = everything(&*log, Selection::Telemetry).await;
    assert_eq!(order.numbers(&telemetry), (1..=300).chain(303..=602).collect::<Vec<_>>());
}

pub(crate) async fn a_reader_beyond_the_head_is_told(log: Arc<dyn EventLog>) {
    log.append(append(stream(), Expected::NoStream, 2)).await.unwrap();
    let end = log.head().await.unwrap();
    for after in [Position::of_number(end.number() + 1), Position::of_number(u64::MAX)] {
        let refused = log.scan(after, Limit::entries(10), Selection::All).await;
        assert!(matches!(refused, Err(ReadError::BeyondHead { head, .. }) if head == end), "{refused:?}");
    }
}
