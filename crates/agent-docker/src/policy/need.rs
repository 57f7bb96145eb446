//! Needs of a release beyond what is harmless: each with its place in the compose file, and with the line of the policy file
//! that allows it.

use std::fmt;
use std::path::Path;

use super::rule::{Kind, Rule};

/// A part of the compose file: a refusal names it, and compose is kept from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// the file's top level
    File,
    Service(String),
    Volume(String),
    Network(String),
    Config(String),
    Secret(String),
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File => write!(f, "the compose file"),
            Self::Service(name) => write!(f, "service {name}"),
            Self::Volume(name) => write!(f, "volume {name}"),
            Self::Network(name) => write!(f, "network {name}"),
            Self::Config(name) => write!(f, "config {name}"),
            Self::Secret(name) => write!(f, "secret {name}"),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Need {
    pub part: Part,
    /// the key there, such as `volumes`
    pub key: String,
    /// the key's value, as the resolved file has it
    pub value: String,
    /// the power that it would give the release, as the end of a sentence
    pub why: String,
    pub kind: Kind,
    /// the value of the line that allows it
    pub wanted: String,
    /// why no line can allow it, as the end of a sentence: a release could change where the path leads
    pub in_reach: Option<String>,
}

impl Need {
    /// Whether it is a file of variables on the host.
    pub fn is_of_env_file(&self) -> bool {
        self.kind == Kind::Read && super::files::READING.contains(&self.key.as_str())
    }

    /// A sentence for the customer, without the line.
    pub fn sentence(&self) -> String {
        let Self { part, key, value, why, .. } = self;
        format!("{part}, key {key}, value {}: {}", shortened(value), self.in_reach.as_ref().unwrap_or(why))
    }

    /// The sentence with the line that allows it, if one can.
    pub fn sentence_with_line(&self) -> String {
        match self.in_reach {
            Some(_) => self.sentence(),
            None if self.wanted.is_empty() => format!("{}; no line allows an empty value", self.sentence()),
            None => format!("{}; the line \"{}\" under \"allow:\" would allow it", self.sentence(), self.line()),
        }
    }

    /// The same for a terminal, with the line on a line of its own, to be copied.
    pub fn sentence_above_line(&self, policy: &Path) -> String {
        match self.in_reach {
            Some(_) => self.sentence(),
            None if self.wanted.is_empty() => format!("{}\n    no line allows an empty value", self.sentence()),
            None => format!(
                "{}\n    to allow it, under \"allow:\" in {}:\n  {}",
                self.sentence(),
                policy.display(),
                self.line()
            ),
        }
    }

    /// The path of the host that the engine looks up.
    pub(super) fn host_path(&self) -> Option<&str> {
        match self.kind {
            Kind::Read | Kind::Write => Some(&self.wanted),
            Kind::Device if self.value.starts_with('/') => Some(&self.value),
            _ => None,
        }
    }

    pub fn line(&self) -> String {
        Rule { kind: self.kind, value: self.wanted.clone(), application: None }.to_string()
    }
}

/// The beginning of a value, which may be as long as the file.
fn shortened(value: &str) -> String {
    const LONGEST: usize = 200;
    match value.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{:?} …", &value[..end]),
        None => format!("{value:?}"),
    }
}

/// The needs of one part, while they are collected.
pub(super) struct Needs<'a> {
    pub part: Part,
    pub list: &'a mut Vec<Need>,
}

impl Needs<'_> {
    pub(super) fn add(
        &mut self,
        kind: Kind,
        key: &str,
        value: impl Into<String>,
        wanted: impl Into<String>,
        why: &str,
    ) {
        self.list.push(Need {
            part: self.part.clone(),
            key: key.to_owned(),
            value: value.into(),
            why: why.to_owned(),
            kind,
            wanted: wanted.into(),
            in_reach: None,
        });
    }

    /// Adds a key whose power is not known here, or is too great for a rule of its own.
    pub(super) fn unknown(&mut self, key: &str, value: &serde_json::Value) {
        let why = "this agent does not know that the key is harmless";
        self.add(Kind::ComposeKey, key, value.to_string(), key, why);
    }

    /// Adds every key of a map that is not listed as harmless.
    pub(super) fn unknown_keys(&mut self, within: &str, value: &serde_json::Value, known: &[&str]) {
        let serde_json::Value::Object(map) = value else {
            if !value.is_null() {
                self.unknown(within, value);
            }
            return;
        };
        for (key, value) in map.iter().filter(|(key, _)| !known.contains(&key.as_str()) && !key.starts_with("x-")) {
            self.unknown(&format!("{within}.{key}"), value);
        }
    }
}
