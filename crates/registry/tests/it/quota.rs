//! What a repository and an organization may hold: the last byte fits, one more does not, whoever pushes at the same time.

use chrono::TimeDelta;
use distr_domain::access::AccessOutcome;
use distr_domain::artifact::settings::SettingsChange;
use distr_registry::{CollectOptions, bytes_of_organization, bytes_of_repositories};
use futures_util::TryStreamExt;
use reqwest::Method;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::bucket;
use crate::client::Client;
use crate::server::run;
use crate::vendor::{begin_upload, digest_of, image, push_blob, push_image, put_manifest};
use crate::world::{World, organization};

const NOW: CollectOptions = CollectOptions { grace: TimeDelta::zero(), dry_run: false };

impl World {
    /// What a repository of acme may hold.
    pub(crate) async fn set_quota(&self, repository: &str, quota: &str) {
        self.set(repository, SettingsChange::SetQuota { quota: quota.parse().unwrap() }).await;
    }

    /// Bytes that a repository of acme holds.
    pub(crate) async fn held(&self, repository: &str) -> u64 {
        let client = self.maintenance.pool.get().await.unwrap();
        let held = bytes_of_repositories(&client, organization("acme"), &[repository.parse().unwrap()]).await;
        held.unwrap().values().sum()
    }

    async fn held_by_acme(&self) -> u64 {
        let client = self.maintenance.pool.get().await.unwrap();
        bytes_of_organization(&client, organization("acme")).await.unwrap()
    }
}

fn refused(held: u64, of: u64, more: u64) -> String {
    format!("holds {held} of the {of} bytes of its quota ({of} B), and this needs {more} more")
}

async fn uploads(world: &World) -> usize {
    world.maintenance.blobs.uploads().try_collect::<Vec<_>>().await.unwrap().len()
}

#[test]
fn the_last_byte_fits_and_one_more_does_not() {
    run(async {
        for bucket in [None, Some(bucket::Place::new().await)] {
            let world = match &bucket {
                Some(place) => World::in_bucket(place).await,
                None => World::start().await,
            };
            let publisher = world.client("publisher");
            world.set_quota("hello", "10").await;
            assert_eq!(push_blob(&publisher, "acme/hello", b"seven b").await.status, 201);
            let answer = push_blob(&publisher, "acme/hello", b"four").await;
            let message = answer.error();
            assert!(message.starts_with("403 DENIED: acme/hello: the repository "), "{message}");
            assert!(message.contains(&refused(7, 10, 4)), "{message}");
            assert_eq!((uploads(&world).await, world.held("hello").await), (0, 7));
            assert_eq!(world.maintenance.blobs.size(&digest_of(b"four")).await.unwrap(), None);
            assert_eq!(push_blob(&publisher, "acme/hello", b"3 b").await.status, 201);
            // full: an upload is refused before it begins, and what is there may come again
            let answer = publisher.post("/v2/acme/hello/blobs/uploads/", "").await;
            assert!(answer.error().contains(&refused(10, 10, 1)), "{}", answer.error());
            assert_eq!(push_blob(&publisher, "acme/hello", b"seven b").await.status, 201);
            assert_eq!(push_blob(&publisher, "acme/other", b"elsewhere").await.status, 201);
            let records = world.accesses(2).await;
            let codes = records.iter().map(|record| match &record.outcome {
                AccessOutcome::Refused { code, .. } => (code.as_str(), record.subject.as_str()),
                AccessOutcome::Granted { .. } => panic!("{record:?}"),
            });
            assert_eq!(codes.collect::<Vec<_>>(), [("quota.repository", "acme/hello"); 2]);
            world.stop().await;
        }
    });
}

/// Sends a body whose length it does not say, and reads the answer.
async fn patch_unannounced(world: &World, client: &Client, location: &str, bytes: &[u8]) -> String {
    let mut connection = TcpStream::connect(&world.address).await.unwrap();
    let head = format!(
        "PATCH {location} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\nTransfer-Encoding: chunked\r\n\
         Connection: close\r\n\r\n",
        world.address,
        client.token()
    );
    connection.write_all(head.as_bytes()).await.unwrap();
    for part in bytes.chunks(64 * 1024) {
        connection.write_all(format!("{:x}\r\n", part.len()).as_bytes()).await.unwrap();
        connection.write_all(part).await.unwrap();
        connection.write_all(b"\r\n").await.unwrap();
    }
    connection.write_all(b"0\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).await.unwrap();
    answer
}

#[test]
fn an_upload_that_outgrows_the_quota_is_refused_while_it_comes_and_leaves_nothing() {
    run(async {
        let world = World::start().await;
        let publisher = world.client("publisher");
        world.set_quota("hello", "3 MiB").await;
        let location = begin_upload(&publisher, "acme/hello").await;
        let bytes = vec![7; 5 << 20];
        let answer = patch_unannounced(&world, &publisher, &location, &bytes).await;
        assert!(answer.starts_with("HTTP/1.1 403 Forbidden") && answer.contains("holds 0 of the 3145728"), "{answer}");
        assert_eq!((uploads(&world).await, publisher.get(&location).await.status), (0, 404));

        // in chunks that fit each by itself
        let location = begin_upload(&publisher, "acme/hello").await;
        let patch = |range: String| publisher.request(Method::PATCH, &location).header("content-range", range);
        assert_eq!(patch(format!("0-{}", (2 << 20) - 1)).body(&bytes[..2 << 20]).send().await.status, 202);
        let second = patch(format!("{}-{}", 2 << 20, (4 << 20) - 1)).body(&bytes[..2 << 20]).send().await;
        assert!(second.error().contains(&format!("this needs {} more", 4 << 20)), "{}", second.error());
        assert_eq!((uploads(&world).await, world.held("hello").await), (0, 0));
        world.stop().await;
    });
}

/// At once or in two steps, to one of two repositories; answers with the status that ended it.
async fn push_either_way(publisher: &Client, n: usize, blob: &[u8]) -> u16 {
    let repository = ["acme/hello", "acme/other"][n % 2];
    if n % 4 < 2 {
        return push_blob(publisher, repository, blob).await.status;
    }
    let begun = publisher.post(&format!("/v2/{repository}/blobs/uploads/"), "").await;
    match begun.status {
        202 => publisher.put(&format!("{}?digest={}", begun.header("location"), digest_of(blob)), blob).await.status,
        status => status,
    }
}

#[test]
fn pushes_at_the_same_time_never_overshoot_together() {
    run(async {
        let world = World::with_quota(10_000).await;
        let publisher = world.client("publisher");
        publisher.log_in(&["repository:acme/hello:pull,push", "repository:acme/other:pull,push"]).await;
        let blobs: Vec<Vec<u8>> = (0..40_u8).map(|n| vec![n; 1_000]).collect();
        let pushes = blobs.iter().enumerate().map(|(n, blob)| push_either_way(&publisher, n, blob));
        let answers = futures_util::future::join_all(pushes).await;
        let count = |status: u16| answers.iter().filter(|answer| **answer == status).count();
        assert_eq!((count(201), count(403)), (10, 30), "{answers:?}");
        assert_eq!((world.held_by_acme().await, uploads(&world).await), (10_000, 0));
        world.stop().await;
    });
}

#[test]
fn what_is_mounted_counts_in_its_repository_and_once_in_the_organization() {
    run(async {
        let layer = [7; 100];
        let size = 100 + 2 + image(&layer).len() as u64;
        let world = World::with_quota(size).await;
        let publisher = world.client("publisher");
        push_image(&publisher, "acme/base", "1", &layer).await;
        assert_eq!((world.held("base").await, world.held_by_acme().await), (size, size));
        publisher.log_in(&["repository:acme/hello:pull,push", "repository:acme/base:pull"]).await;
        let mount = |bytes: &[u8]| format!("/v2/acme/hello/blobs/uploads/?mount={}&from=acme/base", digest_of(bytes));
        world.set_quota("hello", "99").await;
        let answer = publisher.post(&mount(&layer), "").await;
        assert!(answer.error().contains(&refused(0, 99, 100)), "{}", answer.error());
        assert_eq!(publisher.head(&format!("/v2/acme/hello/blobs/{}", digest_of(&layer))).await.status, 404);
        world.set_quota("hello", "102").await;
        for bytes in [&layer[..], b"{}"] {
            assert_eq!(publisher.post(&mount(bytes), "").await.status, 201);
        }
        let answer = put_manifest(&publisher, "acme/hello", "1", &image(&layer)).await;
        assert!(answer.error().contains(&refused(102, 102, size - 102)), "{}", answer.error());
        assert_eq!(publisher.head("/v2/acme/hello/manifests/1").await.status, 404);
        world.set("hello", SettingsChange::ClearQuota).await;
        assert_eq!(put_manifest(&publisher, "acme/hello", "1", &image(&layer)).await.status, 201);
        assert_eq!((world.held("hello").await, world.held_by_acme().await), (size, size));
        // of the organization's quota nothing is left
        let answer = push_blob(&publisher, "acme/hello", b"x").await;
        let message = answer.error();
        assert!(message.contains(&format!("the organization {}", refused(size, size, 1))), "{message}");
        assert!(message.contains("have the operator of the hub raise the quota"), "{message}");
        world.stop().await;
    });
}

#[test]
fn space_is_free_when_what_was_deleted_is_collected() {
    run(async {
        let world = World::start().await;
        let publisher = world.client("publisher");
        let digest = push_image(&publisher, "acme/hello", "1", &[7; 100]).await;
        let held = world.held("hello").await;
        world.set_quota("hello", &(held + 50).to_string()).await;
        assert_eq!(publisher.delete(&format!("/v2/acme/hello/manifests/{digest}")).await.status, 202);
        assert_eq!(push_blob(&publisher, "acme/hello", &[8; 100]).await.status, 403);
        world.maintenance.collect(NOW).await.unwrap();
        assert_eq!(world.held("hello").await, 0);
        assert_eq!(push_blob(&publisher, "acme/hello", &[8; 100]).await.status, 201);
        world.stop().await;
    });
}

/// As those are that were made before links knew sizes.
#[test]
fn links_that_do_not_know_their_size_learn_it_from_a_collection() {
    run(async {
        let world = World::start().await;
        push_image(&world.client("publisher"), "acme/hello", "1", &[7; 100]).await;
        let held = world.held("hello").await;
        let client = world.maintenance.pool.get().await.unwrap();
        client.execute("UPDATE registry.blob_link SET size = NULL", &[]).await.unwrap();
        assert_eq!(world.held("hello").await, 0);
        let day = CollectOptions { grace: TimeDelta::days(1), dry_run: false };
        world.maintenance.collect(day).await.unwrap();
        assert_eq!((world.held("hello").await, world.held_by_acme().await), (held, held));
        world.stop().await;
    });
}
