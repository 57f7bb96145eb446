//! A small picture that people choose: a logo, an icon. What it is, its bytes say, and no name or header. An SVG is drawn once it is
//! sent, and what is kept is the drawing.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::oci::Digest;

pub const MAX_BYTES: usize = 128 * 1024;
/// Of a picture of pixels: few bytes may be many pixels, which whoever looks at it has to keep.
pub const MAX_SIDE: usize = 2048;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum PictureType {
    #[serde(rename = "image/png")]
    Png,
    #[serde(rename = "image/webp")]
    Webp,
    /// Is kept no more; events of before have some.
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
    /// of the SVG that it was drawn of
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drawn_of: Option<Digest>,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoPicture {
    #[error("the picture has {bytes} bytes; at most {MAX_BYTES}")]
    TooLarge { bytes: usize },
    #[error("the picture is neither PNG nor WebP nor SVG, by its first bytes")]
    OtherType,
    #[error("the picture has {width} × {height} pixels; at most {MAX_SIDE} each way")]
    TooWide { width: usize, height: usize },
    #[error("the picture moves; take one that does not")]
    Moves,
    #[error("the picture is packed with gzip, perhaps an .svgz; unpack it")]
    Packed,
    #[error("the picture is an SVG, which is drawn before it is kept")]
    NotDrawn,
    #[error("the SVG is not written in UTF-8; save it so")]
    Encoding,
}

impl PictureType {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Webp => "image/webp",
            Self::Svg => "image/svg+xml",
        }
    }

    /// Of what was sent, in one look at each byte. Whether an SVG is one shows when it is drawn.
    pub fn of(bytes: &[u8]) -> Result<Self, NoPicture> {
        if bytes.len() > MAX_BYTES {
            return Err(NoPicture::TooLarge { bytes: bytes.len() });
        }
        if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
            let before_pixels = &bytes[..find(bytes, b"IDAT").unwrap_or(bytes.len())];
            return check_pixels(bytes, find(before_pixels, b"acTL").is_some()).map(|()| Self::Png);
        }
        if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
            let is_extended = bytes.get(12..16) == Some(b"VP8X");
            let moves = is_extended && bytes.get(20).is_some_and(|flags| flags & 0b10 != 0);
            return check_pixels(bytes, moves).map(|()| Self::Webp);
        }
        if bytes.starts_with(b"\x1f\x8b") {
            return Err(NoPicture::Packed);
        }
        if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
            return Err(NoPicture::Encoding);
        }
        let is_svg = [b"<svg", b":svg"].iter().any(|tag| find(bytes, *tag).is_some());
        match std::str::from_utf8(bytes) {
            _ if !is_svg => Err(NoPicture::OtherType),
            Err(_) => Err(NoPicture::Encoding),
            Ok(_) => Ok(Self::Svg),
        }
    }
}

fn find(bytes: &[u8], part: &[u8]) -> Option<usize> {
    bytes.windows(part.len()).position(|window| window == part)
}

fn check_pixels(bytes: &[u8], moves: bool) -> Result<(), NoPicture> {
    let size = imagesize::blob_size(bytes).map_err(|_| NoPicture::OtherType)?;
    match (size.width, size.height) {
        _ if moves => Err(NoPicture::Moves),
        (width, height) if width > MAX_SIDE || height > MAX_SIDE => Err(NoPicture::TooWide { width, height }),
        _ => Ok(()),
    }
}

impl PictureFacts {
    /// The digest of what was sent.
    pub fn sent(&self) -> &Digest {
        self.drawn_of.as_ref().unwrap_or(&self.digest)
    }
}

impl Picture {
    /// As it was sent: PNG or WebP. `digest` is that of the bytes.
    pub fn try_new(digest: Digest, bytes: &[u8]) -> Result<Self, NoPicture> {
        match PictureType::of(bytes)? {
            PictureType::Svg => Err(NoPicture::NotDrawn),
            media_type => Ok(Self::new(digest, media_type, bytes, None)),
        }
    }

    /// The drawing, a PNG, of an SVG with the digest `of`. `digest` is that of the drawing's bytes.
    pub fn drawn(digest: Digest, bytes: &[u8], of: Digest) -> Result<Self, NoPicture> {
        match PictureType::of(bytes)? {
            PictureType::Png => Ok(Self::new(digest, PictureType::Png, bytes, Some(of))),
            _ => Err(NoPicture::OtherType),
        }
    }

    fn new(digest: Digest, media_type: PictureType, bytes: &[u8], drawn_of: Option<Digest>) -> Self {
        let of = PictureFacts { digest, media_type, bytes: bytes.len() as u32, drawn_of };
        Self { of, data: STANDARD.encode(bytes) }
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

    fn png(width: u32, height: u32) -> Vec<u8> {
        let header = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".iter().copied();
        header.chain(width.to_be_bytes()).chain(height.to_be_bytes()).chain(*b"\x08\x06\0\0\0\0\0\0\0").collect()
    }

    /// Of 16 × 16 pixels.
    fn webp(flags: u8) -> Vec<u8> {
        [b"RIFF\x16\0\0\0WEBPVP8X\x0a\0\0\0".as_slice(), &[flags], b"\0\0\0\x0f\0\0\x0f\0\0"].concat()
    }

    #[test]
    fn a_picture_is_what_its_first_bytes_say() {
        let type_of = PictureType::of;
        assert_eq!(type_of(&png(16, 16)), Ok(PictureType::Png));
        assert_eq!(type_of(&webp(0)), Ok(PictureType::Webp));
        assert_eq!(type_of(SVG.as_bytes()), Ok(PictureType::Svg));
        assert_eq!(type_of(SVG.replace("svg", "s:svg").as_bytes()), Ok(PictureType::Svg));
        assert_eq!(type_of(b"<svg>\xe9</svg>"), Err(NoPicture::Encoding));
        assert_eq!(type_of(b"\x1f\x8b\x08\0"), Err(NoPicture::Packed));
        for other in ["GIF89a", "\u{89}PNG"] {
            assert_eq!(type_of(other.as_bytes()), Err(NoPicture::OtherType), "{other:?}");
        }
        assert_eq!(type_of(b"\xff\xd8\xff\xe0"), Err(NoPicture::OtherType));
        assert_eq!(type_of(b"\x89PNG\r\n\x1a\n"), Err(NoPicture::OtherType));
        assert_eq!(type_of(b"\xff\xfe<\0s\0"), Err(NoPicture::Encoding));
    }

    #[test]
    fn an_svg_is_kept_as_its_drawing_and_known_by_itself() {
        let digest = |number: u8| format!("sha256:{number:064x}").parse::<Digest>().unwrap();
        assert_eq!(picture(SVG.as_bytes()), Err(NoPicture::NotDrawn));
        assert_eq!(Picture::drawn(digest(1), SVG.as_bytes(), digest(2)), Err(NoPicture::OtherType));
        let drawn = Picture::drawn(digest(1), &png(16, 16), digest(2)).unwrap();
        assert_eq!((&drawn.of.digest, drawn.of.sent()), (&digest(1), &digest(2)));
        let sent = Picture::try_new(digest(1), &png(16, 16)).unwrap();
        assert_eq!(sent.of.sent(), &digest(1));
        // as it was kept before
        let json = format!(r#"{{"digest":"{}","media_type":"image/svg+xml","bytes":3,"data":"PHN2Zz4="}}"#, digest(3));
        let before: Picture = serde_json::from_str(&json).unwrap();
        assert_eq!((before.of.media_type, before.of.sent()), (PictureType::Svg, &digest(3)));
        assert_eq!(serde_json::to_string(&before).unwrap(), json);
    }

    #[test]
    fn a_picture_is_small_and_still() {
        let mut bytes = png(MAX_SIDE as u32, 1);
        bytes.resize(MAX_BYTES, 0);
        assert_eq!(picture(&bytes).unwrap().of.bytes as usize, MAX_BYTES);
        bytes.push(0);
        assert_eq!(picture(&bytes), Err(NoPicture::TooLarge { bytes: MAX_BYTES + 1 }));
        assert_eq!(picture(&png(16_000, 16_000)), Err(NoPicture::TooWide { width: 16_000, height: 16_000 }));
        let moving = [png(1, 1).as_slice(), b"\0\0\0\x08acTL\0\0\0\x02\0\0\0\0", b"\0\0\0\0IDAT"].concat();
        assert_eq!(picture(&moving), Err(NoPicture::Moves));
        assert_eq!(picture(&webp(0b10)), Err(NoPicture::Moves));
    }
}
