//! Manifests come in: by tag and by digest, only whole, only with what they name.

use reqwest::Method;
use serde_json::json;

use crate::server::run;
use crate::vendor::{IMAGE, descriptor, digest_of, image, push_blob, push_image, push_index, put_manifest};
use crate::world::World;

#[test]
fn what_was_pushed_by_tag_is_there_by_tag_and_by_digest() {
    run(async {
        let world = World::start().await;
        let publisher = world.client("publisher");
        let digest = push_image(&publisher, "acme/hello", "1.0.0", b"layer").await;
        for reference in ["1.0.0", digest.as_str()] {
            let path = format!("/v2/acme/hello/manifests/{reference}");
            let (got, head) = (publisher.get(&path).await, publisher.head(&path).await);
            assert_eq!(got.body, image(b"layer"));
            for answer in [&got, &head] {
                assert_eq!(answer.status, 200);
                assert_eq!(answer.header("docker-content-digest"), digest.as_str());
                assert_eq!(answer.header("content-type"), IMAGE);
                assert_eq!(answer.header("etag"), format!("\"{digest}\""));
                assert_eq!(answer.header("content-length"), image(b"layer").len().to_string());
            }
            assert!(head.body.is_empty());
        }
        world.stop().await;
    });
}

#[test]
fn a_push_answers_with_the_place_of_the_manifest_and_its_subject() {
    run(async {
        let world = World::start().await;
        let publisher = world.client("publisher");
        let subject = push_image(&publisher, "acme/hello", "1", b"layer").await;
        let attached = json!({
            "schemaVersion": 2,
            "mediaType": IMAGE,
            "artifactType": "application/spdx+json",
            "config": descriptor(b"{}", "application/vnd.oci.empty.v1+json"),
            "layers": [],
            "subject": { "mediaType": IMAGE, "digest": subject, "size": 1 },
        });
        let bytes = attached.to_string().into_bytes();
        let digest = digest_of(&bytes);
        let answer = put_manifest(&publisher, "acme/hello", digest.as_str(), &bytes).await;
        assert_eq!(answer.status, 201);
        assert_eq!(answer.header("location"), format!("/v2/acme/hello/manifests/{digest}"));
        assert_eq!(answer.header("docker-content-digest"), digest.as_str());
        assert_eq!(answer.header("oci-subject"), subject.as_str());
        world.stop().await;
    });
}

#[test]
fn the_same_push_again_changes_nothing_and_succeeds() {
    run(async {
        let world = World::start().await;
        let publisher = world.client("publisher");
        let first = push_image(&publisher, "acme/hello", "1", b"layer").await;
        assert_eq!(push_image(&publisher, "acme/hello", "1", b"layer").await, first);
        world.stop().await;
    });
}

#[test]
fn a_manifest_whose_blobs_are_not_in_the_repository_is_refused() {
    run(async {
        let world = World::start().await;
        let publisher = world.client("publisher");
        // in another repository of the same organization, which is not enough
        push_image(&publisher, "acme/other", "1", b"layer").await;
        publisher.log_in(&["repository:acme/hello:pull,push"]).await;
        assert_eq!(push_blob(&publisher, "acme/hello", b"{}").await.status, 201);
        let answer = put_manifest(&publisher, "acme/hello", "1", &image(b"layer")).await;
        let expected =
            "404 MANIFEST_BLOB_UNKNOWN: blobs or manifests that the manifest names are not in the repository";
        assert_eq!(answer.error(), expected);
        assert_eq!(answer.json()["errors"][0]["detail"]["digest"], digest_of(b"layer").as_str());
        assert_eq!(publisher.get("/v2/acme/hello/manifests/1").await.status, 404);
        world.stop().await;
    });
}

#[test]
fn an_index_needs_its_manifests() {
    run(async {
        let world = World::start().await;
        let publisher = world.client("publisher");
        push_image(&publisher, "acme/hello", "amd64", b"amd64").await;
        let index = json!({
            "schemaVersion": 2,
            "mediaType": crate::vendor::INDEX,
            "manifests": [descriptor(&image(b"amd64"), IMAGE), descriptor(&image(b"arm64"), IMAGE)],
        });
        let answer = put_manifest(&publisher, "acme/hello", "1", index.to_string().as_bytes()).await;
        assert_eq!(answer.status, 404);
        assert_eq!(answer.json()["errors"][0]["detail"]["digest"], digest_of(&image(b"arm64")).as_str());
        push_index(&publisher, "acme/hello", "1", &[&image(b"amd64")]).await;
        world.stop().await;
    });
}

#[test]
fn a_manifest_of_another_digest_or_no_manifest_at_all_is_refused() {
    run(async {
        let world = World::start().await;
        let publisher = world.client("publisher");
        push_image(&publisher, "acme/hello", "1", b"layer").await;
        let wrong = put_manifest(&publisher, "acme/hello", digest_of(b"x").as_str(), &image(b"layer")).await;
        assert!(wrong.error().starts_with("400 DIGEST_INVALID"), "{}", wrong.error());
        let nonsense = put_manifest(&publisher, "acme/hello", "1", b"nonsense").await;
        assert!(nonsense.error().starts_with("400 MANIFEST_INVALID"), "{}", nonsense.error());
        let bad_tag = put_manifest(&publisher, "acme/hello", "-1", &image(b"layer")).await;
        assert!(bad_tag.error().starts_with("400 MANIFEST_INVALID"), "{}", bad_tag.error());
        let large = vec![b' '; 4 * 1024 * 1024 + 1];
        let large = put_manifest(&publisher, "acme/hello", "1", &large).await;
        assert_eq!(large.error(), "413 SIZE_INVALID: the manifest has more than 4194304 bytes");
        world.stop().await;
    });
}

#[test]
fn a_role_or_a_token_that_may_not_push_is_told_so() {
    run(async {
        let world = World::start().await;
        for (username, reason) in [
            ("auditor", "role auditor may not push"),
            ("puller", "the token does not have the scope push"),
            ("customer", "customer role admin may not push"),
            ("agent", "an agent may only pull"),
        ] {
            let client = world.client(username);
            let expected = format!("403 DENIED: acme/hello: {reason}");
            assert_eq!(client.post("/v2/acme/hello/blobs/uploads/", "").await.error(), expected);
            assert_eq!(put_manifest(&client, "acme/hello", "1", &image(b"layer")).await.error(), expected);
            let deletion = client.request(Method::DELETE, "/v2/acme/hello/manifests/1").send().await;
            assert_eq!(deletion.error(), expected.replace("push", "delete"));
        }
        world.stop().await;
    });
}
