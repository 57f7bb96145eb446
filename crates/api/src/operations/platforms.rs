//! The platforms of what a digest stands for: an index lists them, the config of an image says its own (OCI image
//! specification 1.1). The bytes of a digest never change, so that what was read once is kept.

use std::collections::{BTreeSet, HashMap};
use std::sync::{LazyLock, Mutex, PoisonError};

use distr_domain::oci::Digest;
use distr_projections::artifact;
use serde::Deserialize;

use super::attachments::{Budget, Subject, held_alone, text};
use crate::failure::Failure;
use crate::models::Artifacts;

/// An honest index has some kilobytes, an honest config some tens of them.
const MAX_BYTES: u64 = 512 * 1024;
/// Of one image; whoever lists more says nothing that anybody reads.
const MOST_NAMED: usize = 64;
/// Digests that are kept; then it begins anew.
const MOST_KNOWN: usize = 10_000;

static KNOWN: LazyLock<Mutex<HashMap<Digest, Vec<String>>>> = LazyLock::new(Mutex::default);

#[derive(Deserialize)]
struct Wire {
    #[serde(default)]
    manifests: Vec<Listed>,
    config: Option<Config>,
}

#[derive(Deserialize)]
struct Listed {
    platform: Option<Platform>,
}

#[derive(Deserialize)]
struct Config {
    digest: Digest,
    size: u64,
}

#[derive(Deserialize)]
struct Platform {
    #[serde(default)]
    os: String,
    #[serde(default)]
    architecture: String,
    #[serde(default)]
    variant: String,
}

impl Platform {
    /// `linux/arm64/v8`; attestations are of a platform that is unknown.
    fn named(&self) -> Option<String> {
        let parts = [&self.os, &self.architecture, &self.variant];
        let is_plain = |part: &&String| part.len() <= 40 && part.bytes().all(|byte| byte.is_ascii_graphic());
        if self.os.is_empty() || self.architecture.is_empty() || self.os == "unknown" || !parts.iter().all(is_plain) {
            return None;
        }
        Some(parts.into_iter().filter(|part| !part.is_empty()).cloned().collect::<Vec<_>>().join("/"))
    }
}

/// By name, each once; none if nothing says what they are, or if it is too much to read.
pub async fn of(artifacts: &Artifacts, subject: Subject<'_>, budget: &Budget) -> Result<Option<Vec<String>>, Failure> {
    if let Some(known) = known(subject.digest) {
        return Ok(known);
    }
    match read(artifacts, subject, budget).await? {
        Some(found) => {
            keep(subject.digest, &found);
            Ok(Some(found).filter(|found| !found.is_empty()))
        }
        None => Ok(None),
    }
}

/// Nothing if it could not be read now.
async fn read(artifacts: &Artifacts, subject: Subject<'_>, budget: &Budget) -> Result<Option<Vec<String>>, Failure> {
    let Subject { organization, repository, digest } = subject;
    let client = artifacts.models.client().await?;
    let manifest = artifact::find_manifest(&client, organization, repository, digest).await?;
    drop(client);
    let Some(manifest) = manifest.filter(|manifest| manifest.size <= MAX_BYTES) else { return Ok(None) };
    if !budget.spend(manifest.size).await {
        return Ok(None);
    }
    let Some(wire) = json::<Wire>(artifacts, digest, manifest.size).await? else { return Ok(None) };
    let mut platforms: BTreeSet<String> =
        wire.manifests.iter().filter_map(|listed| listed.platform.as_ref()?.named()).collect();
    if let Some(Config { digest: config, size }) = wire.config {
        // what is not read for want of a budget may be read another time
        if size > MAX_BYTES || !held_alone(artifacts, &manifest, &config).await? || !budget.spend(size).await {
            return Ok(None);
        }
        let Some(own) = json::<Platform>(artifacts, &config, size).await? else { return Ok(Some(vec![])) };
        platforms.extend(own.named());
    }
    Ok(Some(platforms.into_iter().take(MOST_NAMED).collect()))
}

async fn json<T: for<'a> Deserialize<'a>>(
    artifacts: &Artifacts,
    digest: &Digest,
    size: u64,
) -> Result<Option<T>, Failure> {
    Ok(text(artifacts, digest, size).await?.and_then(|text| serde_json::from_str(&text).ok()))
}

fn known(digest: &Digest) -> Option<Option<Vec<String>>> {
    let known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    known.get(digest).map(|found| Some(found.clone()).filter(|found| !found.is_empty()))
}

fn keep(digest: &Digest, found: &[String]) {
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if known.len() >= MOST_KNOWN {
        known.clear();
    }
    known.insert(digest.clone(), found.to_vec());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(json: &str) -> Option<String> {
        serde_json::from_str::<Platform>(json).expect("a platform").named()
    }

    #[test]
    fn a_platform_is_named_by_its_parts() {
        assert_eq!(named(r#"{"os":"linux","architecture":"amd64"}"#).as_deref(), Some("linux/amd64"));
        let arm = r#"{"os":"linux","architecture":"arm","variant":"v7"}"#;
        assert_eq!(named(arm).as_deref(), Some("linux/arm/v7"));
        assert_eq!(named(r#"{"os":"unknown","architecture":"unknown"}"#), None);
        assert_eq!(named("{}"), None);
        assert_eq!(named(r#"{"os":"linux\u0007","architecture":"amd64"}"#), None);
    }
}
