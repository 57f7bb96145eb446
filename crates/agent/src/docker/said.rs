//! What the engine, its registries and compose say when they fail, and what that means.

use distr_domain::agent::ErrorCategory;

use crate::fault::Failure;

impl Failure {
    /// The failure of a pull, by what the registry said, or the engine on its behalf.
    pub fn of_pull(image: &str, text: &str) -> Self {
        let lower = text.to_lowercase();
        let has = |needles: &[&str]| needles.iter().any(|needle| lower.contains(needle));
        let text = format!("cannot pull {image}: {text}");
        if has(&["no space left on device", "disk quota exceeded"]) {
            return Self::passing(ErrorCategory::Resources, text);
        }
        if has(&["no matching manifest", "unsupported media type", "invalid reference format"]) {
            return Self::bad(ErrorCategory::Config, text);
        }
        if has(&["unauthorized", "authentication required"]) {
            return Self::passing(ErrorCategory::Entitlement, text);
        }
        if has(&["denied", "manifest unknown", "name unknown", "not found", "no basic auth"]) {
            return Self::bad(ErrorCategory::Entitlement, text);
        }
        Self::passing(ErrorCategory::Network, text)
    }

    /// The failure of `docker compose`, by what it said before it ended with an error.
    pub fn of_compose(said: &str) -> Self {
        Self::of_compose_said(said).with_words(said)
    }

    fn of_compose_said(said: &str) -> Self {
        let (text, lower) = (sentence(said), said.to_lowercase());
        let has = |needles: &[&str]| needles.iter().any(|needle| lower.contains(needle));
        if has(&["unknown flag: --ansi", "unknown command: docker compose", "'compose' is not a docker command"]) {
            return Self::passing(ErrorCategory::Runtime, "the docker compose plugin is not installed");
        }
        if has(&["cannot connect to the docker daemon", "is the docker daemon running", "error during connect"]) {
            return Self::passing(ErrorCategory::Runtime, text);
        }
        if has(&["no space left on device", "cannot allocate memory", "disk quota exceeded"]) {
            return Self::passing(ErrorCategory::Resources, text);
        }
        if has(&[
            "removal of container",
            "no such container",
            "no such image",
            "address pools have been fully subnetted",
        ]) {
            return Self::passing(ErrorCategory::Runtime, text);
        }
        if has(&["is unhealthy", "dependency failed to start", "didn't complete successfully"]) {
            return Self::bad(ErrorCategory::Unhealthy, text);
        }
        if has(&["port is already allocated", "address already in use", "ports are not available"]) {
            return Self::bad(ErrorCategory::Resources, text);
        }
        Self::bad(ErrorCategory::Runtime, text)
    }
}

/// Our words for what compose said. Of its own there are names that the vendor's file fixes, and none of the values that
/// were put in.
fn sentence(said: &str) -> String {
    const SENTENCES: [(&str, &str); 12] = [
        ("port is already allocated", "a published port is already in use on this host"),
        ("address already in use", "a published port is already in use on this host"),
        ("ports are not available", "a published port is not available on this host"),
        ("no space left on device", "the disk is full"),
        ("disk quota exceeded", "the disk quota is used up"),
        ("cannot allocate memory", "there is not enough memory"),
        ("executable file not found", "a service's command is not in its image"),
        ("permission denied", "something was not permitted"),
        ("is unhealthy", "a service that others wait for is unhealthy"),
        ("didn't complete successfully", "a service that others wait for did not end well"),
        ("address pools have been fully subnetted", "the engine has no addresses left for networks"),
        ("docker daemon", "the container engine does not answer"),
    ];
    let lower = said.to_lowercase();
    let known = SENTENCES.iter().find(|(needle, _)| lower.contains(needle)).map(|(_, text)| (*text).to_owned());
    let text = known.or_else(|| missing_variable(said)).unwrap_or_else(|| "docker compose failed".to_owned());
    match key_path(said) {
        Some(path) => format!("{text}, at {path}; its own words are in the agent's log on the host"),
        None => format!("{text}; docker compose's own words are in the agent's log on the host"),
    }
}

/// `required variable NAME is missing a value: …`
fn missing_variable(said: &str) -> Option<String> {
    let rest = said.split("required variable ").nth(1)?;
    let name = rest.split_whitespace().next()?;
    let is_name = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    is_name.then(|| format!("the variable {name} is required, and the configuration has no value for it"))
}

/// Such as `services.web.ports`: compose puts values in, and no keys.
fn key_path(said: &str) -> Option<&str> {
    let words = said.split(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ':' | ','));
    let is_path = |word: &&str| {
        let known = ["services.", "volumes.", "networks.", "configs.", "secrets."];
        known.iter().any(|part| word.starts_with(part))
            && word.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '[' | ']'))
    };
    words.map(|word| word.trim_end_matches('.')).find(is_path)
}

#[cfg(test)]
mod tests {
    use crate::fault::Blame::*;
    use ErrorCategory::*;

    use super::*;
    use crate::policy::Output;
    use crate::redact::Redactor;

    #[test]
    fn a_pull_is_given_up_only_when_the_registry_refused_it() {
        for (text, category, blame) in [
            ("denied: license \"gold\" expired at 2026-01-01", Entitlement, Generation),
            ("manifest unknown: manifest unknown", Entitlement, Generation),
            ("unauthorized: authentication required", Entitlement, Surroundings),
            ("dial tcp 10.0.0.1:443: connect: connection refused", Network, Surroundings),
            ("received unexpected HTTP status: 503 Service Unavailable", Network, Surroundings),
            ("write /var/lib/docker/tmp/x: no space left on device", Resources, Surroundings),
            ("no matching manifest for linux/arm64 in the manifest list entries", Config, Generation),
        ] {
            let failure = Failure::of_pull("r/a/b@sha256:0", text);
            assert_eq!((failure.category, failure.blame), (category, blame), "{text}");
            assert!(failure.text.ends_with(text));
        }
    }

    #[test]
    fn what_compose_said_has_a_category() {
        for (text, category, blame) in [
            ("Cannot connect to the Docker daemon at unix:///var/run/docker.sock", Runtime, Surroundings),
            (
                "driver failed programming external connectivity: Bind for 0.0.0.0:80 failed: port is already allocated",
                Resources,
                Generation,
            ),
            ("dependency failed to start: container distr-a-db-1 is unhealthy", Unhealthy, Generation),
            ("OCI runtime create failed: exec: \"nope\": executable file not found in $PATH", Runtime, Generation),
            ("failed to create shim: no space left on device", Resources, Surroundings),
            ("unknown flag: --ansi\nSee 'docker --help'.", Runtime, Surroundings),
        ] {
            let failure = Failure::of_compose(text);
            assert_eq!((failure.category, failure.blame), (category, blame), "{text}");
            assert_eq!(failure.words, text);
        }
    }

    #[test]
    fn what_compose_said_is_reported_only_if_the_host_allows_it() {
        for (said, ours) in [
            ("exec: \"aHVudGVyMg==\": executable file not found in $PATH", "a service's command is not in its image"),
            ("invalid hostPort: hunter2", "docker compose failed"),
            ("services.web.ports.0: invalid hostPort: hunter2", "docker compose failed, at services.web.ports.0"),
            ("required variable DB is missing a value: hunter2", "the variable DB is required"),
            ("required variable hun$er2 is missing a value", "docker compose failed"),
        ] {
            let failure = Failure::of_compose(said);
            let kept = failure.reported(&Redactor::default()).text;
            assert!(kept.starts_with(ours), "{kept}");
            assert!(!kept.contains("hun") && !kept.contains("aHVu"), "{kept}");
            let told = failure.reported(&Redactor::new([], Output::Errors)).text;
            assert!(told.starts_with(ours) && told.ends_with(said), "{told}");
        }
    }
}
