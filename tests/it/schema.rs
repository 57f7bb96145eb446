//! The committed schema is the one that the hub serves.

use std::process::Command;

use distr_tests::{binary, root};

#[test]
fn schema_graphql_is_what_the_hub_prints() {
    let printed = Command::new(binary("distr-hub")).arg("schema").output().expect("distr-hub can be started");
    let committed = std::fs::read_to_string(root().join("schema.graphql")).expect("schema.graphql is there");
    assert!(
        String::from_utf8_lossy(&printed.stdout) == committed,
        "schema.graphql is old; run: cargo run -p distr-api -- schema > schema.graphql"
    );
}
