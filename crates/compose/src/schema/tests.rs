use serde_json::json;

use super::*;

fn reasons(file: Value) -> Vec<(String, String)> {
    let mut found = Found::default();
    check(&file, &mut found);
    found.0.into_iter().map(|(path, reason)| (path.words(), reason)).collect()
}

fn service(service: Value) -> (String, String) {
    let mut reasons = reasons(json!({"services": {"web": service}}));
    assert_eq!(reasons.len(), 1, "{reasons:?}");
    reasons.remove(0)
}

#[test]
fn each_refusal_has_its_words() {
    for (file, place, reason) in [
        (
            json!({"enviroment": {}}),
            "key enviroment",
            "\"enviroment\" is no key of a service; did you mean \"environment\"?",
        ),
        (json!({"replicas": 2}), "key replicas", "\"replicas\" is no key of a service; put it below deploy"),
        (
            json!({"models": ["a"]}),
            "key models",
            "\"models\" is no key of a service that compose on the targets knows; take it out, or begin it with \"x-\"",
        ),
        (
            json!({"healthcheck": {"every": "1s"}}),
            "key healthcheck.every",
            "\"every\" is no key of \"healthcheck\"; the keys are \"disable\", \"interval\", \"retries\", \"start_interval\", \
             \"start_period\", \"test\", \"timeout\"",
        ),
        (
            json!({"ports": [{"publish": 1}]}),
            "key ports, entry 1, key publish",
            "\"publish\" is no key of an entry of \"ports\"; did you mean \"published\"?",
        ),
        (
            json!({"healthcheck": {"interval": 30}}),
            "key healthcheck.interval",
            "is the number 30 and must be a text; give it a unit, such as 30s",
        ),
        (json!({"user": 1000}), "key user", "is the number 1000 and must be a text; put it in quotes: \"1000\""),
        (
            json!({"cap_add": "ALL"}),
            "key cap_add",
            "is the text \"ALL\" and must be a list; write it in a line of its own that begins with \"- \"",
        ),
        (
            json!({"volumes": {"a": "/b"}}),
            "key volumes",
            "is a mapping and must be a list; begin each of its lines with \"- \"",
        ),
        (
            json!({"environment": null}),
            "key environment",
            "is empty and must be a mapping or a list; fill it in, or take the key out",
        ),
        (
            json!({"command": {"a": 1}}),
            "key command",
            "is a mapping and must be a text or a list; begin each of its lines with \"- \"",
        ),
        (
            json!({"command": ["a", 1]}),
            "key command, entry 2",
            "is the number 1 and must be a text; put it in quotes: \"1\"",
        ),
        (json!({"privileged": []}), "key privileged", "is a list and must be true or false or a text"),
        (
            json!({"healthcheck": []}),
            "key healthcheck",
            "is a list and must be a mapping; write \"key: value\" lines without \"- \"",
        ),
        (
            json!({"pull_policy": "alway"}),
            "key pull_policy",
            "\"alway\" must be one of \"always\", \"never\", \"if_not_present\", \"build\", \"missing\"; did you mean \"always\"?",
        ),
        (json!({"oom_score_adj": 2000}), "key oom_score_adj", "2000 must be at most 1000"),
        (json!({"cpu_count": -1}), "key cpu_count", "-1 must be at least 0"),
        (json!({"depends_on": {"db": {}}}), "key depends_on.db", "the key \"condition\" is missing; add it"),
        (json!({"depends_on": ["db", "db"]}), "key depends_on", "the entry \"db\" is there twice; take one out"),
        (
            json!({"networks": {"a b": null}}),
            "key networks.\"a b\"",
            "\"a b\" is no name that compose takes; use letters, digits, \".\", \"_\" and \"-\"",
        ),
        (json!({"environment": {"": 1}}), "key environment.\"\"", "a name is empty; give it one, or take the line out"),
        (json!({"gpus": "some"}), "key gpus", "\"some\" must be \"all\""),
    ] {
        assert_eq!(service(file), (format!("service \"web\", {place}"), reason.to_owned()));
    }
}

#[test]
fn what_is_at_the_top_has_its_words() {
    for (file, place, reason) in [
        (
            json!({"web": {"image": "x"}}),
            "key web",
            "\"web\" is no key of the compose file; put the service below \"services\"",
        ),
        (
            json!({"service": {}}),
            "key service",
            "\"service\" is no key of the compose file; did you mean \"services\"?",
        ),
        (
            json!({"x_notes": 1}),
            "key x_notes",
            "\"x_notes\" is no key of the compose file; what compose should pass over begins with \"x-\"",
        ),
        (json!({"version": 3.8}), "key version", "is the number 3.8 and must be a text; put it in quotes: \"3.8\""),
        (
            json!({"services": {"a b": {}}}),
            "service \"a b\"",
            "\"a b\" is no name that compose takes; use letters, digits, \".\", \"_\" and \"-\"",
        ),
        (
            json!({"volumes": {"data": {"size": 1}}}),
            "volume \"data\", key size",
            "\"size\" is no key of a volume; the keys are \"driver\", \"driver_opts\", \"external\", \"labels\", \"name\"",
        ),
        (json!({"volumes": {"data": "x"}}), "volume \"data\"", "is the text \"x\" and must be a mapping"),
    ] {
        assert_eq!(reasons(file), [(place.to_owned(), reason.to_owned())]);
    }
}

#[test]
fn what_compose_takes_passes() {
    let file = json!({
        "services": {"web": {
            "image": "x", "ports": [80, 80], "pull_policy": "\0", "gpus": "\0", "deploy": null, "networks": {"a": null},
            "x-own": 1, "deploy": {"replicas": 2.0},
        }},
        "x-own": [],
    });
    assert_eq!(reasons(file), []);
}

/// Keys of all schemas that the place of an error can lead to.
#[test]
fn the_known_keys_are_found_through_references() {
    assert!(known_keys("/additionalProperties").contains(&"services"));
    for pointer in [
        "/properties/services/patternProperties/^[a-zA-Z0-9._-]+$/$ref/properties/healthcheck/$ref/additionalProperties",
        "/properties/services/patternProperties/^[a-zA-Z0-9._-]+$/properties/healthcheck/additionalProperties",
        "/definitions/healthcheck/additionalProperties",
    ] {
        assert!(known_keys(pointer).contains(&"interval"), "{pointer}");
    }
}
