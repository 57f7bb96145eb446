//! Releases as compose projects in a Docker engine. All that knows of Docker is here; the rest of the agent knows the port,
//! `runtime::Runtime`.

pub mod bound;
pub mod compose;
pub mod doctor;
pub mod engine;
pub mod env_file;
pub mod execute;
pub mod folder;
pub mod health;
pub mod home;
mod hooks;
pub mod model;
mod networks;
pub mod pull;
pub mod reading;
pub mod rehearsal;
pub mod resolved;
pub mod said;
pub mod strategy;
pub mod vendor_file;
pub mod wake;
