#![doc = include_str!("../README.md")]

mod admission;
mod annotations;
mod authentication;
mod authorization;
mod blobs;
mod caller;
mod challenge;
mod changing;
mod client;
mod clock;
mod disk;
mod entitlements;
mod error;
mod fault;
mod http;
mod limits;
mod links;
mod maintenance;
mod manifest;
mod manifest_bytes;
mod name;
pub mod ownership;
mod pull;
mod query;
mod quota;
mod range;
mod record;
mod refresh;
mod registry;
mod rights;
mod schema;
mod scope;
mod token;
mod uploads;
mod visit;

pub use blobs::{
    BlobFault, BlobStore, BlobStream, BucketError, FileBlobs, FinishError, ObjectBlobs, Opened, ResumeError,
    StoredBlob, StoredUpload, UploadKey, Writing,
};
pub use caller::{Caller, CallerAccess, Callers, CallersFault, RunningRelease};
pub use changing::{ChangeError, Changed, Changing};
pub use client::{Client, site};
pub use clock::Clock;
pub use disk::{DiskReserve, DiskStanding};
pub use fault::{Fault, OperationError};
pub use http::configure;
pub use links::held as held_blobs;
pub use maintenance::{CollectOptions, Collected, Job, Maintenance, Retained, Schedule, Scrubbed};
pub use quota::{bytes_of_organization, bytes_of_repositories};
pub use record::Recording;
pub use registry::{Ports, Registry, Settings};
pub use schema::{MigrateError, migrate};
pub use uploads::UploadCaps;
pub use visit::Correlation;
