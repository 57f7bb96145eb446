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
    beside(file).into_iter().try_for_each(|beside| check(beside, shipped))
}

fn check(Beside { place, path, role }: Beside, shipped: &[PackageFile]) -> Result<(), NotShipped> {
    let is_shipped = |path: &FilePath| shipped.iter().any(|file| file.path == *path);
    let has_shipped = |folder: &FilePath| shipped.iter().any(|file| file.path.is_in(folder));
    if path.contains('$') {
        return match role {
            // found out on the host, where the value is known
            Role::Mount { .. } => Ok(()),
            Role::Variables { .. } | Role::Content => Err(NotShipped::Variable { place, path }),
        };
    }
    let Some(beside) = FilePath::beside(&path) else {
        return match role {
            Role::Mount { read_only } if is_folder_itself(&path) => match (read_only, shipped.is_empty()) {
                (true, true) => Err(NotShipped::Empty { place, path }),
                (false, false) => Err(NotShipped::Mixed { place, path }),
                _ => Ok(()),
            },
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

fn is_folder_itself(path: &str) -> bool {
    path.split('/').all(|name| matches!(name, "" | "."))
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
        assert!(matches!(checked(volume("../data:/data"), &[]), Err(NotShipped::Outside { .. })));
    }
}
