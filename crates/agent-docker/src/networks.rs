//! Networks that are there already, beside those that a release defines. Compose leaves a network as it is when its definition
//! changes: what was to be closed would stay open. Such a network goes before the release is started; its containers are made anew, and
//! each inherits the volumes of the one before it.

use std::collections::{BTreeMap, HashMap};

use bollard::models::Network as Found;
use serde_json::Value;

use crate::model::{Model, Network};

/// The networks of a project that have another definition than the model's, with what differs.
pub(super) fn changed(model: &Model, found: &[Found]) -> Vec<(String, &'static str)> {
    let own = model.networks.values().filter(|network| !network.external);
    own.filter_map(|wanted| {
        let there = found.iter().find(|found| found.name.as_deref() == Some(wanted.name.as_str()))?;
        Some((wanted.name.clone(), difference(wanted, there)?))
    })
    .collect()
}

/// Those of a project that the model does not name.
pub(super) fn unused(model: &Model, found: &[Found]) -> Vec<String> {
    let is_named = |name: &String| model.networks.values().any(|network| &network.name == name);
    found.iter().filter_map(|found| found.name.clone()).filter(|name| !is_named(name)).collect()
}

/// What the model leaves out is the engine's to choose, and no difference.
fn difference(wanted: &Network, found: &Found) -> Option<&'static str> {
    let options = found.options.clone().unwrap_or_default();
    let labels = found.labels.clone().unwrap_or_default();
    let subnets: Vec<String> =
        found.ipam.iter().flat_map(|ipam| ipam.config.iter().flatten()).filter_map(|one| one.subnet.clone()).collect();
    let differences = [
        (wanted.internal != found.internal.unwrap_or_default(), "internal"),
        (wanted.attachable != found.attachable.unwrap_or_default(), "attachable"),
        (wanted.enable_ipv6.is_some_and(|on| on != found.enable_ipv6.unwrap_or_default()), "enable_ipv6"),
        (wanted.driver.as_ref().is_some_and(|driver| found.driver.as_ref() != Some(driver)), "driver"),
        (!holds(&options, &wanted.driver_opts), "driver_opts"),
        (!holds(&labels, &wanted.labels), "labels"),
        (wanted_subnets(wanted).iter().any(|subnet| !subnets.contains(subnet)), "ipam"),
    ];
    differences.into_iter().find_map(|(differs, what)| differs.then_some(what))
}

fn holds(found: &HashMap<String, String>, wanted: &BTreeMap<String, Value>) -> bool {
    wanted.iter().all(|(key, value)| {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        found.get(key) == Some(&text)
    })
}

fn wanted_subnets(network: &Network) -> Vec<String> {
    let configs = network.ipam.get("config").and_then(Value::as_array);
    configs.into_iter().flatten().filter_map(|config| Some(config.get("subnet")?.as_str()?.to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use bollard::models::{Ipam, IpamConfig};
    use serde_json::json;

    use super::*;

    fn model(network: Value) -> Model {
        serde_json::from_value(json!({"name": "p", "networks": {"n": network}})).unwrap()
    }

    fn found() -> Found {
        Found {
            name: Some("p_n".to_owned()),
            driver: Some("bridge".to_owned()),
            labels: Some(
                [("a".to_owned(), "b".to_owned()), ("com.docker.compose.project".to_owned(), "p".to_owned())].into(),
            ),
            options: Some([("com.docker.network.driver.mtu".to_owned(), "1400".to_owned())].into()),
            ipam: Some(Ipam {
                config: Some(vec![IpamConfig { subnet: Some("10.9.0.0/24".to_owned()), ..IpamConfig::default() }]),
                ..Ipam::default()
            }),
            ..Found::default()
        }
    }

    #[test]
    fn what_a_release_defines_otherwise_is_named() {
        for (network, differs) in [
            (json!({"name": "p_n"}), None),
            (
                json!({"name": "p_n", "driver": "bridge", "labels": {"a": "b"}, "ipam": {"config": [{"subnet": "10.9.0.0/24"}]}}),
                None,
            ),
            (json!({"name": "p_n", "driver_opts": {"com.docker.network.driver.mtu": 1400}}), None),
            (json!({"name": "p_n", "internal": true}), Some("internal")),
            (json!({"name": "p_n", "attachable": true}), Some("attachable")),
            (json!({"name": "p_n", "enable_ipv6": true}), Some("enable_ipv6")),
            (json!({"name": "p_n", "driver": "macvlan"}), Some("driver")),
            (json!({"name": "p_n", "labels": {"a": "c"}}), Some("labels")),
            (json!({"name": "p_n", "driver_opts": {"x": "y"}}), Some("driver_opts")),
            (json!({"name": "p_n", "ipam": {"config": [{"subnet": "10.8.0.0/24"}]}}), Some("ipam")),
            (json!({"name": "p_n", "internal": true, "external": true}), None),
            (json!({"name": "other", "internal": true}), None),
        ] {
            let changed = changed(&model(network.clone()), &[found()]);
            assert_eq!(changed.first().map(|(_, what)| *what), differs, "{network}");
        }
        let closed = Found { internal: Some(true), ..found() };
        assert_eq!(changed(&model(json!({"name": "p_n"})), &[closed]), [("p_n".to_owned(), "internal")], "opened");
    }

    #[test]
    fn networks_that_no_release_names_any_more_are_found() {
        assert_eq!(unused(&model(json!({"name": "p_n"})), &[found()]), Vec::<String>::new());
        assert_eq!(unused(&model(json!({"name": "p_m"})), &[found()]), ["p_n"]);
    }
}
