//! What Helm says when it fails, and what that means. A failure is the release's only if the words are known to be about the release;
//! whatever is not known is trouble of the surroundings, and tried again.

use std::time::Duration;

use distr_agent::fault::{Blame, Failure};
use distr_domain::agent::ErrorCategory::{self, Config, Entitlement, Policy, Resources, Runtime, Unhealthy};

use crate::post_render::NOT_ALLOWED;

struct Row {
    words: &'static str,
    blame: Blame,
    category: ErrorCategory,
    sentence: &'static str,
}

const fn row(words: &'static str, blame: Blame, category: ErrorCategory, sentence: &'static str) -> Row {
    Row { words, blame, category, sentence }
}

/// The first row fits whose words are in the text. Trouble stands before the release's own faults.
const TABLE: &[Row] = &[
    row("another operation (", Blame::Surroundings, Runtime, "another Helm works on this release"),
    row("cluster unreachable", Blame::Surroundings, Runtime, "the cluster does not answer"),
    row("connection refused", Blame::Surroundings, Runtime, "the cluster does not answer"),
    row("the object has been modified", Blame::Surroundings, Runtime, "somebody changed an object at the same moment"),
    row("exceeded quota", Blame::Surroundings, Resources, "a quota of the namespace is spent"),
    row("namespaces \"", Blame::Surroundings, Config, "the namespace is not there"),
    row("is forbidden: user", Blame::Surroundings, Policy, "the agent lacks a right in the cluster"),
    row(
        "runtime: out of memory",
        Blame::Generation,
        Resources,
        "the chart's templates want more memory than a Helm may take",
    ),
    row(
        "memory allocation of",
        Blame::Generation,
        Resources,
        "what the chart renders wants more memory than a Helm may take",
    ),
    row(
        "invalid ownership metadata",
        Blame::Generation,
        Config,
        "an object of that name is there already, and is somebody else's",
    ),
    row("must have at most 1048576", Blame::Generation, Config, "chart and manifest are larger than a Secret may be"),
    row(
        "don't meet the specifications of the schema",
        Blame::Generation,
        Config,
        "the values do not fit the chart's schema",
    ),
    row(
        "which is incompatible with kubernetes",
        Blame::Generation,
        Config,
        "the chart is for another version of Kubernetes",
    ),
    row("field is immutable", Blame::Generation, Config, "a field was changed that cannot be"),
    row("no matches for kind", Blame::Generation, Config, "the cluster does not know a kind of the release"),
    row("yaml parse error", Blame::Generation, Config, "the chart rendered what is no YAML"),
    row("is invalid:", Blame::Generation, Config, "the cluster does not take an object of the release"),
    row("execution error at (", Blame::Generation, Config, "the chart's templates refuse the values"),
    row("hooks failed", Blame::Generation, Unhealthy, "a hook failed, or did not end in time"),
    row("failed pre-", Blame::Generation, Unhealthy, "a hook failed, or did not end in time"),
    row("failed post-", Blame::Generation, Unhealthy, "a hook failed, or did not end in time"),
    row("typed patch object", Blame::Generation, Config, "an object of the release has a field of another type"),
];

/// The failure of a Helm that ended with an error, by what it said.
pub fn of_helm(said: &str) -> Failure {
    let failure = of(said, "helm failed");
    Failure { text: format!("{}; Helm's own words are in the agent's log", failure.text), ..failure }
}

fn of(said: &str, unknown: &str) -> Failure {
    let small = said.to_lowercase();
    let found = TABLE.iter().find(|row| small.contains(row.words));
    let sentence = found.map_or(unknown, |row| row.sentence);
    let (category, blame) = found.map_or((Runtime, Blame::Surroundings), |row| (row.category, row.blame));
    Failure { blame, ..Failure::passing(category, sentence) }.with_words(said)
}

/// The failure of an object that the API server does not take, by what it said.
pub fn of_api(place: &str, said: &str) -> Failure {
    let failure = of(said, "the cluster does not take it");
    Failure { text: format!("{place}: {}", failure.text), ..failure }
}

/// The failure of a Helm whose post-renderer refused what the chart rendered, in the post-renderer's own words.
pub fn of_post_renderer(refused: &str) -> Failure {
    let is_policy = refused.trim().lines().all(|line| line.contains(NOT_ALLOWED));
    Failure::bad(if is_policy { Policy } else { Entitlement }, refused.trim().to_owned())
}

/// The failure of a Helm that did not end.
pub fn hangs(limit: Duration) -> Failure {
    Failure::passing(Runtime, format!("helm did not end within {} s", limit.as_secs()))
}

/// The failure of a Helm that was ended because it took too much of the processor.
pub fn computes(limit: Duration) -> Failure {
    let text = format!(
        "the chart's templates want more than the {} s of processor time that a Helm may take",
        limit.as_secs()
    );
    Failure::bad(Resources, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_api_servers_words_are_known_by_the_same_table() {
        let said =
            "Deployment.apps \"w\" is invalid: spec.selector: Invalid value: {\"a\":\"hunter2\"}: field is immutable";
        let failure = of_api("Deployment/w", said);
        assert_eq!(failure.text, "Deployment/w: a field was changed that cannot be");
        assert_eq!((failure.blame, failure.words.as_str()), (Blame::Generation, said));
    }

    /// What Helm 4.1.4 was heard to say.
    #[test]
    fn what_helm_was_heard_to_say_has_the_blame_that_a_person_would_give() {
        for line in include_str!("said/heard.tsv").lines().filter(|line| !line.starts_with('#')) {
            let [blame, category, said] = line.splitn(3, '\t').collect::<Vec<_>>()[..] else { panic!("{line}") };
            let failure = of_helm(said);
            assert_eq!(format!("{:?} {:?}", failure.blame, failure.category), format!("{blame} {category}"), "{said}");
            assert!(!failure.text.contains(said), "its words are reported only if the host allows it");
        }
    }
}
