//! Pictures that people send: from base64 to what a fact holds.

use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use distr_domain::picture::Picture;

use crate::failure::Failure;

/// `data` is base64, with its padding.
pub fn read(data: &str) -> Result<Picture, Failure> {
    let bytes = STANDARD.decode(data.trim());
    let bytes = bytes.map_err(|error| Failure::BadInput(format!("data is no base64: {error}")))?;
    let hash = digest::digest(&digest::SHA256, &bytes);
    let digest = format!("sha256:{}", hex::encode(hash.as_ref())).parse()?;
    Picture::try_new(digest, &bytes).map_err(|error| Failure::BadInput(error.to_string()))
}
