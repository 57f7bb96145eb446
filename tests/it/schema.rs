//! The committed schema is the one that the hub serves.

use std::collections::BTreeSet;
use std::process::Command;

use distr_tests::{binary, root};

#[test]
fn schema_graphql_is_what_the_hub_prints() {
    let printed = Command::new(binary("distr-hub")).arg("schema").output().expect("distr-hub can be started");
    let committed = std::fs::read_to_string(root().join("schema.graphql")).expect("schema.graphql is there");
    assert!(String::from_utf8_lossy(&printed.stdout) == committed, "schema.graphql is old; run: script/schema");
}

/// Strangers read it: what each thing is, its unit, its form. Lists are the library's, and described by its specification.
#[test]
fn every_type_field_argument_and_value_of_the_schema_says_what_it_is() {
    let schema = std::fs::read_to_string(root().join("schema.graphql")).expect("schema.graphql is there");
    let (mut silent, mut inside, mut described, mut in_text) = (BTreeSet::new(), None, false, false);
    for line in schema.lines().map(str::trim) {
        let marks = line.matches("\"\"\"").count();
        if in_text || marks > 0 {
            in_text ^= marks == 1;
            described = true;
            continue;
        }
        let mut words = line.split([' ', '(', ':']);
        match (words.next().unwrap_or_default(), inside) {
            (kind @ ("type" | "enum" | "input" | "scalar" | "interface" | "union"), None) => {
                let name = words.next().unwrap_or_default();
                if !described && !name.ends_with("Connection") {
                    silent.insert(format!("{kind} {name}"));
                }
                inside = line.ends_with('{').then_some(name);
            }
            ("}", _) => inside = None,
            ("", _) => {}
            // the end of arguments that take several lines
            _ if line.starts_with(')') => {}
            (member, Some(of)) if !described && !of.ends_with("Connection") => {
                silent.insert(format!("{of}.{member}"));
            }
            // arguments that are described take lines of their own
            (member, Some(of)) if line.contains('(') && !line.ends_with('(') => {
                silent.insert(format!("arguments of {of}.{member}"));
            }
            _ => {}
        }
        described = false;
    }
    assert!(silent.is_empty(), "say in crates/api/src/graphql what these are: {silent:#?}");
}
