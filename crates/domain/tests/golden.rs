//! Events are for ever: one file per type ever written, each of which must decode to an event that says the same. A new
//! type needs a file; a file is never changed.

use std::collections::BTreeSet;
use std::path::PathBuf;

use distr_domain::decider::Category;
use distr_domain::fact::Fact;
use distr_domain::stored::{SCHEMA_VERSION, StoredEvent};
use serde_json::Value;

fn golden() -> Vec<Value> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let files = std::fs::read_dir(folder).expect("tests/golden is there");
    let texts = files.map(|file| std::fs::read_to_string(file.expect("a file").path()).expect("a readable file"));
    texts.map(|text| serde_json::from_str(&text).expect("JSON")).collect()
}

fn text<'a>(golden: &'a Value, key: &str) -> &'a str {
    golden[key].as_str().unwrap_or_else(|| panic!("{key} is missing in {golden}"))
}

fn stored<'a>(event_type: &'a str, data: &'a str) -> StoredEvent<'a> {
    StoredEvent { event_type, schema_version: SCHEMA_VERSION, data: data.as_bytes() }
}

fn encoded(fact: &Fact) -> Value {
    let value = match fact {
        Fact::Organization(event) => serde_json::to_value(event),
        Fact::Member(event) => serde_json::to_value(event),
        Fact::Token(event) => serde_json::to_value(event),
        Fact::Customer(event) => serde_json::to_value(event),
        Fact::Application(event) => serde_json::to_value(event),
        Fact::Release(event) => serde_json::to_value(event),
        Fact::Channel(event) => serde_json::to_value(event),
        Fact::Artifact(event) => serde_json::to_value(event),
        Fact::License(event) => serde_json::to_value(event),
        Fact::Seat(event) => serde_json::to_value(event),
        Fact::Target(event) => serde_json::to_value(event),
        Fact::Deployment(event) => serde_json::to_value(event),
        Fact::Alert(event) => serde_json::to_value(event),
        Fact::Rollout(event) => serde_json::to_value(event),
        Fact::RolloutPolicy(event) => serde_json::to_value(event),
    };
    value.expect("an event is JSON")
}

#[test]
fn every_event_ever_written_still_says_the_same() {
    for golden in golden() {
        let category = Category::parse(text(&golden, "category")).expect("a category");
        let data = golden["data"].to_string();
        let fact = Fact::decode(category, stored(text(&golden, "type"), &data))
            .unwrap_or_else(|error| panic!("{error:?} in {golden}"));
        let encoded = encoded(&fact);
        assert_eq!((&encoded["type"], &encoded["data"]), (&golden["type"], &golden["data"]));
    }
}

/// The types of a category, as the refusal of an unknown one lists them.
fn types(category: Category) -> BTreeSet<String> {
    let error = Fact::decode(category, stored("?", "{}")).expect_err("there is no such type");
    let shape = std::error::Error::source(&error).expect("it says why");
    let source = std::error::Error::source(shape).expect("it says what it is").to_string();
    let (_, expected) = source.split_once("expected").expect("it lists the types");
    expected.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

#[test]
fn every_event_type_has_a_golden_file() {
    let golden: BTreeSet<String> = golden().iter().map(|golden| text(golden, "type").to_owned()).collect();
    let types: BTreeSet<String> = Category::ALL.into_iter().flat_map(types).collect();
    assert!(types.len() >= 36, "{types:?}");
    let missing: Vec<_> = types.difference(&golden).collect();
    assert!(missing.is_empty(), "no file in tests/golden for {missing:?}");
}
