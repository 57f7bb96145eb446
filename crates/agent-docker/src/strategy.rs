//! How a new release takes the old one's place, decided from the resolved compose file alone. Beside it, as a candidate
//! with networks and volumes of its own, unless something in the file can exist only once on a machine, or would be
//! shared with the release that is serving.

use crate::model::{Model, Service};

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Strategy {
    /// Prove beside the old release, then switch.
    Candidate,
    /// Switch at once, and go back if it does not become healthy.
    InPlace { why: String },
}

pub fn decide(model: &Model) -> Strategy {
    match shared(model) {
        Some(why) => Strategy::InPlace { why },
        None => Strategy::Candidate,
    }
}

fn shared(model: &Model) -> Option<String> {
    if model.distr.strategy.as_deref() == Some("in-place") {
        return Some("the compose file asks for it".to_owned());
    }
    let of_service =
        |(name, service): (&String, &Service)| of_service(service).map(|why| format!("service {name} {why}"));
    let of_services = model.services.iter().find_map(of_service);
    of_services.or_else(|| of_volumes(model)).or_else(|| of_networks(model))
}

fn of_service(service: &Service) -> Option<&'static str> {
    let is = |mode: &Option<String>, what: &str| mode.as_deref().is_some_and(|mode| mode.starts_with(what));
    let writable_bind = |mount: &crate::model::Mount| mount.r#type == "bind" && !mount.read_only;
    let fixed_address =
        service.networks.values().flatten().any(|at| at.ipv4_address.is_some() || at.ipv6_address.is_some());
    let checks = [
        (is(&service.network_mode, "host"), "uses the host's network"),
        (is(&service.network_mode, "container:"), "shares a container's network"),
        (is(&service.pid, "host") || is(&service.ipc, "host"), "shares a namespace of the host"),
        (service.privileged, "is privileged"),
        (service.reserves_devices(), "uses devices"),
        (service.volumes.iter().any(writable_bind), "writes to a folder of the host"),
        (service.volumes.iter().any(|mount| mount.r#type == "npipe"), "uses a named pipe"),
        (service.volumes_from.iter().any(|from| from.starts_with("container:")), "uses a container's volumes"),
        (fixed_address, "has a fixed address"),
    ];
    checks.into_iter().find_map(|(holds, why)| holds.then_some(why))
}

fn of_volumes(model: &Model) -> Option<String> {
    model.volumes.iter().find_map(|(key, volume)| {
        let named = volume.name != format!("{}_{key}", model.name);
        (volume.external || named || !volume.driver_opts.is_empty())
            .then(|| format!("volume {key} is external, has a name of its own, or a driver's options"))
    })
}

fn of_networks(model: &Model) -> Option<String> {
    model.networks.iter().find_map(|(key, network)| {
        let named = network.name != format!("{}_{key}", model.name);
        let subnet =
            network.ipam.get("config").and_then(|config| config.as_array()).is_some_and(|list| !list.is_empty());
        let exclusive = matches!(network.driver.as_deref(), Some("host" | "macvlan" | "ipvlan"));
        (network.external || named || subnet || exclusive)
            .then(|| format!("network {key} is external, has a name of its own, a fixed subnet, or the host's driver"))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn decided(model: Value) -> Strategy {
        decide(&serde_json::from_value(model).unwrap())
    }

    fn service(service: Value) -> Value {
        json!({"name": "p", "services": {"web": service}})
    }

    #[test]
    fn what_can_exist_twice_is_proven_beside() {
        for model in [
            service(json!({})),
            service(json!({"ports": [{"target": 80, "published": "80"}], "container_name": "web"})),
            service(json!({"volumes": [{"type": "bind", "source": "/etc/ssl", "target": "/ssl", "read_only": true}]})),
            service(json!({"volumes": [{"type": "volume", "target": "/x"}], "network_mode": "service:db"})),
            json!({"name": "p", "services": {}, "volumes": {"data": {"name": "p_data"}}}),
            json!({"name": "p", "services": {}, "networks": {"default": {"name": "p_default", "ipam": {}}}}),
        ] {
            assert_eq!(decided(model.clone()), Strategy::Candidate, "{model}");
        }
    }

    #[test]
    fn what_would_be_shared_is_switched_in_place() {
        for (model, why) in [
            (service(json!({"network_mode": "host"})), "service web uses the host's network"),
            (service(json!({"network_mode": "container:x"})), "service web shares a container's network"),
            (service(json!({"pid": "host"})), "service web shares a namespace of the host"),
            (service(json!({"privileged": true})), "service web is privileged"),
            (service(json!({"devices": [{"source": "/dev/null"}]})), "service web uses devices"),
            (
                service(json!({"deploy": {"resources": {"reservations": {"devices": [{"count": 1}]}}}})),
                "service web uses devices",
            ),
            (
                service(json!({"volumes": [{"type": "bind", "source": "/srv", "target": "/x"}]})),
                "service web writes to a folder of the host",
            ),
            (service(json!({"networks": {"a": {"ipv4_address": "10.0.0.2"}}})), "service web has a fixed address"),
            (json!({"name": "p", "volumes": {"d": {"name": "x", "external": true}}}), "volume d is"),
            (json!({"name": "p", "volumes": {"d": {"name": "shared"}}}), "volume d is"),
            (json!({"name": "p", "volumes": {"d": {"name": "p_d", "driver_opts": {"device": "/srv"}}}}), "volume d is"),
            (json!({"name": "p", "networks": {"n": {"name": "edge", "external": true}}}), "network n is"),
            (
                json!({"name": "p", "networks": {"n": {"name": "p_n", "ipam": {"config": [{"subnet": "10.1.0.0/24"}]}}}}),
                "network n is",
            ),
            (json!({"name": "p", "x-distr": {"strategy": "in-place"}}), "the compose file asks for it"),
        ] {
            match decided(model.clone()) {
                Strategy::InPlace { why: said } => assert!(said.starts_with(why), "{model}: {said}"),
                Strategy::Candidate => panic!("{model} was to be switched in place"),
            }
        }
    }
}
