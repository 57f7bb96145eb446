//! The cluster of a hub's embedded Postgres, made once for all hubs of this process: `initdb` takes longer than the rest of
//! a hub's start. How a hub makes its own is the business of the tests of `embedded-postgres`, and of `embedded.rs`.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use distr_embedded_postgres::{Options, start};

const NAME: &str = "distr-tests-cluster-";

/// Stopped, and never started again.
static PREPARED: LazyLock<PathBuf> = LazyLock::new(|| {
    remove_abandoned();
    let place = std::env::temp_dir().join(format!("{NAME}{}", std::process::id()));
    fs::create_dir(&place).expect("a temporary directory can be made");
    fs::set_permissions(&place, Permissions::from_mode(0o755)).expect("own directory");
    let options = Options { durable: false, ..Options::new(place.join("postgres")) };
    // whoever asks first may be inside a runtime
    let made = std::thread::spawn(move || {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        runtime.block_on(async { start(options).await.expect("Postgres starts").stop().await.expect("it stops") });
    });
    made.join().expect("the cluster is made");
    place.join("postgres")
});

/// Puts a cluster into the data directory of a hub that has not started yet.
pub(crate) fn put_into(data_dir: &Path) {
    let prepared = &*PREPARED;
    fs::create_dir(data_dir).expect("own directory");
    fs::set_permissions(data_dir, Permissions::from_mode(0o711)).expect("own directory");
    let copied = Command::new("cp").arg("-a").arg(prepared).arg(data_dir.join("postgres")).status().expect("cp runs");
    assert!(copied.success(), "cp of {}: {copied}", prepared.display());
}

/// Removes what processes that have ended left behind.
fn remove_abandoned() {
    for entry in fs::read_dir(std::env::temp_dir()).expect("the temporary directory").flatten() {
        let name = entry.file_name();
        let maker = name.to_str().and_then(|name| name.strip_prefix(NAME));
        let own = std::process::id().to_string();
        if maker.is_some_and(|pid| pid == own || !Path::new("/proc").join(pid).exists()) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}
