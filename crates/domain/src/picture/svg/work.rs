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
/// Attributes that are not had by what is within: a part that is drawn, and what is done with the whole of it.
const OF_ITSELF: [&str; 4] = ["href", "clip-path", "mask", "filter"];
/// What a filter counts for: each is put on all that is seen of what has it.
const FILTER: u64 = 500;

pub(super) fn check(document: &Document) -> Result<(), NoPicture> {
    let elements = || document.descendants().filter(Node::is_element);
    let sheets = elements().filter(|node| node.tag_name().name() == "style");
    let mut rules: Vec<Rule> = vec![];
    for style in sheets {
        rules.extend(rules::rules(&sheet(style)).map_err(|what| unclear(what, style))?);
    }
    // each element is compared with each rule
    if rules.len() > MAX_RULES {
        return Err(NoPicture::TooMuch { what: "rules that name other parts", most: MAX_RULES });
    }
    let mut work = Work { parts: HashMap::new(), known: HashMap::new(), rules };
    for node in elements() {
        if let Some(id) = node.attribute("id") {
            // readers differ about which of the two is meant
            let known = work.parts.insert(id, Some(node)).is_some();
            if known {
                work.parts.insert(id, None);
            }
        }
    }
    let drawn = work.of(document.root_element(), 0)?;
    match drawn > MOST {
        true => Err(NoPicture::TooMuch { what: "parts as they are drawn", most: MOST as usize }),
        false => Ok(()),
    }
}

struct Work<'a, 'input> {
    /// by id; nothing if there are several of one
    parts: HashMap<&'a str, Option<Node<'a, 'input>>>,
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
        // what is in it has some properties from it
        let within = count;
        for attribute in node.attributes() {
            let cost = match attribute.name() {
                "href" => Cost::of_link(attribute.value()),
                name => Cost::of(attribute.value(), name == "filter"),
            };
            let times = if OF_ITSELF.contains(&attribute.name()) { 1 } else { within };
            let cost = cost.map_err(|what| unclear(what, node))?;
            count = count.saturating_add(self.of_cost(node, cost, (times, depth))?);
        }
        let by_rule = self.rules.iter().filter(|rule| rule.is_about(node));
        let by_rule = by_rule.map(|rule| Cost { links: rule.cost.links.clone(), filters: rule.cost.filters });
        for cost in by_rule.collect::<Vec<_>>() {
            count = count.saturating_add(self.of_cost(node, cost, (within, depth))?);
        }
        self.known.insert(node.id(), Some(count));
        Ok(count)
    }

    /// `times`: by how many elements the property is had.
    fn of_cost(&mut self, node: Node, cost: Cost, (times, depth): (u64, usize)) -> Result<u64, NoPicture> {
        let mut count = cost.filters.saturating_mul(FILTER);
        for id in cost.links {
            let part = match self.parts.get(id.as_str()).copied() {
                Some(Some(part)) => self.of(part, depth + 1)?,
                Some(None) => return Err(unclear("a link to a part whose id is there twice", node)),
                None => 0,
            };
            count = count.saturating_add(part.saturating_mul(times));
        }
        Ok(count)
    }
}

fn unclear(what: &str, node: Node) -> NoPicture {
    NoPicture::Svg { what: what.into(), line: line(node) }
}

fn line(node: Node) -> u32 {
    node.document().text_pos_at(node.range().start).row
}
