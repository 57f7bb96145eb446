//! Pictures that people send: from base64 to what a fact holds. What they cost is paid on threads that serve nobody, or in a process
//! of its own.

use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use distr_domain::ids::OrganizationId;
use distr_domain::oci::Digest;
use distr_domain::picture::{Picture, PictureType};
use tokio::task::spawn_blocking;

use crate::drawing::Drawing;
use crate::failure::Failure;

/// What was sent: a picture as it is, or an SVG with its digest.
enum Sent {
    Pixels(Picture),
    Svg(Vec<u8>, Digest),
}

/// `data` is base64, with its padding. An SVG becomes its drawing.
pub async fn read(drawing: &Drawing, organization: OrganizationId, data: String) -> Result<Picture, Failure> {
    let (svg, of) = match aside(move || sent(&data)).await? {
        Sent::Pixels(picture) => return Ok(picture),
        Sent::Svg(svg, digest) => (svg, digest),
    };
    let png = drawing.draw(organization, &svg).await?;
    aside(move || Picture::drawn(digest_of(&png)?, &png, of).map_err(Failure::fault)).await
}

fn sent(data: &str) -> Result<Sent, Failure> {
    let refused = |error: distr_domain::picture::NoPicture| Failure::BadInput(error.to_string());
    let bytes = STANDARD.decode(data.trim());
    let bytes = bytes.map_err(|error| Failure::BadInput(format!("data is no base64: {error}")))?;
    let digest = digest_of(&bytes)?;
    match PictureType::of(&bytes).map_err(refused)? {
        PictureType::Svg => Ok(Sent::Svg(bytes, digest)),
        PictureType::Png | PictureType::Webp => Picture::try_new(digest, &bytes).map(Sent::Pixels).map_err(refused),
    }
}

fn digest_of(bytes: &[u8]) -> Result<Digest, Failure> {
    let hash = digest::digest(&digest::SHA256, bytes);
    Ok(format!("sha256:{}", hex::encode(hash.as_ref())).parse()?)
}

async fn aside<T: Send + 'static>(work: impl FnOnce() -> Result<T, Failure> + Send + 'static) -> Result<T, Failure> {
    spawn_blocking(work).await.map_err(Failure::fault)?
}
