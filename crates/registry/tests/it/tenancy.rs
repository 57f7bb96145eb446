//! Another organization's repository is answered, to the letter, like one that nobody has.

use reqwest::Method;

use crate::client::Client;
use crate::server::run;
use crate::vendor::{begin_upload, digest_of, push_image};
use crate::world::World;

/// The answers to everything that can be asked of a repository, without its name.
async fn answers(client: &Client, repository: &str, layer: &str, upload: &str) -> Vec<String> {
    let mut answers = vec![];
    for (method, path) in [
        (Method::GET, "manifests/1".to_owned()),
        (Method::HEAD, "manifests/1".to_owned()),
        (Method::PUT, "manifests/1".to_owned()),
        (Method::DELETE, "manifests/1".to_owned()),
        (Method::GET, format!("blobs/{layer}")),
        (Method::HEAD, format!("blobs/{layer}")),
        (Method::POST, "blobs/uploads/".to_owned()),
        (Method::GET, format!("blobs/uploads/{upload}")),
        (Method::PATCH, format!("blobs/uploads/{upload}")),
        (Method::PUT, format!("blobs/uploads/{upload}?digest={layer}")),
        (Method::DELETE, format!("blobs/uploads/{upload}")),
        (Method::GET, "tags/list".to_owned()),
    ] {
        let answer = client.request(method.clone(), &format!("/v2/{repository}/{path}")).send().await;
        let body = String::from_utf8(answer.body).unwrap();
        let text = format!("{method} {path} {} {body}", answer.status).replace(repository, "…");
        assert!((400..500).contains(&answer.status), "{text}");
        answers.push(text);
    }
    answers
}

#[test]
fn a_stranger_learns_nothing() {
    run(async {
        let world = World::start().await;
        let publisher = world.client("publisher");
        push_image(&publisher, "acme/hello", "1", b"layer").await;
        let upload = begin_upload(&publisher, "acme/hello").await;
        let (upload, layer) = (upload.rsplit('/').next().unwrap(), digest_of(b"layer").to_string());
        let stranger = world.client("stranger");
        let theirs = answers(&stranger, "acme/hello", &layer, upload).await;
        let nobodys = answers(&stranger, "nobody/hello", &layer, upload).await;
        assert_eq!(theirs, nobodys);
        // and nothing happened
        assert_eq!(publisher.get("/v2/acme/hello/manifests/1").await.status, 200);
        assert_eq!(publisher.get(&format!("/v2/acme/hello/blobs/uploads/{upload}")).await.status, 204);
        world.stop().await;
    });
}

#[test]
fn what_does_not_exist_reads_the_same_in_ones_own_organization() {
    run(async {
        let world = World::start().await;
        push_image(&world.client("publisher"), "acme/hello", "1", b"layer").await;
        let stranger = world.client("stranger");
        for path in ["manifests/1", "tags/list", &format!("blobs/{}", digest_of(b"layer"))] {
            let theirs = stranger.get(&format!("/v2/acme/hello/{path}")).await.error();
            let own = stranger.get(&format!("/v2/initech/hello/{path}")).await.error();
            assert_eq!(theirs.replace("acme", "…"), own.replace("initech", "…"));
        }
        world.stop().await;
    });
}
