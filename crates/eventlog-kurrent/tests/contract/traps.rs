//! What the client and the server do that an adapter has to know.

use std::sync::Arc;
use std::time::{Duration, Instant};

use distr_eventlog::{
    Append, AppendError, EventLog, Expected, Limit, MAX_TELEMETRY_RECORDS, Position, ReadError, Selection,
    TelemetryRecord,
};
use distr_eventlog_kurrent::{ConnectError, KurrentLog};
use distr_kurrent_server::{Fault, Server};
use futures_util::future::join_all;

use crate::given::{Order, append, day, event, everything, fact, facts, id, records, stream};
use crate::server::{LARGE, bounded, open};

/// Each with an append before and after it, and telemetry; all of it is there once.
async fn an_unknown_outcome_is_settled(fault: Fault) {
    each_is_settled(|_| fault).await;
}

async fn each_is_settled(fault: impl Fn(&Server) -> Fault) {
    let server = Server::start();
    let log = open(&server.url()).await;
    let stream = stream();
    let (mut stored, mut reported) = (vec![], vec![]);
    for round in 0..3_u64 {
        let append = append(stream, (round * 2).checked_sub(1).into(), 2);
        stored.extend(append.events.iter().map(|event| event.id));
        server.arm(fault(&server));
        let appended = log.append(append).await.unwrap();
        assert_eq!((appended.first_revision, appended.last_revision), (round * 2, round * 2 + 1));
        let records = records(3, day(0));
        reported.extend(records.iter().map(|record| record.id));
        server.arm(fault(&server));
        let last = log.append_telemetry(records).await.unwrap();
        assert_eq!(last, log.head().await.unwrap());
    }
    assert_eq!(server.met(), 6, "each was met");
    let ids = async |selection| everything(&*log, selection).await.iter().map(id).collect::<Vec<_>>();
    assert_eq!((ids(Selection::Facts).await, ids(Selection::Telemetry).await), (stored, reported));
    let conflict = log.append(append(stream, Expected::Revision(3), 1)).await;
    assert!(matches!(conflict, Err(AppendError::Conflict { actual: Some(5), .. })), "{conflict:?}");
}

#[test]
fn an_append_that_was_committed_and_not_answered_is_known_again() {
    bounded(an_unknown_outcome_is_settled(Fault::CommitThenUnavailable));
}

#[test]
fn a_time_out_of_the_server_is_an_unknown_outcome() {
    bounded(an_unknown_outcome_is_settled(Fault::CommitThenAborted));
    bounded(an_unknown_outcome_is_settled(Fault::Aborted));
}

#[test]
fn an_append_that_never_arrived_is_made_again() {
    bounded(an_unknown_outcome_is_settled(Fault::Unavailable));
}

#[test]
fn another_leader_is_followed() {
    bounded(each_is_settled(|server| Fault::NotLeader(server.port())));
}

#[test]
fn a_client_that_could_not_connect_is_replaced() {
    bounded(async {
        let server = Server::start();
        let log = open(&server.url()).await;
        log.append(append(stream(), Expected::NoStream, 1)).await.unwrap();
        for _ in 0..2 {
            server.stop();
            let down = {
                let log = log.clone();
                tokio::spawn(async move { log.append(append(stream(), Expected::NoStream, 1)).await })
            };
            // long enough that the client has given up for good
            tokio::time::sleep(Duration::from_secs(3)).await;
            server.go_on();
            down.await.unwrap().expect("it is tried until the server is back");
        }
        assert_eq!(everything(&*log, Selection::All).await.len(), 3);
    });
}

#[test]
fn readers_hear_of_a_server_that_is_away_and_read_on_when_it_is_back() {
    bounded(async {
        let server = Server::start();
        let log = open(&server.url()).await;
        let first = log.append(append(stream(), Expected::NoStream, 1)).await.unwrap();
        server.stop();
        let begun = Instant::now();
        let away = log.scan(Position::START, Limit::entries(10), Selection::All).await;
        assert!(matches!(away, Err(ReadError::Store(_))), "{away:?}");
        assert!(begun.elapsed() < Duration::from_secs(20), "it is told in time");
        server.go_on();
        let page = log.scan(Position::START, Limit::entries(10), Selection::All).await.unwrap();
        assert_eq!(page.scanned_to, first.position);
    });
}

#[test]
fn many_appends_wait_for_each_other_no_more_than_they_must() {
    bounded(async {
        let server = Server::start();
        let log = open(&server.url()).await;
        let begun = Instant::now();
        let appends = join_all((0..256).map(|_| log.append(append(stream(), Expected::NoStream, 1)))).await;
        assert!(appends.iter().all(Result::is_ok));
        // the client leaves small packets waiting for 40 ms each: one at a time would take ten seconds
        assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
        let begun = Instant::now();
        let reports = join_all((0..256).map(|_| log.append_telemetry(records(1, day(0))))).await;
        assert!(reports.iter().all(Result::is_ok));
        assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
        assert!(server.events() < 256 + 256, "telemetry is packed together");
    });
}

#[test]
fn a_read_that_breaks_or_ends_too_soon_loses_nothing() {
    bounded(async {
        let server = Server::start();
        let log = open(&server.url()).await;
        let stream = stream();
        log.append(append(stream, Expected::NoStream, 40)).await.unwrap();
        log.append_telemetry(records(4, day(0))).await.unwrap();
        for fault in [Fault::ReadBreaks(3), Fault::ReadEnds(3), Fault::SlowRead(2), Fault::ReadTwice] {
            for selection in [Selection::All, Selection::Facts] {
                let head = log.head().await.unwrap();
                let (mut after, mut seen) = (Position::START, vec![]);
                server.arm(fault);
                while after < head {
                    let page = log.scan(after, Limit::entries(1000), selection).await.unwrap();
                    after = page.scanned_to;
                    seen.extend(page.entries.iter().map(id));
                }
                let all = everything(&*log, selection).await;
                assert_eq!(seen, all.iter().map(id).collect::<Vec<_>>(), "{fault:?} {selection:?}");
            }
        }
        server.arm(Fault::ReadTwice);
        let twice = log.read_stream(&stream, 0, 100).await.unwrap();
        assert_eq!(twice.len(), 40);
    });
}

#[test]
fn what_is_too_large_for_the_server_is_told_and_telemetry_is_cut_below_it() {
    bounded(async {
        let server = Server::start();
        let log = open(&server.url()).await;
        let large = Append { events: vec![event(vec![b'x'; 1_100_000])], ..append(stream(), Expected::NoStream, 0) };
        let refused = log.append(large).await;
        assert!(matches!(refused, Err(AppendError::TooLarge { unit: "bytes", .. })), "{refused:?}");
        // does not compress, and is far more than the server takes at once
        let noise = |seed: usize| {
            let bytes = (0..700_usize).map(|at| ((seed * 700 + at).wrapping_mul(2_654_435_761) >> 13) as u8);
            bytes.collect::<Vec<u8>>()
        };
        let given: Vec<TelemetryRecord> = records(MAX_TELEMETRY_RECORDS, day(0))
            .into_iter()
            .zip(0..)
            .map(|(record, seed)| TelemetryRecord { payload: noise(seed).into(), ..record })
            .collect();
        log.append_telemetry(given.clone()).await.unwrap();
        let stored = everything(&*log, Selection::Telemetry).await;
        assert!(stored.iter().map(id).eq(given.iter().map(|record| record.id)));
    });
}

#[test]
fn positions_have_gaps_and_events_of_the_server_are_passed_by() {
    bounded(async {
        let server = Server::with(LARGE, 0);
        let log = open(&server.url()).await;
        for _ in 0..5 {
            server.write_statistics();
            log.append(append(stream(), Expected::NoStream, 1)).await.unwrap();
        }
        server.write_statistics();
        let order = Order::of(&*log).await;
        assert_eq!(order.count(), 5);
        let wrong = Position::of_number(order.at(2).number() + (3 << 10));
        assert!(wrong < order.at(3), "between two entries");
        assert_eq!(log.entry(wrong).await.unwrap(), None);
        let refused = log.scan(wrong, Limit::entries(10), Selection::All).await;
        assert!(matches!(refused, Err(ReadError::Store(_))), "no silence about what nobody was told: {refused:?}");
    });
}

#[test]
fn commit_times_rise_when_the_servers_clock_is_set_back() {
    bounded(async {
        let server = Server::start();
        let log = open(&server.url()).await;
        let mut wake = log.wake();
        for round in 0..6 {
            if round == 3 {
                server.shift_clock(-3_600_000_000);
            }
            let appended = log.append(append(stream(), Expected::NoStream, 1)).await.unwrap();
            wake.wait_for(|seen| *seen >= appended.position).await.unwrap();
            // the follower has taken it in
            tokio::time::sleep(Duration::from_millis(250)).await;
        }
        let entries = everything(&*log, Selection::All).await;
        let times: Vec<_> = entries.iter().map(|entry| entry.committed_at()).collect();
        assert!(times.is_sorted(), "{times:?}");
        for entry in &entries {
            assert_eq!(log.entry(entry.position()).await.unwrap().as_ref(), Some(entry), "alone, too");
        }
        let third = log.seek(times[2]).await.unwrap();
        assert!(third >= entries[2].position(), "a moment that several share ends with the last of them");
    });
}

#[test]
fn marks_lead_to_moments_and_ids() {
    bounded(async {
        let server = Server::with(LARGE, 0);
        let log = open(&server.url()).await;
        let events = server.events();
        for _ in 0..5 {
            log.append(append(stream(), Expected::NoStream, 700)).await.unwrap();
        }
        // three marks of a thousand each, made beside the appends; another process makes none again
        while server.events() < events + 3500 + 3 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let other = open(&server.url()).await;
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert_eq!(server.events(), events + 3500 + 3);
        let entries = everything(&*other, Selection::All).await;
        for number in [0, 699, 700, 999, 1000, 1001, 2500, 3499] {
            let expected = fact(entries[number].clone());
            assert_eq!(other.find(expected.id).await.unwrap(), Some(expected.clone()));
            let last = entries.iter().rfind(|entry| entry.committed_at() <= expected.committed_at).unwrap();
            assert_eq!(other.seek(expected.committed_at).await.unwrap(), last.position());
        }
        assert_eq!(other.find(uuid::Uuid::new_v4()).await.unwrap(), None);
    });
}

#[test]
fn dropped_telemetry_stays_away_before_and_after_a_scavenge() {
    bounded(async {
        let server = Server::start();
        let (log, other) = (open(&server.url()).await, open(&server.url()).await);
        log.append(append(stream(), Expected::NoStream, 1)).await.unwrap();
        for number in 0..4 {
            log.append_telemetry(records(2, day(number))).await.unwrap();
        }
        let order = Order::of(&*log).await;
        assert_eq!(log.drop_telemetry(day(3)).await.unwrap(), order.at(7));
        let left = async |log: &Arc<KurrentLog>| order.numbers(&everything(&**log, Selection::All).await);
        assert_eq!(left(&log).await, [1, 8, 9], "though the server still has it");
        while left(&other).await != [1, 8, 9] {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let events = server.events();
        server.scavenge();
        assert_eq!(server.events(), events - 3, "the server gave the room back");
        assert_eq!(left(&log).await, [1, 8, 9]);
        assert_eq!(log.drop_telemetry(day(9)).await.unwrap(), order.at(9));
        server.scavenge();
        let third = open(&server.url()).await;
        assert_eq!(left(&third).await, [1]);
        assert_eq!(third.head().await.unwrap(), order.at(9), "who has read to the end is not beyond it");
    });
}

#[test]
fn two_processes_append_to_one_log() {
    bounded(async {
        let server = Server::start();
        let (one, other) = (open(&server.url()).await, open(&server.url()).await);
        assert_eq!(one.identity().await.unwrap(), other.identity().await.unwrap());
        let stream = stream();
        for revision in 0..10_u64 {
            let expected = Expected::from(revision.checked_sub(1));
            let (first, second) =
                futures_util::join!(one.append(append(stream, expected, 1)), other.append(append(stream, expected, 1)));
            assert_eq!(usize::from(first.is_ok()) + usize::from(second.is_ok()), 1);
        }
        let again = append(stream, Expected::Revision(9), 2);
        let first = one.append(again.clone()).await.unwrap();
        let second = other.append(again).await.unwrap();
        assert_eq!(first.position, second.position, "known again whoever asks");
        assert_eq!(facts(&*other).await.len(), 12);
        let mut wake = other.wake();
        let appended = one.append(append(crate::given::stream(), Expected::NoStream, 1)).await.unwrap();
        wake.wait_for(|head| *head >= appended.position).await.unwrap();
    });
}

#[test]
fn closing_answers_what_was_taken_and_refuses_the_rest() {
    bounded(async {
        let server = Server::start();
        let log = open(&server.url()).await;
        let pending = {
            let log = log.clone();
            tokio::spawn(
                async move { join_all((0..50).map(|_| log.append(append(stream(), Expected::NoStream, 1)))).await },
            )
        };
        tokio::time::sleep(Duration::from_millis(5)).await;
        log.close().await;
        let refused = log.append(append(stream(), Expected::NoStream, 1)).await;
        assert!(matches!(refused, Err(AppendError::Closed)), "{refused:?}");
        let refused = log.append_telemetry(records(1, day(0))).await;
        assert!(matches!(refused, Err(AppendError::Closed)), "{refused:?}");
        let taken = pending.await.unwrap().iter().filter(|answer| answer.is_ok()).count();
        assert_eq!(everything(&*log, Selection::All).await.len(), taken);
    });
}

#[test]
fn a_wrong_or_silent_address_is_told() {
    bounded(async {
        for url in ["esdb://", "esdb://host:port", "kurrentdb://:2113?tls=maybe"] {
            let wrong = KurrentLog::connect(url).await.err();
            assert!(matches!(wrong, Some(ConnectError::Url)), "{url}: {wrong:?}");
        }
        let server = Server::start();
        let url = server.url();
        drop(server);
        let begun = Instant::now();
        let silent = KurrentLog::connect(&url).await.err();
        assert!(matches!(silent, Some(ConnectError::Reach(_))), "{silent:?}");
        assert!(begun.elapsed() < Duration::from_secs(20));
    });
}
