#![doc = include_str!("../README.md")]
// the type of a document that merges many slices is that deep
#![recursion_limit = "256"]

pub mod agent;
pub mod analyst;
pub mod auth;
pub mod backup;
pub mod boot;
pub mod clock;
pub mod commands;
pub mod config;
pub mod drawing;
pub mod edge;
pub mod error;
pub mod failure;
pub mod feed;
pub mod graphql;
pub mod health;
pub mod http;
pub mod hub;
pub mod idempotency;
mod json_size;
pub mod limits;
pub mod master_key;
pub mod models;
pub mod operations;
pub mod ops;
pub mod parking;
mod pause;
pub mod policy;
pub mod portal_hosts;
mod private_file;
pub mod proof;
pub mod rebuild;
pub mod registry_callers;
mod request;
pub mod rotate;
mod shared_log;
pub mod tallies;
pub mod traces;
pub mod verify;
