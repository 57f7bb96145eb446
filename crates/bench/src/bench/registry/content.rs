//! What both registries hold: one large blob, many small ones with manifests that name fifty each, and images of some
//! mebibytes. Random bytes, which no compression makes less.

use anyhow::Result;
use aws_lc_rs::digest::{Context, SHA256, digest};
use aws_lc_rs::rand;
use serde_json::{Value, json};

use super::client::{Client, IMAGE};
use super::{Subject, Who};
use crate::sample::Effort;

const MEBIBYTE: usize = 1024 * 1024;
const SALT: usize = 16;
const SMALL: usize = 16 * 1024;
/// Blobs that one manifest names: more than an image has layers.
const SMALL_IMAGE: usize = 50;
const IMAGES: usize = 8;
const LAYERS: usize = 3;
const LAYER: usize = 2 * MEBIBYTE;
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const LAYER_TYPE: &str = "application/vnd.oci.image.layer.v1.tar";

#[derive(Debug, Clone)]
pub(super) struct Blob {
    pub(super) bytes: Vec<u8>,
    pub(super) digest: String,
}

/// One block again and again, and a few bytes at the end that make it another blob.
#[derive(Clone)]
pub(super) struct Large {
    block: Vec<u8>,
    blocks: usize,
    salt: Vec<u8>,
    /// of all but the salt
    hashed: Context,
    digest: String,
}

#[derive(Debug)]
pub(super) struct Image {
    pub(super) tag: String,
    pub(super) manifest: Blob,
    pub(super) blobs: Vec<Blob>,
}

pub(super) struct Content {
    pub(super) large: Large,
    pub(super) small: Vec<Blob>,
    pub(super) images: Vec<Image>,
}

impl Content {
    pub(super) fn make(effort: &Effort) -> Self {
        let images = (0..IMAGES).map(|number| Image::make(format!("image-{number}")));
        Self { large: Large::make(effort.blob_mib), small: small(effort.small_blobs), images: images.collect() }
    }

    /// Pushes all of it, as images: what is in no release, customers do not get.
    pub(super) async fn push(&self, subject: Subject<'_>) -> Result<()> {
        let mut client = Client::open(subject.address(), &subject.token(Who::Vendor).await?).await?;
        client.push_in_steps(&self.large).await?;
        for blob in self.small.iter().chain(self.images.iter().flat_map(|image| &image.blobs)) {
            client.push(blob).await?;
        }
        for (tag, manifest) in self.manifests() {
            client.put_manifest(&tag, &manifest).await?;
        }
        Ok(())
    }

    pub(super) fn tags(&self) -> Vec<String> {
        self.manifests().into_iter().map(|(tag, _)| tag).collect()
    }

    fn manifests(&self) -> Vec<(String, Vec<u8>)> {
        let large = described(LAYER_TYPE, &self.large.digest, self.large.size());
        let mut manifests = vec![("large".to_owned(), manifest(self.small[0].described(CONFIG), vec![large]))];
        manifests.extend(manifests_of("small", &self.small));
        manifests.extend(self.images.iter().map(|image| (image.tag.clone(), image.manifest.bytes.clone())));
        manifests
    }
}

impl Image {
    fn make(tag: String) -> Self {
        let config = Blob::of(json!({ "architecture": "amd64", "os": "linux", "tag": tag }).to_string().into_bytes());
        let layers = (0..LAYERS).map(|_| Blob::of(random(LAYER)));
        let blobs: Vec<Blob> = [config].into_iter().chain(layers).collect();
        Self { tag, manifest: Blob::of(manifest_of(&blobs)), blobs }
    }

    /// Of its manifest and its blobs.
    pub(super) fn size(&self) -> u64 {
        let blobs: usize = self.blobs.iter().map(|blob| blob.bytes.len()).sum();
        (self.manifest.bytes.len() + blobs) as u64
    }
}

impl Blob {
    fn of(bytes: Vec<u8>) -> Self {
        let digest = named(digest(&SHA256, &bytes).as_ref());
        Self { bytes, digest }
    }

    fn described(&self, media_type: &str) -> Value {
        described(media_type, &self.digest, self.bytes.len() as u64)
    }
}

impl Large {
    fn make(mebibytes: usize) -> Self {
        let block = random(MEBIBYTE);
        let mut hashed = Context::new(&SHA256);
        for _ in 1..mebibytes {
            hashed.update(&block);
        }
        hashed.update(&block[SALT..]);
        Self { block, blocks: mebibytes, salt: vec![], hashed, digest: String::new() }.another()
    }

    /// As large, and never seen.
    pub(super) fn another(&self) -> Self {
        let salt = random(SALT);
        let mut hashed = self.hashed.clone();
        hashed.update(&salt);
        Self { salt, digest: named(hashed.finish().as_ref()), ..self.clone() }
    }

    pub(super) fn digest(&self) -> &str {
        &self.digest
    }

    pub(super) fn size(&self) -> u64 {
        (self.blocks * MEBIBYTE) as u64
    }

    pub(super) fn mebibytes(&self) -> usize {
        self.blocks
    }

    pub(super) fn parts(&self) -> impl Iterator<Item = &[u8]> {
        let blocks = std::iter::repeat_n(&self.block[..], self.blocks - 1);
        blocks.chain([&self.block[SALT..], &self.salt[..]])
    }
}

/// Blobs that nobody has seen.
pub(super) fn small(count: usize) -> Vec<Blob> {
    (0..count).map(|_| Blob::of(random(SMALL))).collect()
}

/// As many as it takes to name all of them, each with a tag.
pub(super) fn manifests_of(tag: &str, blobs: &[Blob]) -> Vec<(String, Vec<u8>)> {
    let images = blobs.chunks(SMALL_IMAGE).enumerate();
    images.map(|(number, blobs)| (format!("{tag}-{number}"), manifest_of(blobs))).collect()
}

/// Names the first as its configuration and the others as its layers.
fn manifest_of(blobs: &[Blob]) -> Vec<u8> {
    let layers = blobs[1..].iter().map(|blob| blob.described(LAYER_TYPE)).collect();
    manifest(blobs[0].described(CONFIG), layers)
}

fn manifest(config: Value, layers: Vec<Value>) -> Vec<u8> {
    let manifest = json!({ "schemaVersion": 2, "mediaType": IMAGE, "config": config, "layers": layers });
    manifest.to_string().into_bytes()
}

fn described(media_type: &str, digest: &str, size: u64) -> Value {
    json!({ "mediaType": media_type, "digest": digest, "size": size })
}

fn named(digest: &[u8]) -> String {
    format!("sha256:{}", hex::encode(digest))
}

fn random(length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    rand::fill(&mut bytes).expect("the system has randomness");
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_blob_has_the_digest_of_its_parts_and_another_one_has_another() {
        let large = Large::make(3);
        let bytes: Vec<u8> = large.parts().flatten().copied().collect();
        assert_eq!(bytes.len() as u64, large.size());
        assert_eq!(Blob::of(bytes).digest, large.digest());
        assert_ne!(large.another().digest(), large.digest());
    }
}
