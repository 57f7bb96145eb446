//! One table: what a file says, what there is, what comes of it.

use super::super::current::{self, Current};
use super::super::file::{self, Wanted};
use super::*;
use crate::apply::show;
use crate::operation::SignedParts;

const ED25519: &str = include_str!("../../release/key/keys/ed25519.pub");
const P256: &str = include_str!("../../release/key/keys/p256.pub");

/// As a file has it.
fn key(name: &str, pem: &str) -> String {
    format!("{{name: {name}, pem: {}}}", serde_json::Value::from(pem))
}

fn current() -> Current {
    let mut current = Current::default();
    let channels = ["stable".to_owned()].into();
    let key = SigningKey { name: "ci".into(), pem: ED25519.trim().into() };
    let hello = current::Application {
        display_name: "Hello".into(),
        description: String::new(),
        channels,
        signing_keys: vec![key],
        signing_requires: SignedParts::Images,
        feature_tags: vec![],
        catalogue: Catalogue { category: "Databases".into(), ..Catalogue::default() },
        icon: None,
    };
    current.applications.insert("hello".into(), hello);
    current.customers.insert("globex".into(), "Globex".into());
    let license = |status: &str| current::License {
        application: "hello".into(),
        status: status.into(),
        terms: Terms {
            versions: vec!["1.x".into()],
            channels: vec!["stable".into()],
            seats: Some(3),
            expires_at: Some(moment::end("2027-12-31").unwrap()),
            ..Terms::default()
        },
    };
    current.licenses.insert(("globex".into(), "hello-2026".into()), license("ACTIVE"));
    current.licenses.insert(("globex".into(), "ended".into()), license("REVOKED"));
    current
}

fn planned(yaml: &str) -> Vec<String> {
    let mut wanted = Wanted::default();
    file::parse("f.yaml", yaml, &mut wanted).unwrap();
    plan(&wanted, &current(), moment::begin("2026-06-01").unwrap())
        .iter()
        .flat_map(|step| show::lines(step, show::Tense::Plan))
        .collect()
}

#[test]
fn what_there_is_already_needs_nothing() {
    let same = format!("applications: [{{name: hello, signingKeys: [{}], featureTags: []}}]", key("ci", ED25519));
    let table = [
        (
            "applications: [{name: hello, displayName: Hello, channels: [stable]}]",
            vec!["application hello: nothing", "channel hello/stable: nothing"],
        ),
        ("applications: [{name: hello}]", vec!["application hello: nothing"]),
        (
            same.as_str(),
            vec!["application hello: nothing", "signing policy hello: nothing", "feature tags hello: nothing"],
        ),
        ("customers: [{name: globex}]", vec!["customer globex: nothing"]),
        (
            "licenses: [{customer: globex, app: hello, name: hello-2026, versions: [1.x], channels: [stable], seats: 3, expires: 2027-12-31}]",
            vec!["license globex/hello-2026: nothing"],
        ),
        (
            "licenses: [{customer: globex, app: hello, name: ended, versions: [1.x], channels: [stable], seats: 3, expires: 2027-12-31}]",
            vec!["license globex/ended: nothing (it was revoked on the hub, and stays so)"],
        ),
    ];
    for (yaml, expected) in table {
        assert_eq!(planned(yaml), expected, "{yaml}");
    }
}

#[test]
fn a_policy_and_what_a_feature_opens_are_set_whole() {
    let steps = planned(&format!(
        "applications: [{{name: hello, signingKeys: [{}, {}], \
         featureTags: [{{feature: llm-addon, repository: models, tags: [\"llm-*\"]}}]}}]",
        key("ci", ED25519),
        key("new", P256),
    ));
    let expected = [
        "application hello: nothing",
        "signing policy hello: amend",
        "  keys: ci (ffa0f8522b66bdd6) -> ci (ffa0f8522b66bdd6), new (a297f1ece1befadd)",
        "feature tags hello: amend",
        "  features: none -> llm-addon opens models:llm-*",
    ];
    assert_eq!(steps, expected);
    let none = planned("applications: [{name: hello, signingKeys: []}]");
    let expected =
        ["signing policy hello: amend", "  keys: ci (ffa0f8522b66bdd6) -> none", "  must be signed: images -> none"];
    assert_eq!(none[1..], expected);
}

#[test]
fn a_key_under_an_old_name_is_shown_as_another_key_and_with_all_else_that_changes() {
    let replaced = "  keys: ci (ffa0f8522b66bdd6) -> ci (a297f1ece1befadd)";
    let requires = "  must be signed: images -> images-and-release";
    let yaml = |more: &str| format!("applications: [{{name: hello, signingKeys: [{}]{more}}}]", key("ci", P256));
    assert_eq!(planned(&yaml(""))[1..], ["signing policy hello: amend", replaced]);
    let both = planned(&yaml(", signingRequires: images_and_release"));
    assert_eq!(both[1..], ["signing policy hello: amend", replaced, requires]);
}

#[test]
fn what_must_be_signed_changes_alone_and_leaves_the_keys() {
    let mut wanted = Wanted::default();
    let yaml = "applications: [{name: hello, signingRequires: images_and_release}]";
    file::parse("f.yaml", yaml, &mut wanted).unwrap();
    let steps = plan(&wanted, &current(), moment::begin("2026-06-01").unwrap());
    let difference = "  must be signed: images -> images-and-release";
    assert_eq!(show::lines(&steps[1], show::Tense::Plan), ["signing policy hello: amend", difference]);
    let keys = current().applications["hello"].signing_keys.clone();
    let requires = Some(SignedParts::ImagesAndRelease);
    assert_eq!(steps[1].action, Action::SetSigningKeys { name: "hello".into(), keys, requires });

    let same = planned("applications: [{name: hello, signingRequires: images}]");
    assert_eq!(same[1..], ["signing policy hello: nothing"]);
    let no_keys = planned("applications: [{name: new, signingRequires: images}]");
    assert_eq!(no_keys[1..], ["signing policy new: nothing (signingRequires demands nothing without signingKeys)"]);
}

#[test]
fn what_is_missing_is_created_in_the_order_of_need() {
    let yaml = "licenses: [{customer: initech, app: shop, versions: [2.x], channels: [beta]}]\n\
        customers: [{name: initech, displayName: Initech}]\n\
        channels: [{app: shop, name: beta}]\n\
        applications: [{name: shop, description: Sells, channels: [beta]}]\n";
    let expected = [
        "application shop: create",
        "  description: Sells",
        "channel shop/beta: create",
        "customer initech: create",
        "  displayName: Initech",
        "license initech/shop: create",
        "  app: shop",
        "  versions: 2.x",
        "  channels: beta",
    ];
    assert_eq!(planned(yaml), expected);
}

#[test]
fn what_differs_is_amended_field_by_field() {
    let table = [
        (
            "applications: [{name: hello, displayName: Hello!}]",
            vec!["application hello: amend", "  displayName: Hello -> Hello!"],
        ),
        ("customers: [{name: globex, displayName: G}]", vec!["customer globex: amend", "  displayName: Globex -> G"]),
        (
            "licenses: [{customer: globex, app: hello, name: hello-2026, versions: [1.x, 2.x], seats: 5, expires: 2028-12-31}]",
            vec![
                "license globex/hello-2026: amend",
                "  versions: 1.x -> 1.x, 2.x",
                "  channels: stable -> not restricted",
                "  seats: 3 -> 5",
                "  expires: 2028-01-01T00:00:00Z -> 2029-01-01T00:00:00Z",
            ],
        ),
    ];
    for (yaml, expected) in table {
        assert_eq!(planned(yaml), expected, "{yaml}");
    }
}

#[test]
fn the_order_of_a_terms_items_is_no_difference() {
    let yaml = "licenses: [{customer: globex, app: hello, name: hello-2026, versions: [1.x, 1.x], channels: [stable, stable], \
        seats: 3, expires: 2027-12-31}]";
    assert_eq!(planned(yaml), ["license globex/hello-2026: nothing"]);
}

#[test]
fn what_a_catalogue_says_is_compared_field_by_field() {
    let same = planned("applications: [{name: hello, category: Databases}]");
    assert_eq!(same[1], "catalogue hello: nothing");
    let changed = planned(
        "applications: [{name: hello, homepage: \"https://hello.example\", labels: {tier: gold}, category: \"\"}]",
    );
    let expected = [
        "catalogue hello: amend",
        "  category: Databases -> none",
        "  homepage: none -> https://hello.example",
        "  labels: none -> tier=gold",
    ];
    assert_eq!(changed[1..], expected);
}

#[test]
fn a_branding_is_compared_field_by_field() {
    assert_eq!(planned("branding: {accent: \"\"}"), ["branding organization: nothing"]);
    let expected = ["branding organization: amend", "  accent: none -> #0b7a75", "  homeText: none -> Welcome."];
    assert_eq!(planned("branding: {accent: \"#0B7A75\", homeText: Welcome.}"), expected);
}
