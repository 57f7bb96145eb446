//! The home of a deployment: the folders beside the compose file in which its containers write. It outlives every generation, and
//! goes only with the deployment's data. Files that the release ships lie in the generation's own folder, and are mounted
//! read-only.
//!
//! Each folder of the home lies directly in it, whatever its path: a container that writes to one can put a link nowhere that
//! another path leads through.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use distr_agent::durable;
use distr_agent::fault::Failure;
use distr_domain::agent::ErrorCategory;
use distr_domain::release::FilePath;
use serde_json::{Map, Value};

use crate::clear;

/// The name of the home in the deployment's folder; the others are numbers of generations.
const NAME: &str = "home";
/// The most folders of a deployment's own.
const MOST_FOLDERS: usize = 100;
/// Bytes of a name that file systems take.
const LONGEST_NAME: usize = 255;

#[derive(Debug, Clone)]
pub struct Home {
    path: PathBuf,
}

/// The place of what the vendor's file names beside itself.
#[derive(Debug, Clone, Copy)]
pub struct Places<'a> {
    pub home: &'a Home,
    /// the folder of the shipped files, which compose takes for the project's
    pub files: &'a Path,
    pub shipped: &'a [FilePath],
}

/// A folder of a home, as the vendor's file names it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Own {
    path: String,
    folder: PathBuf,
}

impl Home {
    pub fn of(deployment: &Path) -> Self {
        Self { path: deployment.join(NAME) }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The folders in it, by their paths in the vendor's file.
    pub fn folders(&self) -> io::Result<Vec<(String, PathBuf)>> {
        let entries = match fs::read_dir(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(vec![]),
            entries => entries?,
        };
        let mut folders = vec![];
        for entry in entries {
            let entry = entry?;
            folders.push((decoded(&entry.file_name().to_string_lossy()), entry.path()));
        }
        folders.sort();
        Ok(folders)
    }

    /// Removes it with all that is in it, off the threads that serve others.
    pub async fn remove(&self) -> io::Result<()> {
        let path = self.path.clone();
        tokio::task::spawn_blocking(move || clear::remove_folder(&path)).await.map_err(io::Error::other)?
    }

    fn folder(&self, path: &str) -> PathBuf {
        self.path.join(encoded(path))
    }
}

impl Places<'_> {
    /// Replaces each mount beside the vendor's file by a folder of the home, which is made, or by what the release ships,
    /// which becomes read-only.
    pub fn settle(&self, model: &mut Value) -> Result<(), Failure> {
        let mut own = BTreeSet::new();
        for (service, mount) in mounts_mut(model) {
            let Some(path) = mount.get("source").and_then(Value::as_str).and_then(|source| self.beside(source)) else {
                continue;
            };
            if path.starts_with('~') {
                return Err(bad(format!(
                    "service {service}, key volumes: {path:?} begins with \"~\"; name the folder itself"
                )));
            }
            if self.is_shipped(&path) {
                let is_file = self.shipped.iter().any(|file| file.as_str() == path);
                if !is_file && mount.get("read_only") != Some(&true.into()) {
                    return Err(bad(format!(
                        "service {service}, key volumes: ./{path} holds files that the release ships; mount it read-only, or \
                         let the service write to another folder"
                    )));
                }
                mount.insert("read_only".to_owned(), true.into());
                continue;
            }
            let folder = self.home.folder(&path);
            if folder.file_name().is_some_and(|name| name.len() > LONGEST_NAME) {
                return Err(bad(format!("service {service}, key volumes: the path {path:?} is too long")));
            }
            mount.insert("source".to_owned(), folder.to_string_lossy().replace('$', "$$").into());
            own.insert(Own { path, folder });
        }
        self.check_contents(model)?;
        if own.len() > MOST_FOLDERS {
            return Err(bad(format!(
                "the compose file mounts {} folders of its own; mount at most {MOST_FOLDERS}",
                own.len()
            )));
        }
        check_apart(&own)?;
        self.make(&own).map_err(|error| Failure::of_disk("cannot make the deployment's own folders", &error))
    }

    /// Configs and secrets of a file that lies nowhere.
    fn check_contents(&self, model: &Value) -> Result<(), Failure> {
        for (kind, plural) in [("config", "configs"), ("secret", "secrets")] {
            let parts = model.get(plural).and_then(Value::as_object).into_iter().flatten();
            for (name, part) in parts {
                let file = part.get("file").and_then(Value::as_str).and_then(|file| self.beside(file));
                if let Some(path) = file.filter(|path| !self.is_shipped(path)) {
                    return Err(bad(format!("{kind} {name}, key file: the release does not ship {path:?}")));
                }
            }
        }
        Ok(())
    }

    /// The path beside the vendor's file; empty for the folder of the file itself.
    fn beside(&self, source: &str) -> Option<String> {
        let source = source.replace("$$", "$");
        let path = Path::new(&source).strip_prefix(self.files).ok()?;
        path.to_str().map(str::to_owned)
    }

    /// Whether it is a shipped file, or a folder that holds one.
    fn is_shipped(&self, path: &str) -> bool {
        match path.parse::<FilePath>() {
            Ok(folder) => self.shipped.iter().any(|file| file.is_in(&folder)),
            Err(_) => path.is_empty() && !self.shipped.is_empty(),
        }
    }

    fn make(&self, own: &BTreeSet<Own>) -> io::Result<()> {
        if own.is_empty() {
            return Ok(());
        }
        durable::private_folder(&self.home.path)?;
        own.iter().filter(|own| !own.folder.exists()).try_for_each(|own| durable::open_folder(&own.folder))
    }
}

/// A folder within another would be a folder of its own, and its content would not be seen in the other.
fn check_apart(own: &BTreeSet<Own>) -> Result<(), Failure> {
    for outer in own {
        let within = |inner: &&Own| inner.path != outer.path && Path::new(&inner.path).starts_with(&outer.path);
        if let Some(inner) = own.iter().find(within) {
            let named = |own: &Own| format!("./{}", own.path);
            return Err(bad(format!(
                "the compose file mounts {} and {}, of which one lies in the other; mount the outer one alone, or two that lie \
                 beside each other",
                named(outer),
                named(inner)
            )));
        }
    }
    Ok(())
}

fn mounts_mut(model: &mut Value) -> impl Iterator<Item = (String, &mut Map<String, Value>)> {
    let services = model.get_mut("services").and_then(Value::as_object_mut).into_iter().flatten();
    services.flat_map(|(name, service)| {
        let mounts = service.get_mut("volumes").and_then(Value::as_array_mut).into_iter().flatten();
        let binds = mounts.filter_map(Value::as_object_mut).filter(|mount| mount.get("type") == Some(&"bind".into()));
        binds.map(|mount| (name.clone(), mount))
    })
}

fn encoded(path: &str) -> String {
    match path {
        "" => "%2E".to_owned(),
        path => path.replace('%', "%25").replace('/', "%2F"),
    }
}

fn decoded(name: &str) -> String {
    match name {
        "%2E" => ".".to_owned(),
        name => name.replace("%2F", "/").replace("%25", "%"),
    }
}

fn bad(text: String) -> Failure {
    Failure::bad(ErrorCategory::Config, text)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn settled(folder: &Path, shipped: &[&str], mounts: Value) -> Result<Value, String> {
        let shipped: Vec<FilePath> = shipped.iter().map(|path| path.parse().unwrap()).collect();
        let (home, files) = (Home::of(folder), folder.join("7/files"));
        let mut model = json!({"services": {"web": {"volumes": mounts}}});
        let text = model.to_string().replace("FILES", files.to_str().unwrap());
        model = serde_json::from_str(&text).unwrap();
        let places = Places { home: &home, files: &files, shipped: &shipped };
        places.settle(&mut model).map_err(|failure| failure.text)?;
        Ok(model["services"]["web"]["volumes"].take())
    }

    #[test]
    fn what_containers_write_lies_in_the_home_and_what_is_shipped_is_read_only() {
        let folder = tempfile::tempdir().unwrap();
        let mounts = json!([
            {"type": "bind", "source": "FILES/data", "target": "/data"},
            {"type": "bind", "source": "FILES/var/log", "target": "/log"},
            {"type": "bind", "source": "FILES/conf/a.conf", "target": "/a"},
            {"type": "bind", "source": "FILES/conf", "target": "/conf", "read_only": true},
            {"type": "bind", "source": "/srv", "target": "/srv"},
            {"type": "volume", "source": "data", "target": "/v"},
        ]);
        let mounts = settled(folder.path(), &["conf/a.conf"], mounts).unwrap();
        let source = |index: usize| PathBuf::from(mounts[index]["source"].as_str().unwrap());
        let home = folder.path().join("home");
        assert_eq!([source(0), source(1)], [home.join("data"), home.join("var%2Flog")]);
        assert!(source(0).is_dir() && source(1).is_dir() && mounts[0]["read_only"].is_null());
        assert_eq!([source(2), source(3)].map(|path| path.starts_with(folder.path().join("7/files"))), [true, true]);
        assert_eq!([&mounts[2]["read_only"], &mounts[3]["read_only"]], [&json!(true), &json!(true)]);
        assert_eq!((source(4), &mounts[5]["source"]), (PathBuf::from("/srv"), &json!("data")));
        let names: Vec<String> = Home::of(folder.path()).folders().unwrap().into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["data", "var/log"]);
    }

    #[test]
    fn what_would_be_lost_or_endless_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let bind = |source: &str| json!({"type": "bind", "source": source, "target": "/x"});
        let refused = |shipped: &[&str], mounts: Value| settled(folder.path(), shipped, mounts).unwrap_err();
        assert!(
            refused(&["data/seed.sql"], json!([bind("FILES/data")])).contains("holds files that the release ships")
        );
        assert!(refused(&[], json!([bind("FILES/~/data")])).contains("begins with \"~\""));
        let many: Vec<Value> = (0..=MOST_FOLDERS).map(|number| bind(&format!("FILES/m{number}"))).collect();
        assert!(refused(&[], json!(many)).contains("mount at most"));
        assert!(!folder.path().join("home").exists());
    }

    #[test]
    fn the_folder_of_the_file_itself_is_one_too() {
        let folder = tempfile::tempdir().unwrap();
        let mounts = settled(folder.path(), &[], json!([{"type": "bind", "source": "FILES", "target": "/x"}])).unwrap();
        assert_eq!(mounts[0]["source"], json!(folder.path().join("home/%2E")));
        assert_eq!(Home::of(folder.path()).folders().unwrap()[0].0, ".");
    }

    #[test]
    fn one_folder_within_another_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        for (outer, inner) in [("FILES/a", "FILES/a/b"), ("FILES", "FILES/a")] {
            let mounts = json!([
                {"type": "bind", "source": inner, "target": "/i"},
                {"type": "bind", "source": outer, "target": "/o"},
            ]);
            let refused = settled(folder.path(), &[], mounts).unwrap_err();
            assert!(refused.contains("of which one lies in the other"), "{refused}");
        }
        let beside = json!([
            {"type": "bind", "source": "FILES/a", "target": "/i"},
            {"type": "bind", "source": "FILES/ab", "target": "/o"},
        ]);
        settled(folder.path(), &[], beside).unwrap();
        assert!(!folder.path().join("home/%2E").exists(), "nothing is made for what is refused");
    }

    #[test]
    fn a_config_of_a_file_that_is_not_shipped_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let (home, files) = (Home::of(folder.path()), folder.path().join("7/files"));
        let shipped = ["c".parse().unwrap()];
        let places = Places { home: &home, files: &files, shipped: &shipped };
        let with = |name: &str| json!({"configs": {"c": {"file": files.join(name)}}});
        places.settle(&mut with("c")).unwrap();
        assert!(places.settle(&mut with("d")).unwrap_err().text.contains("does not ship \"d\""));
    }
}
