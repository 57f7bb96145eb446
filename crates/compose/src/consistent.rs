//! Keys of a service that cannot stand beside each other, and keys of which a service needs one.

use serde_json::Value;

use crate::extends::{Service, Services};
use crate::found::Found;
use crate::parts::Part;
use crate::quantity::bytes;
use crate::variables::is_known;

pub(crate) fn check(services: &Services<'_>, found: &mut Found) {
    for service in services.values() {
        check_image(service, found);
        check_limits(service, found);
        check_scale(service, found);
        check_health(&service.part, found);
        check_devices(&service.part, found);
        check_watch(&service.part, found);
        if service.part.map.get("pid").is_some_and(Value::is_null) {
            found.add(service.part.path.key("pid"), "is empty; give it a value, or take the key out");
        }
        if service.text("network_mode").is_some_and(|mode| !mode.is_empty()) && service.get("networks").is_some() {
            let path = service.part.path.key("network_mode");
            found.add(path, "a service has either a network_mode or networks; take one of them out");
        }
    }
}

fn check_image(service: &Service<'_>, found: &mut Found) {
    let has_image = service.text("image").is_some_and(|image| !image.is_empty());
    if !has_image && service.get("build").is_none() {
        found.add(service.part.path.clone(), "the service has no image; name one");
    }
}

/// A key and the one of `deploy` that says the same, with the part of `deploy` that has it say something.
const TWICE: [(&str, &str, &str); 4] = [
    ("cpus", "deploy.resources.limits.cpus", "deploy.resources.limits"),
    ("mem_limit", "deploy.resources.limits.memory", "deploy.resources.limits"),
    ("mem_reservation", "deploy.resources.reservations.memory", "deploy.resources.reservations"),
    ("pids_limit", "deploy.resources.limits.pids", "deploy.resources.limits"),
];

fn check_limits(service: &Service<'_>, found: &mut Found) {
    for (key, other, part) in TWICE {
        let own = amount(key, service.get(key));
        let others = amount(other, service.get(other));
        let (Some(own), Some(others), Some(_)) = (own, others, service.get(part)) else { continue };
        if own != 0.0 && own != others {
            let reason =
                format!("{key} and {other} must be the same where {part} is there; take {key} out and set the other");
            found.add(service.part.path.key(key), reason);
        }
    }
}

/// Zero if there is none, and nothing if it is not known.
fn amount(key: &str, value: Option<&Value>) -> Option<f64> {
    match value {
        None => Some(0.0),
        Some(Value::Number(number)) if key.starts_with("cpus") || key.ends_with(".cpus") => {
            number.as_f64().map(|number| f64::from(number as f32))
        }
        Some(Value::Number(number)) => number.as_f64().map(f64::trunc),
        Some(Value::String(text)) if is_known(text) => bytes(text).map(|bytes| bytes as f64),
        Some(_) => None,
    }
}

fn check_scale(service: &Service<'_>, found: &mut Found) {
    let number = |key| service.get(key).and_then(Value::as_f64);
    let (scale, replicas) = (number("scale"), number("deploy.replicas"));
    if let (Some(scale), Some(replicas)) = (scale, replicas)
        && scale != replicas
    {
        let reason = "scale and deploy.replicas must be the same; take one of them out";
        found.add(service.part.path.key("scale"), reason);
    }
    let has_name = service.text("container_name").is_some_and(|name| !name.is_empty());
    let own_scale = if service.get("scale").is_some() { scale } else { replicas };
    if has_name && own_scale.is_some_and(|scale| scale > 1.0) {
        let reason = "several containers of the service cannot all have this container_name; take it out, or run one";
        found.add(service.part.path.key("container_name"), reason);
    }
}

fn check_health(service: &Part<'_>, found: &mut Found) {
    let test = service.map.get("healthcheck").and_then(|health| health.get("test")).and_then(Value::as_array);
    let Some(first) = test.and_then(|test| test.first()).and_then(Value::as_str) else { return };
    if is_known(first) && !["CMD", "CMD-SHELL", "NONE"].contains(&first) {
        let reason = format!("a list begins with CMD, CMD-SHELL or NONE and not with {first:?}; put \"CMD\" before it");
        found.add(service.path.key("healthcheck").key("test"), reason);
    }
}

fn check_devices(service: &Part<'_>, found: &mut Found) {
    let keys = ["deploy", "resources", "reservations", "devices"];
    let reserved = keys.iter().try_fold(service.path.clone(), |path, key| Some(path.key(key)));
    let requests =
        service.map.get("deploy").and_then(|deploy| deploy.get("resources")?.get("reservations")?.get("devices"));
    let requests = [(reserved, requests), (Some(service.path.key("gpus")), service.map.get("gpus"))];
    for (path, list) in requests.into_iter().filter_map(|(path, list)| Some((path?, list?.as_array()?))) {
        for (entry, request) in list.iter().enumerate() {
            if request.get("count").is_some() && request.get("device_ids").is_some() {
                let reason = "count and device_ids exclude each other; take one of them out";
                found.add(path.entry(entry), reason);
            }
        }
    }
}

fn check_watch(service: &Part<'_>, found: &mut Found) {
    let watched = service.map.get("develop").and_then(|develop| develop.get("watch")).and_then(Value::as_array);
    for (entry, watch) in watched.into_iter().flatten().enumerate() {
        let text = |key: &str| watch.get(key).and_then(Value::as_str).unwrap_or_default();
        let path = service.path.key("develop").key("watch").entry(entry);
        if text("action").starts_with("sync") && text("target").is_empty() {
            found.add(path.clone(), "the key \"target\" is missing; add the place in the container");
        }
        if watch.get("path").is_some_and(|path| path == "") {
            found.add(path.key("path"), "is empty; name a folder or file");
        }
    }
}

#[cfg(test)]
mod tests;
