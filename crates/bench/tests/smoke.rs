//! Every row comes out, with a small fleet and no time to be exact. Says nothing about speed.

use std::collections::BTreeMap;
use std::process::Command;

use serde_json::Value;

#[test]
fn every_figure_is_measured() {
    let output = Command::new(env!("CARGO_BIN_EXE_distr-bench"))
        .args(["-o", "json", "--targets", "12", "--seconds", "0.2", "--rounds", "1", "--subscribers", "3"])
        .args(["--blob-mib", "3", "--small-blobs", "20"])
        .output()
        .expect("distr-bench can be started");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("JSON is UTF-8");
    let rows: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("a row a line")).collect();
    let mut groups: BTreeMap<&str, usize> = BTreeMap::new();
    for row in &rows {
        let name = row["name"].as_str().expect("a row has a name");
        assert!(row["value"].as_f64().is_some_and(|value| value >= 0.0), "{row}");
        for key in ["unit", "peer", "ratio", "aim"] {
            assert!(row.get(key).is_some(), "{row} has no {key}");
        }
        *groups.entry(name.split('.').next().unwrap_or_default()).or_default() += 1;
    }
    let expected = [
        ("append", 12),
        ("fanout", 2),
        ("footprint", 8),
        ("heartbeats", 9),
        ("lag", 2),
        ("query", 12),
        ("reading", 6),
        ("registry", 15),
        ("size", 3),
        ("stranger", 4),
    ];
    assert_eq!(groups, BTreeMap::from(expected));
}
