//! What no engine would take of a release, whoever else is on the host: found before the host is asked to allow it, or blamed for
//! it.

use std::collections::BTreeMap;

use distr_agent::fault::Failure;
use distr_domain::agent::ErrorCategory;
use serde_json::Value;

use crate::model::Model;

/// Capabilities of Linux, and all of them. A policy that allows another name would allow nothing.
const CAPABILITIES: [&str; 42] = [
    "ALL",
    "AUDIT_CONTROL",
    "AUDIT_READ",
    "AUDIT_WRITE",
    "BLOCK_SUSPEND",
    "BPF",
    "CHECKPOINT_RESTORE",
    "CHOWN",
    "DAC_OVERRIDE",
    "DAC_READ_SEARCH",
    "FOWNER",
    "FSETID",
    "IPC_LOCK",
    "IPC_OWNER",
    "KILL",
    "LEASE",
    "LINUX_IMMUTABLE",
    "MAC_ADMIN",
    "MAC_OVERRIDE",
    "MKNOD",
    "NET_ADMIN",
    "NET_BIND_SERVICE",
    "NET_BROADCAST",
    "NET_RAW",
    "PERFMON",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYSLOG",
    "SYS_ADMIN",
    "SYS_BOOT",
    "SYS_CHROOT",
    "SYS_MODULE",
    "SYS_NICE",
    "SYS_PACCT",
    "SYS_PTRACE",
    "SYS_RAWIO",
    "SYS_RESOURCE",
    "SYS_TIME",
    "SYS_TTY_CONFIG",
    "WAKE_ALARM",
];

/// `plain` is the resolved model, with single dollar signs.
pub(crate) fn check(plain: &Value) -> Result<(), Failure> {
    let services = plain.get("services").and_then(Value::as_object).into_iter().flatten();
    for (name, service) in services {
        check_capabilities(name, service)?;
    }
    check_ports(plain)
}

fn check_capabilities(service: &str, definition: &Value) -> Result<(), Failure> {
    for key in ["cap_add", "cap_drop"] {
        let names = definition.get(key).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
        let is_unknown = |name: &&str| {
            let upper = name.to_ascii_uppercase();
            !CAPABILITIES.contains(&upper.strip_prefix("CAP_").unwrap_or(&upper))
        };
        if let Some(name) = names.into_iter().find(is_unknown) {
            return Err(bad(format!("service {service}, key {key}: there is no capability {name:?}")));
        }
    }
    Ok(())
}

/// A port of the host that the release publishes.
#[derive(PartialEq)]
pub(crate) struct Published<'a> {
    pub(crate) service: &'a str,
    /// of the host; empty for all of them
    pub(crate) address: &'a str,
    pub(crate) protocol: &'a str,
    pub(crate) number: u16,
    target: u64,
}

/// One port of the host is published once.
fn check_ports(plain: &Value) -> Result<(), Failure> {
    let Ok(model) = serde_json::from_value::<Model>(plain.clone()) else { return Ok(()) };
    let mut taken: BTreeMap<(&str, u16), Vec<Published<'_>>> = BTreeMap::new();
    for own in published(&model) {
        let Published { service: name, protocol, number, .. } = own;
        let replicas = model.services[name].replicas();
        if replicas > 1 {
            return Err(bad(format!(
                "service {name} publishes port {number} and has {replicas} containers, of which only one can have it"
            )));
        }
        let others = taken.entry((protocol, number)).or_default();
        if let Some(other) = others.iter().find(|other| **other != own && meet(other.address, own.address)) {
            return Err(bad(format!(
                "port {number} is published twice by the release, by service {} and by service {name}",
                other.service
            )));
        }
        others.push(own);
    }
    Ok(())
}

/// The ports of the host that services publish, without ranges, of which the engine chooses.
pub(crate) fn published(model: &Model) -> impl Iterator<Item = Published<'_>> {
    // without a network of its own, or in the host's, the engine passes its ports over
    let has_ports = |mode: &Option<String>| !matches!(mode.as_deref(), Some("host" | "none"));
    let services = model.services.iter().filter(move |(_, service)| has_ports(&service.network_mode));
    services.flat_map(|(service, definition)| {
        definition.ports.iter().filter_map(move |port| {
            let text = |key: &str| port.get(key).and_then(Value::as_str).unwrap_or_default();
            let number = text("published").parse::<u16>().ok().filter(|number| *number > 0)?;
            let target = port.get("target").and_then(Value::as_u64).unwrap_or_default();
            Some(Published { service, address: text("host_ip"), protocol: text("protocol"), number, target })
        })
    })
}

pub(crate) fn meet(one: &str, other: &str) -> bool {
    let is_any = |address: &str| ["", "0.0.0.0", "::"].contains(&address);
    one == other || is_any(one) || is_any(other)
}

fn bad(text: String) -> Failure {
    Failure::bad(ErrorCategory::Config, text)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn refused(services: Value) -> Option<String> {
        check(&json!({"name": "p", "services": services})).err().map(|failure| failure.text)
    }

    fn port(published: &str, address: Option<&str>, target: u16) -> Value {
        json!({"mode": "ingress", "target": target, "published": published, "protocol": "tcp", "host_ip": address})
    }

    #[test]
    fn a_capability_exists() {
        assert_eq!(refused(json!({"web": {"cap_add": ["net_admin", "CAP_SYS_TIME"], "cap_drop": ["ALL"]}})), None);
        let told = "service web, key cap_add: there is no capability \"NET_FOO\"";
        assert_eq!(refused(json!({"web": {"cap_add": ["NET_FOO"]}})).as_deref(), Some(told));
        assert!(refused(json!({"web": {"cap_drop": ["X"]}})).is_some());
    }

    #[test]
    fn a_port_is_published_once() {
        let of = |a: Value, b: Value| refused(json!({"a": {"ports": [a]}, "b": {"ports": [b]}}));
        let twice = "port 80 is published twice by the release, by service a and by service b";
        assert_eq!(of(port("80", None, 80), port("80", Some("127.0.0.1"), 81)).as_deref(), Some(twice));
        assert_eq!(of(port("80", Some("127.0.0.1"), 80), port("80", Some("127.0.0.2"), 80)), None);
        assert_eq!(of(port("80", None, 80), port("81", None, 80)), None);
        assert_eq!(of(port("8000-8010", None, 80), port("8000-8010", None, 80)), None);
        let udp = json!({"target": 80, "published": "80", "protocol": "udp"});
        assert_eq!(of(port("80", None, 80), udp), None);
        assert_eq!(refused(json!({"a": {"ports": [port("80", None, 80), port("80", None, 80)]}})), None);
        let host = json!({"network_mode": "host", "ports": [port("80", None, 80)]});
        assert_eq!(refused(json!({"a": {"ports": [port("80", None, 80)]}, "b": host})), None);
        let scaled = refused(json!({"a": {"scale": 2, "ports": [port("80", None, 80)]}})).unwrap();
        assert!(scaled.contains("has 2 containers"), "{scaled}");
    }
}
