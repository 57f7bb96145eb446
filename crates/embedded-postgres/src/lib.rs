#![doc = include_str!("../README.md")]

mod access;
mod account;
mod binaries;
mod cluster;
mod error;
mod keeper;
mod options;
mod place;
mod server;

pub use binaries::client_program;
pub use error::Error;
pub use options::Options;
pub use server::{EmbeddedPostgres, start, start_temporary, url_of_running};
