//! Who may depend on whom.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use distr_tests::root;
use toml::Table;

/// Each crate with the crates of this workspace that it may use, and nothing else of this workspace.
const ALLOWED: [(&str, &[&str]); 20] = [
    ("domain", &[]),
    ("compose", &[]),
    ("chart", &["domain"]),
    ("postgres", &[]),
    ("eventlog", &["domain", "postgres"]),
    ("eventlog-kurrent", &["domain", "eventlog"]),
    ("projections", &["domain", "eventlog", "postgres", "signature"]),
    ("registry", &["domain", "eventlog", "postgres", "projections"]),
    ("embedded-postgres", &[]),
    ("drawing", &[]),
    ("signature", &["domain"]),
    ("package", &["domain"]),
    ("portal", &["domain"]),
    ("proof", &["domain"]),
    (
        "api",
        &[
            "chart",
            "compose",
            "domain",
            "drawing",
            "eventlog",
            "eventlog-kurrent",
            "postgres",
            "projections",
            "registry",
            "embedded-postgres",
            "portal",
            "proof",
            "signature",
        ],
    ),
    ("agent", &["domain", "signature"]),
    ("agent-docker", &["agent", "domain", "package", "signature"]),
    ("agent-kubernetes", &["agent", "domain"]),
    ("cli", &["chart", "domain", "package", "proof", "signature"]),
    ("bench", &["domain", "eventlog", "eventlog-kurrent", "kurrent-server", "api", "embedded-postgres"]),
];

/// What the agents' library must not know: what runs the releases.
const NOT_IN_AGENT: [&str; 4] = ["bollard", "kube", "k8s-openapi", "distr-package"];
/// Words of one runtime. The names that are on the wire stay.
const WORDS_NOT_IN_AGENT: [&str; 5] = ["docker", "container", "kubernetes", "helm", "cluster"];

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

/// The modules at the top of a crate, each with those that its files name.
fn modules(name: &str) -> BTreeMap<String, BTreeSet<String>> {
    let source = root().join("crates").join(name).join("src");
    let mut uses: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for path in rust_files(&source) {
        let below = path.strip_prefix(&source).expect("a file of the folder").with_extension("");
        let first = below.components().next().expect("a name").as_os_str();
        let module = first.to_str().expect("a name in UTF-8").to_owned();
        let text = std::fs::read_to_string(&path).expect("a readable file");
        let code = text.split("#[cfg(test)]").next().expect("text");
        uses.entry(module.clone()).or_default().extend(named_modules(code).into_iter().filter(|used| *used != module));
    }
    uses
}

/// In `crate::a::B` and `use crate::{a, b::C}`.
fn named_modules(code: &str) -> Vec<String> {
    let word = |text: &str| text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    code.split("crate::")
        .skip(1)
        .flat_map(|after| match after.strip_prefix('{') {
            Some(list) => outermost(list).into_iter().map(|item| word(item.trim())).collect(),
            None => vec![word(after)],
        })
        .collect()
}

/// The items of a list up to its closing brace; lists within it stay whole.
fn outermost(list: &str) -> Vec<&str> {
    let (mut items, mut depth, mut start) = (vec![], 0, 0);
    for (at, char) in list.char_indices() {
        match char {
            '{' => depth += 1,
            '}' if depth == 0 => {
                items.push(&list[start..at]);
                return items;
            }
            '}' => depth -= 1,
            ',' if depth == 0 => {
                items.push(&list[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    items
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a readable folder").map(|entry| entry.expect("an entry").path());
    let files = entries.flat_map(|path| if path.is_dir() { rust_files(&path) } else { vec![path] });
    files.filter(|path| path.extension().is_some_and(|extension| extension == "rs")).collect()
}

/// No module is needed by one that it needs.
#[test]
fn modules_of_a_crate_use_each_other_in_one_direction() {
    for (name, _) in ALLOWED {
        let mut left = modules(name);
        assert!(left.len() > 1, "crate {name} has modules");
        // those that need nothing that is left go, one after another
        loop {
            let names: BTreeSet<String> = left.keys().cloned().collect();
            let before = left.len();
            left.retain(|_, uses| !uses.is_disjoint(&names));
            if left.len() == before {
                break;
            }
        }
        assert!(left.is_empty(), "modules of crate {name} need each other in a circle: {left:#?}");
    }
}

#[test]
fn the_agents_library_knows_no_runtime() {
    let dependencies = dependencies("agent");
    for forbidden in NOT_IN_AGENT {
        assert!(!dependencies.contains(forbidden), "the agents' library must not use {forbidden}");
    }
    let is_code = |path: &PathBuf| path.file_name().is_some_and(|name| name != "tests.rs");
    for path in rust_files(&root().join("crates/agent/src")).into_iter().filter(is_code) {
        let text = std::fs::read_to_string(&path).expect("a readable file").to_lowercase();
        for word in WORDS_NOT_IN_AGENT {
            assert!(!text.contains(word), "{} speaks of {word}", path.display());
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
