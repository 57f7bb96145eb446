#![doc = include_str!("../README.md")]

pub mod agent;
pub mod auth;
pub mod boot;
pub mod changes;
pub mod clock;
pub mod config;
pub mod error;
pub mod graphql;
pub mod http;
pub mod hub;
pub mod operations;
pub mod ops;
pub mod policy;
pub mod registry_callers;
pub mod together;
