//! What each service runs and when, with what it has by extending another service of the file.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::extends::services;
use crate::found::Found;
use crate::profiles::profiles;

/// A service as compose would run it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Runs {
    pub image: Option<String>,
    /// its own and those of what it extends, by name; none means always
    pub profiles: Vec<String>,
}

/// All services of `file`, by name.
pub fn runs(file: &Value) -> BTreeMap<String, Runs> {
    // circles and missing services are told by the check
    let services = services(file, &mut Found::default());
    let of = |name: &&str| {
        let service = &services[name];
        let profiles = profiles(service, &services).into_iter().map(str::to_owned).collect();
        ((*name).to_owned(), Runs { image: service.text("image").map(str::to_owned), profiles })
    };
    services.keys().map(of).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

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
            let Runs { image, profiles } = &found[name];
            (image.as_deref(), profiles.iter().map(String::as_str).collect::<Vec<_>>())
        };
        assert_eq!(of("web"), (Some("x"), vec!["p"]));
        assert_eq!(of("own"), (Some("y"), vec!["p"]));
        assert_eq!(of("plain"), (Some("z"), vec![]));
        assert!(!found.contains_key("none"));
    }
}
