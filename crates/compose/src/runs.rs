//! What each service runs and when, with what it has by extending another service of the file.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::extends::{Service, Services, services};
use crate::found::Found;
use crate::profiles::{bases, profiles};

/// A service as compose would run it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Runs {
    pub image: Option<String>,
    /// the platform that it asks for, as it stands in the file
    pub platform: Option<String>,
    /// its own and those of what it extends, by name; none means always
    pub profiles: Vec<String>,
    /// the files that set its environment, in their order; those of what it extends come first
    pub env_files: Vec<String>,
    /// the files that set its labels
    pub label_files: Vec<String>,
}

/// All services of `file`, by name.
pub fn runs(file: &Value) -> BTreeMap<String, Runs> {
    // circles and missing services are told by the check
    let services = services(file, &mut Found::default());
    let of = |name: &&str| {
        let service = &services[name];
        let profiles = profiles(service, &services).into_iter().map(str::to_owned).collect();
        let files = |key| files(service, &services, key);
        let (env_files, label_files) = (files("env_file"), files("label_file"));
        let text = |key| service.text(key).map(str::to_owned);
        let (image, platform) = (text("image"), text("platform"));
        ((*name).to_owned(), Runs { image, platform, profiles, env_files, label_files })
    };
    services.keys().map(of).collect()
}

/// Each once, where it is first.
fn files(service: &Service<'_>, services: &Services<'_>, key: &str) -> Vec<String> {
    let mut files: Vec<String> = vec![];
    for service in bases(service, services).into_iter().rev() {
        let value = service.part.map.get(key);
        let entries = value
            .and_then(Value::as_array)
            .map_or_else(|| value.into_iter().collect(), |list| list.iter().collect::<Vec<_>>());
        for path in entries.into_iter().filter_map(|entry| entry.as_str().or_else(|| entry.get("path")?.as_str())) {
            if !files.iter().any(|known| known == path) {
                files.push(path.to_owned());
            }
        }
    }
    files
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_service_reads_the_files_of_what_it_extends_first() {
        let found = runs(&json!({"services": {
            "base": {"env_file": ["a", {"path": "b", "required": false}]},
            "web": {"extends": "base", "env_file": ["c", "a"], "label_file": "l"},
        }}));
        assert_eq!(found["web"].env_files, ["a", "b", "c"]);
        assert_eq!(found["web"].label_files, ["l"]);
        assert_eq!(found["base"].env_files, ["a", "b"]);
    }

    #[test]
    fn a_service_runs_what_it_extends() {
        let found = runs(&json!({"services": {
            "base": {"image": "x", "profiles": ["p"]},
            "web": {"extends": "base"},
            "own": {"extends": {"service": "base"}, "image": "y", "profiles": ["p"]},
            "plain": {"image": "z"},
            "none": null,
        }}));
        let of = |name: &str| {
            let Runs { image, profiles, .. } = &found[name];
            (image.as_deref(), profiles.iter().map(String::as_str).collect::<Vec<_>>())
        };
        assert_eq!(of("web"), (Some("x"), vec!["p"]));
        assert_eq!(of("own"), (Some("y"), vec!["p"]));
        assert_eq!(of("plain"), (Some("z"), vec![]));
        assert!(!found.contains_key("none"));
    }
}
