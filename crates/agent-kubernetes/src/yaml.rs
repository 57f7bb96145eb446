//! YAML as a tree of texts: no scalar is taken for a number or a truth, so that what is written again means to every reader what
//! it meant before. Aliases and merge keys are resolved; a key that stands twice is refused, as readers differ about it.

use serde_json::Value;

mod read;
#[cfg(test)]
mod tests;
mod value;
mod write;

pub use read::read;
pub use value::value;
pub use write::write;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Node {
    Scalar(Scalar),
    List(Vec<Node>),
    Map(Vec<(Scalar, Node)>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scalar {
    pub text: String,
    /// Whether it stood without quotes: readers may take it for something else than a text.
    pub is_plain: bool,
    /// as it was written, with its exclamation marks
    pub tag: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    #[error("it is not YAML: {0}")]
    Syntax(String),
    #[error("line {line}: {what}")]
    Refused { line: usize, what: String },
}

impl Scalar {
    pub fn text(text: impl Into<String>) -> Self {
        Self { text: text.into(), is_plain: false, tag: None }
    }

    fn plain(text: impl Into<String>) -> Self {
        Self { text: text.into(), is_plain: true, tag: None }
    }
}

impl Node {
    pub fn text(text: impl Into<String>) -> Self {
        Self::Scalar(Scalar::text(text))
    }

    pub fn map() -> Self {
        Self::Map(vec![])
    }

    pub fn is_null(&self) -> bool {
        matches!(self, Self::Scalar(Scalar { text, is_plain: true, tag: None })
            if matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL"))
    }

    /// The text of a scalar, whatever a reader may take it for.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Scalar(scalar) => Some(&scalar.text),
            _ => None,
        }
    }

    pub fn get(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Map(entries) => entries.iter().find(|(key, _)| key.text == name).map(|(_, value)| value),
            _ => None,
        }
    }

    pub fn get_mut(&mut self, name: &str) -> Option<&mut Self> {
        match self {
            Self::Map(entries) => entries.iter_mut().find(|(key, _)| key.text == name).map(|(_, value)| value),
            _ => None,
        }
    }

    pub fn at(&self, path: &[&str]) -> Option<&Self> {
        path.iter().try_fold(self, |node, name| node.get(name))
    }

    pub fn at_mut(&mut self, path: &[&str]) -> Option<&mut Self> {
        path.iter().try_fold(self, |node, name| node.get_mut(name))
    }

    pub fn entries(&self) -> &[Self] {
        match self {
            Self::List(list) => list,
            _ => &[],
        }
    }

    /// The mapping's value under that name, which is `new` from now on if there was none or nothing.
    pub fn entry(&mut self, name: &str, new: Self) -> Option<&mut Self> {
        let Self::Map(entries) = self else { return None };
        let at = match entries.iter().position(|(key, _)| key.text == name) {
            Some(at) if entries[at].1.is_null() => {
                entries[at].1 = new;
                at
            }
            Some(at) => at,
            None => {
                entries.push((Scalar::text(name), new));
                entries.len() - 1
            }
        };
        Some(&mut entries[at].1)
    }

    /// Whether there is a mapping to set it in.
    pub fn set(&mut self, name: &str, value: Self) -> bool {
        match self.entry(name, Self::map()) {
            Some(entry) => {
                *entry = value;
                true
            }
            None => false,
        }
    }
}

impl From<&Value> for Node {
    fn from(value: &Value) -> Self {
        match value {
            Value::Null => Self::Scalar(Scalar::plain("null")),
            Value::Bool(_) | Value::Number(_) => Self::Scalar(Scalar::plain(value.to_string())),
            Value::String(text) => Self::text(text),
            Value::Array(list) => Self::List(list.iter().map(Self::from).collect()),
            Value::Object(object) => {
                Self::Map(object.iter().map(|(key, value)| (Scalar::text(key), Self::from(value))).collect())
            }
        }
    }
}
