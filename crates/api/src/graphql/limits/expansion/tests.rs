use super::*;

fn checked(text: &str, sender: Sender) -> Result<(), String> {
    let document = async_graphql_parser::parse_query(text).expect("a document");
    check(&document, sender).map_err(|refusal| match refusal {
        Refusal::Bad(message) => message,
        Refusal::SignInFirst => "sign in".to_owned(),
    })
}

fn member(text: &str) -> Result<(), String> {
    checked(text, Sender::SignedIn)
}

fn stranger(text: &str) -> Result<(), String> {
    checked(text, Sender::Stranger)
}

const SIGN_IN: &str = "sessionCreate(organization: \"a\", email: \"b\", password: \"c\") { token expiresAt }";

#[test]
fn a_stranger_signs_in_and_does_nothing_else() {
    assert_eq!(stranger(&format!("mutation M {{ __typename {SIGN_IN} }}")), Ok(()));
    assert_eq!(stranger("{ __typename }"), Ok(()));
    let refused = ["{ viewer { role } }", "{ __schema { queryType { name } } }", "{ nonsense }"];
    for text in refused.into_iter().chain(["{ ...F } fragment F on Query { ... on Query { head } }"]) {
        assert_eq!(stranger(text), Err("sign in".into()), "{text}");
    }
    assert!(stranger(&format!("mutation {{ a: {SIGN_IN} b: {SIGN_IN} }}")).unwrap_err().contains("one thing"));
    let many: String = (0..40).map(|number| format!("a{number}: token ")).collect();
    let wide = format!("mutation {{ sessionCreate(organization: \"a\") {{ {many} }} }}");
    assert!(stranger(&wide).unwrap_err().contains("at most 30"));
}

#[test]
fn fragments_within_fragments_are_counted_where_they_are() {
    let fragments: String =
        (0..20).map(|n| format!("fragment F{n} on Q {{ a {{ ...F{} }} b {{ ...F{} }} }} ", n + 1, n + 1)).collect();
    let text = format!("{{ ...F0 }} {fragments} fragment F20 on Q {{ c }}");
    assert!(member(&text).unwrap_err().contains("fields, fragments counted"));
    assert!(
        member("{ ...A } fragment A on Q { ...B ...B } fragment B on Q { ...A ...A }")
            .unwrap_err()
            .contains("leads to itself")
    );
}

#[test]
fn fragments_that_lead_on_and_on_go_only_so_deep() {
    let (open, close) = ("{ a ".repeat(50), "}".repeat(50));
    let fragment = |n: usize| format!("fragment F{n} on Q {open} {{ ...F{} }} {close} ", n + 1);
    let fragments: String = (0..400).map(fragment).collect();
    let spreads: String = (0..400).rev().map(|n| format!("...F{n} ")).collect();
    for spread in ["...F0".to_owned(), spreads] {
        let text = format!("{{ {spread} }} {fragments} fragment F400 on Q {{ c }}");
        assert!(member(&text).unwrap_err().contains("nested more than 64 deep"));
    }
}

#[test]
fn the_schema_is_asked_for_once_whatever_it_is_called() {
    let schema = "__schema { queryType { name } }";
    for text in [
        format!("{{ a: {schema} b: {schema} }}"),
        format!("{{ {schema} ...F }} fragment F on Query {{ b: {schema} }}"),
        format!("{{ {schema} ... on Query {{ ... {{ c: {schema} }} }} }}"),
        "{ a: __type(name: \"A\") { name } b: __type(name: \"B\") { name } }".to_owned(),
    ] {
        assert!(member(&text).unwrap_err().contains("more than once"), "{text}");
    }
    assert_eq!(member(&format!("{{ {schema} __type(name: \"A\") {{ name }} }}")), Ok(()));
}

#[test]
fn a_way_through_the_schema_names_each_field_once() {
    let circle = "{ __schema { types { fields { type { fields { name } } } } } }";
    assert!(member(circle).unwrap_err().contains("fields within fields"));
    let hidden = "{ __type(name: \"A\") { ...F } } fragment F on __Type { fields { type { ... { ofType { fields { name } } } } } }";
    assert!(member(hidden).unwrap_err().contains("fields within fields"));
    let many: String = (0..401).map(|number| format!("a{number}: name ")).collect();
    assert!(member(&format!("{{ __schema {{ types {{ {many} }} }} }}")).unwrap_err().contains("fields of the schema"));
}

#[test]
fn what_clients_ask_of_the_schema_passes() {
    assert_eq!(member(include_str!("../introspection.graphql")), Ok(()));
    // Apollo, and whoever wants to know what a union may be
    assert_eq!(member("{ __schema { types { kind name possibleTypes { name } } } }"), Ok(()));
}

#[test]
fn a_document_has_only_so_many_names_that_may_be_wrong() {
    let variables: String = (0..1_001).map(|number| format!("$a{number}: Int ")).collect();
    let arguments: String = (0..1_001).map(|number| format!("a{number}: 1 ")).collect();
    let directives: String = (0..1_001).map(|number| format!("@a{number} ")).collect();
    for text in [
        format!("query Q({variables}) {{ head }}"),
        format!("{{ head({arguments}) }}"),
        format!("{{ head(a: {{ {arguments} }}) }}"),
        format!("{{ head {directives} }}"),
        format!("{{ ... {directives} {{ head }} }}"),
        format!("{{ ...F }} fragment F on Query {{ head({arguments}) }}"),
    ] {
        assert!(member(&text).unwrap_err().contains("long lists go into variables"), "{text}");
    }
    let long = "a".repeat(101);
    for text in [
        format!("{{ {long} }}"),
        format!("{{ head({long}: 1) }}"),
        format!("{{ head(a: [{{ {long}: 1 }}]) }}"),
        format!("{{ head(a: {long}) }}"),
        format!("{{ head @{long} }}"),
        format!("query Q(${long}: Int) {{ head }}"),
        format!("{{ ... on {long} {{ head }} }}"),
        format!("{{ ...F }} fragment F on {long} {{ head }}"),
    ] {
        assert!(member(&text).unwrap_err().contains("has 101 bytes"), "{text}");
    }
    let of_stranger: String = (0..41).map(|number| format!("$a{number}: Int ")).collect();
    assert!(stranger(&format!("query Q({of_stranger}) {{ __typename }}")).unwrap_err().contains("at most 40"));
}

#[test]
fn a_document_has_only_so_many_root_fields() {
    let many: String = (0..101).map(|number| format!("a{number}: head ")).collect();
    assert!(member(&format!("{{ {many} }}")).unwrap_err().contains("101 root fields"));
}
