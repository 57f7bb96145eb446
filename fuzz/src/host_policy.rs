//! The policy file of a host, and the resolved models that are held against it.

use serde_json::Value;

use model::{Subject, needs};
use printed::Output;
use rules::Policy;

#[rustfmt::skip]
#[path = "../../crates/agent-docker/src/policy/files.rs"]
mod files;
#[rustfmt::skip]
#[path = "../../crates/agent-docker/src/policy/host.rs"]
mod host;
#[rustfmt::skip]
#[path = "../../crates/agent-docker/src/policy/keys.rs"]
mod keys;
#[rustfmt::skip]
#[path = "../../crates/agent-docker/src/policy/links.rs"]
mod links;
#[rustfmt::skip]
#[path = "../../crates/agent-docker/src/policy/logging.rs"]
mod logging;
#[rustfmt::skip]
#[path = "../../crates/agent-docker/src/policy/model.rs"]
mod model;
#[rustfmt::skip]
#[path = "../../crates/agent-docker/src/policy/mounts.rs"]
mod mounts;
#[rustfmt::skip]
#[path = "../../crates/agent-docker/src/policy/need.rs"]
mod need;
#[rustfmt::skip]
#[path = "../../crates/agent-docker/src/policy/port.rs"]
mod port;
#[rustfmt::skip]
#[path = "../../crates/agent/src/printed.rs"]
mod printed;
#[rustfmt::skip]
#[path = "../../crates/agent-docker/src/policy/rule.rs"]
mod rule;
#[rustfmt::skip]
#[path = "../../crates/agent-docker/src/policy/rules.rs"]
mod rules;
#[rustfmt::skip]
#[path = "../../crates/agent-docker/src/policy/service.rs"]
mod service;
#[rustfmt::skip]
#[path = "../../crates/agent-docker/src/policy/settle.rs"]
mod settle;
#[rustfmt::skip]
#[path = "../../crates/agent-docker/src/policy/writable.rs"]
mod writable;

/// A policy, a line of dashes, and a model; or one of both. Whatever is refused is allowed by the lines that the refusals name, but for
/// what a release could change.
pub fn policy_file(bytes: &[u8]) {
    let Some(text) = crate::text(bytes) else { return };
    let (policy, model) = text.split_once("\n---\n").unwrap_or((text, text));
    let policy = Policy::parse(policy).unwrap_or_default();
    let Ok(mut model) = serde_saphyr::from_str::<Value>(model) else { return };
    let Ok(written) = settle::settle(&mut model) else { return };
    let host = host::Host {
        sockets: vec!["/run/docker.sock".into()],
        own: vec!["/var/lib/distr-agent".into()],
        deployment: None,
    };
    let subject = Subject { project: "shop", model: &model, written: &written, host: &host, registry: "hub.example" };
    let refused = policy.refused("shop", needs(&subject));
    let lines: String = refused.iter().map(|need| format!("- {}\n", need.line().trim_start_matches("- "))).collect();
    let Ok(allowing) = Policy::parse(&format!("allow:\n{lines}")) else {
        let unusual = |need: &need::Need| need.wanted.is_empty() || need.wanted.contains(['\0', '\u{fffd}']);
        return assert!(refused.iter().any(unusual), "{lines}");
    };
    let left = allowing.refused("shop", refused);
    // no line allows what lies below a folder that another line lets a release write to
    assert!(left.iter().all(|need| need.in_reach.is_some() || need.wanted.is_empty()), "{left:?} after {lines}");
}
