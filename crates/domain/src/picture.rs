//! A small picture that people choose: a logo, an icon. What it is, its bytes say, and no name or header.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::oci::Digest;

mod svg;

pub const MAX_BYTES: usize = 128 * 1024;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum PictureType {
    #[serde(rename = "image/png")]
    Png,
    #[serde(rename = "image/webp")]
    Webp,
    #[serde(rename = "image/svg+xml")]
    Svg,
}

/// With its bytes. It is in the event, as a release's files are: nothing else has to be there to show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Picture {
    #[serde(flatten)]
    pub of: PictureFacts,
    /// base64
    data: String,
}

/// What is known of a picture without its bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PictureFacts {
    pub digest: Digest,
    pub media_type: PictureType,
    pub bytes: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoPicture {
    #[error("the picture has {bytes} bytes; at most {MAX_BYTES}")]
    TooLarge { bytes: usize },
    #[error("the picture is neither PNG nor WebP nor SVG, by its first bytes")]
    OtherType,
    #[error("the SVG holds {what} at line {line}; a picture is to be drawn, and nothing else")]
    Svg { what: String, line: u32 },
    #[error("the SVG is not well formed at line {line}: {reason}")]
    NoXml { line: u32, reason: String },
    #[error("the SVG is written in {encoding}; save it as UTF-8")]
    Encoding { encoding: String },
}

impl PictureType {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Webp => "image/webp",
            Self::Svg => "image/svg+xml",
        }
    }

    fn of(bytes: &[u8]) -> Result<Self, NoPicture> {
        if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
            return Ok(Self::Png);
        }
        if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
            return Ok(Self::Webp);
        }
        let text = std::str::from_utf8(bytes).map_err(|_| NoPicture::OtherType)?;
        svg::check(text).map(|()| Self::Svg)
    }
}

impl Picture {
    /// `digest` is that of the bytes.
    pub fn try_new(digest: Digest, bytes: &[u8]) -> Result<Self, NoPicture> {
        if bytes.len() > MAX_BYTES {
            return Err(NoPicture::TooLarge { bytes: bytes.len() });
        }
        let of = PictureFacts { digest, media_type: PictureType::of(bytes)?, bytes: bytes.len() as u32 };
        Ok(Self { of, data: STANDARD.encode(bytes) })
    }

    /// In base64.
    pub fn data(&self) -> &str {
        &self.data
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(bytes: &[u8]) -> Result<Picture, NoPicture> {
        Picture::try_new(format!("sha256:{}", "0".repeat(64)).parse().unwrap(), bytes)
    }

    const SVG: &str = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 1 1\"><path d=\"M0 0h1v1z\"/></svg>";

    #[test]
    fn a_picture_is_what_its_first_bytes_say() {
        let type_of = |bytes: &[u8]| picture(bytes).map(|picture| picture.of.media_type);
        assert_eq!(type_of(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"), Ok(PictureType::Png));
        assert_eq!(type_of(b"RIFF\x10\0\0\0WEBPVP8 "), Ok(PictureType::Webp));
        assert_eq!(type_of(SVG.as_bytes()), Ok(PictureType::Svg));
        for other in ["GIF89a", "\u{89}PNG"] {
            assert_eq!(type_of(other.as_bytes()), Err(NoPicture::OtherType), "{other:?}");
        }
        assert_eq!(type_of(b"\xff\xd8\xff\xe0"), Err(NoPicture::OtherType));
    }

    #[test]
    fn a_picture_is_small() {
        let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
        bytes.resize(MAX_BYTES, 0);
        assert_eq!(picture(&bytes).unwrap().of.bytes as usize, MAX_BYTES);
        bytes.push(0);
        assert_eq!(picture(&bytes), Err(NoPicture::TooLarge { bytes: MAX_BYTES + 1 }));
    }
}
