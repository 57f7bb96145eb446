#![doc = include_str!("../README.md")]
// the tests of the files that are included here run in their own crates
#![cfg(not(test))]
// of the files that are included here, most is not called from here
#![allow(dead_code, unreachable_pub)]

mod agent;
mod apply;
mod compose;
mod events;
mod graphql;
mod host_policy;
mod http2;
mod manifests;
mod policy;
mod proxies;
mod registry;
mod signatures;
mod texts;

pub use agent::agent_bodies;
pub use apply::apply_file;
pub use compose::{compose_file, env_file};
pub use events::events;
pub use graphql::graphql_document;
pub use host_policy::policy_file;
pub use http2::http2_headers;
pub use manifests::manifest;
pub use proxies::proxy_headers;
pub use registry::registry_headers;
pub use signatures::{release_signature, signature};
pub use texts::{names, versions};

// ---- the files under attack, as the crates have them, at the paths by which they know each other; they are formatted there

#[rustfmt::skip]
#[path = "../../crates/registry/src/authorization.rs"]
mod authorization;
#[rustfmt::skip]
#[path = "../../crates/projections/src/cursor.rs"]
mod cursor;
#[rustfmt::skip]
#[path = "../../crates/cli/src/exit.rs"]
mod exit;
#[rustfmt::skip]
#[path = "../../crates/cli/src/moment.rs"]
mod moment;
#[rustfmt::skip]
#[path = "../../crates/eventlog/src/actor.rs"]
mod actor;
#[rustfmt::skip]
#[path = "../../crates/registry/src/name.rs"]
mod name;
#[rustfmt::skip]
#[path = "../../crates/eventlog/src/position.rs"]
mod position;
#[rustfmt::skip]
#[path = "../../crates/registry/src/range.rs"]
mod range;
#[rustfmt::skip]
#[path = "../../crates/registry/src/scope.rs"]
mod scope;
#[rustfmt::skip]
#[path = "../../crates/eventlog/src/stream.rs"]
mod stream;
#[rustfmt::skip]
#[path = "../../crates/cli/src/terminal.rs"]
mod terminal;
#[rustfmt::skip]
#[path = "../../crates/api/src/traces/caller.rs"]
mod traceparent;

/// What `distr apply` reads beside its file; no target reads files.
mod input {
    pub(crate) fn text(path: &std::path::Path) -> anyhow::Result<String> {
        Ok(std::fs::read_to_string(path)?)
    }
}

/// The same of pictures.
mod picture {
    #[derive(Debug, Clone)]
    pub(crate) struct Sent {
        pub(crate) digest: String,
        pub(crate) data: String,
    }

    pub(crate) fn read(path: &std::path::Path) -> anyhow::Result<Sent> {
        anyhow::bail!("{} is not read here", path.display())
    }
}

/// Text, if it is one.
fn text(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok()
}
