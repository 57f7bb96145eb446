//! Files of variables that a release ships, as each service reads them.

use std::collections::{BTreeMap, BTreeSet};

use distr_compose::{Environment, Finding, MOST, Required, Runs};
use distr_domain::release::{CONFIGURATION, FilePath, PackageFile};

#[derive(Default)]
pub(super) struct EnvFiles {
    /// what docker compose or the engine refuses
    pub(super) refused: Vec<Finding>,
    pub(super) warnings: Vec<String>,
    /// the variables that the configuration has to set
    pub(super) required: BTreeMap<String, Required>,
}

impl EnvFiles {
    /// The files of some of a compose file's services.
    pub(super) fn read<'a>(
        services: impl IntoIterator<Item = (&'a String, &'a Runs)>,
        shipped: &[PackageFile],
    ) -> Self {
        let mut found = Self::default();
        for (name, service) in services {
            for (key, files) in [("env_file", &service.env_files), ("label_file", &service.label_files)] {
                found.of_service(&format!("service {name:?}, key {key}"), files, shipped);
            }
        }
        found.refused.truncate(MOST);
        found.warnings.truncate(MOST);
        found
    }

    fn of_service(&mut self, place: &str, files: &[String], shipped: &[PackageFile]) {
        let mut environment = Environment::default();
        let mut read = BTreeSet::new();
        for path in files.iter().filter_map(|path| FilePath::beside(path)) {
            let file = shipped.iter().find(|file| file.path == path && path.as_str() != CONFIGURATION);
            let Some(file) = file.filter(|_| read.insert(path.clone())) else { continue };
            match environment.read(file.content.bytes()) {
                Ok(bare) => self.warnings.extend(
                    bare.iter().map(|(line, reason)| format!("{place}: {:?}, line {line}: {reason}", path.as_str())),
                ),
                Err(invalid) => self.refused.push(Finding {
                    place: place.to_owned(),
                    position: None,
                    reason: format!("{:?}, {invalid}", path.as_str()),
                }),
            }
        }
        for (name, required) in environment.required() {
            let noted = self.required.entry(name).or_insert(required);
            *noted = required.max(*noted);
        }
    }
}
