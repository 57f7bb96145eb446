//! Files of the host that compose reads while it resolves a compose file, which is before the resolved file can be checked.
//! They are found in the file as it was written, and by one rule: compose resolves a key of a service only if the policy lets
//! it read the files that the key names, or if the key is known to read none. Every other key is taken out before.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use distr_domain::compose_file;
use serde_json::Value;

use super::host::{Access, Host};
use super::keys;
use super::links::canonical;
use super::model::{TOP, parts};
use super::mounts;
use super::need::{Need, Needs, Part};

/// Keys of a service whose files become part of the resolved file.
pub(super) const READING: [&str; 2] = ["env_file", "label_file"];
/// The configuration of the generation, from the folder of the files that it ships.
pub(super) const CONFIGURATION: &str = "../.env";
/// Keys of a service by which compose looks at files that no release needs.
const IDLE: [&str; 1] = ["develop"];

/// Keys that compose must not see: those of the file's top level, and those of each service.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Withheld {
    top: BTreeSet<String>,
    services: BTreeMap<String, BTreeSet<String>>,
}

/// The needs of compose while it resolves `raw`, the model before variables are put in. `folder` is the one from which paths
/// begin; what is in it is the agent's, and so is the configuration beside it. `Err` is a sentence about a file that is not named
/// as it is.
pub fn read_while_resolving(raw: &Value, folder: &Path, host: &Host) -> Result<Vec<Need>, String> {
    let mut list = vec![];
    let keys = raw.as_object().into_iter().flatten();
    let mut top = Needs { part: Part::File, list: &mut list };
    for (key, value) in keys.filter(|(key, value)| !is_known(key, &TOP) && !value.is_null()) {
        top.unknown(key, value);
    }
    for (name, service) in parts(raw, "services") {
        let mut needs = Needs { part: Part::Service(name.clone()), list: &mut list };
        let keys = service.as_object().into_iter().flatten();
        for (key, value) in keys.filter(|(_, value)| !value.is_null()) {
            if READING.contains(&key.as_str()) {
                files(&mut needs, host, folder, key, value)?;
            } else if !IDLE.contains(&key.as_str()) && !keys::is_known(key) {
                needs.unknown(key, value);
            }
        }
    }
    Ok(list)
}

fn is_known(key: &str, known: &[&str]) -> bool {
    known.contains(&key) || key.starts_with("x-")
}

fn files(needs: &mut Needs<'_>, host: &Host, folder: &Path, key: &str, value: &Value) -> Result<(), String> {
    for file in named(value).ok_or_else(|| format!("{}, key {key}: it is no list of files", needs.part))? {
        if file.contains('$') || file.starts_with('~') {
            let part = &needs.part;
            return Err(format!("{part}, key {key}: {file:?} holds a variable or \"~\"; name the file itself"));
        }
        let path = folder.join(file);
        let end = canonical(&path);
        let is_own = end.starts_with(canonical(folder)) || end == canonical(&folder.join(CONFIGURATION));
        if !is_own {
            mounts::path(needs, host, key, &path.to_string_lossy(), Access::Read);
        }
    }
    Ok(())
}

fn named(value: &Value) -> Option<Vec<&str>> {
    match value {
        Value::String(file) => Some(vec![file]),
        Value::Array(list) => list.iter().map(|file| file.as_str().or_else(|| file.get("path")?.as_str())).collect(),
        _ => None,
    }
}

impl Withheld {
    /// Keys that the policy refused, and those that no release needs.
    pub fn new(raw: &Value, refused: &[Need]) -> Self {
        let mut withheld = Self::default();
        for need in refused {
            let keys = match &need.part {
                Part::Service(service) => withheld.services.entry(service.clone()).or_default(),
                // before compose resolved the file, nothing else of it is asked about
                Part::File | Part::Volume(_) | Part::Network(_) | Part::Config(_) | Part::Secret(_) => {
                    &mut withheld.top
                }
            };
            keys.insert(need.key.clone());
        }
        for (name, service) in parts(raw, "services") {
            let idle = IDLE.iter().filter(|key| service.get(**key).is_some());
            let mut idle = idle.map(|key| (*key).to_owned()).peekable();
            if idle.peek().is_some() {
                withheld.services.entry(name.clone()).or_default().extend(idle);
            }
        }
        withheld
    }

    /// A compose file that takes the keys out of those before it; nothing if there is nothing to take out. It is YAML, for the
    /// sake of compose's `!reset`.
    pub fn compose_file(&self) -> Option<String> {
        let quoted = |text: &str| compose_file::ascii(&Value::from(text).to_string());
        let reset = |key: &String| format!("{}: !reset null", quoted(key));
        let mut lines: Vec<String> = self.top.iter().map(reset).collect();
        if !self.services.is_empty() {
            lines.push("services:".to_owned());
        }
        for (service, keys) in &self.services {
            let keys: Vec<String> = keys.iter().map(reset).collect();
            lines.push(format!("  {}: {{{}}}", quoted(service), keys.join(", ")));
        }
        (!lines.is_empty()).then(|| lines.join("\n") + "\n")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::policy::Policy;

    fn found(service: Value) -> Result<Vec<Need>, String> {
        let folder = tempfile::tempdir().unwrap();
        read_while_resolving(&json!({"services": {"web": service}}), folder.path(), &Host::default())
    }

    fn lines(service: Value) -> Vec<String> {
        found(service).unwrap().iter().map(Need::line).collect()
    }

    #[test]
    fn files_that_compose_reads_are_known_before_it_reads_them() {
        for key in READING {
            for own in [json!("../.env"), json!(["a.env", {"path": "sub/b.env", "required": false}]), Value::Null] {
                assert_eq!(lines(json!({key: own})), [""; 0]);
            }
            assert_eq!(lines(json!({key: [{"path": "/etc/shadow", "required": false}]})), ["- read: /etc/shadow"]);
            for file in ["${F}", "~/secret.env", "~/../x", "~x"] {
                assert!(found(json!({key: file})).unwrap_err().contains("name the file itself"), "{file}");
            }
            for garbled in [json!({}), json!([7]), json!([{"file": "/etc/shadow"}])] {
                assert!(found(json!({key: garbled})).unwrap_err().contains("is no list of files"));
            }
        }
    }

    #[test]
    fn a_key_that_may_read_files_is_asked_about_before_compose_sees_it() {
        for key in ["credential_spec", "provider", "models", "build", "a_key_of_tomorrow"] {
            assert_eq!(lines(json!({key: {"file": "/etc/shadow"}})), [format!("- compose-key: {key}")]);
        }
        let file = json!({"models": {}, "name": "x", "x-note": 1, "services": {}});
        let needs = read_while_resolving(&file, Path::new("/nowhere"), &Host::default()).unwrap();
        assert_eq!(needs.iter().map(Need::line).collect::<Vec<_>>(), ["- compose-key: models"]);
    }

    #[test]
    fn what_is_refused_and_what_no_release_needs_is_taken_out() {
        let raw = json!({
            "models": {},
            "services": {
                "web": {"env_file": "/a", "label_file": "/b", "develop": {"watch": []}, "image": "x"},
                "db": {"env_file": ".env", "ports": ["80"]},
            },
        });
        let needs = read_while_resolving(&raw, Path::new("/nowhere"), &Host::default()).unwrap();
        let refused = Policy::parse("allow: [{read: /a}]").unwrap().refused("shop", needs.clone());
        assert_eq!(
            Withheld::new(&raw, &refused).compose_file().unwrap(),
            "\"models\": !reset null\nservices:\n  \"web\": {\"develop\": !reset null, \"label_file\": !reset null}\n"
        );
        assert_eq!(Withheld::new(&json!({"services": {"db": {"image": "x"}}}), &[]).compose_file(), None);
    }
}
