//! Position order is visibility order: whoever reads on from what was seen misses nothing.

use std::{collections::HashSet, sync::Arc};

use distr_eventlog::{EventLog, Expected, Limit, Position, Selection};
use futures_util::future::join_all;
use uuid::Uuid;

use crate::given::{append, day, id, positions, records, stream};

const WRITERS: usize = 16;
const APPENDS: u64 = 40;

pub(crate) async fn a_tailing_reader_sees_every_event_of_sixteen_writers_in_order(log: Arc<dyn EventLog>) {
    let reader = tokio::spawn(tail(Arc::clone(&log), total()));
    let writers = join_all((0..WRITERS).map(|number| tokio::spawn(write(Arc::clone(&log), number)))).await;
    let acknowledged: HashSet<Uuid> = writers.into_iter().flat_map(|ids| ids.unwrap()).collect();
    let (seen, order) = reader.await.unwrap();
    assert!(order.windows(2).all(|pair| pair[0] < pair[1]), "in order");
    assert_eq!(order.len() as u64, total());
    assert_eq!(seen.into_iter().collect::<HashSet<_>>(), acknowledged);
}

/// A writer appends one or two events at a time to its stream; every fourth one sends telemetry too.
fn count(writer: usize) -> u64 {
    APPENDS * (1 + writer as u64 % 2) + if writer.is_multiple_of(4) { APPENDS * 3 } else { 0 }
}

fn total() -> u64 {
    (0..WRITERS).map(count).sum()
}

pub(crate) async fn write(log: Arc<dyn EventLog>, writer: usize) -> Vec<Uuid> {
    let (stream, each) = (stream(), 1 + writer % 2);
    let mut expected = Expected::NoStream;
    let mut acknowledged = Vec::new();
    for _ in 0..APPENDS {
        let append = append(stream, expected, each);
        acknowledged.extend(append.events.iter().map(|event| event.id));
        let appended = log.append(append).await.unwrap();
        expected = Expected::Revision(appended.last_revision);
        if writer.is_multiple_of(4) {
            let records = records(3, day(0));
            acknowledged.extend(records.iter().map(|record| record.id));
            log.append_telemetry(records).await.unwrap();
        }
    }
    acknowledged
}

/// Reads on and on without waiting, to meet every moment of a commit.
async fn tail(log: Arc<dyn EventLog>, until: u64) -> (Vec<Uuid>, Vec<u64>) {
    let (mut seen, mut order) = (Vec::new(), Vec::new());
    let mut after = Position::START;
    while (seen.len() as u64) < until {
        let page = log.scan(after, Limit::entries(50), Selection::All).await.unwrap();
        after = page.scanned_to;
        order.extend(positions(&page.entries));
        seen.extend(page.entries.iter().map(id));
        tokio::task::yield_now().await;
    }
    (seen, order)
}
