#![doc = include_str!("../README.md")]

use std::sync::{Mutex, PoisonError};

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{self, ImageHrefResolver, ImageKind, Options, Tree};
use roxmltree::{Document, Error, ParsingOptions};

mod missing;

const SVG: &str = "http://www.w3.org/2000/svg";

/// Of what is drawn, in pixels. Logos and icons are shown 24 high and up to 120 wide, by screens with up to four to each of these.
pub const LONGEST_SIDE: u32 = 512;

const MAX_PARTS: u32 = 100_000;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotDrawn {
    #[error("the picture is neither PNG nor WebP nor SVG: it is text whose first element is <{root}>")]
    OtherType { root: String },
    #[error("the SVG is not well formed at line {line}: {reason}")]
    NoXml { line: u32, reason: String },
    #[error("the SVG declares entities (<!ENTITY …>); export it as plain SVG, or upload a PNG")]
    Entities,
    #[error("the SVG has too many parts, or too many within each other; simplify it, or upload a PNG")]
    TooManyParts,
    #[error("the SVG's first element has no xmlns=\"{SVG}\"; write that into it")]
    NoNamespace,
    #[error(
        "the SVG holds text at line {line}, which looks different with each machine's fonts; turn its text into paths, or upload a PNG"
    )]
    Text { line: u32 },
    #[error("the SVG holds {what} at line {line}, which would not be drawn; take it out, or upload a PNG")]
    Missing { what: String, line: u32 },
    #[error(
        "the SVG holds a picture that is {what}, which would not be drawn; put a PNG, JPEG or WebP into it, or upload a PNG"
    )]
    Picture { what: &'static str },
    #[error("the SVG shows nothing: all that it draws is transparent, or outside its viewBox")]
    Nothing,
    #[error("the SVG cannot be drawn: {reason}; export it anew, or upload a PNG")]
    Unclear { reason: String },
    #[error("the SVG's drawing has too many bytes as a PNG; simplify it, or upload a PNG")]
    TooLarge,
}

/// A PNG of at most so many bytes: smaller than `LONGEST_SIDE` if it takes that.
pub fn draw(svg: &str, most_bytes: usize) -> Result<Vec<u8>, NotDrawn> {
    let text = svg.trim_start_matches('\u{feff}');
    let document = document(text)?;
    missing::check(&document)?;
    let tree = tree(&document)?;
    let sides = std::iter::successors(Some(LONGEST_SIDE), |side| Some(side / 2)).take_while(|side| *side >= 64);
    for side in sides {
        let png = pixels(&tree, side)?;
        if png.len() <= most_bytes {
            return Ok(png);
        }
    }
    Err(NotDrawn::TooLarge)
}

fn document(text: &str) -> Result<Document<'_>, NotDrawn> {
    if text.contains("<!ENTITY") {
        return Err(NotDrawn::Entities);
    }
    // a document type without declarations, as older drawing programs write it
    let options = ParsingOptions { allow_dtd: true, nodes_limit: MAX_PARTS, ..ParsingOptions::default() };
    let document = Document::parse_with_options(text, options).map_err(|error| match error {
        Error::NodesLimitReached => NotDrawn::TooManyParts,
        error => NotDrawn::NoXml { line: error.pos().row, reason: error.to_string() },
    })?;
    let root = document.root_element().tag_name();
    match (root.name(), root.namespace()) {
        ("svg", Some(SVG)) => Ok(document),
        ("svg", None) => Err(NotDrawn::NoNamespace),
        (name, _) => Err(NotDrawn::OtherType { root: name.chars().take(60).collect() }),
    }
}

/// Nothing is read but the document: pictures are those that it holds.
fn tree(document: &Document) -> Result<Tree, NotDrawn> {
    let refused = Mutex::new(None);
    let refuse = |what| {
        refused.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(what);
        None
    };
    let options = Options {
        image_href_resolver: ImageHrefResolver {
            resolve_string: Box::new(|_, _| refuse("in another file")),
            resolve_data: Box::new(|_, data, _| match data.as_slice() {
                [0x89, b'P', b'N', b'G', ..] => Some(ImageKind::PNG(data)),
                [0xff, 0xd8, 0xff, ..] => Some(ImageKind::JPEG(data)),
                [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some(ImageKind::WEBP(data)),
                _ => refuse("neither PNG nor JPEG nor WebP"),
            }),
        },
        ..Options::default()
    };
    let tree = Tree::from_xmltree(document, &options);
    drop(options);
    if let Some(what) = refused.into_inner().unwrap_or_else(PoisonError::into_inner) {
        return Err(NotDrawn::Picture { what });
    }
    tree.map_err(|error| match error {
        // as it is drawn: a part that is used many times counts as often
        usvg::Error::ElementsLimitReached | usvg::Error::ParsingFailed(Error::NodesLimitReached) => {
            NotDrawn::TooManyParts
        }
        error => NotDrawn::Unclear { reason: error.to_string() },
    })
}

/// On nothing: what is not painted is transparent.
fn pixels(tree: &Tree, longest_side: u32) -> Result<Vec<u8>, NotDrawn> {
    let size = tree.size();
    let scale = longest_side as f32 / size.width().max(size.height());
    let side = |length: f32| ((length * scale).round() as u32).clamp(1, longest_side);
    let unclear = |reason: &str| NotDrawn::Unclear { reason: reason.to_owned() };
    let mut pixmap = Pixmap::new(side(size.width()), side(size.height())).ok_or_else(|| unclear("it has no size"))?;
    resvg::render(tree, Transform::from_scale(scale, scale), &mut pixmap.as_mut());
    if pixmap.pixels().iter().all(|pixel| pixel.alpha() == 0) {
        return Err(NotDrawn::Nothing);
    }
    pixmap.encode_png().map_err(|error| unclear(&error.to_string()))
}

#[cfg(test)]
mod tests;
