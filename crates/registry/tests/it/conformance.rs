//! The OCI distribution specification 1.1, sentence by sentence: one test for each MUST and SHOULD that is a registry's, in a
//! module for each section, so that the name of a failing test says which sentence is broken.

mod deleting;
mod listing_referrers;
mod listing_tags;
mod mounting;
mod pulling;
mod pushing_chunks;
mod pushing_manifests;
mod pushing_monolithically;

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;

use crate::client::Client;
use crate::server;
use crate::world::World;

pub(crate) const REPOSITORY: &str = "acme/conformance";

/// Runs a test as a publisher with a token for the repository.
pub(crate) fn conforms(test: impl AsyncFnOnce(&Client)) {
    server::run(async {
        let world = World::start().await;
        let client = world.client("publisher");
        client.log_in(&[&format!("repository:{REPOSITORY}:pull,push,delete")]).await;
        let outcome = AssertUnwindSafe(test(&client)).catch_unwind().await;
        world.stop().await;
        outcome.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    });
}

pub(crate) fn manifest_path(reference: impl std::fmt::Display) -> String {
    format!("/v2/{REPOSITORY}/manifests/{reference}")
}

pub(crate) fn blob_path(digest: impl std::fmt::Display) -> String {
    format!("/v2/{REPOSITORY}/blobs/{digest}")
}
