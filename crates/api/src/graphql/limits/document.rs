//! What a document may ask for at most, by its text and by what was parsed of it; and all of it that is not asked for.

use super::expansion::Sender;
use async_graphql_parser::types::{DocumentOperations, ExecutableDocument, OperationType, Selection, SelectionSet};

/// Of the document's text; what is long goes into variables.
const MAX_TEXT: usize = 256 * 1024;
/// Of a stranger's: a sign-in with room to spare.
const MAX_TEXT_OF_STRANGERS: usize = 4 * 1024;
/// Braces, brackets and parentheses within each other. The parser goes as deep as the text does.
const MAX_NESTING: usize = 60;
/// Fields of a mutation: each is a change of its own, one after the other.
const MAX_CHANGES: usize = 50;
/// Fragments and spreads of one document.
const MAX_FRAGMENTS: usize = 500;

/// Before it is parsed: the parser goes as deep as the text does.
pub(super) fn check_text(text: &str, sender: Sender) -> Result<(), String> {
    if sender == Sender::Stranger && text.len() > MAX_TEXT_OF_STRANGERS {
        let length = text.len();
        return Err(format!("the document has {length} bytes; before a sign-in at most {MAX_TEXT_OF_STRANGERS}"));
    }
    if text.len() > MAX_TEXT {
        let length = text.len();
        return Err(format!("the document has {length} bytes; at most {MAX_TEXT}, long texts go into variables"));
    }
    if text.contains('\0') || text.contains("\\u0000") || text.contains("\\u{0") {
        return Err("the document holds the character U+0000, which no text here may hold".into());
    }
    match nesting(text) {
        deep if deep > MAX_NESTING => Err(format!("the document is nested {deep} deep; at most {MAX_NESTING}")),
        _ => Ok(()),
    }
}

/// Leaves nothing in the document but the operation that is asked for.
pub(super) fn narrow(document: &mut ExecutableDocument, name: Option<&str>) -> Result<(), String> {
    choose(document, name)?;
    drop_unused_fragments(document)?;
    let changes = document.operations.iter().filter(|(_, operation)| operation.node.ty == OperationType::Mutation);
    for (_, operation) in changes {
        let fields = operation.node.selection_set.node.items.len();
        if fields > MAX_CHANGES {
            return Err(format!("{fields} changes in one request; send at most {MAX_CHANGES}"));
        }
    }
    Ok(())
}

/// How deep the brackets of the document go. Those within strings and comments are text.
fn nesting(text: &str) -> usize {
    let (mut rest, mut depth, mut deepest) = (text, 0_usize, 0);
    while let Some(next) = rest.chars().next() {
        let length = match next {
            '"' => string(rest),
            '#' => rest.find(['\n', '\r']).unwrap_or(rest.len()),
            '{' | '[' | '(' => {
                depth += 1;
                deepest = deepest.max(depth);
                1
            }
            '}' | ']' | ')' => {
                depth = depth.saturating_sub(1);
                1
            }
            other => other.len_utf8(),
        };
        rest = &rest[length..];
    }
    deepest
}

/// The length of the string that `text` begins with. One that does not end is as long as the text.
fn string(text: &str) -> usize {
    let (quote, escape) = if text.starts_with("\"\"\"") { ("\"\"\"", "\\\"\"\"") } else { ("\"", "\\") };
    let mut at = quote.len();
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let next = rest.chars().next().map_or(1, char::len_utf8);
        match rest {
            _ if rest.starts_with(escape) && quote.len() == 3 => at += escape.len(),
            _ if rest.starts_with(escape) => at += 1 + rest.chars().nth(1).map_or(0, char::len_utf8),
            _ if rest.starts_with(quote) => return at + quote.len(),
            // the parser ends a plain string here, too
            _ if quote.len() == 1 && next == 1 && rest.starts_with(['\n', '\r']) => return at,
            _ => at += next,
        }
    }
    text.len()
}

fn choose(document: &mut ExecutableDocument, name: Option<&str>) -> Result<(), String> {
    let DocumentOperations::Multiple(operations) = &mut document.operations else {
        return match name {
            Some(name) => Err(format!("there is no operation {name:?} in the document")),
            None => Ok(()),
        };
    };
    let only = (operations.len() == 1).then(|| operations.keys().next().map(|name| name.to_string())).flatten();
    let name = match name {
        Some(name) => name.to_owned(),
        None => only.ok_or("the document has several operations; say which: operationName")?,
    };
    operations.retain(|other, _| other.as_str() == name);
    match operations.is_empty() {
        true => Err(format!("there is no operation {name:?} in the document")),
        false => Ok(()),
    }
}

/// A fragment that leads to itself is left for `expansion`, which names it.
fn drop_unused_fragments(document: &mut ExecutableDocument) -> Result<(), String> {
    let mut used: Vec<String> = vec![];
    for (_, operation) in document.operations.iter() {
        spreads(&operation.node.selection_set.node, &mut used)?;
    }
    let mut at = 0;
    while at < used.len() {
        if let Some(fragment) = document.fragments.get(used[at].as_str()) {
            spreads(&fragment.node.selection_set.node, &mut used)?;
        }
        at += 1;
    }
    document.fragments.retain(|name, _| used.iter().any(|used| used == name.as_str()));
    Ok(())
}

/// Adds those that are not there yet.
fn spreads(selection: &SelectionSet, used: &mut Vec<String>) -> Result<(), String> {
    for item in &selection.items {
        match &item.node {
            Selection::Field(field) => spreads(&field.node.selection_set.node, used)?,
            Selection::InlineFragment(fragment) => spreads(&fragment.node.selection_set.node, used)?,
            Selection::FragmentSpread(spread) => {
                let name = spread.node.fragment_name.node.as_str();
                if !used.iter().any(|used| used == name) {
                    used.push(name.to_owned());
                }
            }
        }
        // here, as looking for one takes as long as there are many
        if used.len() > MAX_FRAGMENTS {
            return Err(format!("the document has more than {MAX_FRAGMENTS} fragments"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_only_so_deep_whatever_its_strings_say() {
        assert_eq!(nesting("{ a(b: [1, {c: \"{{{\"}]) { d } } # {{{{{"), 4);
        assert_eq!(nesting(r#"{ a(b: "\"{", c: """{ \""" { " {""") }"#), 2);
        assert_eq!(nesting("\"never ends {"), 0);
        assert_eq!(nesting("\"ends with the line\n{"), 1);
    }

    proptest::proptest! {
        #[test]
        fn no_text_breaks_the_count(text in "[\"\\\\#{}\\[\\]a-zü\\n]{0,60}") {
            nesting(&text);
        }
    }
}
