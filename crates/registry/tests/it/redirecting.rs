//! Blobs of a bucket by a redirect: after the same questions as always, with a URL that is good for a while.

use std::time::Duration;

use distr_domain::access::AccessAction;
use distr_registry::BlobStore;
use reqwest::{Method, redirect};

use crate::bucket;
use crate::client::{Answer, Client};
use crate::server::run;
use crate::vendor::{digest_of, push_image};
use crate::world::World;

const LAYER: &[u8] = b"a layer of some bytes";

fn path() -> String {
    format!("/v2/acme/hello/blobs/{}", digest_of(LAYER))
}

/// As a client that does not follow.
async fn get(world: &World, publisher: &Client, range: Option<&str>) -> reqwest::Response {
    let client = reqwest::Client::builder().redirect(redirect::Policy::none()).build().unwrap();
    let mut request = client.get(format!("http://{}{}", world.address, path())).bearer_auth(publisher.token());
    if let Some(range) = range {
        request = request.header("range", range);
    }
    request.send().await.unwrap()
}

fn location(response: &reqwest::Response) -> String {
    assert_eq!(response.status(), 307);
    response.headers()["location"].to_str().unwrap().to_owned()
}

#[test]
fn who_may_have_a_blob_is_sent_to_the_bucket() {
    run(async {
        let world = World::beside_bucket(&bucket::Place::new().await).await;
        let publisher = world.client("publisher");
        push_image(&publisher, "acme/hello", "1", LAYER).await;
        let response = get(&world, &publisher, None).await;
        assert_eq!(response.headers()["cache-control"], "no-store");
        let url = location(&response);
        let records = world.accesses(2).await;
        assert_eq!(records[1].action, AccessAction::PullBlob);

        // without anything but the URL
        let stranger = reqwest::Client::new();
        let fetched = stranger.get(&url).send().await.unwrap();
        assert_eq!((fetched.status().as_u16(), &fetched.bytes().await.unwrap()[..]), (200, LAYER));
        let part = stranger.get(&url).header("range", "bytes=2-6").send().await.unwrap();
        assert_eq!((part.status().as_u16(), &part.bytes().await.unwrap()[..]), (206, &LAYER[2..7]));
        // the signature is needed, and is good for this alone
        let (bare, _) = url.split_once('?').unwrap();
        let other = url.replace("/data/", "/blobs/");
        for forged in [bare.to_owned(), url.replace("X-Amz-Expires=300", "X-Amz-Expires=9000"), other] {
            assert_ne!(forged, url);
            assert_eq!(stranger.get(&forged).send().await.unwrap().status(), 403, "{forged}");
        }
        assert_eq!(stranger.delete(&url).send().await.unwrap().status(), 403);

        // a client that follows, with a range and without
        assert_eq!(publisher.get(&path()).await.body, LAYER);
        let part: Answer = publisher.request(Method::GET, &path()).header("range", "bytes=-5").send().await;
        assert_eq!((part.status, &part.body[..]), (206, &LAYER[LAYER.len() - 5..]));
        world.stop().await;
    });
}

#[test]
fn all_else_is_answered_as_without_a_redirect() {
    run(async {
        let world = World::beside_bucket(&bucket::Place::new().await).await;
        let publisher = world.client("publisher");
        push_image(&publisher, "acme/hello", "1", LAYER).await;
        let head = publisher.head(&path()).await;
        assert_eq!((head.status, head.header("content-length")), (200, LAYER.len().to_string().as_str()));
        let known = publisher.request(Method::GET, &path()).header("if-none-match", head.header("etag")).send().await;
        assert_eq!(known.status, 304);
        assert_eq!(get(&world, &publisher, Some("bytes=99-")).await.status(), 416);
        assert_eq!(publisher.get("/v2/acme/hello/manifests/1").await.status, 200);
        for nobody in ["customer", "stranger"] {
            let client = world.client(nobody);
            client.log_in(&["repository:acme/hello:pull"]).await;
            let response = get(&world, &client, None).await;
            assert!(!response.headers().contains_key("location") && response.status().is_client_error(), "{nobody}");
        }
        world.stop().await;
    });
}

#[test]
fn files_are_served_here() {
    run(async {
        let world = World::start().await;
        push_image(&world.client("publisher"), "acme/hello", "1", LAYER).await;
        let day = Duration::from_secs(86400);
        assert_eq!(world.maintenance.blobs.location(&digest_of(LAYER), day).await.unwrap(), None);
        world.stop().await;
    });
}

#[test]
fn a_url_expires() {
    run(async {
        let store = bucket::Place::new().await.open();
        store.put(&digest_of(LAYER), LAYER.into()).await.unwrap();
        let url = store.location(&digest_of(LAYER), Duration::from_secs(2)).await.unwrap().unwrap();
        let status = async || reqwest::get(&url).await.unwrap().status().as_u16();
        assert_eq!(status().await, 200);
        // the test's own limit ends this
        while status().await != 403 {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    });
}
