//! What whoever may push attaches to an image: it hides no signature, and costs no more than the hub grants it.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use distr_tests::hub::{Answer, HubProcess};
use serde_json::{Value, json};

use crate::access::registry::{CLIENT, push, token};

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const SIMPLE_SIGNING: &str = "application/vnd.dev.cosign.simplesigning.v1+json";
const ENVELOPE: &str = "application/vnd.dsse.envelope.v1+json";

struct Vendor {
    hub: HubProcess,
    owner: String,
    secret: String,
    pair: Ed25519KeyPair,
}

/// A descriptor of a blob that is in the repository.
fn described(media_type: &str, blob: &[u8]) -> Value {
    json!({ "mediaType": media_type, "digest": digest_of(blob), "size": blob.len() })
}

fn digest_of(bytes: &[u8]) -> String {
    format!("sha256:{}", hex::encode(digest(&SHA256, bytes)))
}

impl Vendor {
    /// Whose application hello trusts one key.
    async fn start() -> Self {
        let hub = HubProcess::start().await;
        let owner = hub.sign_in("acme").await;
        let ask = async |text: &str, variables: Value| hub.graphql(Some(&owner), text, variables).await.data();
        ask("mutation { applicationCreate(name: \"hello\") { changed } }", json!({})).await;
        let issued = ask("mutation { tokenIssue(label: \"ci\", scopes: [PULL, PUSH]) { secret } }", json!({})).await;
        let secret = issued["tokenIssue"]["secret"].as_str().expect("a secret").to_owned();
        let pair = Ed25519KeyPair::generate().expect("a key");
        let prefix = [0x30, 0x2a, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 3, 0x21, 0];
        let der = STANDARD.encode([&prefix[..], pair.public_key().as_ref()].concat());
        let pem = format!("-----BEGIN PUBLIC KEY-----\n{der}\n-----END PUBLIC KEY-----\n");
        let policy = "mutation ($pem: String!) { applicationSetSigningPolicy(
            name: \"hello\", keys: [{ name: \"ci\", pem: $pem }], requires: IMAGES
        ) { changed } }";
        ask(policy, json!({ "pem": pem })).await;
        Self { hub, owner, secret, pair }
    }

    async fn push_image(&self, tag: &str) -> String {
        push(&self.hub, &self.secret, "acme/hello", tag, tag).await
    }

    async fn token(&self) -> String {
        token(&self.hub, &self.secret, &["repository:acme/hello:pull,push"]).await.expect("a token")
    }

    async fn put_blob(&self, blob: &[u8]) {
        let path = format!("/v2/acme/hello/blobs/uploads/?digest={}", digest_of(blob));
        let request = CLIENT.post(self.hub.url(&path)).bearer_auth(self.token().await).body(blob.to_owned());
        assert_eq!(request.send().await.expect("an answer").status(), 201);
    }

    async fn put(&self, token: &str, layers: &[Value], subject: Option<&str>, mark: &str) {
        assert_eq!(self.try_put(token, layers, subject, mark).await, 201);
    }

    /// A manifest with these layers, under a tag or else as a referrer of `subject`.
    async fn try_put(&self, token: &str, layers: &[Value], subject: Option<&str>, mark: &str) -> u16 {
        let mut manifest = json!({
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": described("application/vnd.oci.empty.v1+json", b"{}"),
            "layers": layers,
            "annotations": { "mark": mark },
        });
        if let Some(subject) = subject {
            manifest["subject"] = json!({ "mediaType": MANIFEST, "digest": subject, "size": 1 });
        }
        let manifest = manifest.to_string();
        let reference = subject.map_or_else(|| mark.to_owned(), |_| digest_of(manifest.as_bytes()));
        self.put_manifest(token, manifest, &reference).await
    }

    /// Something of so many bytes that looks like a signature and is none.
    async fn put_large(&self, token: &str, bytes: usize, subject: Option<&str>, reference: &str) {
        let mut manifest = json!({
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": described("application/vnd.oci.empty.v1+json", b"{}"),
            "layers": [described(ENVELOPE, b"junk")],
            "annotations": { "mark": "" },
        });
        if let Some(subject) = subject {
            manifest["subject"] = json!({ "mediaType": MANIFEST, "digest": subject, "size": 1 });
        }
        let rest = bytes - manifest.to_string().len();
        manifest["annotations"]["mark"] = "x".repeat(rest).into();
        assert_eq!(self.put_manifest(token, manifest.to_string(), reference).await, 201);
    }

    async fn put_manifest(&self, token: &str, manifest: String, reference: &str) -> u16 {
        let request = CLIENT.put(self.hub.url(&format!("/v2/acme/hello/manifests/{reference}"))).bearer_auth(token);
        request.header("content-type", MANIFEST).body(manifest).send().await.expect("an answer").status().as_u16()
    }

    /// The layer of a good signature of an image.
    async fn signature(&self, image: &str) -> Value {
        let payload = json!({ "critical": {
            "identity": { "docker-reference": "" },
            "image": { "docker-manifest-digest": image },
            "type": "cosign container image signature",
        }, "optional": null });
        let payload = payload.to_string();
        self.put_blob(payload.as_bytes()).await;
        let mut layer = described(SIMPLE_SIGNING, payload.as_bytes());
        let signature = STANDARD.encode(self.pair.sign(payload.as_bytes()));
        layer["annotations"] = json!({ "dev.cosignproject.cosign/signature": signature });
        layer
    }

    async fn publish(&self, tag: &str) -> Answer {
        let publish = "mutation ($version: Version!, $compose: String!) {
            releasePublish(application: \"hello\", version: $version, packages: [{ compose: { file: $compose } }]) { changed }
        }";
        let compose = format!("services:\n  web:\n    image: {}/acme/hello:{tag}\n", self.hub.registry());
        let variables = json!({ "version": format!("{tag}.0.0"), "compose": compose });
        self.hub.graphql(Some(&self.owner), publish, variables).await
    }

    async fn ask(&self, query: &str, variables: Value) -> Value {
        self.hub.graphql(Some(&self.owner), query, variables).await.data()
    }

    /// A page of what is attached.
    async fn attached(&self, image: &str, first: u16, after: Option<&str>) -> Vec<Value> {
        let query = "query ($digest: Digest!, $first: Int!, $after: Digest) {
            attachments(repository: \"hello\", digest: $digest, application: \"hello\", first: $first, after: $after) {
                kind digest tag verified readable
            }
        }";
        let shown = self.ask(query, json!({ "digest": image, "first": first, "after": after })).await;
        shown["attachments"].as_array().expect("a list").clone()
    }
}

#[tokio::test]
async fn an_attachment_that_cannot_be_read_hides_no_signature() {
    let vendor = Vendor::start().await;
    let image = vendor.push_image("1").await;
    let token = vendor.token().await;
    for (junk, says) in [(&b"junk"[..], 999), (b"junk", 2), (b"\xff\xfe", 2)] {
        vendor.put_blob(junk).await;
        let liar = json!({ "mediaType": ENVELOPE, "digest": digest_of(junk), "size": says });
        // the registry may refuse a size that is not the blob's
        let status = vendor.try_put(&token, &[liar], Some(&image), &says.to_string()).await;
        assert!(status == 201 || says != junk.len() && status == 400, "{status}");
    }
    let refused = vendor.publish("1").await;
    assert_eq!(refused.code(), Some("release.unverified_image"), "{refused:?}");

    let good = vendor.signature(&image).await;
    vendor.put(&token, &[good], Some(&image), "good").await;
    vendor.publish("1").await.data();
    let mut shown = vendor.attached(&image, 50, None).await;
    let good = shown.pop().expect("the last one pushed");
    assert_eq!((&good["verified"], &good["readable"]), (&json!(true), &json!(true)), "{good:#}");
    assert!(!shown.is_empty() && shown.iter().all(|of| of["readable"] == false), "{shown:#?}");
}

#[tokio::test]
async fn many_attachments_hide_no_signature() {
    let vendor = Vendor::start().await;
    vendor.put_blob(b"junk").await;
    let token = vendor.token().await;
    let (tagged, referred) = (vendor.push_image("1").await, vendor.push_image("2").await);
    for number in 0..200 {
        vendor.put(&token, &[], Some(&tagged), &number.to_string()).await;
    }
    // more than one page of what looks like a signature
    for number in 0..60 {
        let junk = described(ENVELOPE, b"junk");
        vendor.put(&token, &[junk], Some(&referred), &number.to_string()).await;
    }
    let layer = vendor.signature(&tagged).await;
    vendor.put(&token, &[layer], None, &format!("{}.sig", tagged.replace(':', "-"))).await;
    vendor.publish("1").await.data();
    let layer = vendor.signature(&referred).await;
    vendor.put(&token, &[layer], Some(&referred), "good").await;
    vendor.publish("2").await.data();

    // what may be a signature is on the first pages, and each attachment on one page
    let first = vendor.attached(&tagged, 50, None).await;
    assert_eq!((&first[0]["verified"], first[0]["tag"].is_string()), (&json!(true), true), "{:#}", first[0]);
    for (image, expected) in [(&tagged, 201), (&referred, 61)] {
        let mut digests: Vec<String> = vec![];
        loop {
            let page = vendor.attached(image, 50, digests.last().map(String::as_str)).await;
            if page.is_empty() {
                break;
            }
            digests.extend(page.iter().map(|of| of["digest"].as_str().expect("a digest").to_owned()));
        }
        let listed = digests.len();
        digests.sort();
        digests.dedup();
        assert_eq!((listed, digests.len()), (expected, expected));
    }
}

/// Whoever may push can attach as much as the hub looks at before and after a signature, and no signature stays hidden.
#[tokio::test]
async fn a_signature_that_is_made_again_is_found_however_much_was_attached_before() {
    const LARGEST_SIGNATURE: usize = 64 * 1024;
    let vendor = Vendor::start().await;
    let token = vendor.token().await;
    let mut junk = vec![];
    for number in 0..16_u8 {
        let blob = [vec![b'x'; LARGEST_SIGNATURE - 1], vec![b'a' + number]].concat();
        vendor.put_blob(&blob).await;
        junk.push(described(ENVELOPE, &blob));
    }
    let image = vendor.push_image("1").await;
    let attach_junk = async |marks: std::ops::Range<usize>| {
        for mark in marks {
            vendor.put(&token, &junk, Some(&image), &format!("junk {mark}")).await;
        }
    };
    attach_junk(0..9).await;
    let good = vendor.signature(&image).await;
    vendor.put(&token, &[good], Some(&image), "good").await;
    attach_junk(9..18).await;
    let refused = vendor.publish("1").await;
    assert_eq!(refused.code(), Some("release.unverified_image"), "{refused:?}");
    assert!(refused.message().contains("sign the image again right before it is released"), "{refused:?}");

    let good = vendor.signature(&image).await;
    vendor.put(&token, &[good], Some(&image), "good again").await;
    vendor.publish("1").await.data();
}

fn tag_of(image: &str, kind: &str) -> String {
    format!("{}.{kind}", image.replace(':', "-"))
}

/// Whoever may move tags takes away what they point to, and hides no signature that refers to the image.
#[tokio::test]
async fn what_tags_point_to_hides_no_signature_that_refers_to_the_image() {
    const LARGEST: usize = 4 * 1024 * 1024;
    let vendor = Vendor::start().await;
    vendor.put_blob(b"junk").await;
    let token = vendor.token().await;
    let [one, two, both] = [vendor.push_image("1").await, vendor.push_image("2").await, vendor.push_image("3").await];
    for image in [&one, &two, &both] {
        let good = vendor.signature(image).await;
        vendor.put(&token, &[good], Some(image), "good").await;
    }
    vendor.put_large(&token, LARGEST, Some(&one), &tag_of(&one, "sig")).await;
    for kind in ["att", "sbom"] {
        vendor.put_large(&token, 2_200_000, None, &tag_of(&two, kind)).await;
        vendor.put_large(&token, LARGEST / 4, Some(&both), &tag_of(&both, kind)).await;
    }
    vendor.put_large(&token, LARGEST, None, &tag_of(&both, "sig")).await;
    for tag in ["1", "2", "3"] {
        vendor.publish(tag).await.data();
    }
}

/// What is too large to be looked at may be a signature for all that the hub knows.
#[tokio::test]
async fn a_large_attachment_is_passed_over_and_the_refusal_says_so() {
    const LARGEST: usize = 4 * 1024 * 1024;
    let vendor = Vendor::start().await;
    vendor.put_blob(b"junk").await;
    let token = vendor.token().await;
    let image = vendor.push_image("1").await;
    vendor.put_large(&token, 10_000, None, &tag_of(&image, "att")).await;
    let refused = vendor.publish("1").await;
    assert!(!refused.message().contains("than is looked at"), "everything was: {refused:?}");
    vendor.put_large(&token, LARGEST, Some(&image), "large").await;
    let refused = vendor.publish("1").await;
    assert_eq!(refused.code(), Some("release.unverified_image"), "{refused:?}");
    assert!(refused.message().contains("sign the image again right before it is released"), "{refused:?}");

    let good = vendor.signature(&image).await;
    vendor.put(&token, &[good], Some(&image), "good again").await;
    vendor.publish("1").await.data();
}

#[tokio::test]
async fn one_request_reads_so_much_of_attachments_and_no_more() {
    const LARGE: usize = 1024 * 1024;
    let vendor = Vendor::start().await;
    let image = vendor.push_image("1").await;
    let large = vec![b'x'; LARGE];
    vendor.put_blob(&large).await;
    let token = vendor.token().await;
    for number in 0..6 {
        vendor.put(&token, &[described(ENVELOPE, &large)], Some(&image), &number.to_string()).await;
    }
    let query = "query ($digest: Digest!) {
        a: attachments(repository: \"hello\", digest: $digest) { readable }
        b: attachments(repository: \"hello\", digest: $digest) { readable }
    }";
    let shown = vendor.ask(query, json!({ "digest": image })).await;
    let both = ["a", "b"].map(|field| shown[field].as_array().expect("a list").clone()).concat();
    let read = both.iter().filter(|of| of["readable"] == true).count();
    assert_eq!((both.len(), read), (12, 7), "{shown:#}");
}
