//! How much a browser has to draw. A few lines that use each other, ten times each, are a thousand million parts.

use std::collections::HashMap;

use roxmltree::{Document, Node, NodeId};

use super::rules::{self, Cost, Rule};
use super::sheet;
use crate::picture::NoPicture;

/// Elements, each as often as it is drawn.
const MOST: u64 = 50_000;
/// Elements and references within each other.
const MAX_DEPTH: usize = 400;
/// Rules of style sheets that name parts, or filters.
const MAX_RULES: usize = 500;
/// What a filter counts for: each is put on all that is seen of what has it.
const FILTER: u64 = 250;

pub(super) fn check(document: &Document) -> Result<(), NoPicture> {
    let elements = || document.descendants().filter(Node::is_element);
    let sheets = elements().filter(|node| node.tag_name().name() == "style");
    let rules: Vec<Rule> = sheets.flat_map(|style| rules::rules(&sheet(style))).collect();
    // each element is compared with each rule
    if rules.len() > MAX_RULES {
        return Err(NoPicture::TooMuch { what: "rules that name other parts", most: MAX_RULES });
    }
    let mut work = Work { parts: HashMap::new(), known: HashMap::new(), rules };
    for node in elements() {
        if let Some(id) = node.attribute("id") {
            work.parts.insert(id, node);
        }
    }
    let drawn = work.of(document.root_element(), 0)?;
    match drawn > MOST {
        true => Err(NoPicture::TooMuch { what: "parts as they are drawn", most: MOST as usize }),
        false => Ok(()),
    }
}

struct Work<'a, 'input> {
    parts: HashMap<&'a str, Node<'a, 'input>>,
    /// nothing while it is being counted
    known: HashMap<NodeId, Option<u64>>,
    /// of all style sheets
    rules: Vec<Rule>,
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
        let own = node.attributes().map(|attribute| Cost::of(attribute.value(), attribute.name() == "filter"));
        let by_rule = self.rules.iter().filter(|rule| rule.is_about(node));
        let by_rule = by_rule.map(|rule| Cost { links: rule.cost.links.clone(), filters: rule.cost.filters });
        for Cost { links, filters } in own.chain(by_rule).collect::<Vec<_>>() {
            count = count.saturating_add(filters.saturating_mul(FILTER));
            for id in links {
                count = count.saturating_add(self.of_part(&id, depth)?);
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

fn line(node: Node) -> u32 {
    node.document().text_pos_at(node.range().start).row
}
