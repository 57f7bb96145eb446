//! Lists of referrers that every client can take: well-formed, and in pages below 4 MiB whatever was pushed.

use std::collections::BTreeSet;

use distr_domain::artifact::Manifest;
use distr_domain::oci::Digest;
use distr_eventlog::{Actor, Context};
use distr_registry::Changing;
use distr_tests::clock::now;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::client::Client;
use crate::server::run;
use crate::vendor::{IMAGE, attached, digest_of, push_attached, push_image};
use crate::world::{World, organization};

const CLIENTS_TAKE: usize = 4 * 1024 * 1024;

/// All pages: how many there are, the entries, and the largest page's bytes.
async fn pages(client: &Client, subject: &Digest) -> (usize, Vec<Value>, usize) {
    let mut path = format!("/v2/acme/hello/referrers/{subject}");
    let (mut pages, mut entries, mut largest) = (0, vec![], 0);
    loop {
        let answer = client.get(&path).await;
        assert_eq!(answer.status, 200);
        (pages, largest) = (pages + 1, largest.max(answer.body.len()));
        entries.extend(answer.json()["manifests"].as_array().unwrap().iter().cloned());
        match answer.header("link") {
            "" => return (pages, entries, largest),
            link => path = link[1..link.find('>').unwrap()].to_owned(),
        }
    }
}

#[test]
fn a_page_ends_below_what_clients_take_and_links_to_the_next() {
    run(async {
        let world = World::start().await;
        let publisher = world.client("publisher");
        let subject = push_image(&publisher, "acme/hello", "1", b"layer").await;
        let mut pushed = BTreeSet::new();
        for number in 0..30 {
            let text = "x".repeat(200 * 1024);
            let manifest = attached(&subject, "text/plain", json!({ "number": number.to_string(), "text": text }));
            assert_eq!(push_attached(&publisher, "acme/hello", &manifest).await.status, 201);
            pushed.insert(digest_of(manifest.to_string().as_bytes()).to_string());
        }
        let (count, entries, largest) = pages(&publisher, &subject).await;
        assert!(largest < CLIENTS_TAKE, "{largest}");
        assert_eq!(count, 2);
        assert_eq!(entries.len(), pushed.len());
        let found: BTreeSet<String> =
            entries.iter().map(|entry| entry["digest"].as_str().unwrap().to_owned()).collect();
        assert_eq!(found, pushed);
        assert!(entries.iter().all(|entry| entry["annotations"]["text"].as_str().unwrap().len() == 200 * 1024));
        world.stop().await;
    });
}

/// The manifest has them all nevertheless.
#[test]
fn annotations_that_are_too_long_for_a_list_are_left_out_of_it() {
    run(async {
        let world = World::start().await;
        let publisher = world.client("publisher");
        let subject = push_image(&publisher, "acme/hello", "1", b"layer").await;
        let mut long = vec![];
        for number in 0..14 {
            let text = "x".repeat(3 * 1024 * 1024);
            long.push(attached(&subject, "text/plain", json!({ "number": number.to_string(), "text": text })));
        }
        let short = attached(&subject, "text/plain", json!({ "text": "short" }));
        for manifest in long.iter().chain([&short]) {
            assert_eq!(push_attached(&publisher, "acme/hello", manifest).await.status, 201);
        }
        let (_, entries, largest) = pages(&publisher, &subject).await;
        assert!(largest < CLIENTS_TAKE, "{largest}");
        assert_eq!(entries.len(), 15);
        let annotated: Vec<&Value> =
            entries.iter().map(|entry| &entry["annotations"]["text"]).filter(|text| !text.is_null()).collect();
        assert_eq!(annotated, ["short"]);
        let bytes = long[0].to_string().into_bytes();
        assert_eq!(publisher.get(&format!("/v2/acme/hello/manifests/{}", digest_of(&bytes))).await.body, bytes);
        world.stop().await;
    });
}

#[test]
fn what_clients_could_not_decode_is_refused_with_its_path() {
    run(async {
        let world = World::start().await;
        let publisher = world.client("publisher");
        let subject = push_image(&publisher, "acme/hello", "1", b"layer").await;
        let mut variant = attached(&subject, "text/plain", json!({}));
        variant["Layers"] = json!([]);
        for (manifest, expected) in [
            (attached(&subject, "text/plain", json!({ "n": 5 })), "$.annotations.n must be a string"),
            (attached(&subject, "a\u{0}b", json!({})), "$.artifactType must be a media type"),
            (variant, "$.Layers differs from \"layers\" by case alone"),
        ] {
            let answer = push_attached(&publisher, "acme/hello", &manifest).await;
            let message = answer.error();
            assert!(message.starts_with("400 MANIFEST_INVALID: ") && message.contains(expected), "{message}");
        }
        world.stop().await;
    });
}

impl World {
    /// Stores a manifest of acme/hello as it is, as an older version took it.
    async fn store_unchecked(&self, subject: &Digest, manifest: &Value) {
        let bytes = manifest.to_string().into_bytes();
        let digest = digest_of(&bytes);
        let manifest = Manifest {
            digest: digest.clone(),
            media_type: IMAGE.to_owned(),
            size: bytes.len() as u64,
            blobs: vec![],
            children: vec![],
            subject: Some(subject.clone()),
            artifact_type: Some("text/plain".to_owned()),
        };
        self.maintenance.blobs.put(&digest, bytes.into()).await.unwrap();
        let context = Context {
            organization: organization("acme"),
            actor: Actor::Operator,
            causation: None,
            correlation: Uuid::now_v7(),
            command: Uuid::now_v7(),
            at: now(),
        };
        let (log, repository) = (self.log.as_ref(), &"hello".parse().unwrap());
        let changing =
            Changing { log, pool: &self.maintenance.pool, shown: &self.shown, repository, context, reason: None };
        changing.push(manifest, &[]).await.unwrap();
    }
}

#[test]
fn a_malformed_referrer_of_an_older_version_hides_no_other() {
    run(async {
        let world = World::start().await;
        let publisher = world.client("publisher");
        let subject = push_image(&publisher, "acme/hello", "1", b"layer").await;
        for annotations in [json!({ "n": 5 }), json!([]), json!({ "a": null })] {
            world.store_unchecked(&subject, &attached(&subject, "text/plain", annotations)).await;
        }
        let good = attached(&subject, "text/plain", json!({ "n": "5" }));
        assert_eq!(push_attached(&publisher, "acme/hello", &good).await.status, 201);
        let (_, entries, _) = pages(&publisher, &subject).await;
        let found: Vec<&str> = entries.iter().map(|entry| entry["digest"].as_str().unwrap()).collect();
        assert_eq!(found, [digest_of(good.to_string().as_bytes()).as_str()]);
        // page by page, as some clients ask
        let mut path = format!("/v2/acme/hello/referrers/{subject}?n=1");
        let mut count = 0;
        while !path.is_empty() {
            let answer = publisher.get(&path).await;
            count += answer.json()["manifests"].as_array().unwrap().len();
            let link = answer.header("link");
            path = link.find('>').map(|end| link[1..end].to_owned()).unwrap_or_default();
        }
        assert_eq!(count, 1);
        world.stop().await;
    });
}
