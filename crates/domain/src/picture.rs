//! A small picture that people choose: a logo, an icon. What it is, its bytes say, and no name or header.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::oci::Digest;

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
    #[error("the SVG holds {what}; a picture is to be drawn, and nothing else")]
    Svg { what: &'static str },
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
        check_svg(text).map(|()| Self::Svg)
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

/// What an SVG may not hold, in lower case: what a browser would do beside drawing it.
const NOT_IN_SVG: [(&str, &str); 6] = [
    ("<!doctype", "a document type"),
    ("<!entity", "an entity"),
    ("<?xml-stylesheet", "a stylesheet of elsewhere"),
    ("<script", "a script"),
    ("<foreignobject", "a foreign object"),
    ("javascript:", "a script in a link"),
];

/// A browser draws only what has the namespace.
fn check_svg(text: &str) -> Result<(), NoPicture> {
    let root = past_prolog(text.trim_start_matches('\u{feff}'));
    let is_svg =
        root.strip_prefix("<svg").is_some_and(|rest| rest.starts_with(|c: char| c.is_whitespace() || c == '>'));
    if !is_svg || !root.contains("http://www.w3.org/2000/svg") {
        return Err(NoPicture::OtherType);
    }
    let lower = text.to_ascii_lowercase();
    match NOT_IN_SVG.into_iter().find(|(part, _)| lower.contains(part)) {
        Some((_, what)) => Err(NoPicture::Svg { what }),
        None => Ok(()),
    }
}

/// Without the declaration and comments before the root.
fn past_prolog(text: &str) -> &str {
    let mut rest = text.trim_start();
    loop {
        let end = match rest {
            _ if rest.starts_with("<?xml") => rest.find("?>").map(|at| at + 2),
            _ if rest.starts_with("<!--") => rest.find("-->").map(|at| at + 3),
            _ => None,
        };
        let Some(end) = end else { return rest };
        rest = rest[end..].trim_start();
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
        let with_prolog = format!("\u{feff}<?xml version=\"1.0\"?>\n<!-- a logo -->\n{SVG}");
        assert_eq!(type_of(with_prolog.as_bytes()), Ok(PictureType::Svg));
        for other in
            ["", "GIF89a", "<html><svg>", "<svgx xmlns=\"http://www.w3.org/2000/svg\">", "<svg></svg>", "\u{89}PNG"]
        {
            assert_eq!(type_of(other.as_bytes()), Err(NoPicture::OtherType), "{other:?}");
        }
        assert_eq!(type_of(b"\xff\xd8\xff\xe0"), Err(NoPicture::OtherType));
    }

    #[test]
    fn an_svg_is_drawn_and_does_nothing_else() {
        for part in ["<script>", "<ScRiPt x=\"\">", "<!DOCTYPE svg>", "<a href=\"javascript:x()\">", "<foreignObject>"]
        {
            let bytes = SVG.replace("<path", &format!("{part}<path"));
            assert!(matches!(picture(bytes.as_bytes()), Err(NoPicture::Svg { .. })), "{part}");
        }
        assert!(picture(format!("<!DOCTYPE svg>{SVG}").as_bytes()).is_err());
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
