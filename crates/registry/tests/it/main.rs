//! The registry over HTTP on a loopback port: a real Postgres with real read models, files for blobs, and stock clients.

mod accesses;
mod blob_store;
mod bucket;
mod catalog;
mod client;
mod conformance;
mod deleting;
mod docker;
mod entitlement;
mod faults;
mod grants;
mod keeping;
mod management;
mod public;
mod pulling;
mod pushing;
mod quota;
mod redirecting;
mod server;
mod skopeo;
mod tags;
mod tenancy;
mod tokens;
mod uploading;
mod vendor;
mod world;
