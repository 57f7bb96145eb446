//! A pattern for names: `*` stands for any run of characters, also none; everything else for itself.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::names::{InvalidName, text_type};

/// `team/*`, `*-llm-addon`: 1 to 200 of the characters that repositories and tags are made of, and `*`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Pattern(String);

impl Pattern {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn matches(&self, name: &str) -> bool {
        let mut pieces = self.0.split('*');
        let Some(mut rest) = pieces.next().and_then(|first| name.strip_prefix(first)) else { return false };
        let Some(last) = pieces.next_back() else { return rest.is_empty() };
        // the leftmost place of each piece leaves the most for those after it
        for piece in pieces {
            match rest.find(piece) {
                Some(at) => rest = &rest[at + piece.len()..],
                None => return false,
            }
        }
        rest.ends_with(last)
    }
}

impl Pattern {
    /// Whether every name that `other` matches is matched by this one, as far as can be seen: the `*` of the other may only
    /// meet a `*` of this one.
    pub fn covers(&self, other: &Pattern) -> bool {
        self.matches(&other.0)
    }
}

impl FromStr for Pattern {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, InvalidName> {
        let valid = |c: char| c.is_ascii_alphanumeric() || "._-/*".contains(c);
        match (1..=200).contains(&text.len()) && text.chars().all(valid) {
            true => Ok(Self(text.to_owned())),
            false => Err(InvalidName::new(
                "pattern",
                text,
                "use 1 to 200 letters, digits and . _ - /, and * for any of them",
            )),
        }
    }
}

text_type! { Pattern }

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_pattern_covers_what_it_matches_however_the_other_is_filled_in() {
        let covers = |wide: &str, narrow: &str| wide.parse::<Pattern>().unwrap().covers(&narrow.parse().unwrap());
        for (wide, narrow) in [("*", "*"), ("team/*", "team/a*"), ("team/*", "team/*/x"), ("a", "a"), ("*/x", "a*/x")] {
            assert!(covers(wide, narrow), "{wide} covers {narrow}");
        }
        for (wide, narrow) in [("team/*", "*"), ("team/*", "team*"), ("a", "a*"), ("a*b", "a*"), ("team/a", "team/*")] {
            assert!(!covers(wide, narrow), "{wide} does not cover {narrow}");
        }
    }

    fn matches(pattern: &str, name: &str) -> bool {
        pattern.parse::<Pattern>().unwrap().matches(name)
    }

    #[test]
    fn a_star_stands_for_any_run_of_characters() {
        for (pattern, name) in
            [("*", "a"), ("a", "a"), ("team/*", "team/a/b"), ("*-llm", "1.0-llm"), ("a*b*c", "abbc"), ("a*", "a")]
        {
            assert!(matches(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [("a", "ab"), ("team/*", "teams/a"), ("*-llm", "llm"), ("a*a", "a"), ("a*b*c", "acb")] {
            assert!(!matches(pattern, name), "{pattern} {name}");
        }
        for bad in ["", "a b", "a?", "ä", &"x".repeat(201)] {
            assert!(bad.parse::<Pattern>().is_err(), "{bad}");
        }
    }

    /// The definition, word by word.
    fn slowly(pattern: &[u8], name: &[u8]) -> bool {
        match pattern.split_first() {
            None => name.is_empty(),
            Some((b'*', rest)) => (0..=name.len()).any(|skipped| slowly(rest, &name[skipped..])),
            Some((first, rest)) => name.split_first().is_some_and(|(c, name)| c == first && slowly(rest, name)),
        }
    }

    proptest! {
        #[test]
        fn it_matches_what_its_definition_matches(pattern in "[ab*]{1,8}", name in "[ab]{0,10}") {
            prop_assert_eq!(matches(&pattern, &name), slowly(pattern.as_bytes(), name.as_bytes()));
        }
    }
}
