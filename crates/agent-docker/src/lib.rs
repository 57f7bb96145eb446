#![doc = include_str!("../README.md")]

pub mod bound;
mod clear;
pub mod compose;
pub mod containers;
pub mod doctor;
mod drift;
pub mod engine;
pub mod env_file;
pub mod execute;
#[cfg(test)]
mod fixture;
pub mod folder;
pub mod health;
pub mod home;
mod hooks;
mod impossible;
mod look;
pub mod model;
mod networks;
pub mod policy;
mod project;
pub mod pull;
pub mod reading;
pub mod record;
pub mod rehearsal;
pub mod resolved;
pub mod restarts;
pub mod said;
pub mod strategy;
pub mod vendor_file;
pub mod wake;
