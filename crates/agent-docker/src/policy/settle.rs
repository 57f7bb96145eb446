//! Paths of the host, as the engine and compose get them. They clean a path by other rules than the kernel does, and look for it
//! later than the agent; so each path of a release is replaced by what it leads to, before it is checked: nothing is left in
//! it that anybody could understand otherwise.

use std::collections::BTreeMap;
use std::path::{Component, Path};

use distr_domain::release::FilePath;
use serde_json::Value;

use super::files::{CONFIGURATION, READING};
use super::links::follow;
use super::mounts;

/// Bytes of a path that the kernel takes.
const LONGEST: usize = 4096;

/// What each path leads to, with the path that the release names; only of those that differ.
pub type Written = BTreeMap<String, String>;

/// Replaces the paths of the host in a resolved model, whose dollar signs are doubled. `Err` is a sentence about a path that is
/// not named as it is.
pub fn settle(model: &mut Value) -> Result<Written, String> {
    let mut written = Written::new();
    for (name, service) in parts_mut(model, "services") {
        let at = |key: &str| format!("service {name}, key {key}");
        for mount in list_mut(service, "volumes").filter(|mount| mount["type"] == "bind") {
            replace(mount.get_mut("source"), &at("volumes"), &mut written)?;
        }
        for device in list_mut(service, "devices") {
            of_device(device, &at("devices"), &mut written)?;
        }
    }
    for (name, volume) in parts_mut(model, "volumes").filter(|(_, volume)| mounts::binds(volume)) {
        replace(volume["driver_opts"].get_mut("device"), &format!("volume {name}, key driver_opts"), &mut written)?;
    }
    for (kind, plural) in [("config", "configs"), ("secret", "secrets")] {
        for (name, part) in parts_mut(model, plural) {
            replace(part.get_mut("file"), &format!("{kind} {name}, key file"), &mut written)?;
        }
    }
    Ok(written)
}

/// Replaces the paths of files that compose reads while it resolves the file, in the vendor's tree. A relative one is a file
/// that the release ships, or the configuration, in folders that the agent alone writes.
pub fn settle_read_files(file: &mut Value) -> Result<(), String> {
    for (name, service) in parts_mut(file, "services") {
        for key in READING {
            let place = format!("service {name}, key {key}");
            let Some(value) = service.get_mut(key) else { continue };
            let list = match value {
                Value::Array(list) => list.iter_mut().collect(),
                one => vec![one],
            };
            for entry in list {
                let path = if entry.is_object() { entry.get_mut("path") } else { Some(entry) };
                match path.as_ref().and_then(|path| path.as_str()) {
                    Some(text) if is_configuration(text) => {
                        path.into_iter().for_each(|path| *path = CONFIGURATION.into())
                    }
                    Some(path) if Path::new(path).is_relative() => {
                        check(path).map_err(|why| sentence(&place, path, why))?
                    }
                    _ => replace(path, &place, &mut Written::new())?,
                }
            }
        }
    }
    Ok(())
}

fn is_configuration(path: &str) -> bool {
    FilePath::beside(path).is_some_and(|path| path.as_str() == ".env")
}

/// A device that is named below `/dev` stays as it is: its links are the host's own, and outlive that it is plugged in anew.
fn of_device(device: &mut Value, place: &str, written: &mut Written) -> Result<(), String> {
    let is_elsewhere = |path: &str| path.starts_with('/') && !path.starts_with("/dev/") || has_parent(path);
    match device {
        Value::String(text) => {
            let (source, target) = text.split_once(':').unwrap_or((text.as_str(), text.as_str()));
            if is_elsewhere(source) {
                let (mut source, target) = (Value::from(source), target.to_owned());
                replace(Some(&mut source), place, written)?;
                *text = format!("{}:{target}", source.as_str().unwrap_or_default());
            }
            Ok(())
        }
        Value::Object(_) if device["source"].as_str().is_some_and(is_elsewhere) => {
            replace(device.get_mut("source"), place, written)
        }
        _ => Ok(()),
    }
}

/// Values that are no text are no paths; the check of the key says what they are.
fn replace(value: Option<&mut Value>, place: &str, written: &mut Written) -> Result<(), String> {
    let Some(Value::String(text)) = value else { return Ok(()) };
    let named = text.replace("$$", "$");
    let end = settled(&named).map_err(|why| sentence(place, &named, why))?;
    *text = end.replace('$', "$$");
    if end != named {
        written.insert(end, named);
    }
    Ok(())
}

fn settled(path: &str) -> Result<String, &'static str> {
    if !path.starts_with('/') {
        return Err("is no path that begins with \"/\"");
    }
    check(path)?;
    let trail = follow(Path::new(path));
    // it leads elsewhere for the engine, and is refused with that reason
    if trail.is_of_process() {
        return Ok(path.to_owned());
    }
    trail.end.into_os_string().into_string().map_err(|_| "leads to a name that is not UTF-8")
}

fn check(path: &str) -> Result<(), &'static str> {
    match path {
        _ if has_parent(path) => {
            Err("holds \"..\", which the agent and the container engine read differently; name what it leads to")
        }
        _ if path.len() > LONGEST => Err("is longer than a path can be"),
        _ => Ok(()),
    }
}

fn has_parent(path: &str) -> bool {
    Path::new(path).components().any(|part| part == Component::ParentDir)
}

fn sentence(place: &str, path: &str, why: &str) -> String {
    let beginning: String = path.chars().take(200).collect();
    format!("{place}: {beginning:?} {why}")
}

fn parts_mut<'a>(model: &'a mut Value, key: &str) -> impl Iterator<Item = (&'a String, &'a mut Value)> {
    model.get_mut(key).and_then(Value::as_object_mut).into_iter().flatten()
}

fn list_mut<'a>(part: &'a mut Value, key: &str) -> impl Iterator<Item = &'a mut Value> {
    part.get_mut(key).and_then(Value::as_array_mut).into_iter().flatten()
}
