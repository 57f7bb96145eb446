//! What a browser would do or draw, and the drawing would silently be without. Whoever sent it is told rather than shown half of it.

use roxmltree::{Attribute, Document, Node};

use crate::{NotDrawn, SVG};

const XHTML: &str = "http://www.w3.org/1999/xhtml";
const XLINK: &str = "http://www.w3.org/1999/xlink";

const MOVES: [&str; 6] = ["animate", "animateColor", "animateMotion", "animateTransform", "discard", "set"];
const NOT_DRAWN: [&str; 5] = ["foreignObject", "script", "handler", "audio", "video"];

/// Attributes that name what paints or cuts.
const PAINTS: [&str; 10] =
    ["clip-path", "fill", "filter", "marker", "marker-end", "marker-mid", "marker-start", "mask", "stroke", "style"];

pub(crate) fn check(document: &Document) -> Result<(), NotDrawn> {
    let line = |node: &Node| document.text_pos_at(node.range().start).row;
    for node in document.root().descendants() {
        if let Some(what) = missing(node) {
            return Err(NotDrawn::Missing { what, line: line(&node) });
        }
        if is_svg(node, "text") && node.descendants().any(|part| part.is_text() && !part.text().is_none_or(is_blank)) {
            return Err(NotDrawn::Text { line: line(&node) });
        }
    }
    Ok(())
}

fn is_blank(text: &str) -> bool {
    text.trim().is_empty()
}

fn is_svg(node: Node, name: &str) -> bool {
    node.tag_name().name() == name && node.tag_name().namespace() == Some(SVG)
}

fn missing(node: Node) -> Option<String> {
    if let Some(instruction) = node.pi() {
        return instruction
            .target
            .contains("stylesheet")
            .then(|| format!("the instruction <?{}?>", instruction.target));
    }
    if !node.is_element() {
        return None;
    }
    let name = node.tag_name().name();
    match node.tag_name().namespace() {
        Some(XHTML) => return Some(format!("the element <{name}> of HTML")),
        Some(SVG) => {}
        _ => return None,
    }
    if NOT_DRAWN.contains(&name) || MOVES.contains(&name) {
        return Some(format!("the element <{name}>"));
    }
    if name == "style" {
        return node.children().filter_map(|part| part.text()).find_map(of_sheet);
    }
    let attribute = node.attributes().find(|attribute| leads_elsewhere(name, attribute))?;
    Some(format!("a link to another file, the attribute {} of <{name}>", attribute.name()))
}

fn of_sheet(sheet: &str) -> Option<String> {
    let sheet = sheet.to_ascii_lowercase();
    let rule = ["@import", "@keyframes"].into_iter().find(|rule| sheet.contains(rule));
    match rule {
        Some(rule) => Some(format!("a style sheet with {rule}")),
        None => names_elsewhere(&sheet).then(|| "a style sheet with a link to another file".to_owned()),
    }
}

/// Pictures are told apart where they are looked for, and links that people follow are none of the drawing's.
fn leads_elsewhere(element: &str, attribute: &Attribute) -> bool {
    let (name, value) = (attribute.name(), attribute.value());
    match attribute.namespace() {
        None | Some(XLINK) if name == "href" => {
            !["a", "image", "feImage"].contains(&element) && !value.trim_start().starts_with('#')
        }
        None => PAINTS.contains(&name) && names_elsewhere(value),
        Some(_) => false,
    }
}

/// Whether a `url(…)` leads out of the file.
fn names_elsewhere(text: &str) -> bool {
    let named = text.split("url(").skip(1).map(|rest| rest.trim_start_matches([' ', '\t', '\n', '\r', '"', '\'']));
    named.into_iter().any(|rest| !rest.starts_with('#') && !rest.starts_with("data:"))
}
