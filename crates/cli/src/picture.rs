//! Picture files: logos and icons. What is sent is base64; what is compared is the digest.

use std::path::Path;

use anyhow::{Context, Result};
use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use distr_domain::picture::Picture;

use crate::exit::Failure;

/// The picture of a file, checked as the hub will check it.
pub(crate) fn read(file: &Path) -> Result<Picture> {
    let name = file.display();
    let bytes = std::fs::read(file).with_context(|| format!("reading {name}"))?;
    let hash = digest::digest(&digest::SHA256, &bytes);
    let digest: String = hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    let picture = Picture::try_new(format!("sha256:{digest}").parse()?, &bytes);
    Ok(picture.map_err(|error| Failure::Usage(format!("{name}: {error}")))?)
}

/// Of a file as it is, without a look at what it holds.
pub(crate) fn base64(file: &Path) -> Result<String> {
    Ok(STANDARD.encode(std::fs::read(file).with_context(|| format!("reading {}", file.display()))?))
}
