//! What the engine, its registries and compose say when they fail, and what that means. A failure is the release's only if the
//! words are known to be about the release; whatever is not known is trouble of the surroundings, and tried again.

mod names;
mod table;

use distr_agent::fault::{Blame, Failure};
use distr_domain::agent::ErrorCategory;

use crate::policy::is_known_key;
use table::Verdict;

/// The failure of a pull, by what the engine said. `is_own`: the image is of the hub's registry, whose refusals are about this
/// release; those of other registries heal without a new one.
pub fn of_pull(image: &str, said: &str, is_own: bool) -> Failure {
    let verdict = table::of_pull(&said.to_lowercase(), is_own);
    let text = format!("cannot pull {image}: {said}");
    match verdict {
        Some(Verdict { blame, category, .. }) => Failure { blame, ..Failure::passing(category, text) },
        None => Failure::passing(ErrorCategory::Network, text),
    }
}

/// The failure of `docker compose`, by what it said before it ended with an error.
pub fn of_compose(said: &str) -> Failure {
    let verdict = match newer_key(said) {
        Some(_) => Some(table::OLD_FOR_A_KEY),
        None => table::of_compose(&said.to_lowercase()),
    };
    let sentence = missing_variable(said).or_else(|| verdict.map(|verdict| verdict.sentence.to_owned()));
    let text = with_place(sentence.unwrap_or_else(|| "docker compose failed".to_owned()), said);
    let (category, blame) =
        verdict.map_or((ErrorCategory::Runtime, Blame::Surroundings), |verdict| (verdict.category, verdict.blame));
    Failure { blame, ..Failure::passing(category, text) }.with_words(said)
}

/// The same failure where the release alone has files of variables: then it is the release's fault.
pub fn of_shipped_env_files(failure: Failure) -> Failure {
    let is_one = failure.category == table::ENV_FILE.category && table::is_of_env_file(&failure.words.to_lowercase());
    let blame = if is_one { Blame::Generation } else { failure.blame };
    Failure { blame, ..failure }
}

/// Our words for what compose said. Of its own there are names that the vendor's file fixes, what stands in the way on this host,
/// and none of the values that were put in.
fn with_place(text: String, said: &str) -> String {
    let text = match names::named(said) {
        Some(name) => format!("{text} ({name})"),
        None => text,
    };
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

/// A key that the plugin does not know and the agent does: the plugin is older than the compose file.
fn newer_key(said: &str) -> Option<&str> {
    let at = |begin: &str, end: &str| said.split_once(begin)?.1.split_once(end).map(|(key, _)| key);
    let key =
        at("Additional property ", " is not allowed").or_else(|| at("additional properties '", "' not allowed"))?;
    (is_known_key(key) || ["models", "provider"].contains(&key)).then_some(key)
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
    use ErrorCategory::*;
    use distr_agent::fault::Blame::*;
    use distr_agent::redact::Redactor;

    use super::*;
    use crate::policy::Output;

    #[test]
    fn a_pull_is_given_up_only_when_the_hubs_registry_refused_it() {
        for (text, category, own, other) in [
            ("denied: license \"gold\" expired at 2026-01-01", Entitlement, Generation, Surroundings),
            ("manifest unknown: manifest unknown", Entitlement, Generation, Surroundings),
            ("unauthorized: authentication required", Entitlement, Surroundings, Surroundings),
            ("dial tcp 10.0.0.1:443: connect: connection refused", Network, Surroundings, Surroundings),
            ("denied: <html><title>403 Forbidden</title>", Network, Surroundings, Surroundings),
            ("received unexpected HTTP status: 503 Service Unavailable", Network, Surroundings, Surroundings),
            ("write /var/lib/docker/tmp/x: no space left on device", Resources, Surroundings, Surroundings),
            (
                "failed to register layer: Error processing tar file(exit status 1): unexpected EOF",
                Runtime,
                Surroundings,
                Surroundings,
            ),
            ("no matching manifest for linux/arm64 in the manifest list entries", Config, Generation, Generation),
        ] {
            for (is_own, blame) in [(true, own), (false, other)] {
                let failure = of_pull("r/a/b@sha256:0", text, is_own);
                assert_eq!((failure.category, failure.blame), (category, blame), "{text}");
                assert!(failure.text.ends_with(text));
            }
        }
    }

    #[test]
    fn a_bad_file_of_variables_is_the_releases_if_no_other_is_read() {
        for said in [
            "line 1: key cannot contain a space",
            "failed to read /srv/0/files/app.env: line 1: unexpected character \"!\" in variable name \"a!b=1\"",
            "line 2: unterminated quoted value 'unclosed",
            "Invalid template: \"${\"",
        ] {
            let failure = of_compose(said);
            assert_eq!((failure.category, failure.blame), (Config, Surroundings), "{said}");
            assert!(failure.text.starts_with("a file of variables (env_file) is written wrongly"), "{}", failure.text);
            assert_eq!(of_shipped_env_files(failure).blame, Generation, "{said}");
        }
        for other in
            ["dial tcp 10.0.0.1:443: connect: connection refused", "/srv/0/.env: line 1: key cannot contain a space"]
        {
            assert_eq!(of_shipped_env_files(of_compose(other)).blame, Surroundings, "{other}");
        }
    }

    #[test]
    fn words_that_nobody_knows_are_tried_again() {
        for text in ["", "something new", "Error response from daemon: what is this"] {
            let failure = of_compose(text);
            assert_eq!((failure.category, failure.blame, failure.words.as_str()), (Runtime, Surroundings, text));
        }
    }

    #[test]
    fn what_compose_said_is_reported_only_if_the_host_allows_it() {
        for (said, ours) in [
            (
                "unable to start container process: exec: \"aHVudGVyMg==\": executable file not found in $PATH",
                "a service's command is not in its image",
            ),
            ("invalid hostPort: hunter2", "a port of the release is not valid"),
            ("services.web.ports.0: what: hunter2", "docker compose failed, at services.web.ports.0"),
            ("required variable DB is missing a value: hunter2", "the variable DB is required"),
            (
                "required variable hun$er2 is missing a value",
                "a variable is required that the configuration does not set",
            ),
        ] {
            let failure = of_compose(said);
            let kept = failure.reported(&Redactor::default()).text;
            assert!(kept.starts_with(ours), "{kept}");
            assert!(!kept.contains("hun") && !kept.contains("aHVu"), "{kept}");
            let told = failure.reported(&Redactor::new([], Output::Errors)).text;
            assert!(told.starts_with(ours) && told.ends_with(said), "{told}");
        }
    }
}
