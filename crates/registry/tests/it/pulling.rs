//! Blobs go out: whole, by range, and only from where they belong.

use reqwest::Method;

use crate::server::run;
use crate::vendor::{digest_of, push_image};
use crate::world::World;

#[test]
fn a_blob_is_served_whole_and_by_range() {
    run(async {
        let world = World::start().await;
        let publisher = world.client("publisher");
        // more than one read from the disk
        let layer: Vec<u8> = (0..700_000_u32).map(|n| (n % 251) as u8).collect();
        push_image(&publisher, "acme/hello", "1", &layer).await;
        let path = format!("/v2/acme/hello/blobs/{}", digest_of(&layer));
        let whole = publisher.get(&path).await;
        assert_eq!((whole.status, &whole.body), (200, &layer));
        assert_eq!(whole.header("accept-ranges"), "bytes");
        let head = publisher.head(&path).await;
        assert_eq!((head.status, head.header("content-length")), (200, "700000"));
        assert_eq!(head.header("docker-content-digest"), digest_of(&layer).as_str());
        for (range, expected) in [
            ("bytes=0-0", 0..1),
            ("bytes=262143-262145", 262_143..262_146),
            ("bytes=699999-", 699_999..700_000),
            ("bytes=-5", 699_995..700_000),
            ("bytes=600000-900000", 600_000..700_000),
        ] {
            let part = publisher.request(Method::GET, &path).header("range", range).send().await;
            assert_eq!((part.status, &part.body[..]), (206, &layer[expected.clone()]), "{range}");
            let content_range = format!("bytes {}-{}/700000", expected.start, expected.end - 1);
            assert_eq!(part.header("content-range"), content_range);
        }
        let beyond = publisher.request(Method::GET, &path).header("range", "bytes=700000-").send().await;
        assert_eq!((beyond.status, beyond.header("content-range")), (416, "bytes */700000"));
        world.stop().await;
    });
}

#[test]
fn a_repository_serves_only_what_it_holds_itself() {
    run(async {
        let world = World::start().await;
        let publisher = world.client("publisher");
        push_image(&publisher, "acme/hello", "1", b"layer").await;
        push_image(&publisher, "acme/other", "1", b"another").await;
        let path = format!("/v2/acme/other/blobs/{}", digest_of(b"layer"));
        for answer in [publisher.get(&path).await, publisher.head(&path).await] {
            assert_eq!(answer.status, 404);
        }
        world.stop().await;
    });
}

#[test]
fn what_is_not_there_is_named_in_the_answer() {
    run(async {
        let world = World::start().await;
        let publisher = world.client("publisher");
        push_image(&publisher, "acme/hello", "1", b"layer").await;
        let manifest = publisher.get("/v2/acme/hello/manifests/2").await;
        assert_eq!(manifest.error(), "404 MANIFEST_UNKNOWN: manifest \"2\" is not known in acme/hello");
        let name = publisher.get("/v2/acme/hello/manifests/.INVALID").await;
        assert_eq!(name.status, 404);
        let blob = publisher.get("/v2/acme/hello/blobs/sha256:short").await;
        assert!(blob.error().starts_with("400 DIGEST_INVALID"), "{}", blob.error());
        let invalid = publisher.get("/v2/acme/Hello/manifests/1").await;
        assert!(invalid.error().starts_with("400 NAME_INVALID"), "{}", invalid.error());
        let nothing = publisher.get("/v2/acme").await;
        assert_eq!(nothing.error(), "404 UNSUPPORTED: the registry has nothing under this path");
        let method = publisher.delete("/v2/acme/hello/tags/list").await;
        assert_eq!(method.error(), "405 UNSUPPORTED: the registry takes GET there");
        assert_eq!(method.header("Allow"), "GET");
        let deletion = publisher.delete(&format!("/v2/acme/hello/blobs/{}", digest_of(b"layer"))).await;
        let expected = format!("405 UNSUPPORTED: acme/hello: a manifest names blob {}", digest_of(b"layer"));
        assert_eq!(deletion.error(), expected + "; delete the manifest first");
        world.stop().await;
    });
}
