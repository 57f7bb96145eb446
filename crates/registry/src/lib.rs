#![doc = include_str!("../README.md")]

mod annotations;
mod authorization;
mod blobs;
mod caller;
mod challenge;
mod changing;
mod client;
mod disk;
mod error;
mod fault;
mod guard;
mod http;
mod licensed;
mod limits;
mod links;
mod maintenance;
mod manifest;
mod manifest_bytes;
mod name;
pub mod ownership;
mod pull;
mod quota;
mod range;
mod record;
mod refresh;
mod registry;
mod rights;
mod scope;
mod token;
mod unfinished;

pub use blobs::{
    BlobFault, BlobStore, BlobStream, BucketError, FileBlobs, FinishError, ObjectBlobs, Opened, ResumeError,
    StoredBlob, StoredUpload, UploadKey, Writing,
};
pub use caller::{Caller, CallerAccess, Callers, CallersFault};
pub use changing::{ChangeError, Changed, Changing};
pub use client::{Client, site};
pub use disk::{DiskReserve, DiskStanding};
pub use guard::Correlation;
pub use http::configure;
pub use links::{MigrateError, held as held_blobs, migrate};
pub use maintenance::{CollectOptions, Collected, Job, Maintenance, MaintenanceFault, Retained, Schedule, Scrubbed};
pub use quota::{bytes_of_organization, bytes_of_repositories};
pub use registry::{Ports, Recording, Registry, Settings};
pub use unfinished::UploadCaps;
