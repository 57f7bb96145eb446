//! What a document may ask for at most, looked at before anything of it is executed. Depth and complexity are the
//! library's to count; here is what it does not look at.

use async_graphql::parser::types::{DocumentOperations, ExecutableDocument, OperationType, Selection, SelectionSet};
use async_graphql::{Name, Request, ServerError, Value as ConstValue};

/// Of the document's text; what is long goes into variables.
const MAX_TEXT: usize = 256 * 1024;
/// Braces, brackets and parentheses within each other. The parser goes as deep as the text does.
const MAX_NESTING: usize = 60;
/// Fields of a mutation: each is a change of its own, one after the other.
const MAX_CHANGES: usize = 50;
/// Fragments and spreads of one document.
const MAX_FRAGMENTS: usize = 500;

/// The request with nothing in its document but the operation that is asked for: what else there is costs nothing and needs
/// no variables.
pub(super) fn narrow(mut request: Request) -> Result<Request, ServerError> {
    check_text(&request.query)?;
    if request.variables.values().any(has_nul) {
        return Err(refused("a variable holds the character U+0000, which no text here may hold".into()));
    }
    let mut document = request.parsed_query()?.clone();
    choose(&mut document, request.operation_name.as_deref())?;
    drop_unused_fragments(&mut document)?;
    let changes = document.operations.iter().filter(|(_, operation)| operation.node.ty == OperationType::Mutation);
    for (_, operation) in changes {
        let fields = operation.node.selection_set.node.items.len();
        if fields > MAX_CHANGES {
            return Err(refused(format!("{fields} changes in one request; send at most {MAX_CHANGES}")));
        }
    }
    request.operation_name = None;
    request.set_parsed_query(document);
    Ok(request)
}

fn refused(message: String) -> ServerError {
    ServerError::new(message, None)
}

fn check_text(text: &str) -> Result<(), ServerError> {
    if text.len() > MAX_TEXT {
        let length = text.len();
        return Err(refused(format!(
            "the document has {length} bytes; at most {MAX_TEXT}, long texts go into variables"
        )));
    }
    if text.contains('\0') || text.contains("\\u0000") || text.contains("\\u{0") {
        return Err(refused("the document holds the character U+0000, which no text here may hold".into()));
    }
    match nesting(text) {
        deep if deep > MAX_NESTING => {
            Err(refused(format!("the document is nested {deep} deep; at most {MAX_NESTING}")))
        }
        _ => Ok(()),
    }
}

fn has_nul(value: &ConstValue) -> bool {
    match value {
        ConstValue::String(text) => text.contains('\0'),
        ConstValue::List(values) => values.iter().any(has_nul),
        ConstValue::Object(fields) => fields.values().any(has_nul),
        _ => false,
    }
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

fn choose(document: &mut ExecutableDocument, name: Option<&str>) -> Result<(), ServerError> {
    let DocumentOperations::Multiple(operations) = &mut document.operations else {
        return match name {
            Some(name) => Err(refused(format!("there is no operation {name:?} in the document"))),
            None => Ok(()),
        };
    };
    let only = (operations.len() == 1).then(|| operations.keys().next().cloned()).flatten();
    let name = match name {
        Some(name) => Name::new(name),
        None => only.ok_or_else(|| refused("the document has several operations; say which: operationName".into()))?,
    };
    operations.retain(|other, _| *other == name);
    match operations.is_empty() {
        true => Err(refused(format!("there is no operation {:?} in the document", name.as_str()))),
        false => Ok(()),
    }
}

/// A fragment that leads to itself is left for the validation, which names it.
fn drop_unused_fragments(document: &mut ExecutableDocument) -> Result<(), ServerError> {
    let mut used: Vec<Name> = vec![];
    for (_, operation) in document.operations.iter() {
        spreads(&operation.node.selection_set.node, &mut used);
    }
    let mut at = 0;
    while at < used.len() {
        if used.len() > MAX_FRAGMENTS {
            return Err(refused(format!("the document has more than {MAX_FRAGMENTS} fragments")));
        }
        if let Some(fragment) = document.fragments.get(&used[at]) {
            spreads(&fragment.node.selection_set.node, &mut used);
        }
        at += 1;
    }
    document.fragments.retain(|name, _| used.contains(name));
    Ok(())
}

/// Adds those that are not there yet.
fn spreads(selection: &SelectionSet, used: &mut Vec<Name>) {
    for item in &selection.items {
        match &item.node {
            Selection::Field(field) => spreads(&field.node.selection_set.node, used),
            Selection::InlineFragment(fragment) => spreads(&fragment.node.selection_set.node, used),
            Selection::FragmentSpread(spread) => {
                let name = &spread.node.fragment_name.node;
                if !used.contains(name) {
                    used.push(name.clone());
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn narrowed(text: &str, name: Option<&str>) -> Result<ExecutableDocument, String> {
        let mut request = Request::new(text);
        request.operation_name = name.map(str::to_owned);
        let mut request = narrow(request).map_err(|error| error.message)?;
        Ok(request.parsed_query().expect("it was parsed").clone())
    }

    #[test]
    fn the_operation_that_is_asked_for_is_all_there_is() {
        let text = "query A($x: Int!) { ...F } mutation B { ...G } fragment F on Query { a } fragment G on M { ...H } fragment H on M { b }";
        let document = narrowed(text, Some("B")).unwrap();
        assert_eq!(document.operations.iter().count(), 1);
        let mut fragments: Vec<_> = document.fragments.keys().map(Name::as_str).collect();
        fragments.sort_unstable();
        assert_eq!(fragments, ["G", "H"]);
    }

    #[test]
    fn which_operation_must_be_clear() {
        assert!(narrowed("query A { a } query B { b }", None).unwrap_err().contains("operationName"));
        assert!(narrowed("query A { a }", Some("B")).unwrap_err().contains("\"B\""));
        assert!(narrowed("{ a }", Some("B")).unwrap_err().contains("\"B\""));
        assert!(narrowed("query A { a }", None).is_ok());
    }

    #[test]
    fn a_text_is_only_so_deep_whatever_its_strings_say() {
        assert_eq!(nesting("{ a(b: [1, {c: \"{{{\"}]) { d } } # {{{{{"), 4);
        assert_eq!(nesting(r#"{ a(b: "\"{", c: """{ \""" { " {""") }"#), 2);
        assert_eq!(nesting("\"never ends {"), 0);
        assert_eq!(nesting("\"ends with the line\n{"), 1);
        let deep = "{a".repeat(100_000);
        assert!(narrowed(&deep, None).unwrap_err().contains("nested 100000 deep"));
    }

    #[test]
    fn a_document_changes_only_so_much() {
        let many: String = (0..51).map(|number| format!("a{number}: b ")).collect();
        assert!(narrowed(&format!("mutation {{ {many} }}"), None).unwrap_err().contains("51 changes"));
        assert!(narrowed(&format!("{{ {many} }}"), None).is_ok());
    }

    #[test]
    fn a_text_that_the_database_cannot_hold_is_refused() {
        assert!(narrowed("{ a(b: \"\\u0000\") }", None).unwrap_err().contains("U+0000"));
        let variables = async_graphql::Variables::from_json(serde_json::json!({ "a": [{ "b": "x\0" }] }));
        assert!(narrow(Request::new("{ a }").variables(variables)).unwrap_err().message.contains("U+0000"));
    }

    #[test]
    fn a_circle_of_fragments_ends() {
        assert!(narrowed("{ ...A } fragment A on Q { ...B } fragment B on Q { ...A }", None).is_ok());
    }

    proptest::proptest! {
        #[test]
        fn no_text_breaks_the_count(text in "[\"\\\\#{}\\[\\]a-zü\\n]{0,60}") {
            nesting(&text);
        }
    }
}
