//! What a document may ask for at most, looked at before anything of it is executed. Depth and complexity are the
//! library's to count; here is what it does not look at.

mod document;

use async_graphql::{Request, ServerError, Value as ConstValue};

/// The request with nothing in its document but the operation that is asked for: what else there is costs nothing and needs
/// no variables.
pub(super) fn narrow(mut request: Request) -> Result<Request, ServerError> {
    document::check_text(&request.query).map_err(refused)?;
    if request.variables.values().any(has_nul) {
        return Err(refused("a variable holds the character U+0000, which no text here may hold".into()));
    }
    let mut document = request.parsed_query()?.clone();
    document::narrow(&mut document, request.operation_name.as_deref()).map_err(refused)?;
    request.operation_name = None;
    request.set_parsed_query(document);
    Ok(request)
}

fn refused(message: String) -> ServerError {
    ServerError::new(message, None)
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
    use async_graphql::Name;
    use async_graphql::parser::types::ExecutableDocument;

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
        assert!(narrow(Request::new("{ a }").variables(variables)).unwrap_err().message.contains("U+0000"));
    }

    #[test]
    fn a_circle_of_fragments_ends() {
        assert!(narrowed("{ ...A } fragment A on Q { ...B } fragment B on Q { ...A }", None).is_ok());
    }

    #[test]
    fn a_document_spreads_only_so_many_fragments() {
        let many: String = (0..20_000).map(|number| format!("...f{number} ")).collect();
        assert!(narrowed(&format!("{{ {many} }}"), None).unwrap_err().contains("more than 500 fragments"));
    }
}
