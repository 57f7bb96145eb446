//! Who may depend on whom.

use std::collections::{BTreeMap, BTreeSet};

use distr_tests::root;
use toml::Table;

/// Each crate with the crates of this workspace that it may use, and nothing else of this workspace.
const ALLOWED: [(&str, &[&str]); 11] = [
    ("domain", &[]),
    ("postgres", &[]),
    ("eventlog", &["domain", "postgres"]),
    ("projections", &["domain", "eventlog", "postgres", "signature"]),
    ("registry", &["domain", "eventlog", "postgres", "projections"]),
    ("embedded-postgres", &[]),
    ("signature", &["domain"]),
    ("api", &["domain", "eventlog", "postgres", "projections", "registry", "embedded-postgres", "signature"]),
    ("agent", &["domain", "signature"]),
    ("cli", &["domain", "signature"]),
    ("bench", &["domain", "eventlog", "api", "embedded-postgres"]),
];

/// What the domain must not know: a runtime, a database, HTTP, a clock, dice.
const NOT_IN_DOMAIN: [&str; 8] =
    ["tokio", "tokio-postgres", "actix-web", "reqwest", "rand", "async-trait", "tracing", "deadpool-postgres"];

fn dependencies(name: &str) -> BTreeSet<String> {
    let path = root().join("crates").join(name).join("Cargo.toml");
    let manifest: Table = std::fs::read_to_string(path).expect("a manifest").parse().expect("TOML");
    let table = manifest.get("dependencies").and_then(|table| table.as_table()).cloned().unwrap_or_default();
    table.keys().cloned().collect()
}

#[test]
fn a_crate_uses_only_the_layers_below_it() {
    let allowed: BTreeMap<_, _> = ALLOWED.into_iter().collect();
    for folder in std::fs::read_dir(root().join("crates")).expect("crates/ is there") {
        let name = folder.expect("a readable folder").file_name().into_string().expect("a name in UTF-8");
        let may_use =
            allowed.get(name.as_str()).unwrap_or_else(|| panic!("crate {name} has no place among the layers"));
        for dependency in dependencies(&name) {
            if let Some(other) = dependency.strip_prefix("distr-") {
                assert!(may_use.contains(&other), "crate {name} must not use {other}");
            }
        }
    }
}

#[test]
fn the_domain_is_pure() {
    let dependencies = dependencies("domain");
    for forbidden in NOT_IN_DOMAIN {
        assert!(!dependencies.contains(forbidden), "the domain must not use {forbidden}");
    }
}
