//! Configs and secrets have one origin, and what is external is described nowhere else.

use serde_json::Value;

use crate::found::Found;
use crate::parts::{Part, parts};

pub(crate) fn check(file: &Value, found: &mut Found) {
    for config in parts(file, "configs") {
        let may_have_none = config.map.contains_key("external");
        check_origin(&config, &["file", "environment", "content"], may_have_none, found);
    }
    for secret in parts(file, "secrets") {
        check_origin(&secret, &["file", "environment"], is_external(&secret), found);
        let blank = ["file", "environment"].into_iter().find(|origin| secret.text(origin) == Some(""));
        if let Some(blank) = blank.filter(|_| !is_external(&secret)) {
            found.add(secret.path.key(blank), "is empty; give it a value");
        }
    }
    for kind in ["networks", "volumes", "configs", "secrets"] {
        parts(file, kind).for_each(|part| check_name(&part, found));
    }
    parts(file, "volumes").filter(is_external).for_each(|volume| check_external(&volume, found));
}

/// Whether it is made by others, or may be.
fn is_external(part: &Part<'_>) -> bool {
    !matches!(part.map.get("external"), None | Some(Value::Bool(false)))
}

fn check_origin(part: &Part<'_>, origins: &[&str], may_have_none: bool, found: &mut Found) {
    let given: Vec<&str> = origins.iter().copied().filter(|origin| part.map.contains_key(*origin)).collect();
    match given.len() {
        0 if !may_have_none => {
            found.add(part.path.clone(), format!("one of the keys {} is missing; add it", origins.join(", ")));
        }
        0 | 1 => {}
        _ => found.add(part.path.clone(), format!("has more than one of {}; leave one", given.join(", "))),
    }
}

fn check_name(part: &Part<'_>, found: &mut Found) {
    let external = part.map.get("external").and_then(|external| external.get("name"));
    if let (Some(external), Some(name)) = (external, part.map.get("name"))
        && external != name
    {
        let reason = "name and external.name differ; write \"external: true\" and the name beside it";
        found.add(part.path.key("external"), reason);
    }
}

fn check_external(volume: &Part<'_>, found: &mut Found) {
    let is_other = |key: &&String| !["name", "external"].contains(&key.as_str()) && !key.starts_with("x-");
    if let Some(other) = volume.map.keys().find(is_other) {
        let reason = format!("an external volume is made by others, and has no {other:?} here; take one of them out");
        found.add(volume.path.key(other), reason);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn reasons(file: Value) -> Vec<String> {
        let mut found = Found::default();
        check(&file, &mut found);
        found.0.into_iter().map(|(path, reason)| format!("{}: {reason}", path.words())).collect()
    }

    #[test]
    fn each_mistake_has_its_words() {
        for (kind, part, words) in [
            ("configs", json!({}), "config \"a\": one of the keys file, environment, content is missing; add it"),
            (
                "configs",
                json!({"file": "a", "content": "b"}),
                "config \"a\": has more than one of file, content; leave one",
            ),
            (
                "secrets",
                json!({"driver": "x", "external": false}),
                "secret \"a\": one of the keys file, environment is missing; add it",
            ),
            ("secrets", json!({"file": ""}), "secret \"a\", key file: is empty; give it a value"),
            (
                "volumes",
                json!({"external": true, "driver": "x"}),
                "volume \"a\", key driver: an external volume is made by others, and has no \"driver\" here; take one of them out",
            ),
            (
                "networks",
                json!({"external": {"name": "b"}, "name": "c"}),
                "network \"a\", key external: name and external.name differ; write \"external: true\" and the name beside it",
            ),
        ] {
            assert_eq!(reasons(json!({kind: {"a": part}})), [words]);
        }
    }

    #[test]
    fn what_compose_takes_passes() {
        let file = json!({
            "networks": {"n": {"external": true, "driver": "x"}},
            "configs": {"c": {"external": true}, "d": {"external": false}, "e": {"content": ""}},
            "secrets": {"s": {"external": "\0"}, "t": {"environment": "T"}},
            "volumes": {"v": {"external": true, "name": "w", "x-a": 1}, "w": {"external": false, "driver": "y"}},
        });
        assert_eq!(reasons(file), Vec::<String>::new());
    }
}
