//! Names of networks, volumes, configs, secrets and services that a service uses, and that the file has to define.

use serde_json::Value;

use crate::found::Found;
use crate::mount::Mount;
use crate::parts::{Part, parts};
use crate::path::{Path, singular};
use crate::similar::nearest;
use crate::variables::is_known;

/// Keys that share something of another service: `service:NAME`.
pub(crate) const SHARING: [&str; 5] = ["network_mode", "ipc", "pid", "uts", "cgroup"];

pub(crate) fn check(file: &Value, found: &mut Found) {
    for service in parts(file, "services") {
        for (path, name, _) in service.names("networks").into_iter().filter(|(_, name, _)| *name != "default") {
            check_name(file, "networks", path, name, found);
        }
        for (path, mount) in service.entries("volumes") {
            if let Some(volume) = volume(mount) {
                check_name(file, "volumes", path, &volume, found);
            }
        }
        for kind in ["configs", "secrets"] {
            for (path, entry) in service.entries(kind) {
                match entry.as_str().or_else(|| entry.get("source")?.as_str()) {
                    Some(name) => check_name(file, kind, path, name, found),
                    None if entry.is_object() => {
                        let kind = singular(kind).unwrap_or_default();
                        found.add(path, format!("the key \"source\" is missing; add the name of the {kind}"));
                    }
                    None => {}
                }
            }
        }
        for Needed { path, name, .. } in listed(&service).into_iter().chain(shared(&service)) {
            check_name(file, "services", path, name, found);
        }
    }
}

fn volume(mount: &Value) -> Option<String> {
    match mount {
        Value::String(text) => Mount::parse(text).ok()?.volume().map(str::to_owned),
        mount if mount.get("type")? == "volume" => {
            mount.get("source")?.as_str().filter(|source| !source.is_empty()).map(str::to_owned)
        }
        _ => None,
    }
}

/// A service that another one needs.
pub(crate) struct Needed<'a> {
    pub(crate) path: Path,
    pub(crate) name: &'a str,
    pub(crate) required: bool,
}

/// Those that it names in lists, which a service that extends it needs as well.
pub(crate) fn listed<'a>(service: &Part<'a>) -> Vec<Needed<'a>> {
    let mut needed: Vec<Needed<'a>> = vec![];
    for (path, name, how) in service.names("depends_on") {
        let required = how.and_then(|how| how.get("required")).and_then(Value::as_bool).unwrap_or(true);
        needed.push(Needed { path, name, required });
    }
    for (path, link) in service.entries("links") {
        let Some(link) = link.as_str() else { continue };
        // with an alias it has one colon; with more of them compose takes all of it for a name
        let name = link.split_once(':').filter(|(_, alias)| !alias.contains(':')).map_or(link, |(name, _)| name);
        needed.push(Needed { path, name, required: true });
    }
    for (path, from) in service.entries("volumes_from") {
        let Some(from) = from.as_str().filter(|from| !from.starts_with("container:")) else { continue };
        needed.push(Needed { path, name: from.split(':').next().unwrap_or_default(), required: true });
    }
    needed
}

/// Those of which it shares a namespace.
pub(crate) fn shared<'a>(service: &Part<'a>) -> Vec<Needed<'a>> {
    let needed = |key: &&str| {
        let name = service.text(key)?.strip_prefix("service:")?;
        Some(Needed { path: service.path.key(key), name, required: true })
    };
    SHARING.iter().filter_map(needed).collect()
}

fn check_name(file: &Value, kind: &str, path: Path, name: &str, found: &mut Found) {
    let defined = file.get(kind).and_then(Value::as_object);
    if !is_known(name) || defined.is_some_and(|defined| defined.contains_key(name)) || found.is_full() {
        return;
    }
    let word = singular(kind).unwrap_or_default();
    let meant = defined.and_then(|defined| nearest(name, defined.keys().map(String::as_str)));
    let advice = match meant {
        Some(meant) => format!("did you mean {meant:?}?"),
        None if kind == "volumes" && name.contains(['/', '\\']) => format!("write \"./{name}\" if a folder is meant"),
        None => format!("add it below {kind:?}, or take this out"),
    };
    found.add(path, format!("the {word} {name:?} is not defined in this file; {advice}"));
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn reasons(service: Value) -> Vec<String> {
        let mut found = Found::default();
        let file = json!({"services": {"web": service, "database": {}}, "networks": {"front": null}, "volumes": {"data": null}});
        check(&file, &mut found);
        found.0.into_iter().map(|(path, reason)| format!("{}: {reason}", path.words())).collect()
    }

    #[test]
    fn each_name_that_is_not_defined_is_told() {
        let of = |key: &str, kind: &str, name: &str, advice: &str| {
            format!("service \"web\", key {key}: the {kind} {name:?} is not defined in this file; {advice}")
        };
        let add = |kind: &str| format!("add it below {kind:?}, or take this out");
        for (service, reason) in [
            (json!({"networks": ["fornt"]}), of("networks, entry 1", "network", "fornt", "did you mean \"front\"?")),
            (json!({"networks": {"x": null}}), of("networks.x", "network", "x", &add("networks"))),
            (json!({"volumes": ["dta:/d"]}), of("volumes, entry 1", "volume", "dta", "did you mean \"data\"?")),
            (
                json!({"volumes": ["a/b:/d"]}),
                of("volumes, entry 1", "volume", "a/b", "write \"./a/b\" if a folder is meant"),
            ),
            (
                json!({"volumes": [{"type": "volume", "source": "x"}]}),
                of("volumes, entry 1", "volume", "x", &add("volumes")),
            ),
            (json!({"configs": ["x"]}), of("configs, entry 1", "config", "x", &add("configs"))),
            (json!({"secrets": [{"source": "x"}]}), of("secrets, entry 1", "secret", "x", &add("secrets"))),
            (
                json!({"depends_on": ["databse"]}),
                of("depends_on, entry 1", "service", "databse", "did you mean \"database\"?"),
            ),
            (json!({"depends_on": {"x": {"required": false}}}), of("depends_on.x", "service", "x", &add("services"))),
            (json!({"links": ["x:y"]}), of("links, entry 1", "service", "x", &add("services"))),
            (json!({"volumes_from": ["x:ro"]}), of("volumes_from, entry 1", "service", "x", &add("services"))),
            (json!({"pid": "service:x"}), of("pid", "service", "x", &add("services"))),
        ] {
            assert_eq!(reasons(service), [reason]);
        }
        let missing =
            "service \"web\", key secrets, entry 1: the key \"source\" is missing; add the name of the secret";
        assert_eq!(reasons(json!({"secrets": [{"target": "x"}]})), [missing]);
    }

    #[test]
    fn what_is_defined_or_not_known_passes() {
        let service = json!({
            "networks": ["default", "front", "\0"],
            "volumes": ["data:/a", "./x:/b", "/c", "\0:/d", {"type": "bind", "source": "x", "target": "/y"}],
            "depends_on": ["database"],
            "links": ["database:db"],
            "volumes_from": ["container:x", "database:ro"],
            "network_mode": "service:database",
            "ipc": "host",
        });
        assert_eq!(reasons(service), Vec::<String>::new());
    }
}
