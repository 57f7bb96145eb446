//! Appends.

use prost::bytes::Bytes;
use tonic::{Status, Streaming};
use uuid::Uuid;

use crate::faults::Fault;
use crate::proto::event_store::client::streams::append_req::Content;
use crate::proto::event_store::client::streams::append_req::options::ExpectedStreamRevision;
use crate::proto::event_store::client::streams::append_resp::success::{CurrentRevisionOption, PositionOption};
use crate::proto::event_store::client::streams::append_resp::wrong_expected_version::{
    CurrentRevisionOption as Current, ExpectedRevisionOption,
};
use crate::proto::event_store::client::streams::append_resp::{
    Position, Result as Answer, Success, WrongExpectedVersion,
};
use crate::proto::event_store::client::streams::{AppendReq, AppendResp, append_req};
use crate::proto::event_store::client::{Uuid as WireUuid, uuid::Value};
use crate::service::Node;
use crate::store::{Expected, Proposed, Written};

pub(crate) async fn append(node: &Node, mut request: Streaming<AppendReq>) -> Result<AppendResp, Status> {
    let (mut options, mut events, mut bytes) = (None, vec![], 0);
    while let Some(message) = request.message().await? {
        match message.content {
            Some(Content::Options(given)) => options = Some(given),
            Some(Content::ProposedMessage(message)) => {
                bytes += message.data.len() + message.custom_metadata.len();
                events.push(proposed(message)?);
            }
            None => return Err(Status::invalid_argument("an empty message")),
        }
    }
    let options = options.ok_or_else(|| Status::invalid_argument("no options"))?;
    let name = options.stream_identifier.ok_or_else(|| Status::invalid_argument("no stream"))?.stream_name;
    let stream = String::from_utf8_lossy(&name).into_owned();
    let expected = match options.expected_stream_revision {
        Some(ExpectedStreamRevision::Revision(revision)) => Expected::Revision(revision),
        Some(ExpectedStreamRevision::NoStream(())) => Expected::NoStream,
        Some(ExpectedStreamRevision::StreamExists(())) => Expected::Exists,
        Some(ExpectedStreamRevision::Any(())) | None => Expected::Any,
    };
    if bytes > node.limits.append {
        return Err(too_large(node.limits.append));
    }
    let fault = node.faults.take(Fault::is_of_appends);
    match fault {
        Some(Fault::Unavailable) => return Err(Status::unavailable("the server is not ready")),
        Some(Fault::Aborted) => return Err(Status::aborted("the operation timed out")),
        Some(Fault::NotLeader(port)) => return Err(not_leader(port)),
        _ => {}
    }
    let written = node.store().append(&stream, expected, events);
    match fault {
        Some(Fault::CommitThenUnavailable) => return Err(Status::unavailable("the connection is lost")),
        Some(Fault::CommitThenAborted) => return Err(Status::aborted("the operation timed out")),
        _ => {}
    }
    let result = match written {
        Ok(written) => Answer::Success(success(written)),
        Err(current) => Answer::WrongExpectedVersion(wrong(expected, current)),
    };
    Ok(AppendResp { result: Some(result) })
}

fn proposed(message: append_req::ProposedMessage) -> Result<Proposed, Status> {
    let id = match message.id {
        Some(WireUuid { value: Some(Value::String(text)) }) => Uuid::parse_str(&text).ok(),
        Some(WireUuid { value: Some(Value::Structured(bits)) }) => {
            Some(Uuid::from_u64_pair(bits.most_significant_bits as u64, bits.least_significant_bits as u64))
        }
        _ => None,
    };
    Ok(Proposed {
        id: id.ok_or_else(|| Status::invalid_argument("an event without an id"))?,
        metadata: message.metadata,
        custom_metadata: message.custom_metadata,
        data: message.data,
    })
}

fn success(written: Option<Written>) -> Success {
    match written {
        Some(Written { revision, position }) => Success {
            current_revision_option: Some(CurrentRevisionOption::CurrentRevision(revision)),
            position_option: Some(PositionOption::Position(Position {
                commit_position: position,
                prepare_position: position,
            })),
        },
        None => Success {
            current_revision_option: Some(CurrentRevisionOption::NoStream(())),
            position_option: Some(PositionOption::NoPosition(())),
        },
    }
}

fn wrong(expected: Expected, current: Option<u64>) -> WrongExpectedVersion {
    WrongExpectedVersion {
        current_revision_option: Some(current.map_or(Current::CurrentNoStream(()), Current::CurrentRevision)),
        expected_revision_option: Some(match expected {
            Expected::Any => ExpectedRevisionOption::ExpectedAny(()),
            Expected::NoStream => ExpectedRevisionOption::ExpectedNoStream(()),
            Expected::Exists => ExpectedRevisionOption::ExpectedStreamExists(()),
            Expected::Revision(revision) => ExpectedRevisionOption::ExpectedRevision(revision),
        }),
        ..WrongExpectedVersion::default()
    }
}

fn too_large(limit: usize) -> Status {
    let mut status = Status::invalid_argument(format!("Maximum Append Size of {limit} Exceeded."));
    let metadata = status.metadata_mut();
    metadata.insert("exception", "maximum-append-size-exceeded".parse().expect("a value"));
    status
}

fn not_leader(port: u16) -> Status {
    let mut status = Status::not_found("Leader info available");
    let metadata = status.metadata_mut();
    metadata.insert("exception", "not-leader".parse().expect("a value"));
    metadata.insert("leader-endpoint-host", "127.0.0.1".parse().expect("a value"));
    metadata.insert("leader-endpoint-port", port.to_string().parse().expect("a value"));
    status
}

/// As messages have it.
pub(crate) fn wire(id: Uuid) -> WireUuid {
    WireUuid { value: Some(Value::String(id.to_string())) }
}

/// As streams' names are.
pub(crate) fn name(stream: &str) -> Bytes {
    Bytes::copy_from_slice(stream.as_bytes())
}
