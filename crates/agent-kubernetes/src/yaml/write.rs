//! From documents to a text, in blocks, since a scalar without quotes may hold what ends it elsewhere.

use std::fmt::Write;

use super::{Node, Scalar};

/// The documents as a text of their own each.
pub fn write(documents: &[Node]) -> String {
    let mut text = String::new();
    for document in documents {
        text.push_str("---\n");
        block(&mut text, document, 0);
    }
    text
}

/// Below an indent; ends with a line's end.
fn block(text: &mut String, node: &Node, indent: usize) {
    match node {
        Node::Map(entries) if !entries.is_empty() => {
            for (key, value) in entries {
                let _ = write!(text, "{:indent$}{}:", "", scalar(key));
                below(text, value, indent);
            }
        }
        Node::List(list) if !list.is_empty() => {
            for value in list {
                let _ = write!(text, "{:indent$}-", "");
                below(text, value, indent);
            }
        }
        leaf => {
            let _ = writeln!(text, "{:indent$}{}", "", flat(leaf));
        }
    }
}

fn below(text: &mut String, node: &Node, indent: usize) {
    match node {
        Node::Map(entries) if !entries.is_empty() => {
            text.push('\n');
            block(text, node, indent + 2);
        }
        Node::List(list) if !list.is_empty() => {
            text.push('\n');
            block(text, node, indent + 2);
        }
        leaf => {
            let _ = writeln!(text, " {}", flat(leaf));
        }
    }
}

fn flat(node: &Node) -> String {
    match node {
        Node::Scalar(content) => scalar(content),
        Node::List(_) => "[]".to_owned(),
        Node::Map(_) => "{}".to_owned(),
    }
}

fn scalar(scalar: &Scalar) -> String {
    let is_one_word = scalar.is_plain && !scalar.text.is_empty() && !scalar.text.contains('\n');
    let text = match (is_one_word, scalar.is_plain && scalar.tag.is_none() && scalar.text.is_empty()) {
        (true, _) => scalar.text.clone(),
        (false, true) => "null".to_owned(),
        (false, false) => quoted(&scalar.text),
    };
    match &scalar.tag {
        Some(tag) => format!("{tag} {text}"),
        None => text,
    }
}

fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            c if c.is_control() || matches!(c, '\u{85}' | '\u{2028}' | '\u{2029}' | '\u{feff}') => {
                let _ = write!(quoted, "\\u{:04x}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}
