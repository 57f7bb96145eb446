//! Picture files: logos and icons. What is sent is base64; what is compared is the digest.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use anyhow::{Context, Result};
use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use distr_domain::picture::{MAX_BYTES, PictureType};

use crate::exit::Failure;

/// What is sent of a file.
#[derive(Debug, Clone)]
pub(crate) struct Sent {
    pub(crate) digest: String,
    /// base64
    pub(crate) data: String,
}

/// The picture of a file, by its first bytes. Whether an SVG can be drawn the hub will say.
pub(crate) fn read(file: &Path) -> Result<Sent> {
    let bytes = bytes(file)?;
    PictureType::of(&bytes).map_err(|error| Failure::Usage(format!("{}: {error}", file.display())))?;
    let hash = digest::digest(&digest::SHA256, &bytes);
    let digest: String = hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(Sent { digest: format!("sha256:{digest}"), data: STANDARD.encode(&bytes) })
}

/// Of a file as it is, without a look at what it holds.
pub(crate) fn base64(file: &Path) -> Result<String> {
    Ok(STANDARD.encode(bytes(file)?))
}

/// No more of it than makes it too large, whatever kind of file it is.
fn bytes(file: &Path) -> Result<Vec<u8>> {
    let reading = || format!("reading {}", file.display());
    let mut bytes = vec![];
    File::open(file).with_context(reading)?.take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes).with_context(reading)?;
    Ok(bytes)
}
