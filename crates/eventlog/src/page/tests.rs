use bytes::Bytes;
use chrono::DateTime;
use distr_domain::{decider::Category, ids::OrganizationId};
use uuid::Uuid;

use super::*;
use crate::{Actor, StreamName, TelemetryKind, TelemetryRecord};

fn fact(previous: u64, position: u64) -> ChainedFact {
    let event = RecordedEvent {
        position: Position::of_number(position),
        stream: StreamName { category: Category::License, id: Uuid::nil() },
        revision: 0,
        id: Uuid::nil(),
        event_type: "Happened".into(),
        schema_version: 1,
        organization: OrganizationId(Uuid::nil()),
        actor: Actor::Operator,
        causation: None,
        correlation: Uuid::nil(),
        recorded_at: DateTime::UNIX_EPOCH,
        committed_at: DateTime::UNIX_EPOCH,
        payload: Bytes::new(),
    };
    ChainedFact { event, previous: Position::of_number(previous) }
}

fn telemetry(position: u64) -> RecordedTelemetry {
    let record = TelemetryRecord {
        id: Uuid::nil(),
        organization: OrganizationId(Uuid::nil()),
        subject: Uuid::nil(),
        kind: TelemetryKind::Heartbeat,
        recorded_at: DateTime::UNIX_EPOCH,
        payload: Bytes::new(),
    };
    RecordedTelemetry { position: Position::of_number(position), committed_at: DateTime::UNIX_EPOCH, record }
}

/// The log `F1 T2 T3 F4 F5 T6`, of which the store found these.
fn scan(facts: &[(u64, u64)], records: &[u64]) -> Scan {
    Scan {
        after: Position::START,
        through: Position::MAX,
        limit: Limit::entries(100),
        selection: Selection::All,
        head: Head { position: Position::of_number(6), last_fact: Position::of_number(5) },
        facts: facts.iter().map(|&(previous, position)| fact(previous, position)).collect(),
        telemetry: records.iter().copied().map(telemetry).collect(),
        telemetry_bytes: 0,
        dropped_through: Position::START,
    }
}

const FACTS: [(u64, u64); 3] = [(0, 1), (1, 4), (4, 5)];

fn positions(scan: Scan) -> (Vec<u64>, u64) {
    let page = assemble(scan).unwrap();
    (page.entries.iter().map(|entry| entry.position().number()).collect(), page.scanned_to.number())
}

fn hole(scan: Scan) -> (u64, u64) {
    match assemble(scan) {
        Err(ReadError::Hole { after, found }) => (after.number(), found.number()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_page_has_everything_in_order() {
    assert_eq!(positions(scan(&FACTS, &[2, 3, 6])), (vec![1, 2, 3, 4, 5, 6], 6));
}

#[test]
fn a_page_ends_at_its_limit() {
    for limit in 1..=6 {
        let cut = scan(&FACTS[..limit.min(3)], &[2, 3, 6][..limit.min(3)]);
        assert_eq!(
            positions(Scan { limit: Limit::entries(limit), ..cut }),
            ((1..=limit as u64).collect(), limit as u64)
        );
    }
}

#[test]
fn a_page_is_complete_no_further_than_its_bytes_reach() {
    let limit = Limit { entries: 100, bytes: 10 };
    let cut = Scan { limit, telemetry_bytes: 10, ..scan(&FACTS, &[2]) };
    assert_eq!(positions(cut), (vec![1, 2], 2), "telemetry was cut");
    let mut cut = Scan { limit, ..scan(&FACTS[..2], &[2, 3, 6]) };
    cut.facts[1].event.payload = Bytes::from_static(b"0123456789");
    assert_eq!(positions(cut), (vec![1, 2, 3, 4], 4), "facts were cut");
}

#[test]
fn a_page_is_complete_to_where_the_store_looked() {
    let through = Position::of_number(3);
    assert_eq!(positions(Scan { through, ..scan(&FACTS[..1], &[2, 3]) }), (vec![1, 2, 3], 3));
    assert_eq!(
        positions(Scan { through, ..scan(&FACTS[..1], &[2, 3, 6]) }),
        (vec![1, 2, 3], 3),
        "a block reached further"
    );
    assert_eq!(hole(Scan { through, ..scan(&FACTS[..1], &[2]) }), (2, 4));
}

#[test]
fn what_was_committed_after_the_head_was_read_waits_for_the_next_page() {
    let newer = [(0, 1), (1, 4), (4, 5), (5, 7)];
    assert_eq!(positions(scan(&newer, &[2, 3, 6])), (vec![1, 2, 3, 4, 5, 6], 6));
}

#[test]
fn a_reader_of_facts_is_told_how_far_it_looked() {
    let selection = Selection::Facts;
    assert_eq!(positions(Scan { selection, ..scan(&FACTS, &[]) }), (vec![1, 4, 5], 6));
    let rest = Scan { selection, after: Position::of_number(5), ..scan(&[], &[]) };
    assert_eq!(positions(rest), (vec![], 6));
    let selection = Selection::Telemetry;
    assert_eq!(positions(Scan { selection, ..scan(&[], &[2, 3, 6]) }), (vec![2, 3, 6], 6));
}

#[test]
fn dropped_telemetry_is_no_hole_but_anything_else_is() {
    let dropped_through = Position::of_number(3);
    assert_eq!(positions(Scan { dropped_through, ..scan(&FACTS, &[6]) }), (vec![1, 4, 5, 6], 6));
    assert_eq!(hole(scan(&FACTS, &[6])), (1, 4));
    assert_eq!(hole(scan(&FACTS, &[2, 3])), (5, 7), "at the end");
    assert_eq!(hole(scan(&FACTS, &[3, 6])), (1, 3));
    assert_eq!(hole(Scan { dropped_through, ..scan(&FACTS, &[2, 3]) }), (5, 7));
}

#[test]
fn a_lost_fact_is_found_whatever_was_dropped_and_whatever_is_selected() {
    let dropped_through = Position::of_number(6);
    for selection in [Selection::All, Selection::Facts] {
        let lost = |facts: &[(u64, u64)]| hole(Scan { selection, dropped_through, ..scan(facts, &[]) });
        assert_eq!(lost(&[(1, 4), (4, 5)]), (0, 4), "the first");
        assert_eq!(lost(&[(0, 1), (4, 5)]), (1, 5), "in the middle");
        assert_eq!(lost(&[(0, 1), (1, 4)]), (4, 6), "the last");
    }
}

#[test]
fn a_reader_beyond_the_head_is_told() {
    let after = Position::of_number(7);
    assert!(matches!(assemble(Scan { after, ..scan(&[], &[]) }), Err(ReadError::BeyondHead { .. })));
}
