//! Needs of one service of the resolved model: by the rule of each key that has one, and by its name for each key that is new to
//! this agent.

use distr_domain::image::ImageName;
use serde_json::Value;

use super::host::Host;
use super::keys;
use super::links::canonical;
use super::logging;
use super::mounts;
use super::need::Needs;
use super::rule::{Kind, scalar};

/// Capabilities that the engine gives each container anyway: to add them after `cap_drop` gives nothing new.
const HARMLESS_CAPABILITIES: [&str; 14] = [
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    "NET_BIND_SERVICE",
    "NET_RAW",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
];

const NAMESPACE: &str = "it would share a namespace of the host";
const DEVICE: &str = "it would use a device of the host";
const NEIGHBOUR: &str = "it would join a container or network that is not its own";

pub(super) fn needs(needs: &mut Needs<'_>, host: &Host, service: &Value) {
    let Value::Object(service) = service else { return needs.unknown("service", service) };
    for (key, value) in service.iter().filter(|(_, value)| !value.is_null()) {
        of_key(needs, host, key, value);
    }
}

fn of_key(needs: &mut Needs<'_>, host: &Host, key: &str, value: &Value) {
    match key {
        _ if !keys::is_known(key) => needs.unknown(key, value),
        "image" => of_image(needs, value),
        "labels" | "annotations" => of_labels(needs, key, value),
        _ if keys::is_harmless(key) => {}
        "privileged" => of_privileged(needs, key, value),
        "use_api_socket" => match value {
            Value::Bool(false) => {}
            _ => {
                let why = "it would get the socket of the container engine, and who reaches it rules the whole host";
                needs.add(Kind::EngineSocket, key, value.to_string(), "true", why);
            }
        },
        "network_mode" => of_mode(needs, key, value, "network"),
        "pid" | "ipc" | "uts" | "cgroup" => of_mode(needs, key, value, key),
        "userns_mode" => of_mode(needs, key, value, "userns"),
        "cap_add" => of_capabilities(needs, value),
        "devices" => each(needs, key, value, of_device),
        "gpus" => each(needs, key, value, |needs, key, value| {
            needs.add(Kind::Device, key, value.to_string(), of_driver("gpu", value), DEVICE);
        }),
        "device_cgroup_rules" => each_text(needs, key, value, |needs, text| {
            needs.add(Kind::DeviceRule, key, text, text, "it would reach devices of the host");
        }),
        "security_opt" => each_text(needs, key, value, of_security_option),
        "sysctls" => match value {
            Value::Object(map) => map.iter().for_each(|(name, value)| {
                let value = format!("{name}={}", scalar(value).unwrap_or_default());
                needs.add(Kind::Sysctl, key, value, name, "it would set a parameter of the kernel");
            }),
            other => needs.unknown(key, other),
        },
        "cgroup_parent" => text(needs, key, value, |needs, text| {
            needs.add(Kind::CgroupParent, key, text, text, "it would leave the limits that the engine sets");
        }),
        // also runc: the owner may have given the engine a stricter default
        "runtime" => text(needs, key, value, |needs, text| {
            needs.add(Kind::Runtime, key, text, text, "it would choose the engine's runtime that it runs under");
        }),
        "volumes_from" => each_text(needs, key, value, |needs, text| {
            if let Some(container) = text.strip_prefix("container:") {
                let container = container.split(':').next().unwrap_or_default();
                needs.add(Kind::Container, key, text, container, "it would get the data of a container not its own");
            }
        }),
        "external_links" => each_text(needs, key, value, |needs, text| {
            let container = text.split(':').next().unwrap_or_default();
            needs.add(Kind::Container, key, text, container, NEIGHBOUR);
        }),
        "networks" => of_attachments(needs, value),
        "volumes" => mounts::of_service(needs, host, value),
        "ports" => each(needs, key, value, of_port),
        "deploy" => of_deploy(needs, value),
        "logging" => logging::of_service(needs, value),
        "post_start" | "pre_stop" => each(needs, key, value, |needs, key, hook| {
            of_privileged(needs, &format!("{key}.privileged"), hook.get("privileged").unwrap_or(&Value::Null));
            needs.unknown_keys(key, hook, &["command", "user", "privileged", "working_dir", "environment"]);
        }),
        other => needs.unknown(other, value),
    }
}

/// Devices by what they can do. A driver other than the usual one takes the names for something else, such as any device that the
/// host describes for CDI: each is named then.
fn of_driver(capabilities: &str, request: &Value) -> String {
    match request.get("driver").and_then(scalar).filter(|driver| !driver.is_empty() && driver != "nvidia") {
        None => capabilities.to_owned(),
        Some(driver) => {
            let ids = request.get("device_ids").and_then(Value::as_array);
            let ids: Vec<String> = ids.into_iter().flatten().filter_map(scalar).collect();
            format!("{driver}:{}", ids.join(","))
        }
    }
}

fn of_image(needs: &mut Needs<'_>, value: &Value) {
    text(needs, "image", value, |needs, image| {
        if let Ok(name) = ImageName::parse(image) {
            let why = "the policy lets nobody pull from that registry";
            needs.add(Kind::Registry, "image", image, name.registry, why);
        }
    });
}

fn of_privileged(needs: &mut Needs<'_>, key: &str, value: &Value) {
    if !matches!(value, Value::Null | Value::Bool(false)) {
        let why = "a privileged container rules the whole host";
        needs.add(Kind::Privileged, key, value.to_string(), "true", why);
    }
}

fn of_mode(needs: &mut Needs<'_>, key: &str, value: &Value, namespace: &str) {
    let own: &[&str] = match key {
        "network_mode" => &["", "none"],
        "ipc" => &["", "none", "private", "shareable"],
        "cgroup" => &["", "private"],
        _ => &[""],
    };
    text(needs, key, value, |needs, mode| match mode {
        _ if own.contains(&mode) => {}
        "host" => needs.add(Kind::HostNamespace, key, mode, namespace, NAMESPACE),
        _ if mode.starts_with("service:") => {}
        _ => match mode.strip_prefix("container:") {
            Some(container) => needs.add(Kind::Container, key, mode, container, NEIGHBOUR),
            None if key == "network_mode" => needs.add(Kind::Network, key, mode, mode, NEIGHBOUR),
            None => needs.add(Kind::HostNamespace, key, mode, format!("{namespace}:{mode}"), NAMESPACE),
        },
    });
}

fn of_capabilities(needs: &mut Needs<'_>, value: &Value) {
    each_text(needs, "cap_add", value, |needs, text| {
        let upper = text.to_ascii_uppercase();
        let name = upper.strip_prefix("CAP_").unwrap_or(&upper);
        if !HARMLESS_CAPABILITIES.contains(&name) {
            needs.add(Kind::Capability, "cap_add", text, name, "it would get a power over the host's kernel");
        }
    });
}

fn of_device(needs: &mut Needs<'_>, key: &str, value: &Value) {
    let known = ["source", "target", "permissions"];
    let source = value.get("source").and_then(Value::as_str).or(value.as_str());
    let source = source.map(|source| if value.is_string() { source.split(':').next().unwrap_or("") } else { source });
    let Some(source) = source else { return needs.unknown(key, value) };
    if value.is_object() {
        needs.unknown_keys(key, value, &known);
    }
    let wanted = match source.starts_with('/') {
        true => canonical(source.as_ref()).to_string_lossy().into_owned(),
        false => source.to_owned(),
    };
    needs.add(Kind::Device, key, source, wanted, "it would use a device of the host");
}

fn of_security_option(needs: &mut Needs<'_>, option: &str) {
    if !matches!(option, "no-new-privileges" | "no-new-privileges:true" | "no-new-privileges=true") {
        let why = "it may weaken what keeps a container from the host";
        needs.add(Kind::SecurityOption, "security_opt", option, option, why);
    }
}

fn of_attachments(needs: &mut Needs<'_>, value: &Value) {
    let Value::Object(networks) = value else { return needs.unknown("networks", value) };
    let known = [
        "aliases",
        "ipv4_address",
        "ipv6_address",
        "link_local_ips",
        "mac_address",
        "priority",
        "gw_priority",
        "interface_name",
        "driver_opts",
    ];
    for attachment in networks.values() {
        needs.unknown_keys("networks", attachment, &known);
        network_options(needs, "networks.driver_opts", attachment.get("driver_opts"));
    }
}

pub(super) fn network_options(needs: &mut Needs<'_>, key: &str, options: Option<&Value>) {
    let Some(Value::Object(options)) = options else { return };
    for (name, value) in options.iter().filter(|(name, _)| *name != "com.docker.network.driver.mtu") {
        let value = format!("{name}={}", scalar(value).unwrap_or_default());
        let wanted = format!("driver_opts.{value}");
        needs.add(Kind::NetworkOption, key, value, wanted, "it may change the network of the host");
    }
}

fn of_port(needs: &mut Needs<'_>, key: &str, port: &Value) {
    let part = |name: &str| port.get(name).and_then(scalar).unwrap_or_default();
    let published = match part("published").as_str() {
        "" | "0" => "random".to_owned(),
        published => published.to_owned(),
    };
    let wanted = match part("host_ip").as_str() {
        "" => published,
        address if address.contains(':') => format!("[{address}]:{published}"),
        address => format!("{address}:{published}"),
    };
    needs.add(Kind::Port, key, wanted.clone(), wanted, "the policy lets nobody publish that port");
}

fn of_deploy(needs: &mut Needs<'_>, deploy: &Value) {
    let known = [
        "mode",
        "replicas",
        "resources",
        "restart_policy",
        "update_config",
        "rollback_config",
        "placement",
        "labels",
        "endpoint_mode",
    ];
    needs.unknown_keys("deploy", deploy, &known);
    let resources = deploy.get("resources").unwrap_or(&Value::Null);
    needs.unknown_keys("deploy.resources", resources, &["limits", "reservations"]);
    for part in ["limits", "reservations"] {
        let part_of = resources.get(part).unwrap_or(&Value::Null);
        let within = format!("deploy.resources.{part}");
        needs.unknown_keys(&within, part_of, &["cpus", "memory", "pids", "devices"]);
        let devices = part_of.get("devices").and_then(Value::as_array);
        for device in devices.into_iter().flatten() {
            let capabilities = device.get("capabilities").and_then(Value::as_array);
            let names: Vec<String> = capabilities.into_iter().flatten().filter_map(scalar).collect();
            let wanted = of_driver(&names.join(","), device);
            needs.add(Kind::Device, &format!("{within}.devices"), device.to_string(), wanted, DEVICE);
        }
    }
}

/// Names by which engine, compose and agent know containers; and annotations, which runtimes obey.
pub(super) fn of_labels(needs: &mut Needs<'_>, key: &str, value: &Value) {
    let Value::Object(labels) = value else { return needs.unknown(key, value) };
    let ours = |name: &str| name.starts_with("com.docker.compose.") || name.starts_with("desktop.docker.");
    let reserved = |name: &&String| key == "annotations" || ours(name);
    for name in labels.keys().filter(reserved) {
        let why = "the label has a meaning for the engine or for docker compose";
        needs.add(Kind::ComposeKey, key, name, format!("{key}.{name}"), why);
    }
}

fn text(needs: &mut Needs<'_>, key: &str, value: &Value, then: impl FnOnce(&mut Needs<'_>, &str)) {
    match value {
        Value::String(text) => then(needs, text),
        other => needs.unknown(key, other),
    }
}

fn each(needs: &mut Needs<'_>, key: &str, value: &Value, mut then: impl FnMut(&mut Needs<'_>, &str, &Value)) {
    match value {
        Value::Array(list) => list.iter().for_each(|value| then(needs, key, value)),
        other => then(needs, key, other),
    }
}

fn each_text(needs: &mut Needs<'_>, key: &str, value: &Value, mut then: impl FnMut(&mut Needs<'_>, &str)) {
    each(needs, key, value, |needs, key, value| match value {
        Value::String(text) => then(needs, text),
        other => needs.unknown(key, other),
    });
}
