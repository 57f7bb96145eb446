//! Collection, scrub and retention, beside a registry in use.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use chrono::TimeDelta;
use distr_domain::artifact::retention::Retention;
use distr_domain::artifact::settings::SettingsChange;
use distr_domain::oci::Digest;
use distr_registry::{CollectOptions, Collected, Job};

use crate::bucket;
use crate::client::Client;
use crate::server::run;
use crate::vendor::{begin_upload, digest_of, image, push_blob, push_image, put_manifest};
use crate::world::World;

const NOW: CollectOptions = CollectOptions { grace: TimeDelta::zero(), dry_run: false };
const DAY: CollectOptions = CollectOptions { grace: TimeDelta::days(1), dry_run: false };

async fn status(client: &Client, digest: &Digest) -> u16 {
    client.head(&format!("/v2/acme/hello/blobs/{digest}")).await.status
}

async fn has(world: &World, digest: &Digest) -> bool {
    world.maintenance.blobs.size(digest).await.unwrap().is_some()
}

#[test]
fn what_nobody_needs_goes_after_the_grace_period_and_the_rest_stays() {
    run(async {
        for bucket in [None, Some(bucket::Place::new().await)] {
            let world = match &bucket {
                Some(place) => World::in_bucket(place).await,
                None => World::start().await,
            };
            let publisher = world.client("publisher");
            push_image(&publisher, "acme/hello", "1", b"kept").await;
            let gone = push_image(&publisher, "acme/hello", "2", b"gone").await;
            push_blob(&publisher, "acme/hello", b"never named").await;
            let upload = begin_upload(&publisher, "acme/hello").await;
            assert_eq!(publisher.delete(&format!("/v2/acme/hello/manifests/{gone}")).await.status, 202);

            let young = world.maintenance.collect(DAY).await.unwrap();
            assert_eq!(young, Collected { blobs: 6, bytes: young.bytes, ..Collected::default() });
            let expected = Collected {
                blobs: 6,
                bytes: young.bytes,
                removed_blobs: 3,
                removed_bytes: (b"gone".len() + b"never named".len() + image(b"gone").len()) as u64,
                expired_uploads: 1,
                expired_links: 3,
                strays: 0,
            };
            let dry = world.maintenance.collect(CollectOptions { dry_run: true, ..NOW }).await.unwrap();
            // links that would have gone still count as links
            assert_eq!((dry.expired_links, dry.expired_uploads), (3, 1));
            assert_eq!(world.maintenance.collect(NOW).await.unwrap(), expected);
            assert_eq!(world.maintenance.collect(NOW).await.unwrap().removed_blobs, 0);

            for bytes in [&b"gone"[..], b"never named", &image(b"gone")] {
                assert_eq!(status(&publisher, &digest_of(bytes)).await, 404);
                assert!(!has(&world, &digest_of(bytes)).await);
            }
            assert_eq!(publisher.get(&upload).await.status, 404);
            assert_eq!(publisher.get("/v2/acme/hello/manifests/1").await.body, image(b"kept"));
            for bytes in [&b"kept"[..], b"{}"] {
                assert_eq!(status(&publisher, &digest_of(bytes)).await, 200);
            }
            world.stop().await;
        }
    });
}

#[test]
fn a_blob_that_another_repository_needs_stays() {
    run(async {
        let world = World::start().await;
        let publisher = world.client("publisher");
        let here = push_image(&publisher, "acme/hello", "1", b"shared").await;
        push_image(&publisher, "acme/other", "1", b"shared").await;
        publisher.log_in(&["repository:acme/hello:pull,push,delete", "repository:acme/other:pull"]).await;
        assert_eq!(publisher.delete(&format!("/v2/acme/hello/manifests/{here}")).await.status, 202);
        assert_eq!(world.maintenance.collect(NOW).await.unwrap().removed_blobs, 0);
        assert_eq!(status(&publisher, &digest_of(b"shared")).await, 404, "this repository holds it no longer");
        let other = format!("/v2/acme/other/blobs/{}", digest_of(b"shared"));
        assert_eq!(publisher.get(&other).await.body, b"shared");
        world.stop().await;
    });
}

/// Pushers that come back to the same layers after more and less than the grace period, deletions, and a collector that never
/// rests: whatever is answered with 201 is whole, and stays so.
#[test]
fn a_push_is_whole_whatever_is_collected_meanwhile() {
    const GRACE: CollectOptions = CollectOptions { grace: TimeDelta::seconds(6), dry_run: false };
    run(async {
        let world = World::start().await;
        let publisher = world.client("publisher");
        publisher.log_in(&["repository:acme/hello:pull,push,delete"]).await;
        let done = AtomicBool::new(false);
        let collecting = async {
            let mut removed = 0;
            // until enough was removed under the pushers' hands
            while removed < 30 {
                removed += world.maintenance.collect(GRACE).await.unwrap().removed_blobs;
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            done.store(true, Ordering::Relaxed);
        };
        let pushers = (0..4_u64).map(|pusher| push_and_delete(&publisher, pusher, &done));
        tokio::join!(collecting, futures_util::future::join_all(pushers));
        let scrubbed = world.maintenance.scrub().await.unwrap();
        assert_eq!((scrubbed.damaged, scrubbed.missing), (vec![], vec![]));
        world.stop().await;
    });
}

async fn push_and_delete(publisher: &Client, pusher: u64, done: &AtomicBool) {
    let mut random = pusher + 1;
    while !done.load(Ordering::Relaxed) {
        // a linear congruence is random enough to choose a layer by
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let layer = [b'l', (random >> 33) as u8 % 64];
        let digest = pushed(publisher, &format!("t{pusher}"), &layer).await;
        for part in [&layer[..], b"{}"] {
            let answer = publisher.get(&format!("/v2/acme/hello/blobs/{}", digest_of(part))).await;
            // another pusher may have deleted the manifest that both pushed; then nothing of it is promised
            let stands = publisher.head(&format!("/v2/acme/hello/manifests/{digest}")).await.status == 200;
            assert!(answer.status == 200 || !stands || pushed_again(publisher, part).await, "a part is missing");
        }
        let deleted = publisher.delete(&format!("/v2/acme/hello/manifests/{digest}")).await.status;
        assert!(deleted == 202 || deleted == 404, "{deleted}");
    }
}

/// Pushes an image as clients do: what is there is not sent again, and what turns out to be missing is.
async fn pushed(publisher: &Client, tag: &str, layer: &[u8]) -> Digest {
    loop {
        for blob in [b"{}", layer] {
            if status(publisher, &digest_of(blob)).await != 200 {
                let answer = push_blob(publisher, "acme/hello", blob).await;
                assert!(answer.status == 201 || answer.status == 503, "{}", answer.error());
            }
        }
        let answer = put_manifest(publisher, "acme/hello", tag, &image(layer)).await;
        match answer.status {
            201 => return digest_of(&image(layer)),
            404 | 503 => {}
            status => panic!("{status}: {}", answer.error()),
        }
    }
}

/// Between the two questions the manifest may have come back: then its part has, too.
async fn pushed_again(publisher: &Client, part: &[u8]) -> bool {
    publisher.head(&format!("/v2/acme/hello/blobs/{}", digest_of(part))).await.status == 200
}

#[test]
fn a_scrub_finds_what_is_damaged_and_what_is_missing() {
    run(async {
        let world = World::start().await;
        let publisher = world.client("publisher");
        push_image(&publisher, "acme/hello", "1", b"layer").await;
        let sound = world.maintenance.scrub().await.unwrap();
        assert_eq!((sound.blobs, sound.damaged, sound.missing), (3, vec![], vec![]));

        let file = |bytes: &[u8]| {
            let digest = digest_of(bytes);
            world.blobs.path().join("blobs/sha256").join(&digest.hex()[..2]).join(digest.hex())
        };
        std::fs::write(file(b"layer"), b"lAyer").unwrap();
        std::fs::remove_file(file(b"{}")).unwrap();
        let found = world.maintenance.scrub().await.unwrap();
        assert_eq!((found.damaged, found.missing), (vec![digest_of(b"layer")], vec![digest_of(b"{}")]));
        // what clients do who push only what is missing
        for part in [&b"layer"[..], b"{}"] {
            assert_eq!(status(&publisher, &digest_of(part)).await, 404);
        }
        push_image(&publisher, "acme/hello", "1", b"layer").await;
        let whole = world.maintenance.scrub().await.unwrap();
        assert_eq!((whole.damaged, whole.missing), (vec![], vec![]));
        let pulled = publisher.get(&format!("/v2/acme/hello/blobs/{}", digest_of(b"layer"))).await;
        assert_eq!(pulled.body, b"layer".as_slice());
        assert_eq!(
            std::fs::read(world.blobs.path().join("damaged").join(digest_of(b"layer").hex())).unwrap(),
            b"lAyer"
        );
        world.stop().await;
    });
}

#[test]
fn retention_lets_go_what_its_rules_do_not_keep() {
    run(async {
        let world = World::start().await;
        let publisher = world.client("publisher");
        let mut digests = vec![];
        for tag in ["1.0", "1.1", "1.2", "nightly"] {
            digests.push(push_image(&publisher, "acme/hello", tag, tag.as_bytes()).await);
        }
        world.publish("1.0.0", "hello", &digests[0]).await;
        let retention = Retention { keep_last: Some(2), untagged_days: Some(0), ..Retention::default() };
        world.set("hello", SettingsChange::MakeTagsImmutable { except: vec![] }).await;
        world.set("hello", SettingsChange::SetRetention { retention }).await;

        let dry = world.maintenance.retain(true).await.unwrap();
        assert_eq!((dry.len(), dry[0].tags, dry[0].manifests), (1, 2, 1));
        assert_eq!(publisher.get("/v2/acme/hello/tags/list").await.json()["tags"].as_array().unwrap().len(), 4);
        assert_eq!(world.maintenance.retain(false).await.unwrap(), dry);
        let tags = publisher.get("/v2/acme/hello/tags/list").await.json();
        assert_eq!(tags["tags"], serde_json::json!(["1.2", "nightly"]));
        let status = async |digest: &Digest| publisher.get(&format!("/v2/acme/hello/manifests/{digest}")).await.status;
        assert_eq!(status(&digests[0]).await, 200, "a release names it");
        assert_eq!(status(&digests[1]).await, 404);
        assert_eq!(world.maintenance.retain(false).await.unwrap(), []);
        world.stop().await;
    });
}

#[test]
fn a_job_runs_when_it_is_due_and_by_one_hub() {
    run(async {
        let world = World::start().await;
        let (every, grace) = (TimeDelta::hours(1), TimeDelta::days(1));
        let both = tokio::join!(
            world.maintenance.run_if_due(Job::Collect, every, grace),
            world.maintenance.run_if_due(Job::Collect, every, grace),
        );
        assert_ne!(both.0.unwrap(), both.1.unwrap());
        assert!(!world.maintenance.run_if_due(Job::Collect, every, grace).await.unwrap(), "it has just run");
        assert!(world.maintenance.run_if_due(Job::Collect, TimeDelta::zero(), grace).await.unwrap());
        assert!(world.maintenance.run_if_due(Job::Scrub, every, grace).await.unwrap());
        world.stop().await;
    });
}

/// A registry with a bucket is the same registry.
#[test]
fn an_image_goes_through_a_bucket() {
    run(async {
        let place = bucket::Place::new().await;
        let world = World::in_bucket(&place).await;
        let publisher = world.client("publisher");
        push_image(&publisher, "acme/hello", "1", b"layer").await;
        let begun = publisher.post("/v2/acme/hello/blobs/uploads/", "").await;
        assert_eq!(begun.header("oci-chunk-min-length"), (16 * 1024 * 1024).to_string());
        assert_eq!(publisher.get("/v2/acme/hello/manifests/1").await.body, image(b"layer"));
        let part = publisher
            .request(reqwest::Method::GET, &format!("/v2/acme/hello/blobs/{}", digest_of(b"layer")))
            .header("range", "bytes=1-3");
        assert_eq!(part.send().await.body, b"aye");
        world.stop().await;
    });
}
