#![doc = include_str!("../README.md")]

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use distr_domain::compose_file::{self, Beside, Role, Unresolvable, beside};
use distr_domain::release::{
    CONFIGURATION, ComposePackage, FileContent, FilePath, InvalidFiles, MAX_FILES, MAX_FILES_BYTES, PackageFile,
    check_new_files,
};
use serde_json::Value;

/// The names of a compose file in a folder, the first that is there.
const NAMES: [&str; 4] = ["compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml"];

/// A package that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum PackageError {
    #[error("{} holds no compose file; it is called {}", .0.display(), NAMES.join(", "))]
    NoComposeFile(PathBuf),
    #[error("cannot read {}", path.display())]
    Unreadable { path: PathBuf, source: io::Error },
    #[error("{} is no text in UTF-8", .0.display())]
    NoText(PathBuf),
    #[error(transparent)]
    Compose(#[from] Unresolvable),
    #[error("{place}: {} is not there", path.display())]
    Missing { place: String, path: PathBuf },
    #[error("{place}: {} leads out of the compose file's folder; put the file itself there", path.display())]
    LeadsOut { place: String, path: PathBuf },
    #[error("{place}: {} is neither a file nor a folder", path.display())]
    NoFile { place: String, path: PathBuf },
    #[error("{place}: the name of {} cannot be shipped", path.display())]
    Name { place: String, path: PathBuf },
    #[error("{place}: {} has more than {MAX_FILES_BYTES} bytes, which is more than a release ships; put it into an image", path.display())]
    Large { place: String, path: PathBuf },
    #[error(
        "{place}: {} holds a private key; put it elsewhere, or mount what the service needs by name instead of the whole folder",
        path.display()
    )]
    PrivateKey { place: String, path: PathBuf },
    #[error(transparent)]
    Files(#[from] InvalidFiles),
}

/// The package of a compose file, or of the folder that it lies in.
pub fn read(path: &Path) -> Result<ComposePackage, PackageError> {
    let file = find(path)?;
    let bytes = fs::read(&file).map_err(|source| PackageError::Unreadable { path: file.clone(), source })?;
    let text = String::from_utf8(bytes).map_err(|_| PackageError::NoText(file.clone()))?;
    read_text(text, folder_of(&file))
}

/// The compose file that a path is, or that lies in the folder that it is.
pub fn find(path: &Path) -> Result<PathBuf, PackageError> {
    let metadata = fs::metadata(path);
    match metadata.map_err(|source| PackageError::Unreadable { path: path.to_owned(), source })?.is_dir() {
        true => {
            let found = NAMES.map(|name| path.join(name)).into_iter().find(|file| file.exists());
            found.ok_or_else(|| PackageError::NoComposeFile(path.to_owned()))
        }
        false => Ok(path.to_owned()),
    }
}

/// The folder in which the paths of a compose file begin.
pub fn folder_of(file: &Path) -> &Path {
    file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// The package of a compose file's text, whose paths begin in the folder.
pub fn read_text(text: String, folder: &Path) -> Result<ComposePackage, PackageError> {
    let files = collect(&compose_file::read(&text)?, folder)?;
    check_new_files(&files)?;
    Ok(ComposePackage { file: text, files })
}

fn collect(file: &Value, folder: &Path) -> Result<Vec<PackageFile>, PackageError> {
    let root = fs::canonicalize(folder);
    let root = root.map_err(|source| PackageError::Unreadable { path: folder.to_owned(), source })?;
    let mut found = Found { is_whole: false, root, files: BTreeMap::new() };
    for beside in beside(file) {
        found.add(folder, beside)?;
    }
    Ok(found.files.into_values().collect())
}

struct Found {
    /// the folder itself is being shipped
    is_whole: bool,
    /// the compose file's folder, without links
    root: PathBuf,
    files: BTreeMap<FilePath, PackageFile>,
}

impl Found {
    fn add(&mut self, folder: &Path, beside: Beside) -> Result<(), PackageError> {
        if beside.is_folder_itself() && beside.role == (Role::Mount { read_only: true }) {
            self.is_whole = true;
            let shipped = self.ship_all(&beside.place, None, folder);
            self.is_whole = false;
            return shipped;
        }
        let Beside { place, path, role } = beside;
        // what cannot be shipped by its name is refused by the hub, in words
        let Some(name) = FilePath::beside(&path) else { return Ok(()) };
        if matches!(role, Role::Variables { .. }) && name.as_str() == CONFIGURATION {
            return Ok(());
        }
        let path = folder.join(name.as_str());
        let metadata = match fs::metadata(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return match role {
                    Role::Variables { required: true } | Role::Content => Err(PackageError::Missing { place, path }),
                    Role::Variables { required: false } | Role::Mount { .. } => Ok(()),
                };
            }
            metadata => metadata.map_err(|source| PackageError::Unreadable { path: path.clone(), source })?,
        };
        match role {
            _ if metadata.is_file() => self.ship(&place, name, &path),
            Role::Mount { read_only: true } if metadata.is_dir() => self.ship_all(&place, Some(&name), &path),
            Role::Mount { read_only: false } if metadata.is_dir() => Ok(()),
            _ => Err(PackageError::NoFile { place, path }),
        }
    }

    /// What lies in a folder of this name; without one, in the compose file's.
    fn ship_all(&mut self, place: &str, folder: Option<&FilePath>, path: &Path) -> Result<(), PackageError> {
        let name_of = |path: &Path| -> Option<FilePath> {
            let name = path.file_name()?.to_str()?;
            folder.map_or_else(|| name.to_owned(), |folder| format!("{folder}/{name}")).parse().ok()
        };
        let unreadable = |source| PackageError::Unreadable { path: path.to_owned(), source };
        for entry in fs::read_dir(path).map_err(unreadable)? {
            let path = entry.map_err(unreadable)?.path();
            let name =
                name_of(&path).ok_or_else(|| PackageError::Name { place: place.to_owned(), path: path.clone() })?;
            // who means everything means nothing that is kept from others; the agent writes one of the names
            let is_private =
                path.file_name().is_some_and(|name| name == ".git" || name.as_encoded_bytes().starts_with(b".env"));
            if is_private && self.is_whole || name.as_str() == CONFIGURATION {
                continue;
            }
            self.check_within(place, &path)?;
            match fs::metadata(&path).map_err(unreadable)? {
                metadata if metadata.is_dir() => self.ship_all(place, Some(&name), &path)?,
                metadata if metadata.is_file() => self.ship(place, name, &path)?,
                _ => return Err(PackageError::NoFile { place: place.to_owned(), path }),
            }
        }
        Ok(())
    }

    fn ship(&mut self, place: &str, name: FilePath, path: &Path) -> Result<(), PackageError> {
        self.check_within(place, path)?;
        let unreadable = |source| PackageError::Unreadable { path: path.to_owned(), source };
        let metadata = fs::metadata(path).map_err(unreadable)?;
        if metadata.len() > MAX_FILES_BYTES as u64 {
            return Err(PackageError::Large { place: place.to_owned(), path: path.to_owned() });
        }
        let content = FileContent::from(fs::read(path).map_err(unreadable)?);
        if self.is_whole && holds_private_key(content.bytes()) {
            return Err(PackageError::PrivateKey { place: place.to_owned(), path: path.to_owned() });
        }
        let executable = metadata.permissions().mode() & 0o111 != 0;
        self.files.insert(name.clone(), PackageFile { path: name, content, executable });
        match self.files.len() {
            // a large folder is not read to its end
            many if many > MAX_FILES => Err(InvalidFiles::Many(many).into()),
            _ => Ok(()),
        }
    }

    /// A link that leads elsewhere would ship what nobody meant; one that leads back up has no end.
    fn check_within(&self, place: &str, path: &Path) -> Result<(), PackageError> {
        let end = fs::canonicalize(path);
        let end = end.map_err(|source| PackageError::Unreadable { path: path.to_owned(), source })?;
        let leads_back = path.is_symlink()
            && path.ancestors().skip(1).any(|above| fs::canonicalize(above).ok() == Some(end.clone()));
        match end.starts_with(&self.root) && !leads_back {
            true => Ok(()),
            false => Err(PackageError::LeadsOut { place: place.to_owned(), path: path.to_owned() }),
        }
    }
}

/// As PEM has it.
fn holds_private_key(content: &[u8]) -> bool {
    let text = String::from_utf8_lossy(content);
    text.lines().any(|line| line.starts_with("-----BEGIN ") && line.trim_end().ends_with("PRIVATE KEY-----"))
}

#[cfg(test)]
mod tests;
