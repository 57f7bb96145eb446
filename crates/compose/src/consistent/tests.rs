use serde_json::json;

use super::*;
use crate::extends::services;

fn reasons(file: Value) -> Vec<String> {
    let mut found = Found::default();
    let services = services(&file, &mut found);
    check(&services, &mut found);
    check_others(&file, &mut found);
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
fn services_that_need_one_of_another_profile_are_told() {
    let file = |own: Value, others: Value, needs: Value| json!({"services": {"a": {"image": "x", "profiles": own, "depends_on": needs}, "b": {"image": "x", "profiles": others}}});
    let needs = || json!(["b"]);
    let at = "service \"a\", key depends_on, entry 1";
    assert_refused(
        file(json!([]), json!(["p"]), needs()),
        at,
        "the service \"b\" runs only with the profiles \"p\"; without them",
    );
    assert_refused(
        file(json!(["q", "p"]), json!(["p"]), needs()),
        at,
        "the service \"b\" runs only with the profiles \"p\"; this one",
    );
    for (own, others) in [
        (json!([]), json!([])),
        (json!(["p"]), json!([])),
        (json!(["p"]), json!(["p", "q"])),
        (json!(["\0"]), json!(["p"])),
    ] {
        assert_eq!(reasons(file(own, others, needs())), Vec::<String>::new());
    }
    assert_eq!(reasons(file(json!([]), json!(["p"]), json!({"b": {"required": false}}))), Vec::<String>::new());
}

#[test]
fn each_mistake_elsewhere_has_its_words() {
    for (kind, part, place, words) in [
        ("configs", json!({}), "config \"a\"", "one of the keys file, environment, content is missing"),
        (
            "configs",
            json!({"file": "a", "content": "b"}),
            "config \"a\"",
            "has more than one of file, content; leave one",
        ),
        (
            "secrets",
            json!({"driver": "x", "external": false}),
            "secret \"a\"",
            "one of the keys file, environment is missing",
        ),
        ("secrets", json!({"file": ""}), "secret \"a\", key file", "is empty; give it a value"),
        (
            "volumes",
            json!({"external": true, "driver": "x"}),
            "volume \"a\", key driver",
            "an external volume is made by others",
        ),
        (
            "networks",
            json!({"external": {"name": "b"}, "name": "c"}),
            "network \"a\", key external",
            "name and external.name differ",
        ),
    ] {
        assert_refused(json!({kind: {"a": part}}), place, words);
    }
}

#[test]
fn what_compose_takes_passes() {
    let file = json!({
        "services": {
            "a": {"image": "\0", "cpus": 0.5, "deploy": {"resources": {"limits": {"cpus": "\0"}}}, "network_mode": "host", "networks": []},
            "b": {"extends": "a", "scale": 1, "container_name": "b"},
            "c": {"build": ".", "mem_limit": "1g", "deploy": {"resources": {"limits": {"memory": "1024m"}}}},
        },
        "networks": {"n": {"external": true, "driver": "x"}},
        "configs": {"c": {"external": true}},
        "volumes": {"v": {"external": true, "name": "w", "x-a": 1}, "w": {"external": false, "driver": "y"}},
    });
    assert_eq!(reasons(file), Vec::<String>::new());
}
