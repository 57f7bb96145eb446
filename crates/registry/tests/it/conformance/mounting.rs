//! "Mounting a blob from another repository".

use super::{REPOSITORY, blob_path, conforms};
use crate::vendor::{digest_of, push_image};

fn mount(from: &str) -> String {
    format!("/v2/{REPOSITORY}/blobs/uploads/?mount={}{from}", digest_of(b"layer"))
}

#[test]
fn a_mount_must_be_201_with_a_pullable_location() {
    conforms(async |client| {
        push_image(client, "acme/base", "1", b"layer").await;
        client.log_in(&[&format!("repository:{REPOSITORY}:pull,push"), "repository:acme/base:pull"]).await;
        let answer = client.post(&mount("&from=acme/base"), "").await;
        assert_eq!(answer.status, 201);
        assert_eq!(answer.header("location"), blob_path(digest_of(b"layer")));
        assert_eq!(client.get(answer.header("location")).await.body, b"layer");
    });
}

#[test]
fn a_client_whose_token_does_not_cover_the_source_is_told_what_to_ask_for() {
    conforms(async |client| {
        push_image(client, "acme/base", "1", b"layer").await;
        // this client does what a challenge says
        client.log_in(&[&format!("repository:{REPOSITORY}:pull,push")]).await;
        assert_eq!(client.post(&mount("&from=acme/base"), "").await.status, 201);
        client.log_in(&[&format!("repository:{REPOSITORY}:pull,push")]).await;
        assert_eq!(client.post(&mount("&from=acme/nothing"), "").await.status, 202);
    });
}

#[test]
fn from_may_be_left_out_among_what_the_token_may_read() {
    conforms(async |client| {
        push_image(client, "acme/base", "1", b"layer").await;
        client.log_in(&[&format!("repository:{REPOSITORY}:pull,push")]).await;
        assert_eq!(client.post(&mount(""), "").await.status, 202, "the token says nothing of the other repository");
        client.log_in(&[&format!("repository:{REPOSITORY}:pull,push"), "repository:acme/base:pull"]).await;
        assert_eq!(client.post(&mount(""), "").await.status, 201);
    });
}

#[test]
fn what_cannot_be_mounted_should_be_202_with_a_session() {
    conforms(async |client| {
        client.log_in(&[&format!("repository:{REPOSITORY}:pull,push"), "repository:acme/base:pull"]).await;
        for from in ["&from=acme/base", "&from=acme/nothing", "&from=NO", ""] {
            let answer = client.post(&mount(from), "").await;
            assert_eq!(answer.status, 202, "{from}");
            let upload = format!("{}?digest={}", answer.header("location"), digest_of(b"layer"));
            assert_eq!(client.put(&upload, "layer").await.status, 201);
            assert_eq!(client.delete(&blob_path(digest_of(b"layer"))).await.status, 202);
        }
    });
}
