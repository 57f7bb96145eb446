//! What compose takes, and a person did surely not mean.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::command::{Split, split};
use crate::found::Found;
use crate::mount::Mount;
use crate::parts::{Part, parts};
use crate::path::{Path, Step};
use crate::variables::{is_known, is_of_the_agent, resolve_text};

/// `file` is as it was written, `resolved` has no variables any more.
pub(crate) fn check(file: &Value, resolved: &Value, found: &mut Found) {
    check_variables(file, found);
    let mut named: BTreeMap<&str, &str> = BTreeMap::new();
    for service in parts(resolved, "services") {
        check_restart(&service, found);
        check_commands(&service, found);
        check_mounts(&service, found);
        check_modes(&service, found);
        check_awaited(resolved, &service, found);
        if let Some(name) = service.text("container_name").filter(|name| is_known(name) && !name.is_empty())
            && let Some(other) = named.insert(name, service.name)
        {
            let reason =
                format!("the service {other:?} has the container_name {name:?} as well; only one of them will start");
            found.add(service.path.key("container_name"), reason);
        }
    }
    check_profiles(resolved, found);
    for kind in ["networks", "volumes", "configs", "secrets"] {
        for part in parts(resolved, kind).filter(|part| part.text("external").is_some_and(is_known)) {
            found.add(part.path.key("external"), "is a text; write true or false without quotes");
        }
    }
    for secret in parts(resolved, "secrets").filter(|secret| secret.map.get("external") == Some(&Value::Bool(true))) {
        found.add(
            secret.path.key("external"),
            "engines have such secrets in a swarm alone: no service that uses it starts; give it a file or an environment variable",
        );
    }
}

/// A file of which nothing runs where no profile is on.
fn check_profiles(resolved: &Value, found: &mut Found) {
    let services: Vec<Part<'_>> = parts(resolved, "services").collect();
    // what extends another one may have its profiles from there
    let always = |service: &Part<'_>| service.entries("profiles").next().is_none();
    if !services.is_empty() && !services.iter().any(always) {
        let reason = "each service has a profile, so that nothing runs for a license without any of these features, and a \
                      deployment by it fails; take the profiles off what every customer is to have";
        found.add(Path::of(["services"]), reason);
    }
}

/// Services that are waited for until they are healthy, and have turned their health check off.
fn check_awaited(resolved: &Value, service: &Part<'_>, found: &mut Found) {
    for (path, name, how) in service.names("depends_on") {
        if how.and_then(|how| how.get("condition")).and_then(Value::as_str) != Some("service_healthy") {
            continue;
        }
        let check = resolved.get("services").and_then(|services| services.get(name)?.get("healthcheck"));
        let test = check.and_then(|check| check.get("test"));
        let word = test.and_then(|test| test.as_str().or_else(|| test.get(0)?.as_str()));
        if check.and_then(|check| check.get("disable")) == Some(&Value::Bool(true)) || word == Some("NONE") {
            let reason = format!(
                "the service {name:?} has its health check turned off, so that nobody can wait until it is healthy; give it one, or \
                 wait for service_started"
            );
            found.add(path, reason);
        }
    }
}

fn check_restart(service: &Part<'_>, found: &mut Found) {
    let Some(word) = service.text("restart").filter(|word| is_known(word)) else { return };
    let (policy, count) = word.split_once(':').unwrap_or((word, "0"));
    let is_policy = ["", "no", "always", "unless-stopped", "on-failure"].contains(&policy);
    if !is_policy || count.parse::<u32>().is_err() || (word.contains(':') && policy != "on-failure") {
        let reason =
            format!("the engine knows no {word:?}; write no, always, unless-stopped, on-failure or on-failure:3");
        found.add(service.path.key("restart"), reason);
    }
}

fn check_commands(service: &Part<'_>, found: &mut Found) {
    for key in ["command", "entrypoint"] {
        let Some(Split::CutOff(operator)) = service.text(key).filter(|text| is_known(text)).map(split) else {
            continue;
        };
        let reason = format!(
            "compose is no shell, and drops {operator:?} with all behind it; write [\"sh\", \"-c\", \"…\"] or put the operator in \
             quotes"
        );
        found.add(service.path.key(key), reason);
    }
}

fn check_mounts(service: &Part<'_>, found: &mut Found) {
    let mut mounted: BTreeMap<String, usize> = BTreeMap::new();
    for (entry, (path, mount)) in service.entries("volumes").enumerate() {
        let target = match mount {
            Value::String(text) => Mount::parse(text).ok().map(|mount| mount.target),
            mount => mount.get("target").and_then(Value::as_str).map(str::to_owned),
        };
        let Some(target) = target.filter(|target| is_known(target)) else { continue };
        if let Some(other) = mounted.insert(target.clone(), entry) {
            let reason =
                format!("compose mounts this in place of entry {}, which has the target {target:?} as well", other + 1);
            found.add(path, reason);
        }
    }
}

fn check_modes(service: &Part<'_>, found: &mut Found) {
    for (path, entry) in ["configs", "secrets"].iter().flat_map(|key| service.entries(key)) {
        let Some(mode) = entry.get("mode").and_then(Value::as_str).filter(|mode| is_known(mode)) else { continue };
        if mode.len() > 1 && mode.starts_with('0') && mode.bytes().all(|digit| digit.is_ascii_digit()) {
            let reason = format!("compose takes {mode:?} in quotes for a decimal number; write {mode} without them");
            found.add(path.key("mode"), reason);
        }
    }
}

/// Variables that are nowhere given a default and nowhere required, each where it is first.
fn check_variables(file: &Value, found: &mut Found) {
    let mut bare: BTreeMap<String, Option<Path>> = BTreeMap::new();
    note_variables(file, &mut Path::default(), &mut bare);
    for (name, path) in bare {
        if let Some(path) = path.filter(|_| !is_of_the_agent(&name)) {
            found.add(path, of_bare(&name));
        }
    }
}

/// What to do about a variable without a default.
fn of_bare(name: &str) -> String {
    let name: String = name.chars().take(60).collect();
    format!(
        "the variable {name:?} is empty where the customer's configuration does not set it; write ${{{name}:-default}} or \
         ${{{name}:?what it is}}, and $$ where a dollar sign is meant"
    )
}

fn note_variables(value: &Value, path: &mut Path, bare: &mut BTreeMap<String, Option<Path>>) {
    match value {
        Value::String(text) if text.contains('$') => {
            let mut seen = |name: &str, is_bare: bool| match is_bare {
                true => {
                    bare.entry(name.to_owned()).or_insert_with(|| Some(path.clone()));
                }
                false => {
                    bare.insert(name.to_owned(), None);
                }
            };
            // what is malformed is told elsewhere
            let _ = resolve_text(text, &mut seen);
        }
        Value::Array(list) => list.iter().enumerate().for_each(|(entry, value)| {
            path.push(Step::Entry(entry));
            note_variables(value, path, bare);
            path.pop();
        }),
        Value::Object(map) => map.iter().for_each(|(key, value)| {
            path.push(Step::Key(key.clone()));
            note_variables(value, path, bare);
            path.pop();
        }),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn reasons(file: Value) -> Vec<String> {
        let mut found = Found::default();
        let resolved = crate::variables::resolve(&file, &mut found);
        check(&file, &resolved, &mut found);
        found.0.into_iter().map(|(path, reason)| format!("{}: {reason}", path.words())).collect()
    }

    #[test]
    fn each_warning_has_its_words() {
        for (service, place, words) in [
            (json!({"restart": "allways"}), "restart", "the engine knows no \"allways\"; write no, always"),
            (json!({"restart": "always:3"}), "restart", "the engine knows no \"always:3\""),
            (json!({"command": "a && b"}), "command", "compose is no shell, and drops '&' with all behind it"),
            (
                json!({"volumes": ["data:/d", "other:/d"]}),
                "volumes, entry 2",
                "compose mounts this in place of entry 1, which has the target \"/d\"",
            ),
            (
                json!({"secrets": [{"source": "s", "mode": "0440"}]}),
                "secrets, entry 1, key mode",
                "compose takes \"0440\" in quotes for a decimal number; write 0440 without them",
            ),
            (
                json!({"user": "${U}"}),
                "user",
                "the variable \"U\" is empty where the customer's configuration does not set it; write ${U:-default}",
            ),
        ] {
            let reasons = reasons(json!({"services": {"web": service}}));
            let begins = format!("service \"web\", key {place}: {words}");
            assert!(matches!(&reasons[..], [one] if one.starts_with(&begins)), "{reasons:?}");
        }
        let twice = json!({"services": {"a": {"container_name": "web"}, "b": {"container_name": "web"}}});
        assert_eq!(
            reasons(twice),
            [
                "service \"b\", key container_name: the service \"a\" has the container_name \"web\" as well; only one of them will start"
            ]
        );
        let awaited = |check: Value| {
            let services =
                json!({"a": {"depends_on": {"b": {"condition": "service_healthy"}}}, "b": {"healthcheck": check}});
            reasons(json!({ "services": services }))
        };
        for off in [json!({"disable": true}), json!({"test": ["NONE"]})] {
            let told = awaited(off);
            assert!(matches!(&told[..], [one] if one.contains("\"b\" has its health check turned off")), "{told:?}");
        }
        assert_eq!(awaited(json!({"test": "true"})), Vec::<String>::new());
        let external = "volume \"a\", key external: is a text; write true or false without quotes";
        assert_eq!(reasons(json!({"volumes": {"a": {"external": "true"}}})), [external]);
        let secret = reasons(json!({"secrets": {"s": {"external": true}}}));
        assert!(matches!(&secret[..], [one] if one.contains("in a swarm alone")), "{secret:?}");
    }

    #[test]
    fn a_file_of_which_nothing_may_run_is_told() {
        let services = json!({"a": {"profiles": ["x"]}, "b": {"profiles": ["y"]}});
        let told = reasons(json!({"services": services}));
        assert!(matches!(&told[..], [one] if one.contains("each service has a profile")), "{told:?}");
        assert_eq!(
            reasons(json!({"services": {"a": {"profiles": ["x"]}, "b": {"profiles": []}}})),
            Vec::<String>::new()
        );
    }

    #[test]
    fn what_may_well_be_meant_passes() {
        let web = json!({
            "image": "${DISTR_REGISTRY}/a/b:1",
            "restart": "on-failure:3",
            "command": ["sh", "-c", "a && b"],
            "user": "${U}",
            "hostname": "${U:-x}$$Y",
            "domainname": "${V:?must}",
            "volumes": ["data:/a", "other:/b"],
        });
        let services = json!({"web": web, "other": {"restart": "no", "command": "sh -c 'a && b'"}});
        assert_eq!(reasons(json!({"services": services, "volumes": {"a": {"external": true}}})), Vec::<String>::new());
    }
}
