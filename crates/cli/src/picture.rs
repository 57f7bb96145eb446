//! Picture files: logos and icons. What is sent is base64; what is compared is the digest.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use anyhow::{Context, Result};
use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use distr_domain::picture::{MAX_BYTES, Picture};

use crate::exit::Failure;

/// The picture of a file, checked as the hub will check it.
pub(crate) fn read(file: &Path) -> Result<Picture> {
    let name = file.display();
    let bytes = bytes(file)?;
    let hash = digest::digest(&digest::SHA256, &bytes);
    let digest: String = hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    let picture = Picture::try_new(format!("sha256:{digest}").parse()?, &bytes);
    Ok(picture.map_err(|error| Failure::Usage(format!("{name}: {error}")))?)
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
