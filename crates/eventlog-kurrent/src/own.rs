//! Streams of the log's own: small events of JSON, appended at exact revisions, so that of several processes one is heard.

use std::sync::Arc;

use distr_eventlog::{LogId, LogIdentity, Position, StoreError};
use eventstore::{EventData, ReadStreamOptions, RecordedEvent, StreamPosition};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use uuid::Uuid;

use crate::link::{Link, Refused};
use crate::names;

/// The last event of a stream, and its revision.
pub(crate) async fn last<T: DeserializeOwned>(link: &Link, stream: &str) -> Result<Option<(u64, T)>, StoreError> {
    let options = ReadStreamOptions::default().position(StreamPosition::End).max_count(1);
    let events = link.stream(stream, &options, usize::MAX).await?;
    events.first().map(|event| Ok((event.revision, decode(event)?))).transpose()
}

/// Events from a revision on, at most so many.
pub(crate) async fn page<T: DeserializeOwned>(
    link: &Link,
    stream: &str,
    from: u64,
    count: usize,
) -> Result<Vec<T>, StoreError> {
    let options = ReadStreamOptions::default().position(StreamPosition::Position(from)).max_count(count);
    link.stream(stream, &options, usize::MAX).await?.iter().map(decode).collect()
}

/// False if somebody else was quicker.
pub(crate) async fn append<T: Serialize>(
    link: &Link,
    stream: &str,
    expected: Option<u64>,
    (event_type, value): (&str, &T),
) -> Result<bool, StoreError> {
    const ATTEMPTED: &str = "append to a stream of its own";
    let event = EventData::json(event_type, value).map_err(|error| StoreError::new(ATTEMPTED, error))?;
    match link.append(stream, expected, vec![event.id(Uuid::new_v4())]).await {
        Ok(_) => Ok(true),
        Err(Refused::Conflict) => Ok(false),
        Err(Refused::TooLarge) => Err(StoreError::new(ATTEMPTED, "the server takes no append of this size")),
        Err(Refused::Store(error)) => Err(error),
    }
}

pub(crate) fn decode<T: DeserializeOwned>(event: &RecordedEvent) -> Result<T, StoreError> {
    serde_json::from_slice(&event.data).map_err(|error| StoreError::new("read a stream of its own", error))
}

/// A name that the log took, and the position behind which it has it.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Name {
    id: Uuid,
    after: Position,
}

/// Names the log, if nobody has.
pub(crate) async fn name(link: &Arc<Link>) -> Result<(), StoreError> {
    if last::<Name>(link, names::IDENTITY).await?.is_none() {
        let name = Name { id: Uuid::new_v4(), after: Position::START };
        append(link, names::IDENTITY, None, ("LogNamed", &name)).await?;
    }
    Ok(())
}

pub(crate) async fn identity(link: &Link) -> Result<LogIdentity, StoreError> {
    let names = page::<Name>(link, names::IDENTITY, 0, 1000).await?;
    let names: Vec<_> = names.into_iter().map(|name| (LogId(name.id), name.after)).collect();
    LogIdentity::of_names(&names).ok_or_else(|| StoreError::new("say which log it is", "it has no name"))
}
