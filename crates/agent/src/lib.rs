#![doc = include_str!("../README.md")]

pub mod backoff;
pub mod board;
mod clear;
pub mod clock;
pub mod consent;
pub mod converge;
pub mod data_dir;
pub mod desired;
pub mod docker;
pub mod doctor;
pub mod drift;
pub mod durable;
pub mod enrol;
pub mod fault;
#[cfg(test)]
mod fixture;
pub mod host_trust;
pub mod hub;
pub mod identity;
pub mod journal;
pub mod link;
pub mod memory;
pub mod observe;
pub mod pause;
pub mod plan;
pub mod policy;
pub mod redact;
pub mod reporter;
mod restarts;
pub mod runtime;
pub mod secret;
pub mod signed;
pub mod status;
pub mod task;
