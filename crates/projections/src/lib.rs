#![doc = include_str!("../README.md")]

pub mod access;
pub mod alert;
pub mod analytics;
pub mod application;
pub mod artifact;
mod caught;
pub mod channel;
pub mod consequence;
mod cursor;
pub mod customer;
pub mod deployment;
pub mod entitlement;
mod error;
mod fill;
mod follower;
pub mod generation;
mod group;
pub mod heartbeat;
pub mod heartbeat_hour;
pub mod license;
pub mod license_audit;
pub mod member;
pub mod organization;
pub mod past;
pub mod picture;
mod projection;
pub mod query;
mod rebuild;
pub mod release;
pub mod repository;
pub mod rollout;
pub mod rollout_policy;
pub mod rollout_target;
mod runner;
mod schema;
pub mod seat;
mod statements;
mod table;
pub mod target;
pub mod token;

pub use caught::{Panicked, caught};
pub use cursor::{Cursor, InvalidCursor};
pub use error::{ProjectionError, QueryError, WaitError};
pub use follower::{BadEntry, Checkpoint, Follower, FollowerHandle, Halt, Kind, Lease, Progress, Work};
pub use group::{Group, groups};
pub use projection::{DecodedEntry, Projection, Rows};
pub use query::{ListPage, Paging, Scope};
pub use rebuild::{
    Comparison, Difference, DifferenceKind, RebuildError, RebuildOptions, RebuildReport, Step, TableComparison, cancel,
    rebuild, reshape, verify,
};
pub use runner::Runner;
pub use schema::{LIVE_SCHEMA, LiveShape, job_pool, past_pool, prepare_live, read_pool};
