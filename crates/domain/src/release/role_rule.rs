//! The rules of the Roles that a chart brings. An agent hands on what it has, so that it needs these rights itself: what a chart may ask for is
//! bounded, in words that Kubernetes has, and leads to no other rights.

use serde::{Deserialize, Serialize};

/// The most rules of a lock. Charts have a rule for each group of kinds that they work with, which are dozens.
pub const MAX_LOCKED_RULES: usize = 500;
/// The most groups, resources, names and verbs of a rule together. A rule that lists every kind of Kubernetes' core has about forty.
pub const MAX_RULE_WORDS: usize = 200;
/// The most bytes of all rules of a lock, as JSON: 500 rules of the usual length.
pub const MAX_RULES_BYTES: usize = 64 * 1024;

/// The longest group and the longest name of an object, in bytes.
const MAX_NAME: usize = 253;
/// The longest part of a group, resource and verb, in bytes.
const MAX_LABEL: usize = 63;

/// What leads to more rights than those of the Role: another's processes and tokens.
const FAR_RESOURCES: [&str; 8] = [
    "serviceaccounts/token",
    "pods/exec",
    "pods/attach",
    "pods/ephemeralcontainers",
    "pods/portforward",
    "pods/proxy",
    "services/proxy",
    "nodes/proxy",
];
const FAR_VERBS: [&str; 3] = ["escalate", "bind", "impersonate"];

/// A rule of a Role, as Kubernetes has it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RoleRule {
    #[serde(default)]
    pub api_groups: Vec<String>,
    #[serde(default)]
    pub resources: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resource_names: Vec<String>,
    pub verbs: Vec<String>,
}

/// Rules that no lock takes, with what to do about them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRules {
    #[error("a rule of a Role has no {0}, without which Kubernetes takes no rule; name them, or take the rule out")]
    Empty(&'static str),
    #[error("a Role of the chart has {:?} among its {list}, which is no name of Kubernetes' API; use {allowed}", shortened(.word))]
    Word { list: &'static str, word: String, allowed: &'static str },
    #[error("a Role of the chart allows {0}, which no agent may hand on; take it out")]
    TooFar(String),
    #[error("a rule of a Role has {0} groups, resources, names and verbs; use at most {MAX_RULE_WORDS} in a rule")]
    Words(usize),
    #[error("the chart has {0} rules of Roles; use at most {MAX_LOCKED_RULES}")]
    Count(usize),
    #[error("the rules of the chart's Roles have {0} bytes; use at most {MAX_RULES_BYTES}")]
    Bytes(usize),
}

/// Whether a lock takes these rules: their number, their size, and what each of them says.
pub fn check_rules(rules: &[RoleRule]) -> Result<(), InvalidRules> {
    if rules.len() > MAX_LOCKED_RULES {
        return Err(InvalidRules::Count(rules.len()));
    }
    let bytes = rules.iter().map(RoleRule::bytes).sum();
    if bytes > MAX_RULES_BYTES {
        return Err(InvalidRules::Bytes(bytes));
    }
    rules.iter().try_for_each(RoleRule::check)
}

impl RoleRule {
    fn check(&self) -> Result<(), InvalidRules> {
        let words = self.lists().map(|(_, list)| list.len()).iter().sum();
        if words > MAX_RULE_WORDS {
            return Err(InvalidRules::Words(words));
        }
        if let Some(what) = self.goes_too_far() {
            return Err(InvalidRules::TooFar(what));
        }
        self.check_words()
    }

    /// Whether Kubernetes can have the rule in a Role. Locks of old may hold others.
    pub fn is_well_formed(&self) -> bool {
        self.check_words().is_ok()
    }

    fn check_words(&self) -> Result<(), InvalidRules> {
        let lists = self.lists();
        if let Some((list, _)) = lists.into_iter().find(|(list, words)| words.is_empty() && *list != RESOURCE_NAMES) {
            return Err(InvalidRules::Empty(list));
        }
        let grammars: [Grammar; 4] = [
            (is_group, "a domain such as \"apps\", or \"\" for the core"),
            (is_resource, "a name such as \"pods\" or \"pods/log\""),
            (is_object, "letters, digits, \"-\", \"_\", \".\" and \":\", 253 at most"),
            (is_label, "a word such as \"get\""),
        ];
        for ((list, words), (is_taken, allowed)) in lists.into_iter().zip(grammars) {
            if let Some(word) = words.iter().find(|word| !is_taken(word)) {
                return Err(InvalidRules::Word { list, word: word.clone(), allowed });
            }
        }
        Ok(())
    }

    fn lists(&self) -> [(&'static str, &[String]); 4] {
        [
            ("apiGroups", &self.api_groups),
            ("resources", &self.resources),
            (RESOURCE_NAMES, &self.resource_names),
            ("verbs", &self.verbs),
        ]
    }

    /// Of its JSON, where no word needs an escape.
    fn bytes(&self) -> usize {
        let of =
            |(name, words): (&str, &[String])| name.len() + 6 + words.iter().map(|word| word.len() + 3).sum::<usize>();
        self.lists().into_iter().map(of).sum()
    }

    /// What of it no agent gives, as it would have to have it itself: everything, or the way to more rights.
    pub fn goes_too_far(&self) -> Option<String> {
        let every =
            [&self.api_groups, &self.resources, &self.verbs].into_iter().flatten().any(|word| word.contains('*'));
        let of = |list: &[String], words: &[&str]| list.iter().find(|word| words.contains(&word.as_str())).cloned();
        let (verb, resource) = (of(&self.verbs, &FAR_VERBS), of(&self.resources, &FAR_RESOURCES));
        every.then(|| "everything (*)".to_owned()).or(verb).or(resource)
    }
}

const RESOURCE_NAMES: &str = "resourceNames";

/// Whether a word is taken, and which are.
type Grammar = (fn(&str) -> bool, &'static str);

fn is_group(word: &str) -> bool {
    word.is_empty() || word.len() <= MAX_NAME && word.split('.').all(is_label)
}

/// Whether Kubernetes can have the resource by this name, as `pods`, or a part of one, as `pods/log`.
pub fn is_resource(word: &str) -> bool {
    let (resource, part) = word.split_once('/').map_or((word, None), |(resource, part)| (resource, Some(part)));
    is_label(resource) && part.is_none_or(is_label)
}

fn is_object(word: &str) -> bool {
    let is_taken = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte);
    (1..=MAX_NAME).contains(&word.len()) && word.bytes().all(is_taken)
}

/// In either case: Kubernetes takes what it has no resource for, and charts have such.
fn is_label(word: &str) -> bool {
    let is_edge = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric());
    word.len() <= MAX_LABEL
        && is_edge(word.bytes().next())
        && is_edge(word.bytes().next_back())
        && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

fn shortened(word: &str) -> String {
    word.chars().take(80).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(groups: &[&str], resources: &[&str], verbs: &[&str]) -> RoleRule {
        let of = |words: &[&str]| words.iter().copied().map(str::to_owned).collect();
        RoleRule { api_groups: of(groups), resources: of(resources), resource_names: vec![], verbs: of(verbs) }
    }

    fn said(rules: &[RoleRule]) -> String {
        check_rules(rules).expect_err("the rules are refused").to_string()
    }

    #[test]
    fn a_chart_hands_on_neither_everything_nor_the_way_to_more() {
        let far = |resource: &str, verb: &str| said(&[rule(&[""], &["pods", resource], &["get", verb])]);
        for (resource, verb) in [("*", "list"), ("pods/*", "list"), ("pods", "*"), ("roles", "bind"), ("a", "escalate")]
        {
            assert!(far(resource, verb).contains("no agent may hand on"), "{resource} {verb}");
        }
        for resource in FAR_RESOURCES {
            assert!(far(resource, "create").contains(&format!("allows {resource}, which no agent")), "{resource}");
        }
        assert_eq!(check_rules(&[rule(&[""], &["pods", "configmaps", "pods/log"], &["get", "watch"])]), Ok(()));
    }

    #[test]
    fn a_word_is_a_name_of_kubernetes() {
        let mut taken = rule(&["", "apps", "cert-manager.io"], &["pods", "pods/log", "Pods"], &["get", "sign-off"]);
        taken.resource_names = vec!["system:node_a.b-c".to_owned()];
        assert_eq!(check_rules(std::slice::from_ref(&taken)), Ok(()));
        let long = "a".repeat(64);
        for word in
            ["a\u{7f}", "a\u{fffe}", "a\u{ffff}", "ä", "a b", "a\nb", "a\"", "-a", "a-", "{a", "a/b/c", "/a", &long]
        {
            for refused in [rule(&[word], &["a"], &["a"]), rule(&["a"], &[word], &["a"]), rule(&["a"], &["a"], &[word])]
            {
                let said = said(&[refused]);
                assert!(said.contains("no name of Kubernetes' API; use a "), "{word:?}: {said}");
            }
        }
        for name in ["", "a/b", "a\u{7f}", "ä", &"a".repeat(254)] {
            taken.resource_names = vec![name.to_owned()];
            assert!(said(std::slice::from_ref(&taken)).contains("resourceNames"), "{name:?}");
        }
    }

    #[test]
    fn a_rule_without_groups_resources_or_verbs_is_none() {
        for (refused, list) in [
            (rule(&[], &["pods"], &["get"]), "apiGroups"),
            (rule(&[""], &[], &["get"]), "resources"),
            (rule(&[""], &["pods"], &[]), "verbs"),
        ] {
            assert!(!refused.is_well_formed());
            assert!(said(&[refused]).contains(&format!("has no {list}, without which")));
        }
    }

    #[test]
    fn rules_are_so_many_and_so_large_at_most() {
        let small = rule(&[""], &["pods"], &["get"]);
        assert_eq!(check_rules(&vec![small.clone(); MAX_LOCKED_RULES]), Ok(()));
        assert!(said(&vec![small.clone(); MAX_LOCKED_RULES + 1]).contains("has 501 rules of Roles; use at most 500"));
        let words = |count: usize| (0..count).map(|number| format!("r{number}")).collect::<Vec<_>>();
        let wide = |count| RoleRule { resources: words(count), ..small.clone() };
        assert_eq!(check_rules(&[wide(MAX_RULE_WORDS - 2)]), Ok(()));
        assert!(said(&[wide(MAX_RULE_WORDS - 1)]).contains("has 201 groups, resources, names and verbs"));
        let large = vec![wide(MAX_RULE_WORDS - 2); 60];
        let json = serde_json::to_string(&large).unwrap().len();
        assert!(json > MAX_RULES_BYTES && said(&large).contains("bytes; use at most 65536"), "{json}");
    }
}
