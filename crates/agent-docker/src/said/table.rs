//! What is known of the words in which engines and compose fail, from compose 2.26 to 2.40 and engines 20.10 to 29. The first row
//! fits whose words are all in the text. Trouble stands before the release's own faults: the words of a full disk, of a missing
//! program or of an engine that is away often end a sentence that begins like one about the release.

mod pulls;
mod releases;
mod surroundings;

use distr_agent::fault::Blame::{self, Surroundings};
use distr_domain::agent::ErrorCategory::{self, Config, Runtime};
use releases::{COMPOSE_FILE, RELEASE, VALUES};
use surroundings::{ENGINE, HOST, TROUBLE};

use pulls::{OTHER_REGISTRY, OWN_REGISTRY, PULL};

/// A verdict on a failure, with a sentence for a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Verdict {
    pub blame: Blame,
    pub category: ErrorCategory,
    pub sentence: &'static str,
}

/// The verdict on a file of variables that compose cannot read. The host may have such files as well as the release: which of them
/// it is, compose of this version does not say.
pub(super) const ENV_FILE: Verdict =
    Verdict { blame: Surroundings, category: Config, sentence: "a file of variables (env_file) is written wrongly" };

const ENV_FILE_WORDS: &[&[&str]] = &[
    &["key cannot contain a space"],
    &["unexpected character", "in variable name"],
    &["unterminated quoted value"],
    &["invalid template: "],
];

/// The verdict on a key that the agent knows and the plugin does not.
pub(super) const OLD_FOR_A_KEY: Verdict = Verdict {
    blame: Surroundings,
    category: Runtime,
    sentence: "the docker compose plugin of this host does not know a key of the compose file; update it",
};

/// Words, all of which are in the text in lower case, with what they mean.
struct Row(&'static [&'static str], Blame, ErrorCategory, &'static str);

pub(super) fn of_compose(said: &str) -> Option<Verdict> {
    let of_env_file = || is_of_env_file(said).then_some(ENV_FILE);
    find(&[TROUBLE, ENGINE, VALUES, HOST], said).or_else(of_env_file).or_else(|| find(&[COMPOSE_FILE, RELEASE], said))
}

pub(super) fn is_of_env_file(said: &str) -> bool {
    ENV_FILE_WORDS.iter().any(|words| words.iter().all(|word| said.contains(word)))
}

/// A refusal is about the release if our own registry says it.
pub(super) fn of_pull(said: &str, is_own: bool) -> Option<Verdict> {
    let refusals = if is_own { OWN_REGISTRY } else { OTHER_REGISTRY };
    find(&[TROUBLE, PULL, refusals], said)
}

fn find(tables: &[&[Row]], said: &str) -> Option<Verdict> {
    let fits = |row: &&Row| row.0.iter().all(|words| said.contains(words));
    let Row(_, blame, category, sentence) = tables.iter().flat_map(|table| table.iter()).find(fits)?;
    Some(Verdict { blame: *blame, category: *category, sentence })
}

#[cfg(test)]
mod tests;
