#![doc = include_str!("../README.md")]

mod appending;
mod facts;
mod follower;
mod link;
mod log;
mod marks;
mod names;
mod own;
mod place;
mod reading;
mod retention;
mod seen;
mod streams;
mod telemetry;

pub use link::is_kurrent;
pub use log::{ConnectError, KurrentLog};
