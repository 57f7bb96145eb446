//! What is attached to a manifest is opened by what opens the manifest; and nothing that a release contains is opened because
//! something that is attached mentions it.

use std::fmt::Display;

use distr_domain::application::{Application, ApplicationCommand, FeatureTags};
use distr_domain::ids::ReleaseId;
use distr_domain::license::Terms;
use distr_domain::oci::Digest;
use distr_domain::release::{Release, ReleaseCommand};
use serde_json::{Value, json};

use crate::client::Client;
use crate::server::run;
use crate::vendor::{
    IMAGE, INDEX, application, attached, descriptor, digest_of, image, push_attached, push_blob, push_image,
    push_index, put_manifest,
};
use crate::world::World;

const REPOSITORY: &str = "acme/hello";

fn covers(versions: &str) -> Terms {
    Terms { versions: vec![versions.parse().unwrap()], ..Terms::default() }
}

/// Version 1, which the customer has a license for, version 2, which it has none for, and version 1.1, which was revoked.
async fn licensed_for_the_first() -> (World, [Digest; 3]) {
    let world = World::start().await;
    let publisher = world.client("publisher");
    let mut digests = vec![];
    for (tag, version) in [("v1", "1.0.0"), ("v2", "2.0.0"), ("bad", "1.1.0")] {
        let digest = push_image(&publisher, REPOSITORY, tag, tag.as_bytes()).await;
        world.publish(version, "hello", &digest).await;
        digests.push(digest);
    }
    let bad = ReleaseId::of(application(), &"1.1.0".parse().unwrap());
    world.command::<Release>(bad.0, ReleaseCommand::Revoke { reason: "it loses data".to_owned() }).await;
    world.license("first", covers("1.x")).await;
    (world, digests.try_into().unwrap())
}

async fn manifest(client: &Client, reference: impl Display) -> u16 {
    client.get(&format!("/v2/{REPOSITORY}/manifests/{reference}")).await.status
}

async fn blob(client: &Client, bytes: &[u8]) -> u16 {
    client.get(&format!("/v2/{REPOSITORY}/blobs/{}", digest_of(bytes))).await.status
}

/// How an image with this tag and this layer is answered: by digest, by tag, its bytes as a blob, its layer.
async fn answers(client: &Client, tag: &str) -> [u16; 4] {
    let bytes = image(tag.as_bytes());
    [
        manifest(client, digest_of(&bytes)).await,
        manifest(client, tag).await,
        blob(client, &bytes).await,
        blob(client, tag.as_bytes()).await,
    ]
}

fn of_index(subject: &Digest, children: &[&[u8]]) -> Value {
    let children: Vec<Value> = children.iter().map(|child| descriptor(child, IMAGE)).collect();
    let subject = json!({ "mediaType": IMAGE, "digest": subject, "size": 1 });
    json!({ "schemaVersion": 2, "mediaType": INDEX, "subject": subject, "manifests": children })
}

/// An artifact with one layer, attached to the subject.
async fn attach(client: &Client, subject: &Digest, artifact_type: &str, layer: &[u8]) -> Digest {
    assert_eq!(push_blob(client, REPOSITORY, layer).await.status, 201);
    let mut artifact = attached(subject, artifact_type, json!({}));
    artifact["layers"] = json!([descriptor(layer, "text/plain")]);
    assert_eq!(push_attached(client, REPOSITORY, &artifact).await.status, 201);
    digest_of(artifact.to_string().as_bytes())
}

fn cosign_tag(of: &Digest, kind: &str) -> String {
    format!("{}.{kind}", of.as_str().replace(':', "-"))
}

#[test]
fn what_is_attached_opens_no_release_that_it_mentions() {
    run(async {
        let (world, [v1, v2, _]) = licensed_for_the_first().await;
        let (publisher, customer) = (world.client("publisher"), world.client("customer"));
        let sbom = attach(&publisher, &v2, "application/spdx+json", b"what v2 consists of").await;
        let stays_closed = async |after: &str| {
            assert_eq!(answers(&customer, "v1").await, [200; 4], "{after}");
            assert_eq!(answers(&customer, "v2").await, [403; 4], "{after}");
            assert_eq!(answers(&customer, "bad").await, [403; 4], "{after}");
            assert_eq!(manifest(&customer, &sbom).await, 403, "{after}");
            assert_eq!(blob(&customer, b"what v2 consists of").await, 403, "{after}");
            let tags = customer.get(&format!("/v2/{REPOSITORY}/tags/list")).await.json();
            assert!(!tags["tags"].as_array().unwrap().contains(&json!("v2")), "{after}: {tags}");
            let referrers = customer.get(&format!("/v2/{REPOSITORY}/referrers/{v2}")).await;
            assert!(!String::from_utf8_lossy(&referrers.body).contains(sbom.as_str()), "{after}");
        };
        stays_closed("at first").await;

        let layers: Vec<Value> = ["v2", "bad"].map(|layer| descriptor(layer.as_bytes(), "text/plain")).into();
        let layers: Vec<Value> = layers.into_iter().chain([descriptor(&image(b"v2"), "text/plain")]).collect();
        let mut mention = attached(&v1, "text/plain", json!({}));
        mention["layers"] = json!(layers);
        assert_eq!(push_attached(&publisher, REPOSITORY, &mention).await.status, 201);
        stays_closed("layers").await;
        // it is attached nevertheless
        assert_eq!(manifest(&customer, digest_of(mention.to_string().as_bytes())).await, 200);

        let mention = of_index(&v1, &[&image(b"v2"), &image(b"bad")]);
        assert_eq!(push_attached(&publisher, REPOSITORY, &mention).await.status, 201);
        stays_closed("an index").await;
        assert_eq!(manifest(&customer, digest_of(mention.to_string().as_bytes())).await, 200);

        for (kind, tag) in [("sig", "v2"), ("att", "bad"), ("sbom", "v2")] {
            let tagged = cosign_tag(&v1, kind);
            assert_eq!(put_manifest(&publisher, REPOSITORY, &tagged, &image(tag.as_bytes())).await.status, 201);
            stays_closed(kind).await;
            assert_eq!(manifest(&customer, &tagged).await, 403);
        }
        world.stop().await;
    });
}

#[test]
fn what_is_attached_to_a_release_is_opened_with_it() {
    run(async {
        let (world, [_, v2, _]) = licensed_for_the_first().await;
        let (publisher, customer) = (world.client("publisher"), world.client("customer"));
        // an image whose config is its own, so that the empty blob is a part of version 2 alone
        let own = json!({
            "schemaVersion": 2, "mediaType": IMAGE,
            "config": descriptor(b"{\"os\":\"linux\"}", "application/vnd.oci.image.config.v1+json"),
            "layers": [descriptor(b"v1", "application/vnd.oci.image.layer.v1.tar")],
        });
        push_blob(&publisher, REPOSITORY, b"{\"os\":\"linux\"}").await;
        let own = own.to_string().into_bytes();
        assert_eq!(put_manifest(&publisher, "acme/hello", "own", &own).await.status, 201);
        let index = push_index(&publisher, REPOSITORY, "1.2.0", &[&own]).await;
        let v1 = ReleaseId::of(application(), &"1.0.0".parse().unwrap());
        world.command::<Release>(v1.0, ReleaseCommand::Revoke { reason: "replaced".to_owned() }).await;
        world.publish("1.2.0", "hello", &index).await;

        // by its subject: of the index, of an image in it, and of what is attached
        let sbom = attach(&publisher, &digest_of(&own), "application/spdx+json", b"sbom").await;
        let bundle = attach(&publisher, &index, "application/vnd.dev.sigstore.bundle.v0.3+json", b"bundle").await;
        let of_sbom = attach(&publisher, &sbom, "application/vnd.dev.sigstore.bundle.v0.3+json", b"of sbom").await;
        for (digest, layer) in [(&sbom, &b"sbom"[..]), (&bundle, b"bundle"), (&of_sbom, b"of sbom")] {
            assert_eq!((manifest(&customer, digest).await, blob(&customer, layer).await), (200, 200));
        }
        assert_eq!(blob(&customer, b"{}").await, 200);
        let referrers = customer.get(&format!("/v2/{REPOSITORY}/referrers/{index}")).await.json();
        assert_eq!(referrers["manifests"][0]["digest"], json!(bundle));
        // by the older scheme of tags
        for (of, layer) in [(&index, &b"signature"[..]), (&sbom, b"its signature")] {
            push_blob(&publisher, REPOSITORY, layer).await;
            let tag = cosign_tag(of, "sig");
            assert_eq!(put_manifest(&publisher, REPOSITORY, &tag, &image(layer)).await.status, 201);
            assert_eq!((manifest(&customer, &tag).await, blob(&customer, layer).await), (200, 200));
        }
        // and of what the license does not cover, none
        let other = attach(&publisher, &v2, "application/spdx+json", b"of v2").await;
        assert_eq!((manifest(&customer, &other).await, blob(&customer, b"of v2").await), (403, 403));
        world.stop().await;
    });
}

#[test]
fn the_tags_of_a_feature_open_what_is_attached_and_no_release_that_it_mentions() {
    run(async {
        let (world, [v1, v2, _]) = licensed_for_the_first().await;
        let (publisher, customer) = (world.client("publisher"), world.client("customer"));
        let name = "hello".parse().unwrap();
        let (display_name, description) = (String::new(), String::new());
        world
            .command::<Application>(application().0, ApplicationCommand::Create { name, display_name, description })
            .await;
        let of = |feature: &str, pattern: &str| FeatureTags {
            feature: feature.parse().unwrap(),
            repository: "hello".parse().unwrap(),
            tags: vec![pattern.parse().unwrap()],
        };
        let features = vec![of("debug", "*-debug"), of("gpu", "*-gpu"), of("all", "sha256-*")];
        world.command::<Application>(application().0, ApplicationCommand::SetFeatureTags { features }).await;
        let with_debug = Terms { features: ["debug".parse().unwrap()].into(), ..covers("1.x") };
        world.license("debugging", with_debug).await;
        let debug = push_image(&publisher, REPOSITORY, "1-debug", b"1-debug").await;
        push_image(&publisher, REPOSITORY, "1-gpu", b"1-gpu").await;
        assert_eq!(answers(&customer, "1-debug").await, [200; 4]);
        assert_eq!(answers(&customer, "1-gpu").await, [403; 4]);
        // a tag of the feature does not bring back a revoked release, nor what is its alone
        assert_eq!(put_manifest(&publisher, REPOSITORY, "bad-debug", &image(b"bad")).await.status, 201);
        assert_eq!((manifest(&customer, "bad-debug").await, blob(&customer, b"bad").await), (403, 403));

        let sbom = attach(&publisher, &debug, "application/spdx+json", b"sbom").await;
        assert_eq!((manifest(&customer, &sbom).await, blob(&customer, b"sbom").await), (200, 200));
        push_blob(&publisher, REPOSITORY, b"signature").await;
        for of in [&debug, &v1] {
            let tag = cosign_tag(of, "sig");
            assert_eq!(put_manifest(&publisher, REPOSITORY, &tag, &image(b"signature")).await.status, 201);
            assert_eq!(manifest(&customer, &tag).await, 200);
        }

        for subject in [&v1, &debug] {
            let mention = of_index(subject, &[&image(b"v2"), &image(b"1-gpu")]);
            assert_eq!(push_attached(&publisher, REPOSITORY, &mention).await.status, 201);
            assert_eq!(manifest(&customer, &v2).await, 403);
            assert_eq!(answers(&customer, "1-gpu").await, [403; 4]);
        }
        world.stop().await;
    });
}
