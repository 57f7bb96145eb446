use serde_json::json;

use super::*;
use crate::extends::services;

fn reasons(file: Value) -> Vec<String> {
    let mut found = Found::default();
    let services = services(&file, &mut found);
    check(&services, &mut found);
    found.0.into_iter().map(|(path, reason)| format!("{}: {reason}", path.words())).collect()
}

fn assert_refused(file: Value, place: &str, words: &str) {
    let reasons = reasons(file.clone());
    let begins = format!("{place}: {words}");
    assert!(matches!(&reasons[..], [one] if one.starts_with(&begins)), "{file}: {reasons:?}");
}

#[test]
fn each_mistake_in_a_service_has_its_words() {
    let limits = |limits: Value| json!({"resources": {"limits": limits}});
    for (mut service, key, words) in [
        (
            json!({"network_mode": "host", "networks": ["a"]}),
            "network_mode",
            "a service has either a network_mode or networks",
        ),
        (
            json!({"cpus": 1, "deploy": limits(json!({"memory": "1g"}))}),
            "cpus",
            "cpus and deploy.resources.limits.cpus must be the same",
        ),
        (
            json!({"mem_limit": "1g", "deploy": limits(json!({"memory": "2g"}))}),
            "mem_limit",
            "mem_limit and deploy.resources.limits.memory",
        ),
        (json!({"scale": 2, "deploy": {"replicas": 3}}), "scale", "scale and deploy.replicas must be the same"),
        (
            json!({"scale": 2, "container_name": "a"}),
            "container_name",
            "several containers of the service cannot all have",
        ),
        (json!({"deploy": {"replicas": 2}, "container_name": "a"}), "container_name", "several containers"),
        (
            json!({"healthcheck": {"test": ["curl", "x"]}}),
            "healthcheck.test",
            "a list begins with CMD, CMD-SHELL or NONE and not with \"curl\"",
        ),
        (
            json!({"gpus": [{"count": 1, "device_ids": ["a"]}]}),
            "gpus, entry 1",
            "count and device_ids exclude each other",
        ),
        (
            json!({"develop": {"watch": [{"path": "a", "action": "sync"}]}}),
            "develop.watch, entry 1",
            "the key \"target\" is missing",
        ),
        (json!({"pid": null}), "pid", "is empty; give it a value, or take the key out"),
    ] {
        service["image"] = "x".into();
        assert_refused(json!({"services": {"web": service}}), &format!("service \"web\", key {key}"), words);
    }
    assert_refused(
        json!({"services": {"web": {"image": ""}}}),
        "service \"web\"",
        "the service has no image; name one",
    );
}

#[test]
fn what_compose_takes_passes() {
    let file = json!({
        "services": {
            "a": {"image": "\0", "cpus": 0.5, "deploy": {"resources": {"limits": {"cpus": "\0"}}}, "network_mode": "host", "networks": []},
            "b": {"extends": "a", "scale": 1, "container_name": "b"},
            "c": {"build": ".", "mem_limit": "1g", "deploy": {"resources": {"limits": {"memory": "1024m"}}}},
        },
    });
    assert_eq!(reasons(file), Vec::<String>::new());
}
