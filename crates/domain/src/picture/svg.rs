//! What an SVG may hold: shapes, texts and paints, and nothing that runs, moves, or is fetched from elsewhere; and no more of them
//! than a browser draws at once. All that is not named here is refused. What drawing programs add for themselves has a namespace of
//! its own, and no browser draws it.

use roxmltree::{Attribute, Document, Error, Node, ParsingOptions};

use super::NoPicture;

mod rules;
mod style;
mod work;

const SVG: &str = "http://www.w3.org/2000/svg";
const XML: &str = "http://www.w3.org/XML/1998/namespace";
const XLINK: &str = "http://www.w3.org/1999/xlink";

/// Namespaces besides that browsers act by.
const ACTED_BY: [&str; 5] = [
    "http://www.w3.org/1999/xhtml",
    "http://www.w3.org/1998/Math/MathML",
    "http://www.w3.org/2001/xml-events",
    "http://www.w3.org/1999/XSL/Transform",
    "http://www.mozilla.org/keymaster/gatekeeper/there.is.only.xul",
];

/// The last four draw nothing: an old drawing program left them behind.
const DRAWN: [&str; 33] = [
    "circle",
    "clipPath",
    "defs",
    "desc",
    "ellipse",
    "filter",
    "g",
    "image",
    "line",
    "linearGradient",
    "mask",
    "metadata",
    "path",
    "pattern",
    "polygon",
    "polyline",
    "radialGradient",
    "rect",
    "stop",
    "style",
    "svg",
    "switch",
    "symbol",
    "text",
    "textPath",
    "title",
    "tspan",
    "use",
    "view",
    "flowRoot",
    "flowRegion",
    "flowPara",
    "flowSpan",
];

/// Parts of a filter whose cost is about that of what they are put on.
const FILTERS: [&str; 15] = [
    "feBlend",
    "feColorMatrix",
    "feComponentTransfer",
    "feComposite",
    "feDropShadow",
    "feFlood",
    "feFuncA",
    "feFuncB",
    "feFuncG",
    "feFuncR",
    "feGaussianBlur",
    "feImage",
    "feMerge",
    "feMergeNode",
    "feOffset",
];

/// Of a picture within the picture.
const RASTERS: [&str; 4] = ["data:image/png;", "data:image/jpeg;", "data:image/gif;", "data:image/webp;"];

/// Values that are never looked at as a style.
const WORDS: [&str; 4] = ["id", "class", "d", "points"];

const MAX_PARTS: u32 = 20_000;
const MAX_DEPTH: usize = 64;
/// Reading an element's attributes costs the square of their number.
const MAX_ATTRIBUTES: usize = 300;
const MAX_NAMESPACES: usize = 100;

pub(super) fn check(text: &str) -> Result<(), NoPicture> {
    let text = text.trim_start_matches('\u{feff}');
    check_encoding(text)?;
    if text.split('<').any(|tag| tag.matches('=').count() > MAX_ATTRIBUTES) {
        return Err(NoPicture::TooMuch { what: "attributes of one element", most: MAX_ATTRIBUTES });
    }
    if text.matches("xmlns").count() > MAX_NAMESPACES {
        return Err(NoPicture::TooMuch { what: "namespaces", most: MAX_NAMESPACES });
    }
    let options = ParsingOptions { allow_dtd: true, nodes_limit: MAX_PARTS, ..ParsingOptions::default() };
    let document = Document::parse_with_options(text, options).map_err(|error| match error {
        Error::NodesLimitReached => NoPicture::TooMuch { what: "parts", most: MAX_PARTS as usize },
        // no attempt at an SVG
        _ if !text.contains("<svg") && !text.contains(":svg") => NoPicture::OtherType,
        error => NoPicture::NoXml { line: error.pos().row, reason: error.to_string() },
    })?;
    let root = document.root_element();
    if root.tag_name().name() != "svg" || ![None, Some(SVG)].contains(&root.tag_name().namespace()) {
        return Err(NoPicture::OtherType);
    }
    if root.tag_name().namespace().is_none() {
        return Err(NoPicture::NoNamespace { namespace: SVG });
    }
    let prolog = &text[..root.range().start];
    if prolog.find("<!DOCTYPE").is_some_and(|at| prolog[at..].contains('[')) {
        return Err(NoPicture::Svg { what: "declarations of its own in the document type".into(), line: 1 });
    }
    for node in document.root().children() {
        check_node(node, 0)
            .map_err(|Refused { what, at }| NoPicture::Svg { what, line: document.text_pos_at(at).row })?;
    }
    work::check(&document)
}

struct Refused {
    what: String,
    /// byte of the text
    at: usize,
}

fn check_node(node: Node, depth: usize) -> Result<(), Refused> {
    let refused = |what: String| Err(Refused { what, at: node.range().start });
    if let Some(instruction) = node.pi() {
        return match instruction.target.to_ascii_lowercase().contains("stylesheet") {
            true => refused(format!("the instruction <?{}?>", instruction.target)),
            false => Ok(()),
        };
    }
    if !node.is_element() {
        return Ok(());
    }
    if depth > MAX_DEPTH {
        return refused(format!("more than {MAX_DEPTH} elements within each other"));
    }
    check_element(node)?;
    node.children().try_for_each(|child| check_node(child, depth + 1))
}

fn check_element(node: Node) -> Result<(), Refused> {
    let refused = |what: String, at: usize| Err(Refused { what, at });
    let (name, here) = (node.tag_name(), node.range().start);
    let namespace = name.namespace().unwrap_or_default();
    if namespace != SVG {
        return match ACTED_BY.contains(&namespace) {
            true => refused(format!("the element <{}> of {namespace}", name.name()), here),
            false => Ok(()),
        };
    }
    if !DRAWN.contains(&name.name()) && !FILTERS.contains(&name.name()) {
        return refused(format!("the element <{}>", name.name()), here);
    }
    if name.name() == "style" {
        if node.children().any(|part| part.is_element()) {
            return refused("an element within a style sheet".into(), here);
        }
        if let Some(why) = style::refused(&sheet(node)) {
            return refused(format!("a style sheet that {why}"), here);
        }
    }
    for attribute in node.attributes() {
        if let Some(why) = not_drawn(name.name(), &attribute) {
            let what = format!("the attribute {} of <{}>, {why}", attribute.name(), name.name());
            return refused(what, attribute.range().start);
        }
    }
    Ok(())
}

/// The text of a style sheet.
fn sheet(node: Node) -> String {
    node.children().filter(Node::is_text).filter_map(|part| part.text()).collect()
}

/// Why the attribute is refused, if it is.
fn not_drawn(element: &str, attribute: &Attribute) -> Option<&'static str> {
    const RUNS: &str = "which runs something";
    let (name, value) = (attribute.name(), attribute.value());
    let is_word = || WORDS.contains(&name) || name.starts_with("aria-") || name.starts_with("data-");
    match attribute.namespace() {
        None | Some(XLINK) if name == "href" => not_here(element, value),
        None if name.to_ascii_lowercase().starts_with("on") => Some(RUNS),
        None if is_word() => None,
        None => style::refused(value).map(|_| "which takes something from elsewhere or moves"),
        Some(XML) if name == "base" => Some("which makes its links lead elsewhere"),
        Some(other) if ACTED_BY.contains(&other) => Some(RUNS),
        Some(_) => None,
    }
}

/// A part of the same file is drawn; so is a picture that the file holds.
fn not_here(element: &str, link: &str) -> Option<&'static str> {
    let is_image = ["image", "feImage"].contains(&element);
    match link.starts_with('#') || (is_image && RASTERS.iter().any(|kind| link.starts_with(kind))) {
        true => None,
        false if is_image => Some("which is no link to a part of the file and no data:image/png, jpeg, gif or webp"),
        false => Some("which is no link to a part of the file"),
    }
}

/// A reader of another encoding would read another text; where all is ASCII, many read the same.
fn check_encoding(text: &str) -> Result<(), NoPicture> {
    let encoding = declared_encoding(text);
    let known = encoding.to_ascii_lowercase();
    let is_same = match known.as_str() {
        "utf-8" | "us-ascii" => true,
        "iso-8859-1" | "windows-1252" | "latin1" => text.is_ascii(),
        _ => false,
    };
    if is_same { Ok(()) } else { Err(NoPicture::Encoding { encoding: encoding.into() }) }
}

fn declared_encoding(text: &str) -> &str {
    let declaration =
        text.trim_start().strip_prefix("<?xml").and_then(|rest| rest.split_once("?>")).map(|(inner, _)| inner);
    let value = declaration.and_then(|inner| inner.split_once("encoding")).map(|(_, rest)| rest);
    let value = value.map(|rest| rest.trim_start_matches([' ', '\t', '\n', '\r', '=']));
    value.and_then(|rest| rest.get(1..)).and_then(|rest| rest.split(['"', '\'']).next()).unwrap_or("utf-8")
}

#[cfg(test)]
mod tests;
