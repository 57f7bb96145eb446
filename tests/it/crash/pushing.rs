//! Pushers that go on until the hub is gone, and what they were told.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use aws_lc_rs::digest::{SHA256, digest};
use distr_tests::hub::HubProcess;
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};

const REPOSITORY: &str = "acme/hello";
const IMAGE: &str = "application/vnd.oci.image.manifest.v1+json";

/// The hub is gone, or refused: what it said.
pub(super) type Gone = String;

/// Bytes that can be made again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Blob {
    seed: u64,
    size: usize,
    pub(super) digest: String,
}

impl Blob {
    pub(super) fn new(seed: u64, size: usize) -> Self {
        let mut blob = Self { seed, size, digest: String::new() };
        blob.digest = digest_of(&blob.bytes());
        blob
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut state = self.seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let mut bytes = vec![0; self.size];
        for word in bytes.chunks_exact_mut(8) {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            word.copy_from_slice(&state.to_le_bytes());
        }
        bytes
    }
}

pub(super) fn digest_of(bytes: &[u8]) -> String {
    format!("sha256:{}", hex::encode(digest(&SHA256, bytes)))
}

/// What was tried and what was acknowledged, in all rounds.
#[derive(Default)]
pub(super) struct Ledger(Mutex<Entries>);

#[derive(Default)]
struct Entries {
    /// whether it was acknowledged
    blobs: BTreeMap<String, (Blob, bool)>,
    /// by tag: the manifest, and whether it was acknowledged
    manifests: BTreeMap<String, (String, bool)>,
    interrupted: Vec<(String, Blob)>,
}

impl Ledger {
    /// How many manifests were.
    pub(super) fn acknowledged(&self) -> usize {
        self.0.lock().expect("the lock").manifests.values().filter(|(_, acknowledged)| *acknowledged).count()
    }

    pub(super) fn blobs(&self) -> Vec<(Blob, bool)> {
        self.0.lock().expect("the lock").blobs.values().cloned().collect()
    }

    /// Tag, manifest, and whether it was acknowledged.
    pub(super) fn manifests(&self) -> Vec<(String, String, bool)> {
        let entries = self.0.lock().expect("the lock");
        entries.manifests.iter().map(|(tag, (manifest, done))| (tag.clone(), manifest.clone(), *done)).collect()
    }

    pub(super) fn take_interrupted(&self) -> Vec<(String, Blob)> {
        std::mem::take(&mut self.0.lock().expect("the lock").interrupted)
    }

    fn blob(&self, blob: &Blob, acknowledged: bool) {
        self.0.lock().expect("the lock").blobs.insert(blob.digest.clone(), (blob.clone(), acknowledged));
    }

    fn manifest(&self, tag: &str, manifest: &str, acknowledged: bool) {
        let entry = (manifest.to_owned(), acknowledged);
        self.0.lock().expect("the lock").manifests.insert(tag.to_owned(), entry);
    }

    fn interrupted(&self, upload: &str, blob: &Blob) {
        self.0.lock().expect("the lock").interrupted.push((upload.to_owned(), blob.clone()));
    }
}

/// The registry of a hub, for its owner.
#[derive(Clone)]
pub(super) struct Registry {
    client: Client,
    base: String,
    token: String,
}

impl Registry {
    pub(super) async fn of(hub: &HubProcess, owner: &str) -> Self {
        let client = Client::new();
        let scope = [("scope", format!("repository:{REPOSITORY}:pull,push"))];
        let request = client.get(hub.url("/token")).query(&scope).basic_auth("owner", Some(owner));
        let answer: Value = request.send().await.expect("a hub that runs").json().await.expect("JSON");
        let token = answer["token"].as_str().expect("a token").to_owned();
        Self { client, base: hub.url(""), token }
    }

    pub(super) async fn begin(&self) -> Result<String, Gone> {
        let answer = self.send(self.request(Method::POST, &uploads()), StatusCode::ACCEPTED).await?;
        Ok(answer.headers()["location"].to_str().expect("a path").to_owned())
    }

    /// Where the upload stands then.
    pub(super) async fn patch(&self, upload: &str, bytes: &[u8]) -> Result<usize, Gone> {
        let request = self.request(Method::PATCH, upload).body(bytes.to_owned());
        Ok(end_of(&self.send(request, StatusCode::ACCEPTED).await?))
    }

    pub(super) async fn finish(&self, upload: &str, rest: &[u8], digest: &str) -> Result<(), Gone> {
        let request = self.request(Method::PUT, &format!("{upload}?digest={digest}")).body(rest.to_owned());
        self.send(request, StatusCode::CREATED).await.map(drop)
    }

    /// Nothing: there is no such upload.
    pub(super) async fn offset(&self, upload: &str) -> Result<Option<usize>, Gone> {
        let answer = self.request(Method::GET, upload).send().await.map_err(|error| error.to_string())?;
        match answer.status() {
            StatusCode::NO_CONTENT => Ok(Some(end_of(&answer))),
            StatusCode::NOT_FOUND => Ok(None),
            other => Err(other.to_string()),
        }
    }

    /// From where it stands to its end.
    pub(super) async fn go_on(&self, upload: &str, blob: &Blob) -> Result<(), Gone> {
        let offset = self.offset(upload).await?.ok_or("there is no such upload")?;
        self.finish(upload, &blob.bytes()[offset..], &blob.digest).await
    }

    async fn whole(&self, blob: &Blob) -> Result<(), Gone> {
        let path = format!("{}?digest={}", uploads(), blob.digest);
        self.send(self.request(Method::POST, &path).body(blob.bytes()), StatusCode::CREATED).await.map(drop)
    }

    async fn put_manifest(&self, tag: &str, manifest: &str) -> Result<(), Gone> {
        let request = self.request(Method::PUT, &format!("/v2/{REPOSITORY}/manifests/{tag}"));
        let request = request.header("content-type", IMAGE).body(manifest.to_owned());
        self.send(request, StatusCode::CREATED).await.map(drop)
    }

    /// Nothing: it is not there.
    pub(super) async fn blob(&self, digest: &str) -> Option<Vec<u8>> {
        self.fetch(&format!("/v2/{REPOSITORY}/blobs/{digest}")).await
    }

    pub(super) async fn manifest(&self, reference: &str) -> Option<Vec<u8>> {
        self.fetch(&format!("/v2/{REPOSITORY}/manifests/{reference}")).await
    }

    async fn fetch(&self, path: &str) -> Option<Vec<u8>> {
        let answer = self.request(Method::GET, path).send().await.expect("a hub that runs");
        match answer.status() {
            StatusCode::NOT_FOUND => None,
            status => {
                assert_eq!(status, StatusCode::OK, "{path}");
                Some(answer.bytes().await.expect("a whole body").to_vec())
            }
        }
    }

    pub(super) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.base)).bearer_auth(&self.token)
    }

    pub(super) async fn send(&self, request: RequestBuilder, expected: StatusCode) -> Result<Response, Gone> {
        let answer = request.send().await.map_err(|error| error.to_string())?;
        match answer.status() {
            status if status == expected => Ok(answer),
            status => Err(format!("{status}: {}", answer.text().await.unwrap_or_default())),
        }
    }
}

pub(super) fn uploads() -> String {
    format!("/v2/{REPOSITORY}/blobs/uploads/")
}

fn end_of(answer: &Response) -> usize {
    let range = answer.headers()["range"].to_str().expect("a range").to_owned();
    match range.strip_prefix("0-").and_then(|last| last.parse::<usize>().ok()).expect("a range from 0") {
        0 => 0,
        last => last + 1,
    }
}

/// Images with a layer of its own each, in one of three ways, until the hub is gone.
pub(super) async fn push_until_killed(registry: Registry, ledger: Arc<Ledger>, pusher: u64) {
    for n in 0.. {
        if push(&registry, &ledger, pusher * 10_000 + n).await.is_err() {
            return;
        }
    }
}

async fn push(registry: &Registry, ledger: &Ledger, seed: u64) -> Result<(), Gone> {
    // now and then one that a bucket takes in several parts
    let size = if seed % 7 == 3 { 36 << 20 } else { (64 << 10) * (1 + seed as usize % 29) };
    let layer = Blob::new(seed, size);
    let config = Blob::new(seed + 1_000_000_000, 64);
    for blob in [&config, &layer] {
        ledger.blob(blob, false);
        match seed % 3 {
            0 => registry.whole(blob).await?,
            way => {
                let upload = registry.begin().await?;
                let pieces = if way == 1 { 1 } else { 3 };
                if let Err(gone) = in_pieces(registry, &upload, blob, pieces).await {
                    ledger.interrupted(&upload, blob);
                    return Err(gone);
                }
            }
        }
        ledger.blob(blob, true);
    }
    let described = |blob: &Blob, media: &str| json!({ "mediaType": media, "digest": blob.digest, "size": blob.size });
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": IMAGE,
        "config": described(&config, "application/vnd.oci.image.config.v1+json"),
        "layers": [described(&layer, "application/vnd.oci.image.layer.v1.tar")],
    });
    let (manifest, tag) = (manifest.to_string(), format!("t{seed}"));
    ledger.manifest(&tag, &manifest, false);
    registry.put_manifest(&tag, &manifest).await?;
    ledger.manifest(&tag, &manifest, true);
    Ok(())
}

async fn in_pieces(registry: &Registry, upload: &str, blob: &Blob, pieces: usize) -> Result<(), Gone> {
    let bytes = blob.bytes();
    for piece in bytes.chunks(bytes.len().div_ceil(pieces)) {
        registry.patch(upload, piece).await?;
    }
    registry.finish(upload, &[], &blob.digest).await
}
