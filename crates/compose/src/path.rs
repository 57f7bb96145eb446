//! The place of a value in the file: the keys and entries that lead to it, and what they are called.

use std::fmt::Write;

use serde_json::Value;

/// A key of a mapping, or the number of an entry of a list.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Step {
    Key(String),
    Entry(usize),
}

/// The steps from the top of the file to a value.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Path(Vec<Step>);

impl Path {
    /// The path of keys alone.
    pub(crate) fn of<const N: usize>(keys: [&str; N]) -> Self {
        Path(keys.into_iter().map(|key| Step::Key(key.to_owned())).collect())
    }

    /// The path that a JSON pointer into `file` names.
    pub(crate) fn pointer(pointer: &str, file: &Value) -> Self {
        let (mut path, mut value) = (Path::default(), Some(file));
        for part in pointer.split('/').skip(1) {
            let key = part.replace("~1", "/").replace("~0", "~");
            let entry = value.filter(|value| value.is_array()).and_then(|_| key.parse().ok());
            value = value.and_then(|value| match entry {
                Some(entry) => value.get::<usize>(entry),
                None => value.get(&key),
            });
            path.0.push(entry.map_or(Step::Key(key), Step::Entry));
        }
        path
    }

    pub(crate) fn key(&self, key: &str) -> Self {
        self.with(Step::Key(key.to_owned()))
    }

    pub(crate) fn entry(&self, entry: usize) -> Self {
        self.with(Step::Entry(entry))
    }

    fn with(&self, step: Step) -> Self {
        let mut path = self.clone();
        path.0.push(step);
        path
    }

    pub(crate) fn push(&mut self, step: Step) {
        self.0.push(step);
    }

    pub(crate) fn pop(&mut self) {
        self.0.pop();
    }

    pub(crate) fn steps(&self) -> &[Step] {
        &self.0
    }

    /// The paths that lead here, the whole file first and this one last.
    pub(crate) fn leading(&self) -> impl Iterator<Item = Path> + '_ {
        (0..=self.0.len()).map(|length| Path(self.0[..length].to_vec()))
    }

    /// Whether the path has the form of the pattern: keys between dots, `*` for any step, `[]` for any entry.
    pub(crate) fn matches(&self, pattern: &str) -> bool {
        self.matches_below(0, pattern)
    }

    /// Whether what follows the first steps has the form of the pattern.
    pub(crate) fn matches_below(&self, first: usize, pattern: &str) -> bool {
        let mut parts = pattern.split('.');
        let fits = self.0.iter().skip(first).all(|step| match (parts.next(), step) {
            (Some("*"), _) | (Some("[]"), Step::Entry(_)) => true,
            (Some(part), Step::Key(key)) => part == key,
            _ => false,
        });
        fits && parts.next().is_none()
    }

    /// The place in words, such as `service "web", key ports, entry 1`.
    pub(crate) fn words(&self) -> String {
        let (mut words, rest) = match &self.0[..] {
            [] => return "the compose file".to_owned(),
            [Step::Key(kind), Step::Key(name), rest @ ..] if singular(kind).is_some() => {
                (format!("{} {name:?}", singular(kind).unwrap_or_default()), rest)
            }
            all => (String::new(), all),
        };
        let mut after_key = false;
        for step in rest {
            let separator = match step {
                Step::Key(_) if after_key => ".",
                Step::Key(_) if words.is_empty() => "key ",
                Step::Key(_) => ", key ",
                Step::Entry(_) if words.is_empty() => "entry ",
                Step::Entry(_) => ", entry ",
            };
            words.push_str(separator);
            match step {
                Step::Key(key) => words.push_str(&spelled(key)),
                Step::Entry(entry) => write!(words, "{}", entry + 1).expect("a text can be written to"),
            }
            after_key = matches!(step, Step::Key(_));
        }
        words
    }
}

/// The word for one of the things that a top-level key holds.
pub(crate) fn singular(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "services" => "service",
        "networks" => "network",
        "volumes" => "volume",
        "configs" => "config",
        "secrets" => "secret",
        _ => return None,
    })
}

/// A key as it can stand in a sentence.
fn spelled(key: &str) -> String {
    match !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c)) {
        true => key.to_owned(),
        false => format!("{key:?}"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_place_has_words() {
        let web = Path::of(["services", "web"]);
        for (path, words) in [
            (Path::default(), "the compose file"),
            (Path::of(["version"]), "key version"),
            (web.clone(), "service \"web\""),
            (web.key("ports").entry(0).key("target"), "service \"web\", key ports, entry 1, key target"),
            (web.key("healthcheck").key("interval"), "service \"web\", key healthcheck.interval"),
            (Path::of(["networks", "a", "x.y"]), "network \"a\", key \"x.y\""),
            (Path::of(["x-list"]).entry(2), "key x-list, entry 3"),
        ] {
            assert_eq!(path.words(), words);
        }
    }

    #[test]
    fn a_pointer_is_a_path() {
        let file = json!({"services": {"0": {"ports": ["a", "b"], "a/b~c": 1}}});
        let service = Path::of(["services", "0"]);
        assert_eq!(Path::pointer("/services/0/ports/1", &file), service.key("ports").entry(1));
        assert_eq!(Path::pointer("/services/0/a~1b~0c", &file), service.key("a/b~c"));
        assert_eq!(Path::pointer("", &file), Path::default());
    }

    #[test]
    fn a_pattern_stands_for_paths() {
        let path = Path::of(["services", "web", "volumes"]).entry(3).key("read_only");
        assert!(path.matches("services.*.volumes.[].read_only"));
        assert!(path.matches("services.*.volumes.*.read_only"));
        for other in ["services.*.volumes.[]", "services.*.volumes.[].read_only.x", "services.*.ports.[].read_only"] {
            assert!(!path.matches(other), "{other}");
        }
    }
}
