//! How much a browser has to draw. A few lines that use each other, ten times each, are a thousand million parts.

use std::collections::HashMap;

use roxmltree::{Document, Node, NodeId};

use super::sheet;
use crate::picture::NoPicture;

/// Elements, each as often as it is drawn.
const MOST: u64 = 50_000;
/// Elements and references within each other.
const MAX_DEPTH: usize = 400;

pub(super) fn check(document: &Document) -> Result<(), NoPicture> {
    let mut work = Work { parts: HashMap::new(), known: HashMap::new() };
    let elements = || document.descendants().filter(Node::is_element);
    for node in elements() {
        if let Some(id) = node.attribute("id") {
            work.parts.insert(id, node);
        }
    }
    let mut drawn = work.of(document.root_element(), 0)?;
    // a rule may be one for every element
    let all = elements().count() as u64;
    for style in elements().filter(|node| node.tag_name().name() == "style") {
        for id in links(&sheet(style)) {
            drawn = drawn.saturating_add(work.of_part(id, 0)?.saturating_mul(all));
        }
    }
    match drawn > MOST {
        true => Err(NoPicture::TooMuch { what: "parts as they are drawn", most: MOST as usize }),
        false => Ok(()),
    }
}

struct Work<'a, 'input> {
    parts: HashMap<&'a str, Node<'a, 'input>>,
    /// nothing while it is being counted
    known: HashMap<NodeId, Option<u64>>,
}

impl<'a, 'input> Work<'a, 'input> {
    fn of(&mut self, node: Node<'a, 'input>, depth: usize) -> Result<u64, NoPicture> {
        match self.known.get(&node.id()) {
            Some(Some(known)) => return Ok(*known),
            Some(None) => {
                return Err(NoPicture::Svg { what: "a part that is drawn within itself".into(), line: line(node) });
            }
            None if depth > MAX_DEPTH => {
                return Err(NoPicture::TooMuch { what: "parts within each other", most: MAX_DEPTH });
            }
            None => {}
        }
        self.known.insert(node.id(), None);
        let mut count = 1_u64;
        for child in node.children().filter(Node::is_element) {
            count = count.saturating_add(self.of(child, depth + 1)?);
        }
        for attribute in node.attributes() {
            let value = attribute.value();
            let link = (attribute.name() == "href").then(|| value.strip_prefix('#')).flatten();
            for id in link.into_iter().chain(links(value)) {
                count = count.saturating_add(self.of_part(id, depth)?);
            }
        }
        self.known.insert(node.id(), Some(count));
        Ok(count)
    }

    fn of_part(&mut self, id: &str, depth: usize) -> Result<u64, NoPicture> {
        match self.parts.get(id).copied() {
            Some(part) => self.of(part, depth + 1),
            None => Ok(0),
        }
    }
}

/// The parts that a style names.
fn links(style: &str) -> impl Iterator<Item = &str> {
    style.split('#').skip(1).map(|rest| {
        let end = rest.find(['"', '\'', ')', ' ', ';', ',', '}']).unwrap_or(rest.len());
        &rest[..end]
    })
}

fn line(node: Node) -> u32 {
    node.document().text_pos_at(node.range().start).row
}
