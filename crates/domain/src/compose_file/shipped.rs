//! Whether a release ships what its compose file names: what is missing would be found out on the customer's machine, when the
//! version is spent.

use serde_json::Value;

use super::beside::{Beside, Role, beside};
use crate::release::{CONFIGURATION, FilePath, PackageFile};

/// A file that the compose file names, and that no host would have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotShipped {
    #[error(
        "{place}: the release does not ship {path:?}; publish with the folder of the compose file, in which the file lies, or \
         take the key out"
    )]
    Missing { place: String, path: String },
    #[error("{place}: {path:?} lies outside of the compose file's folder; move it into the folder")]
    Outside { place: String, path: String },
    #[error("{place}: {path:?} goes up with \"..\" and down again; write the path without")]
    Climbs { place: String, path: String },
    #[error(
        "{place}: {path:?} would lie in a folder that goes with the release; mount it in the service, as \"./…:/…\", or name a \
         folder of the host"
    )]
    Device { place: String, path: String },
    #[error(
        "{place}: {path:?} begins with \"~\", and whose home that is differs from host to host; name the folder itself"
    )]
    Home { place: String, path: String },
    #[error("{place}: docker compose takes {path:?} for a path of Windows; use another name, of two letters or more")]
    Drive { place: String, path: String },
    #[error("{place}: the seccomp profile {path:?} is not shipped; name a file of the host, or leave the engine's own")]
    Seccomp { place: String, path: String },
    #[error("{place}: {path:?} holds a variable; name the file itself")]
    Variable { place: String, path: String },
    #[error(
        "{place}: {path:?} is mounted read-only and the release does not ship it, so that nothing would ever be in it; publish \
         with the folder of the compose file, or let the service write there"
    )]
    Empty { place: String, path: String },
    #[error(
        "{place}: {path:?} holds files that the release ships, which nobody writes to; mount it read-only, or let the service \
         write to another folder"
    )]
    Mixed { place: String, path: String },
}

/// The first file that the compose file names and the release does not ship.
pub fn check_shipped(file: &Value, shipped: &[PackageFile]) -> Result<(), NotShipped> {
    beside(file).into_iter().try_for_each(|beside| check(beside, shipped))?;
    let services = file.get("services").and_then(Value::as_object).into_iter().flatten();
    services.into_iter().try_for_each(|(name, service)| {
        check_seccomp(name, service)?;
        check_sources(name, service)
    })?;
    let volumes = file.get("volumes").and_then(Value::as_object).into_iter().flatten();
    volumes.into_iter().try_for_each(|(name, volume)| check_device(name, volume))
}

/// Sources of mounts that lead nowhere on any host.
fn check_sources(service: &str, definition: &Value) -> Result<(), NotShipped> {
    let place = || format!("service \"{service}\", key volumes");
    let mounts = definition.get("volumes").and_then(Value::as_array).into_iter().flatten();
    for mount in mounts.filter_map(|mount| mount.as_str().or_else(|| mount.get("source")?.as_str())) {
        let path = mount.to_owned();
        let mut letters = mount.chars();
        match (letters.next(), letters.next(), letters.next()) {
            (Some('~'), ..) => return Err(NotShipped::Home { place: place(), path }),
            (Some(drive), Some(':'), Some('/' | '\\')) if drive.is_ascii_alphabetic() => {
                return Err(NotShipped::Drive { place: place(), path });
            }
            _ => {}
        }
    }
    Ok(())
}

/// A seccomp profile that docker compose would read from a file beside the compose file.
fn check_seccomp(service: &str, definition: &Value) -> Result<(), NotShipped> {
    let options =
        definition.get("security_opt").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    let profiles = options.filter_map(|option| option.split_once(['=', ':'])).filter(|(key, _)| *key == "seccomp");
    let is_beside = |profile: &str| !profile.starts_with(['/', '$']) && !["unconfined", "builtin"].contains(&profile);
    match profiles.map(|(_, profile)| profile).find(|profile| is_beside(profile)) {
        Some(profile) => Err(NotShipped::Seccomp {
            place: format!("service \"{service}\", key security_opt"),
            path: profile.to_owned(),
        }),
        None => Ok(()),
    }
}

/// A volume that is a folder beside the compose file, which docker compose would look for there.
fn check_device(name: &str, volume: &Value) -> Result<(), NotShipped> {
    let option = |key: &str| volume.pointer(&format!("/driver_opts/{key}")).and_then(Value::as_str);
    let is_bind = option("o").is_some_and(|options| options.split(',').any(|option| option.trim() == "bind"));
    match option("device") {
        Some(device) if is_bind && !device.starts_with(['/', '~', '$']) => Err(NotShipped::Device {
            place: format!("volume \"{name}\", key driver_opts.device"),
            path: device.to_owned(),
        }),
        _ => Ok(()),
    }
}

/// What services write to, is not shipped, and is called like a file: an engine makes a folder of what is not there.
pub fn missing_files(file: &Value, shipped: &[PackageFile]) -> Vec<Beside> {
    let is_missing = |beside: &Beside| {
        let Some(path) = FilePath::beside(&beside.path) else { return false };
        let (_, name) = path.as_str().rsplit_once('/').unwrap_or(("", path.as_str()));
        let is_file = name.rsplit_once('.').is_some_and(|(stem, ending)| !stem.is_empty() && !ending.is_empty());
        let is_shipped = shipped.iter().any(|file| file.path.is_in(&path));
        beside.role == Role::Mount { read_only: false } && is_file && !is_shipped
    };
    beside(file).into_iter().filter(is_missing).collect()
}

fn check(beside: Beside, shipped: &[PackageFile]) -> Result<(), NotShipped> {
    let is_shipped = |path: &FilePath| shipped.iter().any(|file| file.path == *path);
    let has_shipped = |folder: &FilePath| shipped.iter().any(|file| file.path.is_in(folder));
    let (is_folder_itself, climbs_within) = (beside.is_folder_itself(), beside.climbs_within());
    let Beside { place, path, role } = beside;
    if path.contains('$') {
        return match role {
            // found out on the host, where the value is known
            Role::Mount { .. } => Ok(()),
            Role::Variables { .. } | Role::Content => Err(NotShipped::Variable { place, path }),
        };
    }
    let Some(beside) = FilePath::beside(&path) else {
        return match role {
            Role::Mount { read_only } if is_folder_itself => match (read_only, shipped.is_empty()) {
                (true, true) => Err(NotShipped::Empty { place, path }),
                (false, false) => Err(NotShipped::Mixed { place, path }),
                _ => Ok(()),
            },
            _ if climbs_within => Err(NotShipped::Climbs { place, path }),
            _ => Err(NotShipped::Outside { place, path }),
        };
    };
    match role {
        Role::Variables { .. } if beside.as_str() == CONFIGURATION => Ok(()),
        Role::Variables { required: true } | Role::Content if !is_shipped(&beside) => {
            Err(NotShipped::Missing { place, path })
        }
        Role::Mount { read_only: true } if !has_shipped(&beside) => Err(NotShipped::Empty { place, path }),
        Role::Mount { read_only: false } if has_shipped(&beside) && !is_shipped(&beside) => {
            Err(NotShipped::Mixed { place, path })
        }
        Role::Variables { .. } | Role::Content | Role::Mount { .. } => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn checked(service: Value, shipped: &[&str]) -> Result<(), NotShipped> {
        let file = |path: &&str| PackageFile { path: path.parse().unwrap(), content: vec![].into(), executable: false };
        let shipped: Vec<PackageFile> = shipped.iter().map(file).collect();
        check_shipped(&json!({"services": {"web": service}}), &shipped)
    }

    fn volume(text: &str) -> Value {
        json!({"volumes": [text]})
    }

    #[test]
    fn what_is_read_is_shipped() {
        checked(json!({"env_file": "./app.env"}), &["app.env"]).unwrap();
        checked(json!({"env_file": [".env", {"path": "other.env", "required": false}]}), &[]).unwrap();
        checked(json!({"env_file": "/etc/shop/app.env"}), &[]).unwrap();
        let place = || "service \"web\", key env_file".to_owned();
        let refused = |path: &str| checked(json!({"env_file": path}), &["app.env.old"]).unwrap_err();
        assert_eq!(refused("app.env"), NotShipped::Missing { place: place(), path: "app.env".into() });
        assert_eq!(refused("../app.env"), NotShipped::Outside { place: place(), path: "../app.env".into() });
        assert_eq!(refused("${F}.env"), NotShipped::Variable { place: place(), path: "${F}.env".into() });
        let config = json!({"configs": {"c": {"file": "c.conf"}}});
        let missing = NotShipped::Missing { place: "config \"c\", key file".into(), path: "c.conf".into() };
        assert_eq!(check_shipped(&config, &[]), Err(missing));
    }

    #[test]
    fn what_is_mounted_is_shipped_or_written() {
        for good in [
            "./data:/data",
            "./conf:/c:ro",
            "./conf/a:/a",
            "./conf/a:/a:ro",
            "${D:-.}/x:/x:ro",
            "/srv:/srv:ro",
            ".:/x:ro",
        ] {
            checked(volume(good), &["conf/a"]).unwrap();
        }
        for empty in ["./other:/c:ro", "./conf/b:/b:ro"] {
            assert!(matches!(checked(volume(empty), &["conf/a"]), Err(NotShipped::Empty { .. })), "{empty}");
        }
        checked(volume("./:/x"), &[]).unwrap();
        for mixed in ["./:/x", "./conf:/c"] {
            assert!(matches!(checked(volume(mixed), &["conf/a"]), Err(NotShipped::Mixed { .. })), "{mixed}");
        }
        assert!(matches!(checked(volume(".:/x:ro"), &[]), Err(NotShipped::Empty { .. })));
        for outside in ["../data:/data", "./a/../../b:/b"] {
            assert!(matches!(checked(volume(outside), &[]), Err(NotShipped::Outside { .. })), "{outside}");
        }
        assert!(matches!(checked(volume("./a/../b:/b"), &[]), Err(NotShipped::Climbs { .. })));
    }

    #[test]
    fn a_mount_leads_somewhere() {
        assert!(matches!(checked(volume("~/data:/d"), &[]), Err(NotShipped::Home { .. })));
        for drive in ["C:/data:/d", "C:\\data:/d", "m:/m"] {
            assert!(matches!(checked(volume(drive), &[]), Err(NotShipped::Drive { .. })), "{drive}");
        }
        let long = json!({"volumes": [{"type": "bind", "source": "~/x", "target": "/x"}]});
        assert!(matches!(checked(long, &[]), Err(NotShipped::Home { .. })));
        for good in ["mm:/m", "/a:/m", "./a:/m"] {
            checked(volume(good), &[]).unwrap();
        }
    }

    #[test]
    fn a_seccomp_profile_is_not_shipped() {
        let checked = |option: &str| checked(json!({"security_opt": [option]}), &[]);
        for beside in ["seccomp:./profile.json", "seccomp=profile.json"] {
            assert!(matches!(checked(beside), Err(NotShipped::Seccomp { .. })), "{beside}");
        }
        for good in ["seccomp:unconfined", "seccomp=/etc/p.json", "no-new-privileges:true", "seccomp:${P}"] {
            checked(good).unwrap();
        }
    }

    #[test]
    fn a_volume_is_no_folder_that_goes_with_the_release() {
        let checked = |device: &str, options: &str| {
            let volume = json!({"driver_opts": {"type": "none", "o": options, "device": device}});
            check_shipped(&json!({"volumes": {"data": volume, "plain": null}}), &[])
        };
        for beside in ["./data", "data"] {
            assert!(matches!(checked(beside, "rw,bind"), Err(NotShipped::Device { .. })), "{beside}");
        }
        for (good, options) in [("/srv/data", "bind"), ("${DATA}/x", "bind"), ("tmpfs", "size=1m")] {
            checked(good, options).unwrap();
        }
    }

    #[test]
    fn a_file_that_services_write_to_and_nobody_ships_is_told() {
        let told = |text: &str, shipped: &[&str]| {
            let file =
                |path: &&str| PackageFile { path: path.parse().unwrap(), content: vec![].into(), executable: false };
            let shipped: Vec<PackageFile> = shipped.iter().map(file).collect();
            !missing_files(&json!({"services": {"web": {"volumes": [text]}}}), &shipped).is_empty()
        };
        assert!(told("./data/app.db:/app.db", &[]));
        for quiet in ["./data:/data", "./.cache:/c", "./a.conf:/a:ro", "/srv/a.db:/a", "v.db:/v"] {
            assert!(!told(quiet, &[]), "{quiet}");
        }
        assert!(!told("./app.db:/app.db", &["app.db"]));
        assert!(!told("./conf.d:/c", &["conf.d/a"]));
    }
}
