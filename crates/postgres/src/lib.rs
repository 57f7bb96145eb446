#![doc = include_str!("../README.md")]

mod address;
mod away;
mod batched_lookup;
mod dial;
mod limits;
mod pool;
mod tls;
mod watched;

pub use address::{Address, AddressError};
pub use away::{is_away, is_full};
pub use batched_lookup::{BatchedLookup, LookupError};
pub use tls::TlsStream;
pub use watched::Watched;
