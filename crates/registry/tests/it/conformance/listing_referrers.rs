//! "Listing referrers".

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{REPOSITORY, conforms, manifest_path};
use crate::client::{Answer, Client};
use crate::vendor::{
    IMAGE, INDEX, attached, descriptor, digest_of, push_attached, push_blob, push_image, put_manifest,
};

async fn referrers(client: &Client, subject: impl std::fmt::Display, query: &str) -> Answer {
    client.get(&format!("/v2/{REPOSITORY}/referrers/{subject}{query}")).await
}

fn manifests(answer: &Answer) -> Vec<Value> {
    answer.json()["manifests"].as_array().cloned().expect("manifests")
}

#[test]
fn what_has_no_referrers_must_be_200_with_an_empty_index_and_never_404() {
    conforms(async |client| {
        let subject = push_image(client, REPOSITORY, "1", b"layer").await;
        for subject in [subject, digest_of(b"not there")] {
            let answer = referrers(client, subject, "").await;
            assert_eq!((answer.status, answer.header("content-type")), (200, INDEX));
            assert_eq!(answer.json(), json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": [] }));
        }
    });
}

#[test]
fn a_digest_that_is_none_must_be_400() {
    conforms(async |client| {
        for digest in ["sha256:x", "latest", "md5:d41d8cd98f00b204e9800998ecf8427e"] {
            assert_eq!(referrers(client, digest, "").await.status, 400, "{digest}");
        }
    });
}

#[test]
fn a_descriptor_must_have_artifact_type_and_annotations() {
    conforms(async |client| {
        let subject = push_image(client, REPOSITORY, "1", b"layer").await;
        let annotations = json!({ "org.opencontainers.image.created": "2026-01-01T00:00:00Z", "b": "ä" });
        let manifest = attached(&subject, "application/spdx+json", annotations.clone());
        assert_eq!(push_attached(client, REPOSITORY, &manifest).await.status, 201);
        let bytes = manifest.to_string();
        let expected = json!({
            "mediaType": IMAGE,
            "digest": digest_of(bytes.as_bytes()),
            "size": bytes.len(),
            "artifactType": "application/spdx+json",
            "annotations": annotations,
        });
        for _ in 0..2 {
            assert_eq!(manifests(&referrers(client, &subject, "").await), std::slice::from_ref(&expected));
        }
    });
}

#[test]
fn without_artifact_type_it_must_be_that_of_the_config_and_an_indexs_be_left_out() {
    conforms(async |client| {
        let subject = push_image(client, REPOSITORY, "1", b"layer").await;
        let named = json!({ "mediaType": IMAGE, "digest": subject, "size": 1 });
        push_blob(client, REPOSITORY, b"{}").await;
        let image = json!({
            "schemaVersion": 2, "mediaType": IMAGE, "subject": named, "layers": [],
            "config": descriptor(b"{}", "application/vnd.acme.config"),
        });
        let index = json!({ "schemaVersion": 2, "mediaType": INDEX, "subject": named, "manifests": [] });
        for (tag, manifest) in [("image", image), ("index", index)] {
            assert_eq!(put_manifest(client, REPOSITORY, tag, manifest.to_string().as_bytes()).await.status, 201);
        }
        let listed = manifests(&referrers(client, &subject, "").await);
        assert_eq!(listed.len(), 2);
        for referrer in listed {
            match referrer["mediaType"].as_str() {
                Some(INDEX) => assert_eq!(referrer.get("artifactType"), None),
                _ => assert_eq!(referrer["artifactType"], "application/vnd.acme.config"),
            }
        }
    });
}

#[test]
fn a_filter_should_be_applied_and_said_so() {
    conforms(async |client| {
        let subject = push_image(client, REPOSITORY, "1", b"layer").await;
        for kind in ["application/spdx+json", "application/vnd.acme.signature"] {
            push_attached(client, REPOSITORY, &attached(&subject, kind, json!({}))).await;
        }
        let all = referrers(client, &subject, "").await;
        assert_eq!((manifests(&all).len(), all.header("oci-filters-applied")), (2, ""));
        for (kind, count) in [("application%2Fspdx%2Bjson", 1), ("application/none", 0)] {
            let some = referrers(client, &subject, &format!("?artifactType={kind}")).await;
            assert_eq!((manifests(&some).len(), some.header("oci-filters-applied")), (count, "artifactType"));
        }
    });
}

#[test]
fn a_list_that_does_not_fit_must_have_a_link() {
    conforms(async |client| {
        let subject = push_image(client, REPOSITORY, "1", b"layer").await;
        for n in 0..5 {
            let kind = if n == 0 { "application/other" } else { "application/spdx+json" };
            push_attached(client, REPOSITORY, &attached(&subject, kind, json!({ "n": n.to_string() }))).await;
        }
        let (mut seen, mut pages) = (BTreeSet::new(), 0);
        let mut next = format!("/v2/{REPOSITORY}/referrers/{subject}?n=2&artifactType=application/spdx%2Bjson");
        loop {
            let answer = client.get(&next).await;
            pages += 1;
            for referrer in manifests(&answer) {
                assert_eq!(referrer["artifactType"], "application/spdx+json");
                assert!(seen.insert(referrer["annotations"]["n"].to_string()));
            }
            match answer.header("link").strip_prefix('<').and_then(|link| link.strip_suffix(">; rel=\"next\"")) {
                Some(path) => next = path.to_owned(),
                None => break,
            }
        }
        assert_eq!((seen.len(), pages), (4, 2));
    });
}

#[test]
fn a_referrer_that_was_deleted_must_no_longer_be_listed() {
    conforms(async |client| {
        let subject = push_image(client, REPOSITORY, "1", b"layer").await;
        let manifest = attached(&subject, "application/spdx+json", json!({}));
        push_attached(client, REPOSITORY, &manifest).await;
        let digest = digest_of(manifest.to_string().as_bytes());
        assert_eq!(client.delete(&manifest_path(digest)).await.status, 202);
        assert_eq!(manifests(&referrers(client, &subject, "").await), [] as [Value; 0]);
    });
}

/// Clients that knew no referrers API kept the list under a tag; what it lists has a subject, and so is listed anyway.
#[test]
fn what_was_pushed_with_the_referrers_tag_schema_must_be_listed() {
    conforms(async |client| {
        let subject = push_image(client, REPOSITORY, "1", b"layer").await;
        let manifest = attached(&subject, "application/spdx+json", json!({})).to_string();
        push_blob(client, REPOSITORY, b"{}").await;
        put_manifest(client, REPOSITORY, digest_of(manifest.as_bytes()).as_str(), manifest.as_bytes()).await;
        let index = json!({
            "schemaVersion": 2, "mediaType": INDEX, "manifests": [descriptor(manifest.as_bytes(), IMAGE)],
        });
        let tag = subject.as_str().replace(':', "-");
        assert_eq!(put_manifest(client, REPOSITORY, &tag, index.to_string().as_bytes()).await.status, 201);
        assert_eq!(manifests(&referrers(client, &subject, "").await).len(), 1);
    });
}
