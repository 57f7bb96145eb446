//! What a registry token is asked for, as the Docker token specification writes it:
//! `repository:acme/hello:pull,push`, several apart by spaces.

use std::fmt;

use serde::{Deserialize, Serialize};

/// More than any client asks for at once; it bounds the size of a token.
const LIMIT: usize = 32;
const REPOSITORY: &str = "repository";
const REGISTRY: &str = "registry";

/// One resource and what may be done to it at most. It is an upper bound, never a grant: each request is decided anew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Access {
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) name: String,
    pub(crate) actions: Vec<Action>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Action {
    Pull,
    Push,
    Delete,
}

impl Access {
    /// Whether it is about this repository.
    pub(crate) fn is_of(&self, repository: &str) -> bool {
        self.kind == REPOSITORY && self.name == repository
    }

    /// Whether it is about the list of repositories.
    pub(crate) fn is_catalog(&self) -> bool {
        self.kind == REGISTRY && self.name == "catalog"
    }
}

impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let actions: Vec<&str> = self.actions.iter().map(|action| action.as_str()).collect();
        write!(f, "{}:{}:{}", self.kind, self.name, actions.join(","))
    }
}

impl Action {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Pull => "pull",
            Self::Push => "push",
            Self::Delete => "delete",
        }
    }

    const ALL: [Action; 3] = [Action::Pull, Action::Push, Action::Delete];

    fn parse(text: &str) -> &'static [Action] {
        match text {
            "pull" => &[Action::Pull],
            "push" => &[Action::Push],
            "delete" => &[Action::Delete],
            "*" => &Action::ALL,
            _ => &[],
        }
    }
}

/// What of `scopes` this registry knows. Kinds and actions that it doesn't are left out, as the specification wants.
pub(crate) fn parse<'a>(scopes: impl IntoIterator<Item = &'a str>) -> Vec<Access> {
    scopes.into_iter().flat_map(str::split_whitespace).filter_map(parse_one).take(LIMIT).collect()
}

/// `repository:<name>:<action>[,<action>…]`, where the kind may carry a class: `repository(plugin)`; or `registry:catalog:*`.
fn parse_one(scope: &str) -> Option<Access> {
    let (kind, rest) = scope.split_once(':')?;
    let (name, actions) = rest.rsplit_once(':')?;
    let kind = kind.split('(').next()?;
    let is_known = kind == REPOSITORY || (kind == REGISTRY && name == "catalog");
    if !is_known || name.is_empty() || name.len() > 300 {
        return None;
    }
    let mut known: Vec<Action> = Vec::new();
    for action in actions.split(',').flat_map(Action::parse) {
        if !known.contains(action) {
            known.push(*action);
        }
    }
    (!known.is_empty()).then(|| Access { kind: kind.to_owned(), name: name.to_owned(), actions: known })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn access(name: &str, actions: &[Action]) -> Access {
        Access { kind: "repository".into(), name: name.into(), actions: actions.to_vec() }
    }

    #[test]
    fn scopes_are_read_as_the_token_specification_writes_them() {
        use Action::*;
        let cases: [(&str, Vec<Access>); 8] = [
            ("repository:acme/hello:pull", vec![access("acme/hello", &[Pull])]),
            ("repository:acme/hello:pull,push,pull", vec![access("acme/hello", &[Pull, Push])]),
            (
                "repository:acme/a:pull repository:acme/b:push",
                vec![access("acme/a", &[Pull]), access("acme/b", &[Push])],
            ),
            ("repository(plugin):acme/a:*", vec![access("acme/a", &[Pull, Push, Delete])]),
            ("repository:host:5000/acme/a:pull,fly", vec![access("host:5000/acme/a", &[Pull])]),
            ("registry:catalog:*", vec![Access { kind: "registry".into(), ..access("catalog", &Action::ALL) }]),
            ("registry:secrets:*", vec![]),
            ("repository:acme/a", vec![]),
        ];
        for (text, expected) in cases {
            assert_eq!(parse([text]), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_breaks_the_parser(text in ".*") {
            prop_assert!(parse([text.as_str()]).len() <= LIMIT);
        }
    }
}
