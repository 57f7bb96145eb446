//! What the tests share: the binaries as processes, and short ways to speak to them. `script/test` builds the binaries
//! before it runs the tests.

pub mod agent;
pub mod authority;
pub mod bucket;
pub mod client;
pub mod clock;
pub mod collector;
pub mod docker;
pub mod forward_proxy;
pub mod hub;
pub mod loopback;
pub mod nodes;
pub mod ports;
mod prepared;
pub mod proxy;
pub mod psql;
pub mod reverse_proxy;
pub mod small_disk;
pub mod socket;
pub mod superuser;
pub mod torture;
pub mod wait;

use std::path::PathBuf;

/// A binary of this workspace, as it was built beside this one.
pub fn binary(name: &str) -> PathBuf {
    let own = std::env::current_exe().expect("a program knows its executable");
    let folder = own.parent().expect("an executable is in a folder");
    // a test is in target/<profile>/deps
    let profile = if folder.ends_with("deps") { folder.parent().expect("deps is in a folder") } else { folder };
    let path = profile.join(name);
    assert!(path.exists(), "{} is not built; run: cargo build --workspace --bins", path.display());
    path
}

/// The workspace's root.
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ is in the workspace").to_owned()
}
