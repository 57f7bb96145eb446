//! Paths into the values of a chart: names with dots between them, as `ingress.host`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The most names of a path.
const MAX_DEPTH: usize = 20;

/// A place in a chart's values.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ValuePath(String);

/// A path that leads nowhere.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no path of values; write names of letters, digits, - and _ with dots between them, at most {MAX_DEPTH}"
)]
pub struct InvalidPath(String);

/// Something on the way of a path that holds no values: a number, a text or a list.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path} cannot be set: {at} is no map")]
pub struct Blocked {
    path: String,
    at: String,
}

impl ValuePath {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.split('.')
    }

    /// The value at the path.
    pub fn find<'a>(&self, values: &'a Map<String, Value>) -> Option<&'a Value> {
        let mut names = self.names();
        let first = values.get(names.next()?)?;
        names.try_fold(first, |value, name| value.get(name))
    }

    /// Puts a value at the path; maps on the way are made.
    pub fn set(&self, values: &mut Map<String, Value>, value: Value) -> Result<(), Blocked> {
        let mut at = values;
        let (mut walked, mut names) = (vec![], self.names().peekable());
        while let Some(name) = names.next() {
            walked.push(name);
            if names.peek().is_none() {
                at.insert(name.to_owned(), value);
                return Ok(());
            }
            let next = at.entry(name).or_insert(Value::Null);
            if next.is_null() {
                *next = Value::Object(Map::new());
            }
            at = next.as_object_mut().ok_or_else(|| Blocked { path: self.0.clone(), at: walked.join(".") })?;
        }
        Ok(())
    }

    /// Whether one of the two is the other, or lies in it.
    pub fn meets(&self, other: &Self) -> bool {
        self.names().zip(other.names()).all(|(mine, theirs)| mine == theirs)
    }
}

impl FromStr for ValuePath {
    type Err = InvalidPath;

    fn from_str(text: &str) -> Result<Self, InvalidPath> {
        let is_name = |name: &str| {
            (1..=63).contains(&name.len())
                && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
        };
        match text.split('.').count() <= MAX_DEPTH && text.split('.').all(is_name) {
            true => Ok(Self(text.to_owned())),
            false => Err(InvalidPath(text.chars().take(80).collect())),
        }
    }
}

impl TryFrom<String> for ValuePath {
    type Error = InvalidPath;

    fn try_from(text: String) -> Result<Self, InvalidPath> {
        text.parse()
    }
}

impl From<ValuePath> for String {
    fn from(path: ValuePath) -> Self {
        path.0
    }
}

impl fmt::Display for ValuePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn path(text: &str) -> ValuePath {
        text.parse().unwrap()
    }

    #[test]
    fn values_are_found_and_set_by_their_paths() {
        let Value::Object(mut values) = json!({ "a": { "b": 1 }, "text": "x", "nothing": null }) else { panic!() };
        assert_eq!(path("a.b").find(&values), Some(&json!(1)));
        assert_eq!(path("a.c").find(&values), None);
        path("a.c.d").set(&mut values, json!(true)).unwrap();
        path("nothing.now").set(&mut values, json!([])).unwrap();
        let blocked = path("text.deeper.still").set(&mut values, json!(1)).unwrap_err();
        assert_eq!(blocked.to_string(), "text.deeper.still cannot be set: text is no map");
        assert_eq!(
            Value::Object(values),
            json!({ "a": { "b": 1, "c": { "d": true } }, "text": "x", "nothing": { "now": [] } })
        );
    }

    #[test]
    fn a_path_is_names_with_dots_between_them() {
        for bad in ["", ".", "a.", ".a", "a..b", "a b", "a[0]", "a/b", "ä"] {
            assert!(bad.parse::<ValuePath>().is_err(), "{bad}");
        }
        assert!(path("a.b").meets(&path("a")) && path("a").meets(&path("a.b")) && path("a").meets(&path("a")));
        assert!(!path("a.b").meets(&path("a.c")));
    }
}
