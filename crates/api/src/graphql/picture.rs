//! Pictures: what is known of one, and where its bytes are.

use async_graphql::{Context, Result, SimpleObject};
use distr_domain::picture::{self, PictureFacts};

use super::context::ContextExt;
use super::scalar::Digest;
use crate::operations::pictures;
use crate::operations::portal::path_of;

/// A picture: a logo or an icon. Everybody who knows its digest may read it.
#[derive(SimpleObject)]
pub(super) struct Picture {
    /// The digest of the picture's bytes.
    digest: Digest,
    /// The path of the picture below the hub's URL: `branding/…`. What is there never changes.
    path: String,
    /// The digest of the file that was sent: another one if that was an SVG, which was drawn.
    sent_digest: Digest,
    /// The media type, by the picture's own bytes: `image/png` or `image/webp`, or `image/svg+xml` if it was sent to an older hub.
    media_type: &'static str,
    /// The size of the picture in bytes.
    bytes: u32,
}

impl From<&PictureFacts> for Picture {
    fn from(of: &PictureFacts) -> Self {
        Self {
            digest: of.digest.clone().into(),
            sent_digest: of.sent().clone().into(),
            path: path_of(of),
            media_type: of.media_type.as_str(),
            bytes: of.bytes,
        }
    }
}

/// What is kept of a picture that the caller sent in base64.
pub(super) async fn read(ctx: &Context<'_>, data: String) -> Result<picture::Picture> {
    Ok(pictures::read(&ctx.hub().drawing, ctx.organization()?, data).await?)
}
