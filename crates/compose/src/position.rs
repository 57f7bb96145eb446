//! Lines and columns of the values of a file, found through aliases and merge keys.

use std::collections::HashMap;

use granit_parser::{Event, Parser, ScalarStyle};

use crate::path::{Path, Step};
use crate::plain;

/// A line and a column of the file's text, both counted from 1; the column in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    pub line: usize,
    pub column: usize,
}

enum Shape {
    Scalar,
    Alias(usize),
    List(Vec<usize>),
    Map { entries: HashMap<String, (Position, usize)>, merged: Vec<usize> },
}

struct Node {
    at: Position,
    shape: Shape,
}

/// A key with the value that is yet to come.
struct Key {
    text: String,
    at: Position,
}

/// The positions of all that a text holds.
#[derive(Default)]
pub(crate) struct Positions {
    nodes: Vec<Node>,
    anchors: HashMap<usize, usize>,
    /// keys that YAML does not take for texts
    pub(crate) not_text: Vec<(Path, Position)>,
}

/// A mapping or list that is not yet at its end.
struct Open {
    node: usize,
    key: Option<Key>,
}

/// Aliases and merge keys that are followed for one step of a path: more is no file that somebody wrote.
const MOST_HOPS: usize = 200;

impl Positions {
    /// The positions of the text's first document, as far as it can be read.
    pub(crate) fn read(text: &str) -> Self {
        let mut positions = Positions::default();
        let mut open: Vec<Open> = vec![];
        let mut path = Path::default();
        for next in Parser::new_from_str(text) {
            let Ok((event, span)) = next else { break };
            let at = Position { line: span.start.line(), column: span.start.col() + 1 };
            match event {
                Event::DocumentEnd => break,
                Event::SequenceEnd | Event::MappingEnd => {
                    open.pop();
                    positions.close(&mut open, &mut path);
                }
                Event::Alias(anchor) => {
                    positions.add(Node { at, shape: Shape::Alias(anchor) }, 0, None, &mut open, &mut path);
                    positions.close(&mut open, &mut path);
                }
                Event::Scalar(text, style, anchor, tag) => {
                    let is_text = style != ScalarStyle::Plain || tag.is_some() || plain::is_text(&text);
                    let key = (text.into_owned(), is_text);
                    let is_value =
                        positions.add(Node { at, shape: Shape::Scalar }, anchor, Some(key), &mut open, &mut path);
                    if is_value {
                        positions.close(&mut open, &mut path);
                    }
                }
                Event::SequenceStart(_, anchor, _) => {
                    positions.add(Node { at, shape: Shape::List(vec![]) }, anchor, None, &mut open, &mut path);
                    open.push(Open { node: positions.nodes.len() - 1, key: None });
                }
                Event::MappingStart(_, anchor, _) => {
                    let shape = Shape::Map { entries: HashMap::new(), merged: vec![] };
                    positions.add(Node { at, shape }, anchor, None, &mut open, &mut path);
                    open.push(Open { node: positions.nodes.len() - 1, key: None });
                }
                _ => {}
            }
        }
        positions
    }

    /// Whether the node is a value, rather than the key of one.
    fn add(
        &mut self,
        node: Node,
        anchor: usize,
        scalar: Option<(String, bool)>,
        open: &mut [Open],
        path: &mut Path,
    ) -> bool {
        let (at, index) = (node.at, self.nodes.len());
        self.nodes.push(node);
        if anchor != 0 {
            self.anchors.insert(anchor, index);
        }
        let Some(parent) = open.last_mut() else { return true };
        match &mut self.nodes[parent.node].shape {
            Shape::List(list) => {
                path.push(Step::Entry(list.len()));
                list.push(index);
                true
            }
            Shape::Map { entries, merged } => match parent.key.take() {
                None => {
                    let (text, is_text) = scalar.unwrap_or((String::new(), true));
                    path.push(Step::Key(text.clone()));
                    if !is_text && text != "<<" {
                        self.not_text.push((path.clone(), at));
                    }
                    parent.key = Some(Key { text, at });
                    false
                }
                Some(key) if key.text == "<<" => {
                    merged.push(index);
                    true
                }
                Some(key) => {
                    entries.insert(key.text, (key.at, index));
                    true
                }
            },
            Shape::Scalar | Shape::Alias(_) => true,
        }
    }

    /// A value is at its end, and with it the step that led to it.
    fn close(&self, open: &mut [Open], path: &mut Path) {
        if open.last().is_some_and(|parent| parent.key.is_none()) {
            path.pop();
        }
    }

    /// Where the path leads, or as far towards it as the text goes; the key's place if the last step is one.
    pub(crate) fn find(&self, path: &Path) -> Option<Position> {
        let mut node = 0;
        let mut found = None;
        for step in path.steps() {
            let mut hops = MOST_HOPS;
            let Some((at, next)) = self.step(node, step, &mut hops) else { break };
            found = Some(at);
            node = next;
        }
        found.or_else(|| self.nodes.first().map(|node| node.at))
    }

    fn step(&self, mut node: usize, step: &Step, hops: &mut usize) -> Option<(Position, usize)> {
        loop {
            *hops = hops.checked_sub(1)?;
            match (&self.nodes.get(node)?.shape, step) {
                (Shape::Alias(anchor), _) => node = *self.anchors.get(anchor)?,
                (Shape::List(list), Step::Entry(entry)) => {
                    let node = *list.get(*entry)?;
                    return Some((self.nodes[node].at, node));
                }
                (Shape::Map { entries, merged }, Step::Key(key)) => {
                    let own = entries.get(key).copied();
                    return own.or_else(|| merged.iter().find_map(|merged| self.step_of_merged(*merged, step, hops)));
                }
                _ => return None,
            }
        }
    }

    /// What is merged is a mapping or a list of them, of which the first counts.
    fn step_of_merged(&self, mut node: usize, step: &Step, hops: &mut usize) -> Option<(Position, usize)> {
        while let Shape::Alias(anchor) = &self.nodes.get(node)?.shape {
            *hops = hops.checked_sub(1)?;
            node = *self.anchors.get(anchor)?;
        }
        match &self.nodes[node].shape {
            Shape::List(list) => list.iter().find_map(|node| self.step(*node, step, hops)),
            _ => self.step(node, step, hops),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
x-base: &base
  restart: always
  ports: [80, 81]
services:
  web:
    <<: *base
    image: x
  db:
    <<: [*base, {user: me}]
    ports: &p
      - 5432
  cache: {ports: *p, 1: x}
";

    fn found(keys: &[&str], entry: Option<usize>) -> (usize, usize) {
        let mut path = Path::default();
        keys.iter().for_each(|key| path.push(Step::Key((*key).to_owned())));
        entry.iter().for_each(|entry| path.push(Step::Entry(*entry)));
        let at = Positions::read(TEXT).find(&path).unwrap();
        (at.line, at.column)
    }

    #[test]
    fn values_are_found_where_they_are_written() {
        assert_eq!(found(&["services", "web", "image"], None), (7, 5));
        assert_eq!(found(&["services", "web", "restart"], None), (2, 3));
        assert_eq!(found(&["services", "web", "ports"], Some(1)), (3, 15));
        assert_eq!(found(&["services", "db", "ports"], Some(0)), (11, 9));
        assert_eq!(found(&["services", "db", "user"], None), (9, 18));
        assert_eq!(found(&["services", "cache", "ports"], Some(0)), (11, 9));
    }

    #[test]
    fn what_is_not_there_is_near_what_is() {
        assert_eq!(found(&["services", "web", "build"], None), (5, 3));
        assert_eq!(found(&[], None), (1, 1));
    }

    #[test]
    fn keys_that_are_numbers_are_noted() {
        let not_text = Positions::read(TEXT).not_text;
        assert_eq!(not_text.len(), 1);
        assert_eq!(not_text[0].0, Path::of(["services", "cache", "1"]));
    }

    #[test]
    fn what_holds_itself_ends() {
        let positions = Positions::read("a: &a {<<: *a, b: [*a]}");
        assert!(positions.find(&Path::of(["a", "c"])).is_some());
    }
}
