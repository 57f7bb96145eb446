use std::collections::BTreeMap;

use distr_agent::fixture::{DEPLOYMENT, run_instruction, wanted};
use distr_domain::agent::PinnedImage;

use super::*;

fn run(config: &[(&str, &str)]) -> RunInstruction {
    let digest = format!("sha256:{}", "0".repeat(64)).parse().unwrap();
    let image = PinnedImage { service: "web".to_owned(), repository: "acme/web".to_owned(), digest, signature: None };
    let config = config.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    RunInstruction { images: vec![image], config, ..run_instruction() }
}

fn services(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn every_service_is_labelled_and_ours_are_pinned() {
    let content = override_of(&wanted(4), &run(&[]), "registry.example", &services(&["db", "web"])).unwrap();
    let labels = json!({
        "distr.deployment": DEPLOYMENT.to_string(),
        "distr.generation": "4",
        "distr.release": "1.4.0",
    });
    let image = format!("registry.example/acme/web@sha256:{}", "0".repeat(64));
    let expected = json!({"services": {
        "db": {"labels": labels, "pull_policy": "never"},
        "web": {"labels": labels, "pull_policy": "never", "image": image},
    }});
    assert_eq!(content, expected);
}

#[test]
fn a_pin_for_a_service_that_is_not_there_is_refused() {
    let trouble = override_of(&wanted(4), &run(&[]), "registry.example", &services(&["db"])).unwrap_err();
    assert!(trouble.category == ErrorCategory::Config && trouble.text.contains("service web"), "{trouble:?}");
}

#[test]
fn a_folder_is_whole_only_after_its_last_file() {
    let root = tempfile::tempdir().unwrap();
    let folder = Folder::at(root.path().join("4"));
    let run = run(&[("PASSWORD", "it's $secret")]);
    folder.write_vendors(&run, &vendor_file::read(&run.compose).unwrap()).unwrap();
    assert!(!folder.is_whole());
    folder.write_override(&wanted(4), &run, "registry.example", &services(&["web"])).unwrap();
    assert!(folder.is_whole());
    assert_eq!(folder.values(), ["it's $secret"]);
    assert_eq!(fs::read_to_string(folder.path().join(VENDOR_FILE)).unwrap(), run.compose);
    let resolved = Resolved::read("{\"services\": {}}").unwrap();
    folder.write_resolved(RESOLVED_FILE, &resolved).unwrap();
    assert_eq!(folder.resolved(), Some(resolved));
    folder.write_vendors(&run, &vendor_file::read(&run.compose).unwrap()).unwrap();
    assert_eq!(folder.resolved(), None);
    assert!(!folder.is_whole(), "an override of an earlier try does not count");
}

#[test]
fn folders_that_nobody_needs_are_removed_and_nothing_else() {
    let root = tempfile::tempdir().unwrap();
    for name in ["3", "3-again", "4", "4-again", "state"] {
        fs::create_dir(root.path().join(name)).unwrap();
    }
    prune(root.path(), &["4-again"]).unwrap();
    let left: BTreeMap<_, _> =
        fs::read_dir(root.path()).unwrap().map(|entry| (entry.unwrap().file_name(), ())).collect();
    assert_eq!(left.into_keys().collect::<Vec<_>>(), ["4-again", "state"]);
}
