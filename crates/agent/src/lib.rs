#![doc = include_str!("../README.md")]

pub mod backoff;
pub mod board;
pub mod clock;
pub mod compose;
pub mod converge;
pub mod data_dir;
pub mod desired;
pub mod drift;
pub mod durable;
pub mod engine;
pub mod enrol;
pub mod env_file;
pub mod execute;
pub mod fault;
#[cfg(test)]
mod fixture;
pub mod folder;
pub mod health;
pub mod hub;
pub mod identity;
pub mod journal;
pub mod memory;
pub mod model;
pub mod observe;
pub mod pause;
pub mod plan;
pub mod pull;
pub mod redact;
pub mod reporter;
pub mod secret;
pub mod signed;
pub mod status;
pub mod strategy;
pub mod wake;
