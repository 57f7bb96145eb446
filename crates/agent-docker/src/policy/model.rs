//! All that a release needs: of each service, volume, network, config and secret of the model as docker compose resolved it.

use serde_json::Value;

use super::host::Host;
use super::mounts;
use super::need::{Need, Needs, Part};
use super::rule::Kind;
use super::service;
use super::settle::Written;

/// A resolved model with what it is compared with.
pub struct Subject<'a> {
    /// the compose project's name
    pub project: &'a str,
    /// the model with settled paths and single dollar signs
    pub model: &'a Value,
    /// how the release names the paths
    pub written: &'a Written,
    pub host: &'a Host,
    /// the hub's registry, from which all that is pinned may come
    pub registry: &'a str,
}

/// Keys of the file's top level that are harmless, or looked into here.
pub(super) const TOP: [&str; 7] = ["name", "version", "services", "networks", "volumes", "configs", "secrets"];
const NEIGHBOURS: &str = "other applications of this host are in it";

pub fn needs(subject: &Subject<'_>) -> Vec<Need> {
    let Subject { project, model, written, host, registry } = subject;
    let mut list = vec![];
    let mut top = Needs { part: Part::File, list: &mut list };
    let Value::Object(keys) = model else {
        top.unknown("file", model);
        return list;
    };
    for (key, value) in keys.iter().filter(|(key, _)| !TOP.contains(&key.as_str()) && !key.starts_with("x-")) {
        top.unknown(key, value);
    }
    for (name, value) in parts(model, "services") {
        service::needs(&mut Needs { part: Part::Service(name.clone()), list: &mut list }, host, value);
    }
    for (name, value) in parts(model, "volumes") {
        let mut needs = Needs { part: Part::Volume(name.clone()), list: &mut list };
        mounts::of_volume(&mut needs, host, project, name, value);
        service::of_labels(&mut needs, "labels", value.get("labels").unwrap_or(&EMPTY));
    }
    for (name, value) in parts(model, "networks") {
        of_network(&mut Needs { part: Part::Network(name.clone()), list: &mut list }, project, name, value);
    }
    for (part, plural) in [(Part::Config as fn(String) -> Part, "configs"), (Part::Secret, "secrets")] {
        for (name, value) in parts(model, plural) {
            mounts::of_file(&mut Needs { part: part(name.clone()), list: &mut list }, host, value);
        }
    }
    for need in list.iter_mut().filter(|need| need.kind != Kind::Device) {
        if let Some(written) = written.get(&need.value) {
            need.value = format!("{written} (which is {})", need.value);
        }
    }
    list.retain(|need| need.kind != Kind::Registry || need.wanted != *registry);
    list
}

static EMPTY: std::sync::LazyLock<Value> = std::sync::LazyLock::new(|| Value::Object(serde_json::Map::new()));

/// The named parts of one kind, such as services.
pub(super) fn parts<'a>(model: &'a Value, key: &str) -> impl Iterator<Item = (&'a String, &'a Value)> {
    model.get(key).and_then(Value::as_object).into_iter().flatten()
}

fn of_network(needs: &mut Needs<'_>, project: &str, key: &str, network: &Value) {
    let known = [
        "name",
        "driver",
        "driver_opts",
        "ipam",
        "external",
        "internal",
        "attachable",
        "labels",
        "enable_ipv6",
        "enable_ipv4",
    ];
    needs.unknown_keys("network", network, &known);
    mounts::shared_name(needs, project, key, network, Kind::Network, NEIGHBOURS);
    let driver = network.get("driver").and_then(Value::as_str).unwrap_or("bridge");
    match driver {
        "" | "default" | "bridge" => {}
        "host" => {
            let why = "it would share a namespace of the host";
            needs.add(Kind::HostNamespace, "driver", driver, "network", why);
        }
        _ => {
            let why = "it may change the network of the host";
            needs.add(Kind::NetworkOption, "driver", driver, format!("driver={driver}"), why);
        }
    }
    service::network_options(needs, "driver_opts", network.get("driver_opts"));
    let ipam = network.get("ipam").unwrap_or(&Value::Null);
    needs.unknown_keys("ipam", ipam, &["driver", "config"]);
    if let Some(driver) = ipam.get("driver").and_then(Value::as_str).filter(|driver| *driver != "default") {
        let why = "it may change the network of the host";
        needs.add(Kind::NetworkOption, "ipam.driver", driver, format!("ipam={driver}"), why);
    }
    // the host sends what it has for these addresses to the network
    for range in ipam.get("config").and_then(Value::as_array).into_iter().flatten() {
        let subnet = range.get("subnet").and_then(Value::as_str).map_or_else(|| range.to_string(), str::to_owned);
        let why = "the host would send what it has for these addresses to the release's containers";
        needs.add(Kind::NetworkOption, "ipam.config", &subnet, format!("subnet={subnet}"), why);
    }
    service::of_labels(needs, "labels", network.get("labels").unwrap_or(&EMPTY));
}
