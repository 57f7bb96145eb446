#![doc = include_str!("../README.md")]

pub mod agent;
pub mod analyst;
pub mod auth;
pub mod backup;
pub mod boot;
pub mod changes;
pub mod clock;
pub mod config;
pub mod error;
pub mod failure;
pub mod graphql;
pub mod health;
pub mod http;
pub mod hub;
pub mod idempotency;
pub mod master_key;
pub mod operations;
pub mod ops;
pub mod parking;
mod pause;
pub mod policy;
pub mod rebuild;
pub mod registry_callers;
pub mod rotate;
pub mod traces;
