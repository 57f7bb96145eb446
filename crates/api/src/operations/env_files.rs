//! Files of variables that a release ships, as each service reads them.

use std::collections::{BTreeMap, BTreeSet};

use distr_compose::{Environment, Finding, MOST, Required, Runs};
use distr_domain::release::{CONFIGURATION, FilePath, PackageFile};

/// Bytes of files that the services read altogether. Services that read the same files count once.
const MAX_READ: usize = 8 * 1024 * 1024;

#[derive(Default)]
pub(super) struct EnvFiles {
    /// what docker compose or the engine refuses
    pub(super) refused: Vec<Finding>,
    pub(super) warnings: Vec<String>,
    /// the variables that the configuration has to set
    pub(super) required: BTreeMap<String, Required>,
}

/// The files of one list, read one after the other.
#[derive(Default)]
struct OneList {
    refused: Vec<String>,
    warnings: Vec<String>,
}

impl EnvFiles {
    /// The files of some of a compose file's services.
    pub(super) fn read<'a>(
        services: impl IntoIterator<Item = (&'a String, &'a Runs)>,
        shipped: &[PackageFile],
    ) -> Self {
        let shipped: BTreeMap<&FilePath, &PackageFile> =
            shipped.iter().filter(|file| file.path.as_str() != CONFIGURATION).map(|file| (&file.path, file)).collect();
        let (mut found, mut bytes) = (Self::default(), 0);
        let mut lists: BTreeMap<&[String], OneList> = BTreeMap::new();
        for (name, service) in services {
            for (key, files) in [("env_file", &service.env_files), ("label_file", &service.label_files)] {
                let place = format!("service {name:?}, key {key}");
                if !lists.contains_key(files.as_slice()) {
                    let files_of = files_of(files, &shipped);
                    bytes += files_of.iter().map(|file| file.content.bytes().len()).sum::<usize>();
                    if bytes > MAX_READ {
                        let reason = format!(
                            "the services read more than {} MiB of variables altogether; let them share their files",
                            MAX_READ / 1024 / 1024
                        );
                        found.refused.push(Finding { place, position: None, reason });
                        return found;
                    }
                    lists.insert(files, found.list(&files_of));
                }
                found.tell(&place, &lists[files.as_slice()]);
            }
        }
        found
    }

    fn list(&mut self, files: &[&PackageFile]) -> OneList {
        let (mut list, mut environment) = (OneList::default(), Environment::default());
        for file in files {
            match environment.read(file.content.bytes()) {
                Ok(bare) => list.warnings.extend(
                    bare.iter().map(|(line, reason)| format!("{:?}, line {line}: {reason}", file.path.as_str())),
                ),
                Err(invalid) => list.refused.push(format!("{:?}, {invalid}", file.path.as_str())),
            }
        }
        list.warnings.truncate(MOST);
        for (name, required) in environment.required() {
            let noted = self.required.entry(name).or_insert(required);
            *noted = required.max(*noted);
        }
        list
    }

    /// No more than somebody reads.
    fn tell(&mut self, place: &str, list: &OneList) {
        let room = MOST.saturating_sub(self.warnings.len());
        self.warnings.extend(list.warnings.iter().take(room).map(|warning| format!("{place}: {warning}")));
        let room = MOST.saturating_sub(self.refused.len());
        self.refused.extend(list.refused.iter().take(room).map(|reason| Finding {
            place: place.to_owned(),
            position: None,
            reason: reason.clone(),
        }));
    }
}

/// Those that the release ships, each once.
fn files_of<'a>(paths: &[String], shipped: &BTreeMap<&FilePath, &'a PackageFile>) -> Vec<&'a PackageFile> {
    let mut seen = BTreeSet::new();
    let paths = paths.iter().filter_map(|path| FilePath::beside(path));
    paths.filter(|path| seen.insert(path.clone())).filter_map(|path| shipped.get(&path).copied()).collect()
}
