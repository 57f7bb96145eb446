//! The files that Helm is given, in a folder for each generation.

use std::path::{Path, PathBuf};
use std::{fs, io};

use distr_agent::durable::{self, Access};
use distr_agent::fault::Failure;

/// A generation's files for Helm. None of them holds a secret.
pub struct Files {
    folder: PathBuf,
    pub chart: PathBuf,
    pub values: PathBuf,
    pub plan: PathBuf,
}

impl Files {
    pub fn at(folder: &Path) -> Self {
        let [chart, values, plan] = ["chart.tgz", "values.json", "plan.json"].map(|name| folder.join(name));
        Self { folder: folder.to_owned(), chart, values, plan }
    }

    pub fn write(&self, path: &Path, content: &[u8]) -> Result<(), Failure> {
        let written = durable::private_folder(&self.folder).and_then(|()| durable::write(path, content, Access::Owner));
        written.map_err(|error| Failure::of_disk("cannot write the generation's files", &error))
    }
}

/// Removes the folders of all generations but one.
pub fn prune(deployment: &Path, kept: &str) -> io::Result<()> {
    for entry in fs::read_dir(deployment)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() && entry.file_name() != kept {
            fs::remove_dir_all(entry.path())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn earlier_generations_go_and_files_beside_them_stay() {
        let folder = tempfile::tempdir().unwrap();
        for generation in ["1", "2"] {
            let files = Files::at(&folder.path().join(generation));
            files.write(&files.plan, b"{}").unwrap();
        }
        fs::write(folder.path().join("state.json"), "{}").unwrap();
        prune(folder.path(), "2").unwrap();
        let mut left: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, ["2", "state.json"]);
    }
}
