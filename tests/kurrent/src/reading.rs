//! Reads of a stream and of `$all`, a page each. Subscriptions are not here: nothing of this project uses them.

use std::time::Duration;

use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;

use crate::faults::Fault;
use crate::proto::event_store::client::StreamIdentifier;
use crate::proto::event_store::client::streams::ReadResp;
use crate::proto::event_store::client::streams::read_req::Options;
use crate::proto::event_store::client::streams::read_req::options::all_options::AllOption;
use crate::proto::event_store::client::streams::read_req::options::filter_options::Filter;
use crate::proto::event_store::client::streams::read_req::options::stream_options::RevisionOption;
use crate::proto::event_store::client::streams::read_req::options::{
    AllOptions, CountOption, FilterOption, StreamOption, StreamOptions,
};
use crate::proto::event_store::client::streams::read_resp::read_event::{Position, RecordedEvent};
use crate::proto::event_store::client::streams::read_resp::{Content, ReadEvent, StreamNotFound};
use crate::service::{Answers, Node};
use crate::store::{Event, Store};
use crate::writing;

/// Answers that wait for a slow reader; then the server waits.
const AHEAD: usize = 8;

pub(crate) fn read(node: &Node, options: Options) -> Result<Answers<ReadResp>, Status> {
    let Some(CountOption::Count(count)) = options.count_option else {
        return Err(Status::unimplemented("nothing here subscribes"));
    };
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    let backwards = options.read_direction == 1;
    let events = match options.stream_option.ok_or_else(|| Status::invalid_argument("no stream"))? {
        StreamOption::Stream(stream) => of_stream(&node.store(), &stream, backwards, count)?,
        StreamOption::All(all) => Some(of_all(&node.store(), &all, options.filter_option.as_ref(), backwards, count)?),
    };
    let Some(events) = events else {
        let not_found = ReadResp { content: Some(Content::StreamNotFound(StreamNotFound::default())) };
        return Ok(Box::pin(tokio_stream::once(Ok(not_found))));
    };
    Ok(answer(events, node.faults.take(Fault::is_of_reads)))
}

fn answer(mut events: Vec<Event>, fault: Option<Fault>) -> Answers<ReadResp> {
    let (mut pause, mut breaks) = (None, false);
    match fault {
        Some(Fault::ReadEnds(after)) => events.truncate(after),
        Some(Fault::ReadBreaks(after)) => {
            events.truncate(after);
            breaks = true;
        }
        Some(Fault::SlowRead(millis)) => pause = Some(Duration::from_millis(millis)),
        Some(Fault::ReadTwice) => events = events.into_iter().flat_map(|event| [event.clone(), event]).collect(),
        _ => {}
    }
    let (sender, receiver) = mpsc::channel(AHEAD);
    tokio::spawn(async move {
        for event in events {
            if let Some(pause) = pause {
                tokio::time::sleep(pause).await;
            }
            if sender.send(Ok(told(event))).await.is_err() {
                return;
            }
        }
        if breaks {
            let _ = sender.send(Err(Status::unavailable("the connection is lost"))).await;
        }
    });
    Box::pin(ReceiverStream::new(receiver))
}

/// Nothing if there is no such stream.
fn of_stream(
    store: &Store,
    options: &StreamOptions,
    backwards: bool,
    count: usize,
) -> Result<Option<Vec<Event>>, Status> {
    let name = options.stream_identifier.as_ref().ok_or_else(|| Status::invalid_argument("no stream"))?;
    let Some(stream) = store.streams.get(&*String::from_utf8_lossy(&name.stream_name)) else { return Ok(None) };
    if stream.events.is_empty() {
        return Ok(None);
    }
    let last = stream.events.len() as u64 - 1;
    let from = match options.revision_option {
        Some(RevisionOption::Revision(revision)) => revision,
        Some(RevisionOption::End(())) => last,
        _ => 0,
    };
    let revisions: Vec<u64> = match backwards {
        true => (0..=from.min(last)).rev().collect(),
        false => (from.min(last + 1)..=last).collect(),
    };
    let shown = revisions.into_iter().filter(|revision| *revision >= stream.truncate_before);
    let events = shown.filter_map(|revision| store.log.get(&stream.events[revision as usize]));
    Ok(Some(events.take(count).cloned().collect()))
}

fn of_all(
    store: &Store,
    options: &AllOptions,
    filter: Option<&FilterOption>,
    backwards: bool,
    count: usize,
) -> Result<Vec<Event>, Status> {
    let from = match options.all_option {
        Some(AllOption::Position(position)) => {
            // an offset within a record is none that was ever told
            let end = store.log.last_key_value().map_or(0, |(at, _)| *at);
            let known = store.streams.values().any(|stream| stream.events.contains(&position.commit_position));
            if !known && position.commit_position <= end {
                return Err(Status::invalid_argument("an invalid position"));
            }
            position.commit_position
        }
        Some(AllOption::End(())) => u64::MAX,
        _ => 0,
    };
    let wanted = |event: &&Event| match filter {
        Some(FilterOption::Filter(filter)) => match &filter.filter {
            Some(Filter::StreamIdentifier(by)) => by.prefix.iter().any(|prefix| event.stream.starts_with(prefix)),
            Some(Filter::EventType(by)) => {
                let of = event.metadata.get("type").map_or("", String::as_str);
                by.prefix.iter().any(|prefix| of.starts_with(prefix))
            }
            None => true,
        },
        _ => true,
    };
    Ok(match backwards {
        // up to the position, and without it
        true => store.log.range(..from).rev().map(|(_, event)| event).filter(wanted).take(count).cloned().collect(),
        false => store.log.range(from..).map(|(_, event)| event).filter(wanted).take(count).cloned().collect(),
    })
}

fn told(event: Event) -> ReadResp {
    let position = event.position;
    let recorded = RecordedEvent {
        id: Some(writing::wire(event.id)),
        stream_identifier: Some(StreamIdentifier { stream_name: writing::name(&event.stream) }),
        stream_revision: event.revision,
        prepare_position: position,
        commit_position: position,
        metadata: event.metadata,
        custom_metadata: event.custom_metadata,
        data: event.data,
    };
    let event = ReadEvent { event: Some(recorded), link: None, position: Some(Position::CommitPosition(position)) };
    ReadResp { content: Some(Content::Event(event)) }
}
