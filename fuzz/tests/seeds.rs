//! Each seed once, and nothing random: what was found before stays mended.

use std::collections::BTreeMap;
use std::fs;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

type Target = fn(&[u8]);

const TARGETS: [(&str, Target); 15] = [
    ("agent_bodies", distr_fuzz::agent_bodies),
    ("apply_file", distr_fuzz::apply_file),
    ("compose_file", distr_fuzz::compose_file),
    ("env_file", distr_fuzz::env_file),
    ("events", distr_fuzz::events),
    ("graphql_document", distr_fuzz::graphql_document),
    ("http2_headers", distr_fuzz::http2_headers),
    ("manifest", distr_fuzz::manifest),
    ("names", distr_fuzz::names),
    ("policy_file", distr_fuzz::policy_file),
    ("proxy_headers", distr_fuzz::proxy_headers),
    ("registry_headers", distr_fuzz::registry_headers),
    ("release_signature", distr_fuzz::release_signature),
    ("signature", distr_fuzz::signature),
    ("versions", distr_fuzz::versions),
];

#[test]
fn what_was_found_before_stays_mended() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let elsewhere = fs::read_to_string(here.join("seeds/elsewhere")).unwrap();
    let mut failed = vec![];
    for (name, target) in TARGETS {
        let mut seeds = BTreeMap::new();
        read(&here.join("seeds").join(name), "", &mut seeds);
        for line in elsewhere.lines() {
            let mut words = line.split(' ');
            if words.next() == Some(name) {
                let folder = here.join("..").join(words.next().expect("a folder"));
                read(&folder, words.next().unwrap_or_default(), &mut seeds);
            }
        }
        assert!(!seeds.is_empty(), "{name} has no seed");
        println!("{name}: {} seeds", seeds.len());
        for (path, bytes) in seeds {
            if catch_unwind(|| target(&bytes)).is_err() {
                failed.push(format!("{name}: {}", path.display()));
            }
        }
    }
    assert!(failed.is_empty(), "{failed:#?}");
}

#[test]
fn each_target_is_here_and_is_built() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let manifest = fs::read_to_string(here.join("Cargo.toml")).unwrap();
    for (name, _) in TARGETS {
        let text = fs::read_to_string(here.join("fuzz_targets").join(name).with_extension("rs")).unwrap();
        assert!(text.contains(&format!("|bytes: &[u8]| distr_fuzz::{name}(bytes)")), "{name}: {text}");
        assert!(manifest.contains(&format!("path = \"fuzz_targets/{name}.rs\"")), "{name}");
    }
    assert_eq!(fs::read_dir(here.join("fuzz_targets")).unwrap().count(), TARGETS.len());
}

/// Files of a folder, and of those in it, whose names end so.
fn read(folder: &Path, end: &str, seeds: &mut BTreeMap<PathBuf, Vec<u8>>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            read(&path, end, seeds);
        } else if path.to_string_lossy().ends_with(end) {
            let bytes = fs::read(&path).unwrap();
            seeds.insert(path, bytes);
        }
    }
}
