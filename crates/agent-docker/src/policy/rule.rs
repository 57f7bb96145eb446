//! One line under `allow:` of the policy file: one power, and for which application. What a release needs beyond what is
//! harmless is compared with these lines and with nothing else.

use std::fmt;
use std::path::{Component, Path};

use distr_domain::compose_file;
use serde_json::{Map, Value};

/// A power that a compose file may ask for; its name is the key of the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Privileged,
    HostNamespace,
    Device,
    DeviceRule,
    EngineSocket,
    AgentFolder,
    Read,
    Write,
    Capability,
    SecurityOption,
    Sysctl,
    CgroupParent,
    Runtime,
    Volume,
    VolumeOptions,
    Network,
    NetworkOption,
    Container,
    LogDriver,
    Registry,
    Port,
    ComposeKey,
}
use Kind::*;

/// The kinds with the keys of their lines.
pub const KINDS: [(Kind, &str); 22] = [
    (Privileged, "privileged"),
    (HostNamespace, "host-namespace"),
    (Device, "device"),
    (DeviceRule, "device-rule"),
    (EngineSocket, "engine-socket"),
    (AgentFolder, "agent-folder"),
    (Read, "read"),
    (Write, "write"),
    (Capability, "capability"),
    (SecurityOption, "security-option"),
    (Sysctl, "sysctl"),
    (CgroupParent, "cgroup-parent"),
    (Runtime, "runtime"),
    (Volume, "volume"),
    (VolumeOptions, "volume-options"),
    (Network, "network"),
    (NetworkOption, "network-option"),
    (Container, "container"),
    (LogDriver, "log-driver"),
    (Registry, "registry"),
    (Port, "port"),
    (ComposeKey, "compose-key"),
];

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    pub kind: Kind,
    pub value: String,
    /// the application that the line is for; nothing means all
    pub application: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRule {
    #[error("line {line} under \"allow:\" is not of the form \"- KEY: VALUE\"")]
    Shape { line: usize },
    #[error("line {line} under \"allow:\" has the key \"{key}\", which is none; the keys are {}", names())]
    Unknown { line: usize, key: String },
    #[error("line {line} under \"allow:\" names {count} powers; each needs a line of its own")]
    NotOne { line: usize, count: usize },
    #[error("line {line} under \"allow:\": \"{key}\" has the value {value}; {expected}")]
    Value { line: usize, key: &'static str, value: String, expected: &'static str },
}

impl Kind {
    pub fn name(self) -> &'static str {
        KINDS.iter().find(|(kind, _)| *kind == self).map_or("", |(_, name)| name)
    }

    /// Whether the kind is allowed or not, with nothing to choose from.
    fn is_switch(self) -> bool {
        matches!(self, Privileged | EngineSocket | AgentFolder)
    }

    pub(super) fn is_folder(self) -> bool {
        matches!(self, Read | Write)
    }
}

impl Rule {
    /// `line` counts from 1, for the reader of a refusal.
    pub(super) fn read(line: usize, value: &Value) -> Result<Self, InvalidRule> {
        let Value::Object(map) = value else { return Err(InvalidRule::Shape { line }) };
        let application = match map.get("application") {
            None => None,
            Some(Value::String(name)) => Some(name.clone()),
            Some(_) => return Err(InvalidRule::Shape { line }),
        };
        let (kind, value) = power(line, map)?;
        let text = scalar(value).ok_or(InvalidRule::Shape { line })?;
        let expected = |expected| InvalidRule::Value { line, key: kind.name(), value: value.to_string(), expected };
        match text.as_str() {
            "true" if kind.is_switch() => {}
            _ if kind.is_switch() => return Err(expected("write true, or leave the line out")),
            "" => return Err(expected("write what is allowed")),
            text if kind.is_folder() && !Path::new(text).is_absolute() => {
                return Err(expected("write a path that begins with /"));
            }
            text if kind.is_folder() && Path::new(text).components().any(|part| part == Component::ParentDir) => {
                return Err(expected("write a path without \"..\""));
            }
            _ => {}
        }
        Ok(Self { kind, value: text, application })
    }
}

fn power(line: usize, map: &Map<String, Value>) -> Result<(Kind, &Value), InvalidRule> {
    let mut found = vec![];
    for (key, value) in map.iter().filter(|(key, _)| *key != "application") {
        let kind = KINDS.iter().find(|(_, name)| name == key).map(|(kind, _)| *kind);
        found.push((kind.ok_or_else(|| InvalidRule::Unknown { line, key: key.clone() })?, value));
    }
    match found[..] {
        [one] => Ok(one),
        _ => Err(InvalidRule::NotOne { line, count: found.len() }),
    }
}

pub(super) fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        _ => None,
    }
}

fn names() -> String {
    KINDS.map(|(_, name)| name).join(", ")
}

/// The line as it is written in the file.
impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = if self.kind.is_switch() { self.value.clone() } else { yaml_text(&self.value) };
        match &self.application {
            Some(application) => {
                write!(f, "- {{{}: {value}, application: {}}}", self.kind.name(), yaml_text(application))
            }
            None => write!(f, "- {}: {value}", self.kind.name()),
        }
    }
}

/// A text as YAML, in quotes unless it is read as the same text without them.
fn yaml_text(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '_' | '-' | '=' | '+');
    let read = || serde_saphyr::from_str::<Value>(text).ok();
    // YAML takes some words for something else, such as y and off
    match text.chars().all(is_plain) && read().as_ref().and_then(Value::as_str) == Some(text) {
        true => text.to_owned(),
        false => quoted(text),
    }
}

/// A text in quotes, as JSON and YAML have them, and in ASCII: a terminal obeys some characters, and shows others in another order.
pub(super) fn quoted(text: &str) -> String {
    let mut quoted = String::new();
    for c in compose_file::ascii(&Value::from(text).to_string()).chars() {
        match c.is_ascii() {
            true => quoted.push(c),
            // beyond the first 65 536, for which JSON would take two
            false => quoted.push_str(&format!("\\U{:08x}", c as u32)),
        }
    }
    quoted
}
