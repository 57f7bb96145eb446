//! What a pod may not ask of its node: the level `baseline` of Kubernetes' Pod Security Standards, by the agent itself, so that it counts in
//! clusters whose admission does not know them, and before anything is applied. A value that is not understood is as one that is refused.

use serde::{Deserialize, Serialize};

use super::pods::CONTAINERS;
use super::text;
use crate::yaml::Node;

/// Which pods releases may bring, as the owner of the cluster says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum PodSecurity {
    /// none that reaches its node: no host's namespaces, paths or ports, nothing privileged
    #[default]
    Baseline,
    /// any: a release may become root of the nodes
    Privileged,
}

const CAPABILITIES: [&str; 13] = [
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    "NET_BIND_SERVICE",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
];
const SYSCTLS: [&str; 10] = [
    "kernel.shm_rmid_forced",
    "net.ipv4.ip_local_port_range",
    "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.ip_unprivileged_port_start",
    "net.ipv4.ping_group_range",
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes",
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_syncookies",
];
const SELINUX_TYPES: [&str; 5] = ["", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"];
const APPARMOR: &str = "container.apparmor.security.beta.kubernetes.io/";
const SECCOMP: &str = "seccomp.security.alpha.kubernetes.io/";

/// What of a pod is not allowed, each as `field: value`. `metadata` is the pod's.
pub(super) fn breaches(spec: &Node, metadata: Option<&Node>) -> Vec<String> {
    let mut found = vec![];
    for field in ["hostNetwork", "hostPID", "hostIPC"] {
        found.extend(spec.get(field).filter(|value| !is_off(value)).map(|value| said(field, value)));
    }
    for volume in spec.get("volumes").map(Node::entries).unwrap_or_default() {
        if volume.get("hostPath").is_some_and(|path| !path.is_null()) {
            found.push(format!("volumes.{}.hostPath", text(volume, "name")));
        }
    }
    if let Some(context) = spec.get("securityContext") {
        of_context("securityContext", context, &mut found);
        for sysctl in context.get("sysctls").map(Node::entries).unwrap_or_default() {
            let name = text(sysctl, "name");
            if !SYSCTLS.contains(&name) {
                found.push(format!("securityContext.sysctls: {name}"));
            }
        }
    }
    for container in CONTAINERS.iter().flat_map(|list| spec.get(list).map(Node::entries).unwrap_or_default()) {
        of_container(container, &mut found);
    }
    if let Some(Node::Map(annotations)) = metadata.and_then(|metadata| metadata.get("annotations")) {
        for (key, value) in annotations {
            let value = value.as_text().unwrap_or_default();
            let is_apparmor = key.text.starts_with(APPARMOR);
            let is_open = is_apparmor && value != "runtime/default" && !value.starts_with("localhost/");
            if is_open || (key.text.starts_with(SECCOMP) && value == "unconfined") {
                found.push(format!("annotation {}: {value}", key.text));
            }
        }
    }
    found
}

fn of_container(container: &Node, found: &mut Vec<String>) {
    let name = text(container, "name");
    for port in container.get("ports").map(Node::entries).unwrap_or_default() {
        let taken = port.get("hostPort").filter(|port| !port.is_null() && port.as_text() != Some("0"));
        found.extend(taken.map(|port| said(&format!("{name}.ports.hostPort"), port)));
    }
    let Some(context) = container.get("securityContext") else { return };
    let place = format!("{name}.securityContext");
    of_context(&place, context, found);
    let privileged = context.get("privileged").filter(|value| !is_off(value));
    found.extend(privileged.map(|value| said(&format!("{place}.privileged"), value)));
    let added = context.at(&["capabilities", "add"]);
    if added.is_some_and(|added| !added.is_null() && !matches!(added, Node::List(_))) {
        found.push(format!("{place}.capabilities.add"));
    }
    for capability in added.map(Node::entries).unwrap_or_default() {
        if !capability.as_text().is_some_and(|name| CAPABILITIES.contains(&name)) {
            found.push(said(&format!("{place}.capabilities.add"), capability));
        }
    }
    let mount = context.get("procMount").filter(|mount| !mount.is_null() && mount.as_text() != Some("Default"));
    found.extend(mount.map(|mount| said(&format!("{place}.procMount"), mount)));
}

/// The settings that a pod and a container may both have.
fn of_context(place: &str, context: &Node, found: &mut Vec<String>) {
    for profile in ["seccompProfile", "appArmorProfile"] {
        if let Some(kind) = context.at(&[profile, "type"]).filter(|kind| kind.as_text() == Some("Unconfined")) {
            found.push(said(&format!("{place}.{profile}.type"), kind));
        }
    }
    let host_process = context.at(&["windowsOptions", "hostProcess"]).filter(|value| !is_off(value));
    found.extend(host_process.map(|value| said(&format!("{place}.windowsOptions.hostProcess"), value)));
    let Some(linux) = context.get("seLinuxOptions").filter(|options| !options.is_null()) else { return };
    if !SELINUX_TYPES.contains(&text(linux, "type"))
        || !text(linux, "user").is_empty()
        || !text(linux, "role").is_empty()
    {
        found.push(format!("{place}.seLinuxOptions"));
    }
}

/// Whether every reader of YAML takes it for no.
fn is_off(value: &Node) -> bool {
    value.is_null() || value.as_text().is_some_and(|text| matches!(text, "false" | "False" | "FALSE"))
}

fn said(field: &str, value: &Node) -> String {
    match value.as_text() {
        Some(value) => format!("{field}: {value}"),
        None => field.to_owned(),
    }
}
