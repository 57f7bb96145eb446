//! What the tests share: the binaries as processes, and short ways to speak to them. `script/test` builds the binaries
//! before it runs the tests.

pub mod docker;
pub mod hub;
pub mod socket;
pub mod wait;

use std::path::PathBuf;

/// A binary of this workspace, as it was built beside the test.
pub fn binary(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("a test knows its executable");
    let profile = test.parent().and_then(|deps| deps.parent()).expect("a test is in target/<profile>/deps");
    let path = profile.join(name);
    assert!(path.exists(), "{} is not built; run: cargo build --workspace --bins", path.display());
    path
}

/// The workspace's root.
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ is in the workspace").to_owned()
}
