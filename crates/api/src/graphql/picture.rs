//! Pictures: what is known of one, and where its bytes are.

use async_graphql::SimpleObject;
use distr_domain::picture::PictureFacts;

use super::scalar::Digest;
use crate::operations::portal::path_of;

/// A picture: a logo or an icon. Everybody who knows its digest may read it.
#[derive(SimpleObject)]
pub(super) struct Picture {
    /// The digest of the picture's bytes.
    digest: Digest,
    /// The path of the picture below the hub's URL: `branding/…`. What is there never changes.
    path: String,
    /// The media type, by the picture's own bytes: `image/png`, `image/webp` or `image/svg+xml`.
    media_type: &'static str,
    /// The size of the picture in bytes.
    bytes: u32,
}

impl From<&PictureFacts> for Picture {
    fn from(of: &PictureFacts) -> Self {
        Self {
            digest: of.digest.clone().into(),
            path: path_of(of),
            media_type: of.media_type.as_str(),
            bytes: of.bytes,
        }
    }
}
