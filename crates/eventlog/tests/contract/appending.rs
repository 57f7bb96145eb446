//! One stream, one append: all or nothing, at the expected revision, once.

use std::sync::Arc;

use bytes::Bytes;
use distr_domain::{decider::Category, ids::MemberId};
use distr_eventlog::{
    Actor, Append, AppendError, Appended, EventLog, Expected, MAX_APPEND_BYTES, MAX_APPEND_EVENTS, Position, StreamName,
};
use futures_util::future::join_all;
use uuid::Uuid;

use crate::given::{Order, append, day, event, facts, stream};

pub(crate) async fn an_append_gets_revisions_and_positions(log: Arc<dyn EventLog>) {
    let (one, other) = (stream(), stream());
    let mut answers = Vec::new();
    for (stream, expected, count) in
        [(one, Expected::NoStream, 2), (other, Expected::NoStream, 1), (one, Expected::Revision(1), 1)]
    {
        answers.push(log.append(append(stream, expected, count)).await.unwrap());
    }
    let order = Order::of(&*log).await;
    let appended = |first_revision, last_revision, number| Appended {
        first_revision,
        last_revision,
        position: order.at(number),
        duplicate: false,
    };
    assert_eq!(answers, [appended(0, 1, 2), appended(0, 0, 3), appended(2, 2, 4)]);
    assert_eq!(order.count(), 4);
}

pub(crate) async fn every_field_survives(log: Arc<dyn EventLog>) {
    let full = Append {
        actor: Actor::Member(MemberId(Uuid::new_v4())),
        causation: Some(Uuid::new_v4()),
        ..append(StreamName { category: Category::Deployment, id: Uuid::new_v4() }, Expected::NoStream, 2)
    };
    let bare = Append { actor: Actor::Policy("offline".into()), ..append(stream(), Expected::NoStream, 1) };
    log.append(full.clone()).await.unwrap();
    log.append(bare.clone()).await.unwrap();

    let (recorded, order) = (facts(&*log).await, Order::of(&*log).await);
    let given = [(&full, 0), (&full, 1), (&bare, 0)];
    assert_eq!(recorded.len(), given.len());
    for ((event, (append, index)), position) in recorded.iter().zip(given).zip(1..) {
        let new = &append.events[index];
        assert_eq!((event.position, event.stream, event.revision), (order.at(position), append.stream, index as u64));
        assert_eq!((event.id, &event.event_type, event.schema_version), (new.id, &new.event_type, new.schema_version));
        assert_eq!((event.organization, &event.actor), (append.organization, &append.actor));
        assert_eq!((event.causation, event.correlation), (append.causation, append.correlation));
        assert_eq!((event.recorded_at, &event.payload), (day(0), &new.payload));
    }
}

pub(crate) async fn a_wrong_expectation_conflicts_and_writes_nothing(log: Arc<dyn EventLog>) {
    let (absent, existing) = (stream(), stream());
    log.append(append(existing, Expected::NoStream, 3)).await.unwrap();
    let cases = [
        (absent, Expected::Revision(0), None),
        (existing, Expected::NoStream, Some(2)),
        (existing, Expected::Revision(1), Some(2)),
        (existing, Expected::Revision(3), Some(2)),
        (existing, Expected::Revision(u64::MAX), Some(2)),
    ];
    for (stream, expected, actual) in cases {
        match log.append(append(stream, expected, 1)).await {
            Err(AppendError::Conflict { stream: named, expected: asked, actual: told }) => {
                assert_eq!((named, asked, told), (stream, expected, actual));
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(Order::of(&*log).await.count(), 3);
}

pub(crate) async fn a_repeated_append_is_answered_with_what_is_stored(log: Arc<dyn EventLog>) {
    let stream = stream();
    let first = append(stream, Expected::NoStream, 2);
    let second = append(stream, Expected::Revision(1), 2);
    let answers = [log.append(first.clone()).await.unwrap(), log.append(second.clone()).await.unwrap()];
    log.append(append(stream, Expected::Revision(3), 1)).await.unwrap();
    for _ in 0..2 {
        for (append, answer) in [&first, &second].into_iter().zip(answers) {
            let again = log.append(append.clone()).await.unwrap();
            assert_eq!(again, Appended { duplicate: true, ..answer });
        }
    }
    assert_eq!(Order::of(&*log).await.count(), 5);
}

pub(crate) async fn a_partial_repetition_is_refused(log: Arc<dyn EventLog>) {
    let stream = stream();
    let stored = append(stream, Expected::NoStream, 2);
    log.append(stored.clone()).await.unwrap();
    let ids = [stored.events[0].clone(), stored.events[1].clone()];
    let new = event("{}");
    let cases = [
        (stream, vec![ids[1].clone(), new.clone()]),
        (stream, vec![new.clone(), ids[0].clone()]),
        (stream, vec![ids[1].clone(), ids[0].clone()]),
        (stream, vec![new.clone(), new]),
    ];
    for (stream, events) in cases {
        for expected in [Expected::NoStream, Expected::Revision(1)] {
            let refused = log.append(Append { events: events.clone(), ..append(stream, expected, 0) }).await;
            assert!(matches!(refused, Err(AppendError::PartialDuplicate { .. })), "{refused:?}");
        }
    }
    assert_eq!(Order::of(&*log).await.count(), 2);
}

/// Of stores that know all ids; the port promises it of one stream.
pub(crate) async fn an_id_of_another_stream_is_refused(log: Arc<dyn EventLog>) {
    let stored = append(stream(), Expected::NoStream, 2);
    log.append(stored.clone()).await.unwrap();
    for events in [vec![stored.events[0].clone()], vec![stored.events[0].clone(), event("{}")]] {
        let refused = log.append(Append { events, ..append(stream(), Expected::NoStream, 0) }).await;
        assert!(matches!(refused, Err(AppendError::PartialDuplicate { .. })), "{refused:?}");
    }
    assert_eq!(Order::of(&*log).await.count(), 2);
}

pub(crate) async fn events_of_one_append_are_taken_together_or_not_at_all(log: Arc<dyn EventLog>) {
    let stream = stream();
    let writers = (0..8).map(|_| async { log.append(append(stream, Expected::NoStream, 5)).await.is_ok() });
    let won = join_all(writers).await.into_iter().filter(|won| *won).count();
    assert_eq!(won, 1);
    let events = log.read_stream(&stream, 0, 100).await.unwrap();
    assert_eq!(events.len(), 5);
    assert!(events.iter().all(|event| event.correlation == events[0].correlation), "of one append");
}

pub(crate) async fn appends_of_one_stream_queued_at_once_see_each_other(log: Arc<dyn EventLog>) {
    let streams = [stream(), stream()];
    let appends = (0..20).flat_map(|number: u64| {
        streams.map(|stream| append(stream, number.checked_sub(1).map(|last| last * 2 + 1).into(), 2))
    });
    let answers = join_all(appends.map(|append| log.append(append))).await;
    for (number, answer) in answers.into_iter().enumerate() {
        assert_eq!(answer.unwrap().first_revision, number as u64 / 2 * 2);
    }
    for stream in streams {
        assert_eq!(log.read_stream(&stream, 0, 100).await.unwrap().len(), 40);
    }
}

pub(crate) async fn of_many_first_appends_at_once_one_wins(log: Arc<dyn EventLog>) {
    let (stream, same) = (stream(), append(stream(), Expected::NoStream, 1));
    let rivals = join_all((0..32).map(|_| log.append(append(stream, Expected::NoStream, 1)))).await;
    assert_eq!(rivals.iter().filter(|answer| answer.is_ok()).count(), 1);
    let repeated = join_all((0..32).map(|_| log.append(same.clone()))).await;
    let repeated: Vec<Appended> = repeated.into_iter().map(|answer| answer.unwrap()).collect();
    assert_eq!(repeated.iter().filter(|answer| !answer.duplicate).count(), 1);
    assert!(repeated.iter().all(|answer| answer.position == repeated[0].position));
    assert_eq!(Order::of(&*log).await.count(), 2);
}

pub(crate) async fn an_empty_or_too_large_append_is_refused(log: Arc<dyn EventLog>) {
    let refused = log.append(append(stream(), Expected::NoStream, 0)).await;
    assert!(matches!(refused, Err(AppendError::Empty)), "{refused:?}");
    let heavy = vec![event(vec![b' '; MAX_APPEND_BYTES])];
    let heavy = log.append(Append { events: heavy, ..append(stream(), Expected::NoStream, 0) }).await;
    assert!(matches!(heavy, Err(AppendError::TooLarge { unit: "bytes", .. })), "{heavy:?}");
    let long = log.append(append(stream(), Expected::NoStream, MAX_APPEND_EVENTS + 1)).await;
    assert!(matches!(long, Err(AppendError::TooLarge { unit: "events", .. })), "{long:?}");
    assert_eq!(log.head().await.unwrap(), Position::START);
    log.append(append(stream(), Expected::NoStream, MAX_APPEND_EVENTS)).await.unwrap();
}

pub(crate) async fn any_payload_survives(log: Arc<dyn EventLog>) {
    let big: Vec<u8> = (0..4 * 1024 * 1024_u32).map(|number| number.wrapping_mul(2_654_435_761) as u8).collect();
    let payloads = [
        Bytes::new(),
        Bytes::from("{\"name\":\"Größe 尺寸 🚢 \\u0000\",  \"b\":1,\"a\":1.0}"),
        Bytes::from_static(b"\0\xff\xfe"),
        Bytes::from(big),
    ];
    let stream = stream();
    let events = payloads.iter().cloned().map(event).collect();
    log.append(Append { events, ..append(stream, Expected::NoStream, 0) }).await.unwrap();
    let read = log.read_stream(&stream, 0, 10).await.unwrap();
    assert!(read.iter().map(|event| &event.payload).eq(&payloads));
}
