//! The policy file's content, and what it allows.

use distr_domain::image::names_this_machine;
use serde::Deserialize;
use serde_json::Value;
use serde_saphyr::UserMessageFormatter;

use super::Output;
use super::links::canonical;
use super::need::Need;
use super::port;
use super::rule::{InvalidRule, Kind, Rule};
use super::writable::Writable;

/// The content of the policy file; its default is what a missing file means.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Policy {
    pub deployments: Consent,
    pub data_removal: DataConsent,
    pub customer_requests: CustomerRequests,
    pub container_output: Output,
    pub registries: Registries,
    pub ports: Ports,
    pub allow: Vec<Rule>,
}

/// Whether what the vendor deploys waits for somebody on this host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Consent {
    #[default]
    Automatic,
    Ask,
}

/// Whether a request needs no consent because the hub says that a member of the customer made it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CustomerRequests {
    /// the hub's word is not relied on: the request is treated like one of the vendor
    #[default]
    AsVendor,
    Automatic,
}

/// Whether a removal with all data is carried out, whoever asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DataConsent {
    Never,
    #[default]
    Ask,
    Automatic,
}

/// Registries beside the hub's from which images may be pulled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Registries {
    /// any registry, since each image is fixed by its digest; those at this very machine only if they are listed
    #[default]
    Pinned,
    Listed,
}

/// Ports of the host that a release may publish.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ports {
    #[default]
    Any,
    Listed,
}

#[derive(Debug, thiserror::Error)]
pub enum InvalidPolicy {
    #[error("{}", .0.render_with_formatter(&UserMessageFormatter))]
    Yaml(#[from] serde_saphyr::Error),
    #[error(transparent)]
    Rule(#[from] InvalidRule),
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
struct RawPolicy {
    deployments: Consent,
    data_removal: DataConsent,
    customer_requests: CustomerRequests,
    container_output: Output,
    registries: Registries,
    ports: Ports,
    allow: Option<Vec<Value>>,
}

impl CustomerRequests {
    /// The word as the file has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::AsVendor => "as-vendor",
            Self::Automatic => "automatic",
        }
    }
}

impl Policy {
    pub fn parse(text: &str) -> Result<Self, InvalidPolicy> {
        // a file of comments alone is empty
        let raw = serde_saphyr::from_str::<Option<RawPolicy>>(text)?.unwrap_or_default();
        let lines = raw.allow.unwrap_or_default();
        let allow = lines.iter().enumerate().map(|(index, line)| Rule::read(index + 1, line));
        Ok(Self {
            deployments: raw.deployments,
            data_removal: raw.data_removal,
            customer_requests: raw.customer_requests,
            container_output: raw.container_output,
            registries: raw.registries,
            ports: raw.ports,
            allow: allow.collect::<Result<_, _>>()?,
        })
    }

    /// Those of the needs of `application` that no line allows.
    pub fn refused(&self, application: &str, needs: Vec<Need>) -> Vec<Need> {
        let writable = Writable::new(&self.allow);
        let mut refused: Vec<Need> = vec![];
        for need in needs {
            let kept = match self.verdict(application, &writable, &need) {
                Verdict::Allowed => continue,
                Verdict::NoLine => need,
                Verdict::InReach(why) => Need { in_reach: Some(why), ..need },
            };
            if !refused.contains(&kept) {
                refused.push(kept);
            }
        }
        refused
    }

    fn verdict(&self, application: &str, writable: &Writable, need: &Need) -> Verdict {
        let by_default = match need.kind {
            Kind::Registry => self.registries == Registries::Pinned && !names_this_machine(&need.wanted),
            Kind::Port => self.ports == Ports::Any,
            _ => false,
        };
        if by_default {
            return Verdict::Allowed;
        }
        let of_application = |rule: &&Rule| rule.application.as_deref().is_none_or(|name| name == application);
        let lines: Vec<&Rule> = self.allow.iter().filter(of_application).filter(|rule| covers(rule, need)).collect();
        if let Some(reached) = need.host_path().and_then(|path| writable.reach(path)) {
            return Verdict::InReach(reached.of(lines.first().copied()));
        }
        let mut verdict = Verdict::NoLine;
        for line in lines {
            match writable.reach(&line.value).filter(|_| line.kind.is_folder()) {
                None => return Verdict::Allowed,
                Some(reached) => verdict = Verdict::InReach(reached.of(Some(line))),
            }
        }
        verdict
    }
}

enum Verdict {
    Allowed,
    NoLine,
    /// a release could change where the path leads, as the end of a sentence
    InReach(String),
}

/// Whether the line is about what is needed. A folder may be read with what is below it, and written alone.
fn covers(rule: &Rule, need: &Need) -> bool {
    let folder = || canonical(rule.value.as_ref());
    let wanted = || canonical(need.wanted.as_ref());
    match (rule.kind, need.kind) {
        (Kind::Read, Kind::Read) => wanted().starts_with(folder()),
        (Kind::Write, Kind::Read | Kind::Write) => wanted() == folder(),
        (one, other) if one != other => false,
        (Kind::Port, _) => port::covers(&rule.value, &need.wanted),
        (Kind::Capability, _) => same_capability(&rule.value, &need.wanted),
        _ => rule.value == need.wanted,
    }
}

fn same_capability(rule: &str, wanted: &str) -> bool {
    let upper = rule.to_ascii_uppercase();
    upper.strip_prefix("CAP_").unwrap_or(&upper) == wanted
}
