//! From a text to its documents.

use std::collections::HashMap;

use granit_parser::{Event, Parser, ScalarStyle, Tag};

use super::{Node, Scalar, Unreadable};

/// Nodes of a text with all its aliases: more is no manifest that somebody wrote.
const MOST_NODES: usize = 1_000_000;
const DEEPEST: usize = 100;

/// All documents of a text, but for those that are empty.
pub fn read(text: &str) -> Result<Vec<Node>, Unreadable> {
    let mut reader = Reader::default();
    for next in Parser::new_from_str(text) {
        let (event, span) = next.map_err(|error| Unreadable::Syntax(error.to_string()))?;
        reader.line = span.start.line();
        reader.take(event)?;
    }
    Ok(reader.documents)
}

#[derive(Default)]
struct Reader {
    documents: Vec<Node>,
    open: Vec<Open>,
    anchors: HashMap<usize, Node>,
    nodes: usize,
    line: usize,
}

/// A list or mapping that is not at its end.
struct Open {
    anchor: usize,
    content: Content,
}

enum Content {
    List(Vec<Node>),
    Map { entries: Vec<(Scalar, Node)>, merged: Vec<Node>, key: Option<Scalar> },
}

impl Reader {
    fn take(&mut self, event: Event<'_>) -> Result<(), Unreadable> {
        match event {
            Event::DocumentStart(..) => self.anchors.clear(),
            Event::Scalar(text, style, anchor, tag) => {
                let (is_plain, tag) = (style == ScalarStyle::Plain, tag.as_deref().map(written));
                // any other says that the text is not what it reads like: a merge, or bytes in base64
                if let Some(tag) = tag.as_deref().filter(|tag| *tag != "!!str") {
                    return Err(self.refused(&format!("the tag {tag}")));
                }
                let scalar = Node::Scalar(Scalar { text: text.into_owned(), is_plain, tag });
                self.close(anchor, scalar)?;
            }
            Event::Alias(anchor) => {
                let node = self.anchors.get(&anchor).cloned();
                let node = node.ok_or_else(|| self.refused("an alias within what it names"))?;
                self.nodes += count(&node);
                self.close(0, node)?;
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.check_tag(tag.as_deref(), "!!seq")?;
                self.begin(anchor, Content::List(vec![]))?;
            }
            Event::MappingStart(_, anchor, tag) => {
                self.check_tag(tag.as_deref(), "!!map")?;
                self.begin(anchor, Content::Map { entries: vec![], merged: vec![], key: None })?;
            }
            Event::SequenceEnd | Event::MappingEnd => self.end()?,
            _ => {}
        }
        Ok(())
    }

    fn check_tag(&self, tag: Option<&Tag>, known: &str) -> Result<(), Unreadable> {
        match tag.map(written) {
            Some(tag) if tag != known => Err(self.refused(&format!("the tag {tag}"))),
            _ => Ok(()),
        }
    }

    fn begin(&mut self, anchor: usize, content: Content) -> Result<(), Unreadable> {
        self.open.push(Open { anchor, content });
        match self.open.len() > DEEPEST {
            true => Err(self.refused("nesting that is too deep")),
            false => Ok(()),
        }
    }

    fn end(&mut self) -> Result<(), Unreadable> {
        let Some(Open { anchor, content }) = self.open.pop() else { return Ok(()) };
        let node = match content {
            Content::List(list) => Node::List(list),
            Content::Map { entries, merged, .. } => Node::Map(self.merge(entries, merged)?),
        };
        self.close(anchor, node)
    }

    /// A node is complete: it becomes a document, an entry, a key or a value.
    fn close(&mut self, anchor: usize, node: Node) -> Result<(), Unreadable> {
        self.nodes += 1;
        if self.nodes > MOST_NODES {
            return Err(self.refused("more than a manifest may hold"));
        }
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        let line = self.line;
        match self.open.last_mut().map(|open| &mut open.content) {
            None if node.is_null() => {}
            None => self.documents.push(node),
            Some(Content::List(list)) => list.push(node),
            Some(Content::Map { entries, merged, key }) => match (key.take(), node) {
                (None, Node::Scalar(scalar)) => *key = Some(scalar),
                (None, _) => {
                    return Err(Unreadable::Refused { line, what: "a key that is no text".to_owned() });
                }
                (Some(key), node) if key.is_plain && key.tag.is_none() && key.text == "<<" => merged.push(node),
                (Some(key), _) if key.text == "<<" => {
                    return Err(Unreadable::Refused { line, what: "the key << in quotes".to_owned() });
                }
                (Some(key), _) if entries.iter().any(|(known, _)| known.text == key.text) => {
                    return Err(Unreadable::Refused { line, what: format!("the key {:?} stands twice", key.text) });
                }
                (Some(key), node) => entries.push((key, node)),
            },
        }
        Ok(())
    }

    /// What is merged stands behind what is written out, and of several the first counts.
    fn merge(&self, mut entries: Vec<(Scalar, Node)>, merged: Vec<Node>) -> Result<Vec<(Scalar, Node)>, Unreadable> {
        let of_one = |node| match node {
            Node::List(list) => list,
            node => vec![node],
        };
        for node in merged.into_iter().flat_map(of_one) {
            let Node::Map(other) = node else { return Err(self.refused("a merge of what is no mapping")) };
            for (key, value) in other {
                if !entries.iter().any(|(known, _)| known.text == key.text) {
                    entries.push((key, value));
                }
            }
        }
        Ok(entries)
    }

    fn refused(&self, what: &str) -> Unreadable {
        Unreadable::Refused { line: self.line, what: what.to_owned() }
    }
}

fn count(node: &Node) -> usize {
    match node {
        Node::Scalar(_) => 1,
        Node::List(list) => 1 + list.iter().map(count).sum::<usize>(),
        Node::Map(entries) => 1 + entries.iter().map(|(_, value)| 1 + count(value)).sum::<usize>(),
    }
}

fn written(tag: &Tag) -> String {
    match tag.handle() {
        "tag:yaml.org,2002:" => format!("!!{}", tag.suffix()),
        handle => format!("{handle}{}", tag.suffix()),
    }
}
