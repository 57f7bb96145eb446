//! Blobs come in: whole, in chunks, by mount; and what an upload can be asked meanwhile.

use distr_domain::oci::Digest;
use reqwest::Method;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::client::{Answer, Client};
use crate::server::run;
use crate::vendor::{begin_upload, digest_of, push_image};
use crate::world::World;

async fn patch(client: &Client, location: &str, range: &str, bytes: &[u8]) -> Answer {
    client.request(Method::PATCH, location).header("content-range", range).body(bytes).send().await
}

async fn finish(client: &Client, location: &str, whole: &[u8]) -> Answer {
    client.put(&format!("{location}?digest={}", digest_of(whole)), "").await
}

#[test]
fn a_blob_in_chunks_is_the_blob() {
    run(async {
        let world = World::start().await;
        let publisher = world.client("publisher");
        let location = begin_upload(&publisher, "acme/hello").await;
        let first = patch(&publisher, &location, "0-4", b"hello").await;
        assert_eq!((first.status, first.header("range")), (202, "0-4"));
        assert_eq!(first.header("location"), location);
        let status = publisher.get(&location).await;
        assert_eq!((status.status, status.header("range")), (204, "0-4"));
        // the last chunk comes with the digest
        let whole = b"hello world";
        let last = publisher
            .request(Method::PUT, &format!("{location}?digest={}", digest_of(whole)))
            .header("content-range", "5-10")
            .body(&whole[5..]);
        let answer = last.send().await;
        assert_eq!(answer.status, 201);
        assert_eq!(answer.header("location"), format!("/v2/acme/hello/blobs/{}", digest_of(whole)));
        assert_eq!(publisher.get(answer.header("location")).await.body, whole);
        assert_eq!(publisher.get(&location).await.error(), "404 BLOB_UPLOAD_UNKNOWN: the upload is not known");
        world.stop().await;
    });
}

#[test]
fn a_chunk_out_of_order_is_told_where_to_go_on() {
    run(async {
        let world = World::start().await;
        let publisher = world.client("publisher");
        let location = begin_upload(&publisher, "acme/hello").await;
        assert_eq!(patch(&publisher, &location, "0-4", b"hello").await.status, 202);
        for range in ["0-4", "6-10"] {
            let answer = patch(&publisher, &location, range, b"world").await;
            assert_eq!((answer.status, answer.header("range")), (416, "0-4"));
            assert_eq!(answer.header("location"), location);
        }
        for (range, bytes) in [("5", &b"world"[..]), ("a-b", b"world"), ("9-5", b"world")] {
            assert_eq!(patch(&publisher, &location, range, bytes).await.status, 400, "{range}");
        }
        assert_eq!(patch(&publisher, &location, "5-9", b"world").await.status, 202);
        assert_eq!(finish(&publisher, &location, b"helloworld").await.status, 201);
        world.stop().await;
    });
}

/// Sends the head of a request that promises `promised` bytes, sends these bytes of it, and goes away.
async fn cut_off(world: &World, client: &Client, location: &str, bytes: &[u8], promised: usize) {
    let mut connection = TcpStream::connect(&world.address).await.unwrap();
    let head = format!(
        "PATCH {location} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\nContent-Length: {promised}\r\n\r\n",
        world.address,
        client.token()
    );
    connection.write_all(head.as_bytes()).await.unwrap();
    connection.write_all(bytes).await.unwrap();
    connection.shutdown().await.unwrap();
    let mut answer = Vec::new();
    let _ = connection.read_to_end(&mut answer).await;
}

#[test]
fn what_arrived_before_a_cut_is_kept_and_gone_on_from() {
    run(async {
        let world = World::start().await;
        let publisher = world.client("publisher");
        let whole: Vec<u8> = (0..3_000_000_u32).map(|n| (n % 253) as u8).collect();
        let location = begin_upload(&publisher, "acme/hello").await;
        cut_off(&world, &publisher, &location, &whole[..1_500_000], whole.len()).await;
        // the registry may still be at work on what it got
        let begin = loop {
            let range = publisher.get(&location).await.header("range").to_owned();
            let begin = range.strip_prefix("0-").unwrap().parse::<usize>().unwrap() + 1;
            let chunk = format!("{begin}-{}", whole.len() - 1);
            let answer = patch(&publisher, &location, &chunk, &whole[begin..]).await;
            match answer.status {
                202 => break begin,
                status => assert!(status == 409 || status == 416, "{status}"),
            }
        };
        assert_eq!(begin, 1_500_000);
        assert_eq!(finish(&publisher, &location, &whole).await.status, 201);
        world.stop().await;
    });
}

#[test]
fn a_wrong_digest_is_refused_and_never_readable() {
    run(async {
        let world = World::start().await;
        let publisher = world.client("publisher");
        let location = begin_upload(&publisher, "acme/hello").await;
        assert_eq!(patch(&publisher, &location, "0-3", b"evil").await.status, 202);
        let answer = finish(&publisher, &location, b"good").await;
        assert!(answer.error().starts_with("400 DIGEST_INVALID"), "{}", answer.error());
        for bytes in [b"good", b"evil"] {
            let path = format!("/v2/acme/hello/blobs/{}", digest_of(bytes));
            assert_eq!(publisher.head(&path).await.status, 404);
        }
        let nonsense = publisher.put(&format!("{location}?digest=md5:0"), "").await;
        assert!(nonsense.error().starts_with("400 DIGEST_INVALID"), "{}", nonsense.error());
        world.stop().await;
    });
}

#[test]
fn an_upload_is_cancelled_once() {
    run(async {
        let world = World::start().await;
        let publisher = world.client("publisher");
        let location = begin_upload(&publisher, "acme/hello").await;
        assert_eq!(publisher.delete(&location).await.status, 204);
        assert_eq!(publisher.delete(&location).await.status, 404);
        assert_eq!(patch(&publisher, &location, "0-0", b"x").await.status, 404);
        world.stop().await;
    });
}

#[test]
fn an_upload_goes_on_only_in_its_repository() {
    run(async {
        let world = World::start().await;
        let publisher = world.client("publisher");
        let location = begin_upload(&publisher, "acme/hello").await;
        let elsewhere = location.replace("acme/hello", "acme/other");
        assert_eq!(publisher.get(&elsewhere).await.status, 404);
        assert_eq!(patch(&publisher, &elsewhere, "0-0", b"x").await.status, 404);
        world.stop().await;
    });
}

#[test]
fn a_blob_is_mounted_from_where_the_caller_may_pull_it() {
    run(async {
        let world = World::start().await;
        let publisher = world.client("publisher");
        push_image(&publisher, "acme/base", "1", b"layer").await;
        let path = |digest: &Digest| format!("/v2/acme/hello/blobs/uploads/?mount={digest}&from=acme/base");
        let layer = digest_of(b"layer");
        publisher.log_in(&["repository:acme/hello:pull,push", "repository:acme/base:pull"]).await;
        assert_eq!(publisher.post(&path(&digest_of(b"none")), "").await.status, 202);
        assert_eq!(publisher.head(&format!("/v2/acme/hello/blobs/{layer}")).await.status, 404);
        let mounted = publisher.post(&path(&layer), "").await;
        assert_eq!((mounted.status, mounted.header("docker-content-digest")), (201, layer.as_str()));
        assert_eq!(publisher.get(mounted.header("location")).await.body, b"layer");
        world.stop().await;
    });
}

#[test]
fn nothing_is_mounted_from_another_organization() {
    run(async {
        let world = World::start().await;
        let publisher = world.client("publisher");
        push_image(&publisher, "acme/base", "1", b"layer").await;
        let stranger = world.client("stranger");
        stranger.log_in(&["repository:initech/mine:pull,push", "repository:acme/base:pull"]).await;
        let path = format!("/v2/initech/mine/blobs/uploads/?mount={}&from=acme/base", digest_of(b"layer"));
        assert_eq!(stranger.post(&path, "").await.status, 202);
        world.stop().await;
    });
}

#[test]
fn a_token_that_may_only_push_sees_what_it_pushed() {
    run(async {
        let world = World::start().await;
        let pusher = world.client("pusher");
        push_image(&pusher, "acme/hello", "1", b"layer").await;
        assert_eq!(pusher.head(&format!("/v2/acme/hello/blobs/{}", digest_of(b"layer"))).await.status, 200);
        assert_eq!(pusher.head("/v2/acme/hello/manifests/1").await.status, 200);
        let refused = pusher.get("/v2/acme/hello/manifests/1").await;
        assert_eq!(refused.error(), "403 DENIED: acme/hello: the token does not have the scope pull");
        world.stop().await;
    });
}
