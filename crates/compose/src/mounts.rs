//! Volumes, devices and hosts of a service: their short forms, and what their long forms need.

use serde_json::{Map, Value};

use crate::found::Found;
use crate::mount::{Mount, NoMount};
use crate::parts::{Part, parts};
use crate::variables::is_known;

const NO_TARGET: &str = "the key \"target\" is missing; add the place in the container";

pub(crate) fn check(file: &Value, found: &mut Found) {
    for service in parts(file, "services") {
        for (path, mount) in service.entries("volumes") {
            if let Some(reason) = refused_mount(mount) {
                found.add(path, reason);
            }
        }
        for (path, device) in service.entries("devices") {
            if let Some(reason) = refused_device(device) {
                found.add(path, reason);
            }
        }
        check_hosts(&service, found);
        check_variable_files(&service, found);
    }
}

fn refused_mount(mount: &Value) -> Option<String> {
    match mount {
        Value::String(text) => {
            let shown = text.replace('\0', "…");
            Some(match Mount::parse(text).err()? {
                NoMount::Empty => "the mount is empty; write SOURCE:TARGET, or take it out".to_owned(),
                NoMount::EmptySection => {
                    format!(
                        "{shown:?} has nothing before, between or behind its colons; write SOURCE:TARGET or SOURCE:TARGET:ro"
                    )
                }
                NoMount::TooManyColons => {
                    format!("{shown:?} has too many colons; write SOURCE:TARGET:OPTIONS, and commas between options")
                }
            })
        }
        Value::Object(map) => refused_long_mount(map),
        _ => None,
    }
}

fn refused_long_mount(map: &Map<String, Value>) -> Option<String> {
    let is_bind = map.get("type").and_then(Value::as_str) == Some("bind");
    let source = map.get("source").and_then(Value::as_str).unwrap_or_default();
    if !map.contains_key("target") {
        return Some(NO_TARGET.to_owned());
    }
    (is_bind && source.is_empty())
        .then(|| "the bind mount has no \"source\"; add the folder or file of the host".to_owned())
}

fn refused_device(device: &Value) -> Option<String> {
    match device {
        Value::String(text) if is_known(text) && text.matches(':').count() > 2 => Some(format!(
            "{text:?} has too many colons; write SOURCE:TARGET:PERMISSIONS, or use the keys source, target and permissions"
        )),
        Value::Object(map) if !map.contains_key("target") => Some(NO_TARGET.to_owned()),
        _ => None,
    }
}

fn check_hosts(service: &Part<'_>, found: &mut Found) {
    const HOSTS: &str = "extra_hosts";
    for (path, name, _) in service.names(HOSTS) {
        let is_list = service.map[HOSTS].is_array();
        let host = match is_list {
            true => name.split_once('=').or_else(|| name.split_once(':')).map(|(host, _)| host),
            false => Some(name),
        };
        match host {
            _ if !is_known(name) => {}
            None => found.add(path, format!("{name:?} has no address; write HOST=ADDRESS")),
            Some(host) if host.is_empty() || host.contains([':', '=']) => {
                found.add(path, format!("{host:?} is no name of a host; write HOST=ADDRESS"));
            }
            Some(_) => {}
        }
    }
}

fn check_variable_files(service: &Part<'_>, found: &mut Found) {
    for (path, file) in service.entries("env_file") {
        let format = file.get("format").and_then(Value::as_str).filter(|format| !format.is_empty() && is_known(format));
        if let Some(format) = format {
            let reason = format!("{format:?} is no format that compose on the targets knows; take the key out");
            found.add(path.key("format"), reason);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn reasons(service: Value) -> Vec<String> {
        let mut found = Found::default();
        check(&json!({"services": {"web": service}}), &mut found);
        found.0.into_iter().map(|(_, reason)| reason).collect()
    }

    #[test]
    fn each_mistake_has_its_words() {
        for (service, words) in [
            (json!({"volumes": [""]}), "the mount is empty"),
            (json!({"volumes": [":/data"]}), "\":/data\" has nothing before, between or behind its colons"),
            (json!({"volumes": ["\0:/data::ro"]}), "\"…:/data::ro\" has nothing before"),
            (json!({"volumes": ["data:/a:ro:z"]}), "\"data:/a:ro:z\" has too many colons"),
            (json!({"volumes": [{"type": "volume"}]}), "the key \"target\" is missing"),
            (json!({"volumes": [{"type": "bind", "target": "/a"}]}), "the bind mount has no \"source\""),
            (json!({"devices": ["a:b:c:d"]}), "\"a:b:c:d\" has too many colons"),
            (json!({"devices": [{"source": "/dev/a"}]}), "the key \"target\" is missing"),
            (json!({"extra_hosts": ["nothing"]}), "\"nothing\" has no address; write HOST=ADDRESS"),
            (json!({"extra_hosts": ["=1.2.3.4"]}), "\"\" is no name of a host"),
            (json!({"extra_hosts": {"a:b": "1.2.3.4"}}), "\"a:b\" is no name of a host"),
            (json!({"env_file": [{"path": "a", "format": "raw"}]}), "\"raw\" is no format"),
        ] {
            let reasons = reasons(service.clone());
            assert!(matches!(&reasons[..], [one] if one.starts_with(words)), "{service}: {reasons:?}");
        }
    }

    #[test]
    fn what_compose_takes_passes() {
        let service = json!({
            "volumes": ["\0", "\0:/a", "a:/b:\0", {"type": "bind", "source": "\0", "target": "/a"}],
            "devices": ["/dev/a", "/dev/a:/dev/b:rwm", "\0:a:b:c"],
            "extra_hosts": ["a=1.2.3.4", "a:1.2.3.4", "a=::1", "\0"],
            "env_file": [{"path": "a"}, "b"],
        });
        assert_eq!(reasons(service), Vec::<String>::new());
    }
}
