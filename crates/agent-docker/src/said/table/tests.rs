//! Texts that engines, plugins and registries were heard to say: `tests/blame.tsv`, with the blame that a person would give.

use distr_agent::fault::Blame::Generation;

use super::*;
use crate::said::{of_compose, of_pull};

/// The release's own faults that these words alone do not tell from trouble of the host: they are tried again.
const NOT_TOLD: [&str; 9] = [
    // by a container, a port, a name or an address of the release itself, or of another
    "address-taken-twice",
    "name-taken-twice-226",
    "port-taken-twice",
    "mount-type-differs-own",
    // by its own limit, or by a host that ran out of memory
    "job-out-of-own-memory",
    // the file that is missing may be the agent's
    "extends-file-missing",
    // old engines say the same of layers that they cannot decompress
    "layer-not-an-archive-20",
    // the engine keeps the registry's code to itself
    "own-denied-token-containerd",
    "own-manifest-unknown-containerd",
];

/// A person would put these into another category; their words alone do not tell which.
const OTHERWISE: [&str; 12] = [
    "address-taken-twice",
    "engine-away-ssh",
    "env-file-missing-226",
    "extends-file-missing",
    "file-missing",
    "file-permission",
    "layer-not-an-archive-20",
    "plugin-killed",
    "podman-rlimit",
    "port-taken-twice",
    "own-denied-token-containerd",
    "proxy-404-html-containerd",
];

fn unescaped(text: &str) -> String {
    let mut plain = String::new();
    let mut characters = text.chars();
    while let Some(c) = characters.next() {
        match c {
            '\\' => match characters.next() {
                Some('n') => plain.push('\n'),
                Some('r') => plain.push('\r'),
                Some('t') => plain.push('\t'),
                other => plain.extend(other),
            },
            c => plain.push(c),
        }
    }
    plain
}

#[test]
fn nothing_is_blamed_on_a_release_that_is_not_its_fault() {
    let (mut heard, mut told, mut elsewhere) = (0, 0, vec![]);
    for line in include_str!("../../../tests/blame.tsv").lines().skip(1) {
        let columns: Vec<&str> = line.split('\t').collect();
        let [id, source, _, blame, category, text, ..] = columns[..] else { panic!("{line}") };
        let said = unescaped(text);
        let failure = match source {
            "compose-stderr" => of_compose(&said),
            "registry" => of_pull("r/a/b", &said, !id.starts_with("other-registry")),
            _ => continue,
        };
        heard += 1;
        let told_as = serde_json::to_value(failure.category).unwrap();
        if told_as != category && !OTHERWISE.contains(&id) {
            elsewhere.push(format!("{id}: {told_as}, not {category}"));
        }
        match (blame, failure.blame) {
            ("surroundings", Generation) => panic!("{id} is blamed on the release: {text}"),
            ("generation", Surroundings) => {
                assert!(NOT_TOLD.iter().any(|known| id.starts_with(known)), "{id} is tried for ever: {text}");
            }
            ("generation" | "surroundings", _) => told += 1,
            _ => panic!("{id}: {blame}"),
        }
    }
    assert!(heard > 250 && told > 250, "{told} of {heard}");
    assert!(elsewhere.is_empty(), "{elsewhere:#?}");
}

#[test]
fn sentences_are_short_and_rows_are_reached() {
    let tables = [TROUBLE, ENGINE, VALUES, HOST, COMPOSE_FILE, RELEASE];
    let rows: Vec<&Row> = tables.iter().flat_map(|table| table.iter()).collect();
    for (index, Row(words, _, _, sentence)) in rows.iter().enumerate() {
        assert!(sentence.split(' ').count() <= 25, "{sentence}");
        assert!(words.iter().all(|words| *words == words.to_lowercase()), "{words:?}");
        let is_hidden = |earlier: &&&Row| earlier.0.iter().all(|word| words.iter().any(|words| words.contains(word)));
        assert!(!rows[..index].iter().any(|earlier| is_hidden(&earlier)), "{words:?} is never reached");
    }
}
