//! Mounts, tmpfs, configs and secrets of a service, as the engine has them: what it refuses, and what compose passes over.

use serde_json::{Map, Value};

use crate::found::Found;
use crate::mount::Mount;
use crate::parts::Part;
use crate::path::{Path, singular};
use crate::variables::is_known;

/// Options of a tmpfs without a value.
const FLAGS: [&str; 32] = [
    "async",
    "atime",
    "bind",
    "defaults",
    "dev",
    "diratime",
    "dirsync",
    "exec",
    "mand",
    "noatime",
    "nodev",
    "nodiratime",
    "noexec",
    "nomand",
    "norelatime",
    "nostrictatime",
    "nosuid",
    "private",
    "rbind",
    "relatime",
    "remount",
    "ro",
    "rprivate",
    "rshared",
    "rslave",
    "runbindable",
    "rw",
    "shared",
    "slave",
    "strictatime",
    "suid",
    "sync",
];

pub(super) fn check(file: &Value, service: &Part<'_>, found: &mut Found) {
    for (path, mount) in service.entries("volumes") {
        let target = match mount {
            Value::String(text) => Mount::parse(text).ok().map(|mount| mount.target),
            mount => mount.get("target").and_then(Value::as_str).map(str::to_owned),
        };
        if let Some(reason) = target.and_then(|target| refused_target(&target)) {
            found.add(path, reason);
        }
    }
    check_nested(service, found);
    let mut tmpfs = vec![];
    for (path, text) in texts(service, "tmpfs") {
        if !is_known(text) {
            continue;
        }
        let (target, options) = text.split_once(':').unwrap_or((text, ""));
        tmpfs.push(target);
        if let Some(reason) = refused_target(target) {
            found.add(path.clone(), reason);
        }
        for option in options.split(',').filter(|option| !option.is_empty() && !is_option(option)) {
            let reason = format!(
                "engines take no option {option:?} of a tmpfs; write such as size=64m, mode=1777, uid=1000, noexec"
            );
            found.add(path.clone(), reason);
        }
    }
    for kind in ["configs", "secrets"] {
        for (path, entry) in service.entries(kind) {
            check_entry(file, (service, kind), (&path, entry), &tmpfs, found);
        }
    }
}

/// A mount within one that is read-only: the engine makes a place for the inner one, and cannot.
fn check_nested(service: &Part<'_>, found: &mut Found) {
    let mounts: Vec<(Path, String, bool)> = service
        .entries("volumes")
        .filter_map(|(path, mount)| {
            let (target, read_only) = match mount {
                Value::String(text) => {
                    let options = text.rsplit_once(':').map_or("", |(_, options)| options);
                    (Mount::parse(text).ok()?.target, options.split(',').any(|option| option == "ro"))
                }
                mount => (
                    mount.get("target")?.as_str()?.to_owned(),
                    mount.get("read_only").and_then(Value::as_bool).unwrap_or(false),
                ),
            };
            is_known(&target).then(|| (path, target.trim_end_matches('/').to_owned(), read_only))
        })
        .collect();
    for (path, target, _) in &mounts {
        let is_around = |outer: &str| target.strip_prefix(outer).is_some_and(|rest| rest.starts_with('/'));
        let around = mounts.iter().filter(|(_, outer, _)| is_around(outer)).max_by_key(|(_, outer, _)| outer.len());
        if let Some((_, outer, _)) = around.filter(|(_, _, read_only)| *read_only) {
            let reason = format!(
                "{target:?} is within {outer:?}, which is mounted read-only: engines make no place in it, so the container starts only if \
                 one is there already; mount it elsewhere"
            );
            found.add(path.clone(), reason);
        }
    }
}

/// A text, or each one of a list.
fn texts<'a>(service: &Part<'a>, key: &str) -> Vec<(Path, &'a str)> {
    match service.text(key) {
        Some(text) => vec![(service.path.key(key), text)],
        None => service.entries(key).filter_map(|(path, value)| Some((path, value.as_str()?))).collect(),
    }
}

fn refused_target(target: &str) -> Option<String> {
    let is_drive = target.chars().nth(1) == Some(':');
    match target {
        _ if !is_known(target) || is_drive || target.is_empty() => None,
        "/" => Some("engines mount nothing at the root of a container; name a folder in it".to_owned()),
        _ if !target.starts_with('/') => Some(format!(
            "engines mount at a whole path of the container alone, and {target:?} is none; write /{target}, or SOURCE:TARGET"
        )),
        _ => None,
    }
}

fn is_option(option: &str) -> bool {
    let Some((key, value)) = option.split_once('=') else { return FLAGS.contains(&option) };
    let is_number = |value: &str, base: u32| !value.is_empty() && value.chars().all(|c| c.is_digit(base));
    let without_unit = value.trim_end_matches(['k', 'K', 'm', 'M', 'g', 'G']);
    match key {
        "size" => is_number(without_unit.strip_suffix('%').unwrap_or(without_unit), 10),
        "nr_blocks" | "nr_inodes" => is_number(without_unit, 10),
        "mode" => is_number(value, 8),
        "uid" | "gid" => is_number(value, 10),
        "mpol" => true,
        _ => false,
    }
}

/// A config or secret of a service: compose mounts those from a file, and copies all others into the container before it starts.
fn check_entry(
    file: &Value,
    (service, kind): (&Part<'_>, &str),
    (path, entry): (&Path, &Value),
    tmpfs: &[&str],
    found: &mut Found,
) {
    let Some(name) = entry.as_str().or_else(|| entry.get("source")?.as_str()) else { return };
    let Some(definition) = file.get(kind).and_then(|of| of.get(name)).and_then(Value::as_object) else { return };
    let word = singular(kind).unwrap_or_default();
    if definition.contains_key("file") {
        check_owner(word, (path, entry), found);
        return;
    }
    if !["content", "environment"].iter().any(|origin| definition.contains_key(*origin)) {
        return;
    }
    if service.map.get("read_only") == Some(&Value::Bool(true)) {
        let reason = format!(
            "compose copies a {word} without a file into the container, which no engine lets it do where read_only is true; \
             give the {word} a file, or take read_only out"
        );
        found.add(path.clone(), reason);
    }
    for key in ["uid", "gid"] {
        let owner = entry.get(key).and_then(Value::as_str).filter(|owner| is_known(owner) && !owner.is_empty());
        if let Some(owner) = owner.filter(|owner| owner.parse::<u32>().is_err()) {
            found.add(path.key(key), format!("compose takes numbers alone, and {owner:?} is none"));
        }
    }
    let target = target(kind, name, entry.as_object());
    let hides = |folder: &&&str| {
        target.strip_prefix(folder.trim_end_matches('/')).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    if let Some(folder) = tmpfs.iter().find(hides).filter(|_| is_known(&target)) {
        let reason = format!(
            "compose copies a {word} without a file to {target:?}, where the tmpfs {folder:?} then hides it; give the {word} a \
             file, or another target"
        );
        found.add(path.clone(), reason);
    }
}

fn check_owner(word: &str, (path, entry): (&Path, &Value), found: &mut Found) {
    for key in ["uid", "gid", "mode"] {
        if entry.get(key).is_some_and(|value| !value.is_null()) {
            let reason = format!(
                "compose passes this over where a {word} is a file: the container sees it as root's, and readable to everybody"
            );
            found.add(path.key(key), reason);
        }
    }
}

/// The path in the container.
fn target(kind: &str, name: &str, entry: Option<&Map<String, Value>>) -> String {
    let named = entry.and_then(|entry| entry.get("target")).and_then(Value::as_str).filter(|target| !target.is_empty());
    match (named, kind) {
        (Some(target), _) if target.starts_with('/') => target.to_owned(),
        (named, "secrets") => format!("/run/secrets/{}", named.unwrap_or(name)),
        (named, _) => format!("/{}", named.unwrap_or(name)),
    }
}
