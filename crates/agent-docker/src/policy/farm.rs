//! Whatever the policy allows of a random tree of links is below a folder that it lists, as the engine finds it: with `..` taken
//! out first and links followed then; also after a release did to the folders that it may write to whatever it liked.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Component, Path, PathBuf};

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Host, Policy, Subject, needs, settle};

/// Few, so that paths meet.
const NAMES: [&str; 2] = ["a", "b"];

#[derive(Debug, Clone)]
enum Entry {
    Folder,
    Link(String),
}

/// A path below the farm: names, and `..`.
fn path() -> impl Strategy<Value = String> {
    let name = prop_oneof![8 => prop::sample::select(&NAMES[..]), 1 => Just(".."), 1 => Just(".")];
    prop::collection::vec(name, 1..5).prop_map(|names| names.join("/"))
}

fn clean_path() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(&NAMES[..]), 1..4).prop_map(|names| names.join("/"))
}

fn entries() -> impl Strategy<Value = Vec<(String, Entry)>> {
    // a link begins at the farm's root, or where it lies
    let target = (any::<bool>(), path()).prop_map(|(absolute, path)| if absolute { format!("/{path}") } else { path });
    let entry = prop_oneof![Just(Entry::Folder), target.prop_map(Entry::Link)];
    prop::collection::vec((clean_path(), entry), 1..12)
}

/// Makes what is not there yet, and nothing outside of `below`.
fn grow(root: &Path, below: &Path, entries: &[(String, Entry)]) {
    for (path, entry) in entries {
        let path = below.join(path);
        let parents = path.ancestors().skip(1).take_while(|parent| *parent != below);
        let parents: Vec<&Path> = parents.collect();
        let is_within = parents.into_iter().rev().all(|parent| {
            let _ = fs::create_dir(parent);
            fs::canonicalize(parent).is_ok_and(|parent| parent.starts_with(below))
        });
        let _ = match entry {
            _ if !is_within => Ok(()),
            Entry::Folder => fs::create_dir(&path),
            Entry::Link(target) => match target.strip_prefix('/') {
                Some(target) => symlink(root.join(target), &path),
                None => symlink(target, &path),
            },
        };
    }
}

/// As the engine understands it.
fn as_mounted(source: &str) -> Option<PathBuf> {
    let mut clean = PathBuf::from("/");
    for part in Path::new(source).components() {
        match part {
            Component::Normal(name) => clean.push(name),
            Component::ParentDir => drop(clean.pop()),
            Component::CurDir | Component::RootDir | Component::Prefix(_) => {}
        }
    }
    fs::canonicalize(clean).ok()
}

fn bind(source: &str, read_only: bool) -> Value {
    json!({"services": {"web": {"volumes": [{"type": "bind", "source": source, "read_only": read_only}]}}})
}

/// The source that the engine gets, if the policy allows it.
fn allowed(policy: &Policy, source: &str, read_only: bool) -> Option<String> {
    let mut model = bind(source, read_only);
    let written = settle(&mut model).ok()?;
    let subject =
        Subject { project: "p", model: &model, written: &written, host: &Host::default(), registry: "hub.example" };
    let is_allowed = policy.refused("shop", needs(&subject)).is_empty();
    is_allowed.then(|| model["services"]["web"]["volumes"][0]["source"].as_str().unwrap().to_owned())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_allowed_is_below_a_listed_folder_as_the_engine_finds_it(
        farm in entries(),
        lines in prop::collection::vec((any::<bool>(), clean_path()), 1..4),
        sources in prop::collection::vec((any::<bool>(), path()), 1..6),
        mischief in entries(),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(folder.path()).unwrap();
        grow(&root, &root, &farm);
        let word = |writes: bool| if writes { "write" } else { "read" };
        let text: String =
            lines.iter().map(|(writes, path)| format!("- {}: {}\n", word(*writes), root.join(path).display())).collect();
        let policy = Policy::parse(&format!("allow:\n{text}")).unwrap();
        // as the owner of the host saw them when the lines were written
        let listed: Vec<(bool, PathBuf)> = lines
            .iter()
            .filter_map(|(writes, path)| Some((*writes, fs::canonicalize(root.join(path)).ok()?)))
            .collect();
        let given: Vec<(bool, String)> = sources
            .iter()
            .filter_map(|(read_only, path)| {
                Some((*read_only, allowed(&policy, &root.join(path).display().to_string(), *read_only)?))
            })
            .collect();
        let check = |when: &str| {
            for (read_only, source) in &given {
                let Some(mounted) = as_mounted(source) else { continue };
                let is_listed = listed.iter().any(|(writes, folder)| match (*read_only, *writes) {
                    (true, false) => mounted.starts_with(folder),
                    (_, true) => mounted == *folder,
                    (false, false) => false,
                });
                prop_assert!(is_listed, "{when}: {source} is {}, lines:\n{text}", mounted.display());
            }
            Ok(())
        };
        check("at once")?;
        // a folder that an earlier release moved away is none any more
        let is_there = |folder: &Path| folder.starts_with(&root) && fs::canonicalize(folder).is_ok_and(|real| real == folder);
        for (_, written) in listed.iter().filter(|(writes, _)| *writes) {
            if !is_there(written) {
                continue;
            }
            for entry in fs::read_dir(written).into_iter().flatten().flatten() {
                let _ = fs::rename(entry.path(), root.join(format!("moved-{}", uuid::Uuid::new_v4())));
            }
            grow(&root, written, &mischief);
        }
        check("after the release wrote")?;
    }
}
