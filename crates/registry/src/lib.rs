#![doc = include_str!("../README.md")]

mod blobs;
mod caller;
mod challenge;
mod error;
mod fault;
mod guard;
mod http;
mod licensed;
mod limits;
mod links;
mod manifest;
mod name;
mod range;
mod record;
mod refresh;
mod registry;
mod rights;
mod scope;
mod token;

pub use blobs::{BlobFault, BlobStore, BlobStream, FileBlobs, FinishError, ResumeError, UploadKey, Writing};
pub use caller::{Caller, CallerAccess, Callers, CallersFault};
pub use http::configure;
pub use links::{MigrateError, migrate};
pub use registry::{Ports, Recording, Registry, Settings};
