#![doc = include_str!("../README.md")]

mod actor;
pub mod adapter;
mod admission;
mod block;
mod error;
mod event;
mod execute;
mod identity;
mod memory;
mod page;
mod port;
mod position;
mod postgres;
mod stream;
mod subscribe;
mod tail;
mod telemetry;

pub use actor::{Actor, InvalidActor};
pub use error::{AppendError, DecodeError, EncodeError, ReadError, StoreError};
pub use event::{Append, Appended, Expected, NewEvent, RecordedEvent};
pub use execute::{Context, ExecuteError, Executed, Fault, Kept, execute, execute_kept, executed, load};
pub use identity::{LogId, LogIdentity};
pub use memory::MemoryLog;
pub use port::{
    Entry, EventLog, Limit, MAX_APPEND_BYTES, MAX_APPEND_EVENTS, MAX_TELEMETRY_BYTES, MAX_TELEMETRY_RECORDS, Page,
    Selection,
};
pub use position::{InvalidPosition, Position};
pub use postgres::{ConnectError, PostgresLog};
pub use stream::{InvalidStreamName, StreamName};
pub use subscribe::subscribe_all;
pub use tail::Tail;
pub use telemetry::{RecordedTelemetry, TelemetryKind, TelemetryRecord};
