//! A hub that is killed in the middle of pushes, with blobs in files and in a bucket: all that it acknowledged is there and
//! whole, all else is there whole or not at all, an interrupted upload goes on from where it stands, and of one that nobody
//! goes on with nothing stays. And its memory does not grow with what goes through it.

mod memory;
mod pushing;
mod verify;

use std::sync::Arc;
use std::time::Duration;

use distr_tests::bucket::Bucket;
use distr_tests::hub::HubProcess;
use distr_tests::wait;
use serde_json::Value;

use pushing::{Blob, Ledger, Registry, push_until_killed};

const ROUNDS: usize = 3;
const PUSHERS: u64 = 8;
const LIMIT: Duration = Duration::from_secs(120);

/// Where the hub keeps its blobs.
enum Store {
    Files,
    Bucket(Box<Bucket>),
}

impl Store {
    async fn hub(&self) -> HubProcess {
        match self {
            Self::Files => HubProcess::start().await,
            Self::Bucket(bucket) => {
                let environment = bucket.environment();
                let environment: Vec<_> = environment.iter().map(|(key, value)| (*key, value.as_str())).collect();
                HubProcess::start_with(&environment).await
            }
        }
    }

    /// Larger than what an upload is cut into there.
    fn chunk(&self) -> usize {
        match self {
            Self::Files => 3 << 20,
            Self::Bucket(_) => 20 << 20,
        }
    }

    /// What is there, but for blobs, their bytes, and whose they are.
    async fn unfinished(&self, hub: &HubProcess) -> Vec<String> {
        match self {
            Self::Files => files(&hub.data.path().join("hub/registry/uploads")),
            Self::Bucket(bucket) => {
                let files = bucket.files().await;
                files
                    .into_iter()
                    .filter(|path| !["/hub/blobs/", "/hub/data/", "/hub/owner"].iter().any(|of| path.contains(of)))
                    .collect()
            }
        }
    }
}

fn files(folder: &std::path::Path) -> Vec<String> {
    let mut found = vec![];
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("a readable folder").path();
        match path.is_dir() {
            true => found.extend(files(&path)),
            false => found.push(path.display().to_string()),
        }
    }
    found
}

#[tokio::test]
async fn a_hub_with_files_that_is_killed_keeps_what_it_acknowledged_and_nothing_half() {
    killed(Store::Files).await;
}

#[tokio::test]
async fn a_hub_with_a_bucket_that_is_killed_keeps_what_it_acknowledged_and_nothing_half() {
    killed(Store::Bucket(Box::new(Bucket::start().await))).await;
}

async fn killed(store: Store) {
    let mut hub = store.hub().await;
    let owner = hub.sign_in("acme").await;
    let ledger = Arc::new(Ledger::default());
    for round in 0..ROUNDS as u64 {
        let registry = Registry::of(&hub, &owner).await;
        // one to go on with, one to leave
        let blobs = [1, 2].map(|n| Blob::new(1_000 * (round + 1) + n, 2 * store.chunk()));
        let mut uploads = vec![];
        for blob in &blobs {
            let upload = registry.begin().await.expect("a hub that runs");
            let offset = registry.patch(&upload, &blob.bytes()[..store.chunk()]).await.expect("a hub that runs");
            assert_eq!(offset, store.chunk());
            uploads.push(upload);
        }
        let pushers: Vec<_> = (0..PUSHERS)
            .map(|pusher| tokio::spawn(push_until_killed(registry.clone(), ledger.clone(), round * 100 + pusher)))
            .collect();
        let enough = ledger.acknowledged() + 2 * PUSHERS as usize;
        wait::until("acknowledged pushes", LIMIT, async || match ledger.acknowledged() {
            count if count >= enough => Ok(()),
            count => Err(format!("{count} of {enough}")),
        })
        .await;
        hub.kill();
        for pusher in pushers {
            pusher.await.expect("a pusher ends with the hub");
        }

        hub.run("acme").await;
        let registry = Registry::of(&hub, &owner).await;
        verify::all(&registry, &ledger, false).await;
        registry.go_on(&uploads[0], &blobs[0]).await.expect("an upload goes on from where it stands");
        assert!(registry.blob(&blobs[0].digest).await == Some(blobs[0].bytes()), "it is another blob");
        assert_eq!(registry.offset(&uploads[1]).await, Ok(Some(store.chunk())));
        for (upload, blob) in ledger.take_interrupted() {
            // one that was all there may have become its blob
            if registry.offset(&upload).await != Ok(None) && registry.go_on(&upload, &blob).await.is_ok() {
                assert!(registry.blob(&blob.digest).await == Some(blob.bytes()), "{upload} is another blob");
            }
        }
    }
    nothing_stays(&store, &mut hub).await;
    hub.run("acme").await;
    verify::all(&Registry::of(&hub, &owner).await, &ledger, true).await;
}

/// Uploads that nobody goes on with end, and with them all that is no blob. Of the rest, all is sound.
async fn nothing_stays(store: &Store, hub: &mut HubProcess) {
    assert!(!store.unfinished(hub).await.is_empty(), "uploads were left");
    hub.stop().await;
    let collect = || {
        let collected = hub.command(&["gc", "--grace-hours", "0"]);
        let said = String::from_utf8_lossy(&collected.stderr);
        assert!(collected.status.success(), "{said}");
        serde_json::from_slice::<Value>(&collected.stdout).expect("figures")["collection"].clone()
    };
    let first = collect();
    assert!(first["expired_uploads"].as_u64() >= Some(ROUNDS as u64), "{first}");
    assert_eq!(store.unfinished(hub).await, Vec::<String>::new(), "{first}");
    let second = collect();
    for figure in ["removed_blobs", "expired_uploads", "expired_links", "strays"] {
        assert_eq!(second[figure], 0, "{second}");
    }
    let scrubbed = hub.command(&["scrub"]);
    assert!(scrubbed.status.success(), "{}", String::from_utf8_lossy(&scrubbed.stdout));
    let stored = match store {
        Store::Files => files(&hub.data.path().join("hub/registry/blobs")).len(),
        // the bytes, and the object that names them
        Store::Bucket(bucket) => bucket.files().await.len() / 2,
    };
    assert_eq!(second["blobs"], stored, "{second}");
}
