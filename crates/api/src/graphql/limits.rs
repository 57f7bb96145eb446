//! What a document may ask for at most, looked at before anything of it is executed. Depth and complexity are the
//! library's to count; here is what it does not look at.

mod document;
mod expansion;

use std::any::TypeId;
use std::convert::Infallible;

use async_graphql::{Name, Request, ServerError, Value as ConstValue};

use super::RequestContext;
use crate::failure::Failure;
use expansion::{Refusal, Sender};

pub(super) use expansion::root_fields;

/// The request with nothing in its document but the operation that is asked for: what else there is costs nothing and needs
/// no variables. What a stranger sends is short, and a sign-in; all else is refused unread.
pub(super) fn narrow(request: Request) -> Result<Request, ServerError> {
    let sender = match request.data.get(&TypeId::of::<RequestContext>()).and_then(|data| data.downcast_ref()) {
        Some(RequestContext { caller: Some(_), .. }) => Sender::SignedIn,
        _ => Sender::Stranger,
    };
    narrow_for(sender, request)
}

/// A document of whoever a socket was opened by, who is signed in.
pub(super) fn narrow_on_socket(request: Request) -> Result<Request, ServerError> {
    narrow_for(Sender::SignedIn, request)
}

fn narrow_for(sender: Sender, mut request: Request) -> Result<Request, ServerError> {
    document::check_text(&request.query, sender).map_err(bad)?;
    if request.variables.values().any(has_nul) {
        return Err(bad("a variable holds the character U+0000, which no text here may hold".into()));
    }
    let mut document = request.parsed_query()?.clone();
    document::narrow(&mut document, request.operation_name.as_deref()).map_err(bad)?;
    expansion::check(&document, sender).map_err(|refusal| match refusal {
        Refusal::Bad(message) => bad(message),
        Refusal::SignInFirst => coded(Failure::Unauthenticated),
    })?;
    request.operation_name = None;
    request.set_parsed_query(document);
    Ok(request)
}

pub(super) fn bad(message: String) -> ServerError {
    ServerError::new(message, None)
}

/// What the root fields of the document, of one operation, name in their argument `asOf`; none if they are about what is. A document
/// is about one moment. With the names of the fields.
pub(super) fn as_of(request: &mut Request) -> Result<Option<(ConstValue, Vec<String>)>, ServerError> {
    if !request.query.contains("asOf") {
        return Ok(None);
    }
    let document = request.parsed_query()?.clone();
    let (mut named, mut fields): (Vec<Option<ConstValue>>, Vec<String>) = (vec![], vec![]);
    for (_, operation) in document.operations.iter() {
        let of_variable = |name: Name| {
            let given = request.variables.get(&name).cloned();
            let mut definitions = operation.node.variable_definitions.iter().map(|definition| &definition.node);
            let default =
                || definitions.find(|of| of.name.node == name)?.default_value.as_ref().map(|of| of.node.clone());
            Ok::<_, Infallible>(given.or_else(default).unwrap_or(ConstValue::Null))
        };
        for field in root_fields(&document, &operation.node) {
            if field.name.node.starts_with("__") {
                continue;
            }
            let value = field.get_argument("asOf").map(|value| value.node.clone().into_const_with(of_variable));
            let Ok(value) = value.transpose();
            fields.push(field.name.node.to_string());
            named.push(value.filter(|value| *value != ConstValue::Null));
        }
    }
    named.dedup();
    match &named[..] {
        [] => Ok(None),
        [one] => Ok(one.clone().map(|value| (value, fields))),
        _ => {
            Err(bad("a document is about one moment: name the same asOf in each of its root fields, or in none".into()))
        }
    }
}

/// An error whose code is its own.
pub(super) fn coded(error: Failure) -> ServerError {
    let mut refused = ServerError::new(error.to_string(), None);
    refused.extensions.get_or_insert_default().set("code", error.code());
    refused
}

fn has_nul(value: &ConstValue) -> bool {
    match value {
        ConstValue::String(text) => text.contains('\0'),
        ConstValue::List(values) => values.iter().any(has_nul),
        ConstValue::Object(fields) => fields.values().any(has_nul),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::types::ExecutableDocument;

    use super::*;

    fn narrowed(text: &str, name: Option<&str>) -> Result<ExecutableDocument, String> {
        let mut request = Request::new(text);
        request.operation_name = name.map(str::to_owned);
        let mut request = narrow_on_socket(request).map_err(|error| error.message)?;
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
    fn a_text_is_only_so_deep() {
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
        assert!(narrow_on_socket(Request::new("{ a }").variables(variables)).unwrap_err().message.contains("U+0000"));
    }

    #[test]
    fn a_circle_of_fragments_ends() {
        let circle = narrowed("{ ...A } fragment A on Q { ...B } fragment B on Q { ...A }", None);
        assert!(circle.unwrap_err().contains("leads to itself"));
    }

    #[test]
    fn a_stranger_is_told_to_sign_in() {
        let refused = narrow(Request::new("{ viewer { role } }")).unwrap_err();
        assert_eq!(refused.extensions.unwrap().get("code"), Some(&ConstValue::from("unauthenticated")));
        let long = format!("{{ __typename }} # {}", "x".repeat(5_000));
        assert!(narrow(Request::new(long)).unwrap_err().message.contains("before a sign-in"));
    }

    #[test]
    fn a_document_spreads_only_so_many_fragments() {
        let many: String = (0..20_000).map(|number| format!("...f{number} ")).collect();
        assert!(narrowed(&format!("{{ {many} }}"), None).unwrap_err().contains("more than 500 fragments"));
    }
}
