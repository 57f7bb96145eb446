//! "Pushing manifests" and "Pushing manifests with subject".

use reqwest::Method;
use serde_json::{Value, json};

use super::{REPOSITORY, conforms, manifest_path};
use crate::vendor::{
    IMAGE, INDEX, attached, descriptor, digest_of, image, push_attached, push_blob, push_image, put_manifest, sha512_of,
};

#[test]
fn a_push_must_be_201_with_a_pullable_location() {
    conforms(async |client| {
        push_image(client, REPOSITORY, "1", b"layer").await;
        let manifest = image(b"layer");
        for reference in ["2", digest_of(&manifest).as_str()] {
            let answer = put_manifest(client, REPOSITORY, reference, &manifest).await;
            assert_eq!(answer.status, 201);
            assert_eq!(answer.header("docker-content-digest"), digest_of(&manifest).as_str());
            assert_eq!(client.get(answer.header("location")).await.body, manifest);
        }
    });
}

#[test]
fn the_bytes_must_be_stored_exactly() {
    conforms(async |client| {
        push_image(client, REPOSITORY, "1", b"layer").await;
        let value: Value = serde_json::from_slice(&image(b"layer")).expect("JSON");
        let pretty = format!("\n{}\n  ", serde_json::to_string_pretty(&value).expect("JSON"));
        assert_eq!(put_manifest(client, REPOSITORY, "pretty", pretty.as_bytes()).await.status, 201);
        assert_eq!(client.get(&manifest_path("pretty")).await.body, pretty.as_bytes());
    });
}

#[test]
fn a_manifest_of_four_megabytes_should_be_taken_and_a_larger_one_be_413() {
    conforms(async |client| {
        push_image(client, REPOSITORY, "1", b"layer").await;
        let mut manifest = image(b"layer");
        manifest.resize(4 * 1024 * 1024, b' ');
        assert_eq!(put_manifest(client, REPOSITORY, "large", &manifest).await.status, 201);
        manifest.push(b' ');
        assert_eq!(put_manifest(client, REPOSITORY, "larger", &manifest).await.status, 413);
    });
}

#[test]
fn parts_that_are_missing_must_be_manifest_blob_unknown() {
    conforms(async |client| {
        push_blob(client, REPOSITORY, b"{}").await;
        let no_layer = put_manifest(client, REPOSITORY, "1", &image(b"layer")).await;
        assert!(no_layer.error().contains("MANIFEST_BLOB_UNKNOWN"), "{}", no_layer.error());
        assert_eq!(no_layer.json()["errors"][0]["detail"]["digest"], digest_of(b"layer").as_str());
        let index = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": [descriptor(b"none", IMAGE)] });
        let no_child = put_manifest(client, REPOSITORY, "1", index.to_string().as_bytes()).await;
        assert!(no_child.error().contains("MANIFEST_BLOB_UNKNOWN"), "{}", no_child.error());
    });
}

#[test]
fn a_subject_that_is_not_there_must_be_accepted_and_answered_with_oci_subject() {
    conforms(async |client| {
        let subject = digest_of(&image(b"layer"));
        let answer = push_attached(client, REPOSITORY, &attached(&subject, "application/spdx+json", json!({}))).await;
        assert_eq!((answer.status, answer.header("oci-subject")), (201, subject.as_str()));
        // the subject may come later
        assert_eq!(push_image(client, REPOSITORY, "1", b"layer").await, subject);
    });
}

#[test]
fn an_index_with_a_subject_must_be_answered_with_oci_subject() {
    conforms(async |client| {
        let subject = push_image(client, REPOSITORY, "1", b"layer").await;
        let index = json!({
            "schemaVersion": 2, "mediaType": INDEX, "manifests": [],
            "subject": { "mediaType": IMAGE, "digest": subject, "size": 1 },
        });
        let answer = put_manifest(client, REPOSITORY, "index", index.to_string().as_bytes()).await;
        assert_eq!((answer.status, answer.header("oci-subject")), (201, subject.as_str()));
    });
}

#[test]
fn a_media_type_that_contradicts_the_content_type_is_refused() {
    conforms(async |client| {
        push_image(client, REPOSITORY, "1", b"layer").await;
        let put = client.request(Method::PUT, &manifest_path("2")).header("content-type", INDEX).body(image(b"layer"));
        let answer = put.send().await;
        assert!(answer.error().starts_with("400 MANIFEST_INVALID"), "{}", answer.error());
    });
}

#[test]
fn several_tags_beside_a_digest_must_each_be_answered_with_oci_tag() {
    conforms(async |client| {
        push_image(client, REPOSITORY, "old", b"layer").await;
        let manifest = image(b"layer");
        let digest = sha512_of(&manifest);
        let tags: Vec<String> = (0..12).map(|n| format!("1.{n}")).collect();
        let query: Vec<String> = tags.iter().map(|tag| format!("tag={tag}")).collect();
        let answer = client.put(&format!("{}?{}", manifest_path(&digest), query.join("&")), manifest).await;
        assert_eq!(answer.status, 201);
        let accepted: Vec<&str> =
            answer.headers.get_all("oci-tag").iter().map(|tag| tag.to_str().expect("text")).collect();
        assert_eq!(accepted, tags);
        for tag in tags {
            assert_eq!(client.head(&manifest_path(tag)).await.header("docker-content-digest"), digest.as_str());
        }
        let bad = client.put(&format!("{}?tag=-", manifest_path(digest_of(b"x"))), image(b"layer")).await;
        assert_eq!(bad.status, 400);
    });
}

#[test]
fn docker_schema_2_manifests_and_lists_are_kept_as_they_are() {
    conforms(async |client| {
        const MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";
        const LIST: &str = "application/vnd.docker.distribution.manifest.list.v2+json";
        for blob in [&b"{}"[..], b"layer"] {
            push_blob(client, REPOSITORY, blob).await;
        }
        let manifest = json!({
            "schemaVersion": 2, "mediaType": MANIFEST,
            "config": descriptor(b"{}", "application/vnd.docker.container.image.v1+json"),
            "layers": [descriptor(b"layer", "application/vnd.docker.image.rootfs.diff.tar.gzip")],
        })
        .to_string();
        let list = json!({
            "schemaVersion": 2, "mediaType": LIST,
            "manifests": [descriptor(manifest.as_bytes(), MANIFEST)],
        })
        .to_string();
        for (tag, bytes, kind) in [("one", manifest, MANIFEST), ("list", list, LIST)] {
            let put = client.request(Method::PUT, &manifest_path(tag)).header("content-type", kind);
            assert_eq!(put.body(bytes.as_bytes()).send().await.status, 201);
            let answer = client.get(&manifest_path(tag)).await;
            assert_eq!((answer.status, answer.header("content-type")), (200, kind));
            assert_eq!(answer.body, bytes.into_bytes());
        }
    });
}

/// What other tools keep in registries: a chart, a compose project, a model, each with the media types of its tool.
#[test]
fn artifacts_of_any_kind_are_kept() {
    conforms(async |client| {
        let kinds = [
            ("application/vnd.cncf.helm.config.v1+json", "application/vnd.cncf.helm.chart.content.v1.tar+gzip", None),
            (
                "application/vnd.docker.compose.project",
                "application/vnd.docker.compose.file+yaml",
                Some("application/vnd.docker.compose.project"),
            ),
            ("application/vnd.cncf.model.config.v1+json", "application/vnd.cncf.model.weight.v1.raw", None),
            ("application/vnd.oci.empty.v1+json", "application/octet-stream", Some("application/vnd.acme.thing")),
        ];
        for blob in [&b"{}"[..], b"content"] {
            push_blob(client, REPOSITORY, blob).await;
        }
        for (n, (config, layer, artifact_type)) in kinds.into_iter().enumerate() {
            let mut manifest = json!({
                "schemaVersion": 2, "mediaType": IMAGE,
                "config": descriptor(b"{}", config),
                "layers": [descriptor(b"content", layer)],
            });
            if let Some(artifact_type) = artifact_type {
                manifest["artifactType"] = artifact_type.into();
            }
            let manifest = manifest.to_string();
            let tag = format!("kind-{n}");
            assert_eq!(put_manifest(client, REPOSITORY, &tag, manifest.as_bytes()).await.status, 201);
            assert_eq!(client.get(&manifest_path(&tag)).await.body, manifest.as_bytes());
        }
    });
}
