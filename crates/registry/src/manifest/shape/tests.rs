use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::*;

/// A manifest with this text among the fields of its first object.
fn with(field: &str) -> String {
    format!(r#"{{"schemaVersion":2,"manifests":[],{field}}}"#)
}

/// A manifest whose only layer has this text among its fields.
fn layer(field: &str) -> String {
    let digest = format!("sha256:{}", "a".repeat(64));
    with(&format!(r#""layers":[{{"digest":"{digest}","size":1,{field}}}]"#))
}

/// Without the line and the column.
fn refusal(json: &str) -> String {
    let error = check(json.as_bytes()).expect_err(json).to_string();
    error.split(" at line ").next().unwrap_or_default().to_owned()
}

#[test]
fn a_field_has_the_type_that_the_specification_gives_it() {
    for (json, expected) in [
        (with(r#""annotations":{"n":5}"#), "$.annotations.n must be a string"),
        (with(r#""annotations":{"org.example.a":null}"#), r#"$.annotations["org.example.a"] must be a string"#),
        (with(r#""annotations":{"a":{"b":"c"}}"#), "$.annotations.a must be a string"),
        (with(r#""annotations":["a"]"#), "$.annotations must be an object with strings"),
        (with(r#""annotations":"a""#), "$.annotations must be an object with strings"),
        (with(r#""mediaType":["a"]"#), "$.mediaType must be a media type of at most 255 characters"),
        (with(r#""artifactType":"a\u0000b""#), "$.artifactType must be a media type of at most 255 characters"),
        (with(r#""config":[]"#), "$.config must be an object"),
        (with(r#""layers":{}"#), "$.layers must be a list"),
        (with(r#""layers":[null]"#), "$.layers[0] must be an object"),
        (with(r#""layers":[{"size":1}]"#), "$.layers[0].digest is missing"),
        (
            with(r#""subject":{"digest":"sha256:no","size":1}"#),
            "$.subject.digest must be a digest: sha256: or sha512: and lower-case hex",
        ),
        (layer(r#""annotations":{"n":true}"#), "$.layers[0].annotations.n must be a string"),
        (layer(r#""mediaType":7"#), "$.layers[0].mediaType must be a media type of at most 255 characters"),
        (layer(r#""urls":"https://example.com""#), "$.layers[0].urls must be a list"),
        (layer(r#""urls":["https://example.com",1]"#), "$.layers[0].urls[1] must be a string"),
        (layer(r#""data":"no base64!""#), "$.layers[0].data must be a string in base64"),
        (layer(r#""platform":"linux""#), "$.layers[0].platform must be an object"),
        (layer(r#""platform":{"os":1}"#), "$.layers[0].platform.os must be a string"),
        (layer(r#""platform":{"os.version":1}"#), r#"$.layers[0].platform["os.version"] must be a string"#),
        (
            r#"{"schemaVersion":"2"}"#.to_owned(),
            "$.schemaVersion must be a whole number that is not negative and has at most 63 bits",
        ),
        ("[]".to_owned(), "$ must be an object"),
    ] {
        assert_eq!(refusal(&json), expected, "{json}");
    }
    for size in ["-1", "1.5", "1e3", "9223372036854775808", "\"1\"", "null"] {
        let json = with(&format!(r#""config":{{"digest":"sha256:{}","size":{size}}}"#, "a".repeat(64)));
        assert!(refusal(&json).starts_with("$.config.size must be a whole number"), "{json}");
    }
}

#[test]
fn a_key_is_there_once_and_in_its_own_case() {
    for (json, expected) in [
        (with(r#""layers":[],"layers":[]"#), "$.layers is there twice"),
        (with(r#""layers":[],"l\u0061yers":[]"#), "$.layers is there twice"),
        (with(r#""layers":[],"Layers":[]"#), r#"$.Layers differs from "layers" by case alone"#),
        (with(r#""SUBJECT":null"#), r#"$.SUBJECT differs from "subject" by case alone"#),
        // readers that fold letters take these for s and k
        (with("\"layer\u{17f}\":[]"), "$[\"layer\u{17f}\"] differs from \"layers\" by case alone"),
        (layer(r#""Digest":"a""#), r#"$.layers[0].Digest differs from "digest" by case alone"#),
        (layer(r#""platform":{"OS":"linux"}"#), r#"$.layers[0].platform.OS differs from "os" by case alone"#),
        (with(r#""annotations":{"a":"1","a":"2"}"#), "$.annotations.a is there twice"),
        (with(r#""example":{"deep":[{"a":1,"a":2}]}"#), "$.example.deep[0].a is there twice"),
    ] {
        assert_eq!(refusal(&json), expected, "{json}");
    }
}

#[test]
fn what_the_specification_leaves_open_is_taken() {
    for json in [
        with(r#""annotations":{"a":"1","A":"2","":"\u0000"}"#),
        with(r#""annotations":null,"subject":null,"mediaType":null"#),
        with(r#""example":{"a":[null,1.5,-2,true,{"A":1,"a":2}]},"EXAMPLE":null"#),
        layer(r#""data":"e30=","urls":null,"platform":{"os":"linux","os.features":["a"],"more":1}"#),
    ] {
        check(json.as_bytes()).unwrap_or_else(|error| panic!("{json}: {error}"));
    }
}

fn json() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        "[a-z]{0,3}".prop_map(Json::from)
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Json::from),
            proptest::collection::hash_map("[a-zA-Z]{0,3}", inner, 0..4).prop_map(|map| map.into_iter().collect()),
        ]
    })
}

proptest! {
    /// The oracle: what a typed reader makes of it.
    #[test]
    fn annotations_are_taken_when_a_map_of_strings_reads_them(value in json()) {
        let manifest = json!({ "schemaVersion": 2, "annotations": value });
        let is_readable = serde_json::from_value::<Option<std::collections::BTreeMap<String, String>>>(value).is_ok();
        prop_assert_eq!(check(manifest.to_string().as_bytes()).is_ok(), is_readable);
    }

    #[test]
    fn what_is_unknown_may_be_anything(value in json()) {
        let manifest = json!({ "schemaVersion": 2, "example": value });
        prop_assert!(check(manifest.to_string().as_bytes()).is_ok());
    }
}
