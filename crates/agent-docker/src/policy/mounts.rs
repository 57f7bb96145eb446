//! Mounts: the folders and files of the host that a release would see or change, and volumes whose options mount something.

use std::path::Path;

use serde_json::Value;

use super::host::{Access, Host};
use super::links::follow;
use super::need::Needs;
use super::rule::{Kind, scalar};

pub(super) fn of_service(needs: &mut Needs<'_>, host: &Host, mounts: &Value) {
    let Value::Array(mounts) = mounts else { return needs.unknown("volumes", mounts) };
    for mount in mounts {
        let text = |key: &str| mount.get(key).and_then(Value::as_str).unwrap_or_default();
        match text("type") {
            "bind" => {
                let access = match mount.get("read_only").and_then(Value::as_bool) {
                    Some(true) => Access::Read,
                    _ => Access::Write,
                };
                path(needs, host, "volumes", text("source"), access);
                needs.unknown_keys("volumes", mount, &["type", "source", "target", "read_only", "bind", "consistency"]);
                let options = mount.get("bind").unwrap_or(&Value::Null);
                needs.unknown_keys("volumes.bind", options, &["create_host_path", "recursive"]);
                // "writable" is writable in what is mounted below, also read-only
                match options.get("recursive") {
                    None | Some(Value::Null) => {}
                    Some(Value::String(mode)) if matches!(mode.as_str(), "enabled" | "disabled" | "readonly") => {}
                    Some(other) => needs.unknown("volumes.bind.recursive", other),
                }
            }
            "volume" => {
                let known = ["type", "source", "target", "read_only", "volume", "consistency"];
                needs.unknown_keys("volumes", mount, &known);
                let options = mount.get("volume").unwrap_or(&Value::Null);
                needs.unknown_keys("volumes.volume", options, &["nocopy", "subpath"]);
            }
            "tmpfs" => needs.unknown_keys("volumes", mount, &["type", "target", "tmpfs", "read_only", "consistency"]),
            other => needs.unknown(&format!("volumes.{other}"), mount),
        }
    }
}

/// A folder or file of the host that a release would see, by the path that the engine or compose gets.
pub(super) fn path(needs: &mut Needs<'_>, host: &Host, key: &str, source: &str, access: Access) {
    let trail = follow(Path::new(source));
    if host.is_deployments(&trail.end, access) {
        return;
    }
    let wanted = trail.end.to_string_lossy().into_owned();
    let (kind, why) = match access {
        Access::Read => (Kind::Read, "the policy lets nobody read this path of the host"),
        Access::Write => (Kind::Write, "the policy lets nobody write to this path of the host"),
    };
    needs.add(kind, key, source, wanted, why);
    if host.shows_engine(&trail) {
        let why = "there is or may be the socket of the container engine, and who reaches it rules the whole host";
        needs.add(Kind::EngineSocket, key, source, "true", why);
    }
    if host.shows_agent(&trail.end) {
        let why = "there are the agent's credential, its files or this policy";
        needs.add(Kind::AgentFolder, key, source, "true", why);
    }
}

/// A volume of the file's top level.
pub(super) fn of_volume(needs: &mut Needs<'_>, host: &Host, project: &str, key: &str, volume: &Value) {
    needs.unknown_keys("volume", volume, &["name", "driver", "driver_opts", "external", "labels"]);
    shared_name(needs, project, key, volume, Kind::Volume, "it may be the data of another application on this host");
    let options = match volume.get("driver_opts") {
        None | Some(Value::Null) => return of_driver(needs, volume, vec![]),
        Some(Value::Object(map)) => map,
        Some(other) => return needs.unknown("driver_opts", other),
    };
    if binds(volume) {
        let device = options.get("device").and_then(Value::as_str).unwrap_or_default();
        return path(needs, host, "driver_opts", device, Access::Write);
    }
    of_driver(needs, volume, options.iter().map(option_text).collect());
}

fn of_driver(needs: &mut Needs<'_>, volume: &Value, options: Vec<String>) {
    let driver = volume.get("driver").and_then(Value::as_str).unwrap_or("local");
    if driver != "local" || !options.is_empty() {
        let options = options.join(",");
        let wanted =
            if driver == "local" { options } else { format!("{}:{options}", escaped(driver, &[':', '=', ','])) };
        let why = "such a volume may mount disks, folders of the host or of other machines";
        needs.add(Kind::VolumeOptions, "driver_opts", wanted.clone(), wanted, why);
    }
}

fn option_text((key, value): (&String, &Value)) -> String {
    let value = scalar(value).unwrap_or_else(|| value.to_string());
    format!("{}={}", escaped(key, &[':', '=', ',']), escaped(&value, &[',']))
}

/// A text with a backslash before each character that separates parts of a line, so that a line is the line of one driver with
/// one set of options.
fn escaped(text: &str, separators: &[char]) -> String {
    let mut escaped = String::new();
    for c in text.chars() {
        if c == '\\' || separators.contains(&c) {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

/// Flags of a mount beside `bind` that give nothing. The engine compares flags to the letter, and so does the agent.
const HARMLESS_FLAGS: [&str; 7] = ["ro", "rw", "nosuid", "nodev", "noexec", "noatime", "relatime"];

/// Whether the volume is a folder of the host and nothing else. To the kernel a bind mount has no type.
pub(super) fn binds(volume: &Value) -> bool {
    let local = matches!(volume.get("driver"), None | Some(Value::Null)) || volume["driver"] == "local";
    let Some(Value::Object(options)) = volume.get("driver_opts") else { return false };
    let is_known = |(key, value): (&String, &Value)| match (key.as_str(), value) {
        ("type", value) => value == "none",
        ("device", Value::String(device)) => device.starts_with('/'),
        ("o", Value::String(flags)) => {
            let is_bind = |flag: &str| matches!(flag, "bind" | "rbind");
            flags.split(',').any(is_bind)
                && flags.split(',').all(|flag| is_bind(flag) || HARMLESS_FLAGS.contains(&flag))
        }
        _ => false,
    };
    local && options.iter().all(is_known) && options.contains_key("o") && options.contains_key("device")
}

/// A volume or network that is external, or has a name that is not the project's own.
pub(super) fn shared_name(needs: &mut Needs<'_>, project: &str, key: &str, value: &Value, kind: Kind, why: &str) {
    let own = format!("{project}_{key}");
    let name = value.get("name").and_then(Value::as_str).unwrap_or(&own);
    let external = !matches!(value.get("external"), None | Some(Value::Null | Value::Bool(false)));
    if external || name != own {
        let key = if external { "external" } else { "name" };
        needs.add(kind, key, name, name, why);
    }
}

/// A config or secret of the file's top level.
pub(super) fn of_file(needs: &mut Needs<'_>, host: &Host, value: &Value) {
    let known = ["name", "file", "content", "environment", "external", "labels"];
    needs.unknown_keys("file", value, &known);
    match value.get("external") {
        None | Some(Value::Null | Value::Bool(false)) => {}
        Some(other) => needs.unknown("external", other),
    }
    match value.get("file") {
        None | Some(Value::Null) => {}
        Some(Value::String(file)) => path(needs, host, "file", file, Access::Read),
        Some(other) => needs.unknown("file", other),
    }
}
