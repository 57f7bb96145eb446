//! What a vendor does before anybody can pull: pushes an image, publishes a release with it, licenses a customer.

use distr_domain::decider::Decider;
use distr_domain::ids::{ApplicationId, LicenseId, ReleaseId};
use distr_domain::license::{License, LicenseCommand, Terms};
use distr_domain::oci::Digest;
use distr_domain::release::{PackageKind, Release, ReleaseCommand, ReleaseContent, ReleaseImage};
use distr_eventlog::{Actor, Context, execute};
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::client::{Answer, Client};
use crate::world::{World, customer, organization};
use distr_tests::clock::now;

pub(crate) const IMAGE: &str = "application/vnd.oci.image.manifest.v1+json";
pub(crate) const INDEX: &str = "application/vnd.oci.image.index.v1+json";

pub(crate) fn digest_of(bytes: &[u8]) -> Digest {
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes);
    format!("sha256:{}", hex::encode(hash)).parse().expect("a digest")
}

pub(crate) fn descriptor(bytes: &[u8], media_type: &str) -> Value {
    json!({ "mediaType": media_type, "digest": digest_of(bytes), "size": bytes.len() })
}

/// An image with this one layer.
pub(crate) fn image(layer: &[u8]) -> Vec<u8> {
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": IMAGE,
        "config": descriptor(b"{}", "application/vnd.oci.image.config.v1+json"),
        "layers": [descriptor(layer, "application/vnd.oci.image.layer.v1.tar")],
    });
    manifest.to_string().into_bytes()
}

pub(crate) async fn push_blob(client: &Client, repository: &str, bytes: &[u8]) -> Answer {
    client.post(&format!("/v2/{repository}/blobs/uploads/?digest={}", digest_of(bytes)), bytes).await
}

pub(crate) async fn put_manifest(client: &Client, repository: &str, reference: &str, manifest: &[u8]) -> Answer {
    client.put(&format!("/v2/{repository}/manifests/{reference}"), manifest).await
}

/// Pushes an image with this one layer; answers with its digest.
pub(crate) async fn push_image(client: &Client, repository: &str, tag: &str, layer: &[u8]) -> Digest {
    client.log_in(&[&format!("repository:{repository}:pull,push")]).await;
    for blob in [b"{}", layer] {
        assert_eq!(push_blob(client, repository, blob).await.status, 201);
    }
    let manifest = image(layer);
    let answer = put_manifest(client, repository, tag, &manifest).await;
    assert_eq!(answer.status, 201, "{:?}", String::from_utf8_lossy(&answer.body));
    digest_of(&manifest)
}

/// An index of what was pushed.
pub(crate) async fn push_index(client: &Client, repository: &str, tag: &str, children: &[&[u8]]) -> Digest {
    let manifests: Vec<Value> = children.iter().map(|child| descriptor(child, IMAGE)).collect();
    let index = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": manifests }).to_string();
    let answer = put_manifest(client, repository, tag, index.as_bytes()).await;
    assert_eq!(answer.status, 201, "{:?}", String::from_utf8_lossy(&answer.body));
    digest_of(index.as_bytes())
}

impl World {
    /// Publishes a release of application `hello` with this artifact.
    pub(crate) async fn publish(&self, version: &str, repository: &str, digest: &Digest) {
        let (application, version) = (application(), version.parse().expect("a version"));
        let id = ReleaseId::of(application, &version).0;
        let image = ReleaseImage {
            package: PackageKind::Compose,
            service: "web".to_owned(),
            repository: repository.parse().expect("a repository"),
            digest: digest.clone(),
            tag: None,
            feature: None,
        };
        let content = ReleaseContent { images: vec![image], ..ReleaseContent::default() };
        let replaces = ReleaseContent::default();
        let publish = ReleaseCommand::Publish { content: content.clone(), trust: None };
        self.command::<Release>(id, ReleaseCommand::Draft { application, version, content, replaces }).await;
        self.command::<Release>(id, publish).await;
    }

    /// Licenses application `hello` to the customer.
    pub(crate) async fn license(&self, name: &str, terms: Terms) -> LicenseId {
        let name = name.parse().expect("a name");
        let license = LicenseId::of(customer(), &name);
        let issue = LicenseCommand::Issue { customer: customer(), application: application(), name, terms };
        self.command::<License>(license.0, issue).await;
        license
    }

    /// Executes the command, and waits until the read models show it.
    pub(crate) async fn command<D: Decider>(&self, id: Uuid, command: D::Command) {
        let context = Context {
            organization: organization("acme"),
            actor: Actor::Operator,
            causation: None,
            correlation: Uuid::now_v7(),
            command: Uuid::now_v7(),
            at: now(),
        };
        let executed = execute::<D>(self.log.as_ref(), id, &command, &context).await.expect("no rejection");
        let position = executed.position.expect("a change");
        self.shown.wait_for(position, std::time::Duration::from_secs(20)).await.expect("the read models follow");
    }
}

pub(crate) fn application() -> ApplicationId {
    ApplicationId::of(organization("acme"), &"hello".parse().expect("a name"))
}

/// Begins an upload; answers with its location.
pub(crate) async fn begin_upload(client: &Client, repository: &str) -> String {
    let answer = client.request(Method::POST, &format!("/v2/{repository}/blobs/uploads/")).send().await;
    assert_eq!(answer.status, 202);
    answer.header("location").to_owned()
}

pub(crate) fn sha512_of(bytes: &[u8]) -> Digest {
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA512, bytes);
    format!("sha512:{}", hex::encode(hash)).parse().expect("a digest")
}

/// Something of this type that is attached to a manifest.
pub(crate) fn attached(subject: &Digest, artifact_type: &str, annotations: Value) -> Value {
    json!({
        "schemaVersion": 2,
        "mediaType": IMAGE,
        "artifactType": artifact_type,
        "config": descriptor(b"{}", "application/vnd.oci.empty.v1+json"),
        "layers": [],
        "subject": { "mediaType": IMAGE, "digest": subject, "size": 1 },
        "annotations": annotations,
    })
}

pub(crate) async fn push_attached(client: &Client, repository: &str, manifest: &Value) -> Answer {
    assert_eq!(push_blob(client, repository, b"{}").await.status, 201);
    let bytes = manifest.to_string().into_bytes();
    put_manifest(client, repository, digest_of(&bytes).as_str(), &bytes).await
}
