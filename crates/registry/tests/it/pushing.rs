//! Manifests come in: by tag and by digest, only whole, only with what they name.

use reqwest::Method;
use serde_json::{Value, json};

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
fn an_index_says_the_sizes_of_its_manifests_as_they_are() {
    run(async {
        let world = World::start().await;
        let publisher = world.client("publisher");
        push_image(&publisher, "acme/hello", "amd64", b"amd64").await;
        let mut child = descriptor(&image(b"amd64"), IMAGE);
        let size = child["size"].as_u64().expect("a size");
        child["size"] = json!(size + 1);
        let index = json!({ "schemaVersion": 2, "mediaType": crate::vendor::INDEX, "manifests": [child] });
        let answer = put_manifest(&publisher, "acme/hello", "1", index.to_string().as_bytes()).await;
        let digest = digest_of(&image(b"amd64"));
        let expected = format!(
            "400 MANIFEST_INVALID: the manifest is not valid: it says that manifest {digest} has {} bytes, and it has {size}",
            size + 1
        );
        assert_eq!(answer.error(), expected);
        assert_eq!(publisher.get("/v2/acme/hello/manifests/1").await.status, 404);
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

/// The locks of all of them at once would be more than Postgres has room for.
#[test]
fn manifests_that_name_thousands_of_blobs_disturb_nobody() {
    run(async {
        let world = World::start().await;
        let publisher = world.client("publisher");
        push_image(&publisher, "acme/hello", "1", b"layer").await;
        let naming = |many: usize, mark: usize| {
            let layer =
                |n: usize| descriptor(format!("{mark} {n}").as_bytes(), "application/vnd.oci.image.layer.v1.tar");
            let layers: Vec<Value> = (0..many).map(layer).collect();
            let config = descriptor(b"{}", "application/vnd.oci.image.config.v1+json");
            let manifest = json!({ "schemaVersion": 2, "mediaType": IMAGE, "config": config, "layers": layers });
            manifest.to_string().into_bytes()
        };
        let manifests: Vec<Vec<u8>> = (0..6).map(|mark| naming(4095, mark)).collect();
        let pushes = manifests.iter().map(|bytes| put_manifest(&publisher, "acme/hello", "many", bytes));
        for answer in futures_util::future::join_all(pushes).await {
            assert_eq!(answer.status, 404);
            assert_eq!(answer.json()["errors"].as_array().unwrap().len(), 4095);
        }
        let answer = put_manifest(&publisher, "acme/hello", "many", &naming(20_000, 7)).await;
        let expected =
            "400 MANIFEST_INVALID: the manifest is not valid: it names 20001 blobs and manifests, and at most 4096";
        assert!(answer.error().starts_with(expected), "{}", answer.error());
        world.stop().await;
    });
}

#[test]
fn a_push_moves_only_so_many_tags() {
    run(async {
        let world = World::start().await;
        let publisher = world.client("publisher");
        let digest = push_image(&publisher, "acme/hello", "1", b"layer").await;
        let push = async |count: usize| {
            let tags: Vec<String> = (0..count).map(|n| format!("tag=t{n}")).collect();
            put_manifest(&publisher, "acme/hello", &format!("{digest}?{}", tags.join("&")), &image(b"layer")).await
        };
        assert_eq!(push(50).await.status, 201);
        let expected = "400 MANIFEST_INVALID: the manifest is not valid: the request names 51 tags, and at most 50 are";
        let answer = push(51).await;
        assert!(answer.error().starts_with(expected), "{}", answer.error());
        assert_eq!(publisher.get("/v2/acme/hello/manifests/t50").await.status, 404);
        world.stop().await;
    });
}

#[test]
fn a_manifest_that_is_wrong_about_the_size_of_a_blob_is_refused() {
    run(async {
        let world = World::start().await;
        let publisher = world.client("publisher");
        push_image(&publisher, "acme/hello", "1", b"layer").await;
        let mut manifest: Value = serde_json::from_slice(&image(b"layer")).unwrap();
        for size in [0_u64, 4, 6, 1 << 40] {
            manifest["layers"][0]["size"] = json!(size);
            let answer = put_manifest(&publisher, "acme/hello", "2", manifest.to_string().as_bytes()).await;
            let expected = format!(
                "400 MANIFEST_INVALID: the manifest is not valid: it says that blob {} has {size} bytes, and it has 5",
                digest_of(b"layer")
            );
            assert_eq!(answer.error(), expected);
        }
        assert_eq!(publisher.get("/v2/acme/hello/manifests/2").await.status, 404);
        world.stop().await;
    });
}

#[test]
fn a_manifest_brings_no_other_bytes_than_it_says() {
    run(async {
        let world = World::start().await;
        let publisher = world.client("publisher");
        push_image(&publisher, "acme/hello", "1", b"layer").await;
        let manifest: Value = serde_json::from_slice(&image(b"layer")).unwrap();
        let with = |place: &str, data: &str| {
            let mut manifest = manifest.clone();
            manifest.pointer_mut(place).unwrap()["data"] = json!(data);
            manifest.to_string().into_bytes()
        };
        for (place, bytes, data) in [("/config", &b"{}"[..], "e30="), ("/layers/0", b"layer", "bGF5ZXI=")] {
            assert_eq!(put_manifest(&publisher, "acme/hello", "2", &with(place, data)).await.status, 201);
            for wrong in ["", "e30K", "bGF5ZXIK"] {
                let answer = put_manifest(&publisher, "acme/hello", "3", &with(place, wrong)).await;
                let expected =
                    format!("the data of the descriptor of {} is not what has this digest", digest_of(bytes));
                assert_eq!(answer.error(), format!("400 MANIFEST_INVALID: the manifest is not valid: {expected}"));
            }
        }
        assert_eq!(publisher.get("/v2/acme/hello/manifests/3").await.status, 404);
        world.stop().await;
    });
}
