#![doc = include_str!("../README.md")]

mod address;
mod tls;

pub use address::{Address, AddressError};
pub use tls::TlsStream;
