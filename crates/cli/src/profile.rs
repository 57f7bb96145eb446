//! The sign-ins of this machine: `profiles.toml` in the user's configuration directory, readable by the user alone.
//! `distr profile` lists them, without their secrets.

use std::collections::BTreeMap;
use std::fs::DirBuilder;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use chrono::{DateTime, Utc};
use clap::Subcommand;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::globals::Globals;
use crate::output::{Columns, Output};

const COLUMNS: Columns = &[
    ("NAME", "/name"),
    ("HUB", "/hub"),
    ("ORGANIZATION", "/organization"),
    ("EMAIL", "/email"),
    ("EXPIRES", "/expiresAt"),
];

#[derive(Subcommand)]
pub(crate) enum Command {
    /// List the sign-ins of this machine
    List,
}

impl Command {
    pub(crate) fn run(self, globals: &Globals) -> Result<()> {
        let Self::List = self;
        let profiles = Profiles::load(&path()?)?;
        let rows = profiles.0.into_iter().map(|(name, profile)| {
            let Profile { hub, organization, email, expires_at, token: _ } = profile;
            json!({"name": name, "hub": hub, "organization": organization, "email": email, "expiresAt": expires_at})
        });
        Output::new(globals).list(rows.collect(), COLUMNS)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Profile {
    pub(crate) hub: String,
    pub(crate) organization: String,
    /// A person's, where one signed in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) email: Option<String>,
    /// A session's or a robot's secret.
    pub(crate) token: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) expires_at: Option<DateTime<Utc>>,
}

#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Profiles(BTreeMap<String, Profile>);

/// `$XDG_CONFIG_HOME/distr/profiles.toml`, else `~/.config/distr/profiles.toml`.
pub(crate) fn path() -> Result<PathBuf> {
    let of = |variable| std::env::var_os(variable).filter(|value| !value.is_empty()).map(PathBuf::from);
    let base = of("XDG_CONFIG_HOME").or_else(|| Some(of("HOME")?.join(".config")));
    let base = base.context("neither XDG_CONFIG_HOME nor HOME is set, so there is no place for profiles")?;
    Ok(base.join("distr/profiles.toml"))
}

impl Profiles {
    pub(crate) fn load(path: &Path) -> Result<Self> {
        match std::fs::read_to_string(path) {
            Ok(text) => toml::from_str(&text).with_context(|| format!("reading {}", path.display())),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(error).with_context(|| format!("reading {}", path.display())),
        }
    }

    /// All or nothing: another command that reads at the same time finds the old file or the new one.
    pub(crate) fn save(&self, path: &Path) -> Result<()> {
        let attempted = || format!("writing {}", path.display());
        let directory = path.parent().with_context(attempted)?;
        // a new one is for its owner alone; one that was there may be shared with other programs
        DirBuilder::new().recursive(true).mode(0o700).create(directory).with_context(attempted)?;
        // a temporary file is made for its owner alone, and stays so when it takes its place
        let mut file = tempfile::NamedTempFile::new_in(directory).with_context(attempted)?;
        file.write_all(toml::to_string(self)?.as_bytes()).with_context(attempted)?;
        file.as_file().sync_all().with_context(attempted)?;
        file.persist(path).with_context(attempted)?;
        Ok(())
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Profile> {
        self.0.get(name)
    }

    pub(crate) fn set(&mut self, name: &str, profile: Profile) {
        self.0.insert(name.to_owned(), profile);
    }

    pub(crate) fn remove(&mut self, name: &str) -> Option<Profile> {
        self.0.remove(name)
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn profile(token: &str) -> Profile {
        let (hub, organization) = ("http://127.0.0.1:8080".to_owned(), "acme".to_owned());
        Profile { hub, organization, email: Some("owner@acme.example".into()), token: token.into(), expires_at: None }
    }

    #[test]
    fn what_was_saved_is_loaded_and_only_the_owner_can_read_it() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("distr/profiles.toml");
        let mut profiles = Profiles::default();
        profiles.set("default", profile("one"));
        profiles.set("staging", profile("two"));
        profiles.save(&path).unwrap();
        assert_eq!(Profiles::load(&path).unwrap(), profiles);
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_file_that_others_could_read_is_closed_by_the_next_save() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("profiles.toml");
        std::fs::write(&path, "").unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o644)).unwrap();
        Profiles::default().save(&path).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn no_file_means_no_profiles_and_a_broken_one_is_named() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("profiles.toml");
        assert_eq!(Profiles::load(&path).unwrap(), Profiles::default());
        std::fs::write(&path, "[default]\nhub = 1").unwrap();
        assert!(format!("{:#}", Profiles::load(&path).unwrap_err()).contains("profiles.toml"));
    }
}
