//! "Pull": pulling manifests, pulling blobs, checking if content exists.

use reqwest::Method;

use super::{REPOSITORY, blob_path, conforms, manifest_path};
use crate::vendor::{IMAGE, digest_of, image, push_blob, push_image, put_manifest, sha512_of};

#[test]
fn a_get_of_a_manifest_must_answer_200_with_the_exact_bytes() {
    conforms(async |client| {
        let digest = push_image(client, REPOSITORY, "1", b"layer").await;
        for reference in ["1", digest.as_str()] {
            let answer = client.get(&manifest_path(reference)).await;
            assert_eq!((answer.status, answer.body), (200, image(b"layer")));
        }
    });
}

#[test]
fn a_manifest_should_have_the_content_type_that_it_was_pushed_with_and_no_parameters() {
    conforms(async |client| {
        push_image(client, REPOSITORY, "1", b"layer").await;
        let typed = client
            .request(Method::PUT, &manifest_path("typed"))
            .header("content-type", format!("{IMAGE}; charset=utf-8"))
            .body(image(b"layer"));
        assert_eq!(typed.send().await.status, 201);
        // whatever the client says that it accepts
        let asked = client.request(Method::GET, &manifest_path("typed")).header("accept", "text/plain");
        assert_eq!(asked.send().await.header("content-type"), IMAGE);
    });
}

#[test]
fn a_manifest_should_come_with_its_digest() {
    conforms(async |client| {
        let digest = push_image(client, REPOSITORY, "1", b"layer").await;
        assert_eq!(client.get(&manifest_path("1")).await.header("docker-content-digest"), digest.as_str());
        assert_eq!(client.head(&manifest_path("1")).await.header("docker-content-digest"), digest.as_str());
    });
}

#[test]
fn a_manifest_that_is_not_there_must_be_404() {
    conforms(async |client| {
        push_image(client, REPOSITORY, "1", b"layer").await;
        for reference in ["none", digest_of(b"none").as_str(), ".INVALID", "sha256:totallywrong"] {
            let answer = client.get(&manifest_path(reference)).await;
            assert!(answer.error().starts_with("404 MANIFEST_UNKNOWN"), "{}", answer.error());
            assert_eq!(client.head(&manifest_path(reference)).await.status, 404, "{reference}");
        }
    });
}

#[test]
fn a_repository_that_is_not_there_must_be_404() {
    conforms(async |client| {
        assert_eq!(client.get("/v2/acme/nothing/manifests/1").await.status, 404);
        assert_eq!(client.get(&format!("/v2/acme/nothing/blobs/{}", digest_of(b"x"))).await.status, 404);
    });
}

#[test]
fn a_get_of_a_blob_must_answer_200_with_its_bytes_and_should_say_its_digest() {
    conforms(async |client| {
        push_blob(client, REPOSITORY, b"blob").await;
        let answer = client.get(&blob_path(digest_of(b"blob"))).await;
        assert_eq!((answer.status, &answer.body[..]), (200, &b"blob"[..]));
        assert_eq!(answer.header("docker-content-digest"), digest_of(b"blob").as_str());
    });
}

#[test]
fn a_blob_that_is_not_there_must_be_404() {
    conforms(async |client| {
        let path = blob_path(digest_of(b"none"));
        let answer = client.get(&path).await;
        assert!(answer.error().starts_with("404 BLOB_UNKNOWN"), "{}", answer.error());
        assert_eq!(client.head(&path).await.status, 404);
    });
}

#[test]
fn a_registry_should_support_ranges() {
    conforms(async |client| {
        push_blob(client, REPOSITORY, b"0123456789").await;
        let path = blob_path(digest_of(b"0123456789"));
        for (range, content_range, bytes) in [
            ("bytes=2-4", "bytes 2-4/10", &b"234"[..]),
            ("bytes=7-", "bytes 7-9/10", b"789"),
            ("bytes=-2", "bytes 8-9/10", b"89"),
            ("bytes=8-99", "bytes 8-9/10", b"89"),
        ] {
            let answer = client.request(Method::GET, &path).header("range", range).send().await;
            assert_eq!((answer.status, answer.header("content-range")), (206, content_range));
            assert_eq!(answer.body, bytes, "{range}");
        }
        for range in ["bytes=10-", "bytes=-0"] {
            let answer = client.request(Method::GET, &path).header("range", range).send().await;
            assert_eq!((answer.status, answer.header("content-range")), (416, "bytes */10"), "{range}");
        }
    });
}

#[test]
fn a_head_must_answer_200_and_should_say_digest_and_length() {
    conforms(async |client| {
        let digest = push_image(client, REPOSITORY, "1", b"layer").await;
        let length = image(b"layer").len().to_string();
        let blob = digest_of(b"layer");
        for (path, digest, length) in [
            (manifest_path("1"), &digest, length.as_str()),
            (manifest_path(&digest), &digest, length.as_str()),
            (blob_path(&blob), &blob, "5"),
        ] {
            let answer = client.head(&path).await;
            assert_eq!((answer.status, answer.body.len()), (200, 0), "{path}");
            assert_eq!(answer.header("docker-content-digest"), digest.as_str(), "{path}");
            assert_eq!(answer.header("content-length"), length, "{path}");
        }
    });
}

#[test]
fn what_the_client_has_already_is_304() {
    conforms(async |client| {
        let digest = push_image(client, REPOSITORY, "1", b"layer").await;
        for path in [manifest_path("1"), manifest_path(&digest), blob_path(digest_of(b"layer"))] {
            let etag = client.get(&path).await.header("etag").to_owned();
            for method in [Method::GET, Method::HEAD] {
                let answer = client.request(method.clone(), &path).header("if-none-match", &etag).send().await;
                assert_eq!((answer.status, answer.body.len()), (304, 0), "{path}");
                assert_eq!(answer.header("etag"), etag);
                let other = client.request(method, &path).header("if-none-match", "\"sha256:0\"").send().await;
                assert_eq!(other.status, 200);
            }
        }
    });
}

#[test]
fn sha512_names_blobs_and_manifests_as_well() {
    conforms(async |client| {
        let (layer, config) = (sha512_of(b"layer"), sha512_of(b"{}"));
        for (digest, bytes) in [(&layer, &b"layer"[..]), (&config, b"{}")] {
            let path = format!("/v2/{REPOSITORY}/blobs/uploads/?digest={digest}");
            assert_eq!(client.post(&path, bytes).await.status, 201);
            let answer = client.get(&blob_path(digest)).await;
            assert_eq!((answer.status, answer.header("docker-content-digest")), (200, digest.as_str()));
            assert_eq!(answer.body, bytes);
        }
        let manifest = serde_json::json!({
            "schemaVersion": 2,
            "mediaType": IMAGE,
            "config": { "mediaType": "application/vnd.oci.image.config.v1+json", "digest": config, "size": 2 },
            "layers": [{ "mediaType": "application/octet-stream", "digest": layer, "size": 5 }],
        });
        let manifest = manifest.to_string();
        let digest = sha512_of(manifest.as_bytes());
        assert_eq!(put_manifest(client, REPOSITORY, digest.as_str(), manifest.as_bytes()).await.status, 201);
        let answer = client.get(&manifest_path(&digest)).await;
        assert_eq!((answer.status, answer.header("docker-content-digest")), (200, digest.as_str()));
        assert_eq!(answer.body, manifest.into_bytes());
    });
}
