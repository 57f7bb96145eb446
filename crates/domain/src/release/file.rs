//! Files that a release ships with a compose file: configuration that its services mount or read. They lie in the event with
//! their content, as the compose file does, and reach a host with the desired state.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::{Deserialize, Serialize};

use crate::names::InvalidName;
use crate::text::is_unseen;

/// The most bytes that all files of a release have together.
pub const MAX_FILES_BYTES: usize = 1024 * 1024;
/// The most files that a release ships.
pub const MAX_FILES: usize = 200;
/// The most bytes of a path, so that each name in it fits into a file system.
const MAX_PATH: usize = 200;

/// The file in which the agent puts the configuration of a deployment.
pub const CONFIGURATION: &str = ".env";

/// A file that a release ships.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackageFile {
    pub path: FilePath,
    #[serde(flatten)]
    pub content: FileContent,
    /// whether the file may be run
    #[serde(default, skip_serializing_if = "is_false")]
    pub executable: bool,
}

/// The place of a file beside the compose file: names with `/` between them, such as `conf/nginx.conf`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct FilePath(String);

/// The content of a file, as text where it is text, so that people can read it in the log.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "StoredFile", into = "StoredFile")]
pub struct FileContent(Vec<u8>);

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum StoredFile {
    Text(String),
    Base64(String),
}

fn is_false(value: &bool) -> bool {
    !value
}

impl FilePath {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The path as a compose file names it, without `./` before it; nothing if it does not lie beside the file.
    pub fn beside(text: &str) -> Option<Self> {
        let names: Vec<&str> = text.split('/').filter(|name| !matches!(*name, "" | ".")).collect();
        if text.starts_with('/') {
            return None;
        }
        names.join("/").parse().ok()
    }

    /// Whether the path is this folder, or lies in it.
    pub fn is_in(&self, folder: &Self) -> bool {
        let rest = self.0.strip_prefix(&folder.0);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

impl FromStr for FilePath {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, InvalidName> {
        let is_name = |name: &str| {
            !matches!(name, "" | "." | "..") && name.chars().all(|c| !c.is_control() && !matches!(c, '\\' | '$'))
        };
        match text.len() <= MAX_PATH && text.split('/').all(is_name) {
            true => Ok(Self(text.to_owned())),
            false => Err(InvalidName::new(
                "file",
                text,
                "use a path below the compose file of at most 200 bytes, without \"..\", \"$\" and \"\\\"",
            )),
        }
    }
}

impl TryFrom<String> for FilePath {
    type Error = InvalidName;

    fn try_from(text: String) -> Result<Self, InvalidName> {
        text.parse()
    }
}

impl From<FilePath> for String {
    fn from(path: FilePath) -> Self {
        path.0
    }
}

impl fmt::Display for FilePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FileContent {
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl From<Vec<u8>> for FileContent {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl fmt::Debug for FileContent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.0.len())
    }
}

impl TryFrom<StoredFile> for FileContent {
    type Error = base64::DecodeError;

    fn try_from(stored: StoredFile) -> Result<Self, base64::DecodeError> {
        Ok(Self(match stored {
            StoredFile::Text(text) => text.into_bytes(),
            StoredFile::Base64(text) => BASE64_STANDARD.decode(text)?,
        }))
    }
}

impl From<FileContent> for StoredFile {
    fn from(content: FileContent) -> Self {
        match String::from_utf8(content.0) {
            // Postgres holds no NUL in a text of JSON
            Ok(text) if !text.contains('\0') => Self::Text(text),
            Ok(text) => Self::Base64(BASE64_STANDARD.encode(text)),
            Err(error) => Self::Base64(BASE64_STANDARD.encode(error.into_bytes())),
        }
    }
}

/// Files that no release can ship together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidFiles {
    #[error("the release ships {0} files; ship at most {MAX_FILES}, or put them into an image")]
    Many(usize),
    #[error(
        "the files of the release have {0} bytes together; ship at most {MAX_FILES_BYTES}, or put them into an image"
    )]
    Large(usize),
    #[error(
        "the release ships .env, for which the configuration of each deployment stands; give the file another name"
    )]
    Configuration,
    #[error("the file {0:?} has a colon or a character in its name that nobody sees; give it another name")]
    Name(String),
    #[error("the release ships {0} twice")]
    Repeated(FilePath),
    #[error("the release ships {folder}, and {file} as if it were a folder")]
    FileAsFolder { folder: FilePath, file: FilePath },
}

/// Whether the files fit into a release, and into one folder.
pub fn check_files(files: &[PackageFile]) -> Result<(), InvalidFiles> {
    let bytes = files.iter().map(|file| file.content.bytes().len()).sum();
    if files.len() > MAX_FILES {
        return Err(InvalidFiles::Many(files.len()));
    }
    if bytes > MAX_FILES_BYTES {
        return Err(InvalidFiles::Large(bytes));
    }
    if files.iter().any(|file| file.path.as_str() == CONFIGURATION) {
        return Err(InvalidFiles::Configuration);
    }
    for (index, file) in files.iter().enumerate() {
        for other in files.iter().enumerate().filter(|(at, _)| *at != index).map(|(_, other)| other) {
            if other.path == file.path {
                return Err(InvalidFiles::Repeated(file.path.clone()));
            }
            if other.path.is_in(&file.path) {
                return Err(InvalidFiles::FileAsFolder { folder: file.path.clone(), file: other.path.clone() });
            }
        }
    }
    Ok(())
}

/// The same of a release that is new, whose names also have to be what they seem.
pub fn check_new_files(files: &[PackageFile]) -> Result<(), InvalidFiles> {
    match files.iter().find(|file| file.path.as_str().chars().any(misleads)) {
        Some(file) => Err(InvalidFiles::Name(file.path.to_string())),
        None => check_files(files),
    }
}

/// A colon ends a path in the short form of a mount.
fn misleads(c: char) -> bool {
    c == ':' || is_unseen(c)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_path_stays_beside_the_compose_file() {
        for good in ["a", "conf.d/nginx.conf", ".env.app", "a b/ü"] {
            assert_eq!(good.parse::<FilePath>().unwrap().as_str(), good);
        }
        for bad in
            ["", "/a", "a/", "a//b", ".", "..", "a/../b", "a\\b", "a\nb", "${A}", &"a".repeat(201), &"ü".repeat(101)]
        {
            assert!(bad.parse::<FilePath>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_compose_file_names_it_with_or_without_a_dot() {
        for (written, path) in [("./a", "a"), ("a/./b/", "a/b"), (".//a", "a")] {
            assert_eq!(FilePath::beside(written).unwrap().as_str(), path);
        }
        for outside in ["/a", "../a", ".", "", "~/../a", "$A"] {
            assert_eq!(FilePath::beside(outside), None, "{outside}");
        }
        let folder: FilePath = "conf".parse().unwrap();
        let is_in = |path: &str| path.parse::<FilePath>().unwrap().is_in(&folder);
        assert!(is_in("conf") && is_in("conf/a") && !is_in("config") && !is_in("a/conf"));
    }

    #[test]
    fn content_is_stored_as_text_where_it_is_text() {
        let stored = |bytes: &[u8]| {
            let path = "a".parse().unwrap();
            serde_json::to_value(PackageFile { path, content: bytes.to_vec().into(), executable: false }).unwrap()
        };
        assert_eq!(stored("grün\n".as_bytes()), json!({"path": "a", "text": "grün\n"}));
        assert_eq!(stored(b"a\0b"), json!({"path": "a", "base64": "YQBi"}));
        assert_eq!(stored(&[0xff]), json!({"path": "a", "base64": "/w=="}));
        for bytes in [&b"text"[..], &[0xff, 0], b""] {
            let read: PackageFile = serde_json::from_value(stored(bytes)).unwrap();
            assert_eq!(read.content.bytes(), bytes);
        }
        assert!(serde_json::from_value::<PackageFile>(json!({"path": "a", "base64": "?"})).is_err());
    }

    fn files(paths: &[&str], bytes: usize) -> Vec<PackageFile> {
        let file = |path: &&str| PackageFile {
            path: path.parse().unwrap(),
            content: vec![b'a'; bytes].into(),
            executable: false,
        };
        paths.iter().map(file).collect()
    }

    #[test]
    fn files_fit_into_a_release_and_into_one_folder() {
        check_files(&files(&["a", "b/a", "b/c", "bb"], 1000)).unwrap();
        let path = |path: &str| path.parse::<FilePath>().unwrap();
        assert_eq!(check_files(&files(&[".env"], 1)), Err(InvalidFiles::Configuration));
        for name in ["a:b", "conf/gpj\u{202e}.exe", "a\u{200b}"] {
            check_files(&files(&[name], 1)).unwrap();
            assert_eq!(check_new_files(&files(&["ü b", name], 1)), Err(InvalidFiles::Name(name.to_owned())));
        }
        assert_eq!(check_files(&files(&["a", "a"], 1)), Err(InvalidFiles::Repeated(path("a"))));
        let as_folder = InvalidFiles::FileAsFolder { folder: path("a"), file: path("a/b") };
        assert_eq!(check_files(&files(&["a/b", "a"], 1)), Err(as_folder));
        assert_eq!(
            check_files(&files(&["a", "b"], MAX_FILES_BYTES / 2 + 1)),
            Err(InvalidFiles::Large(MAX_FILES_BYTES + 2))
        );
        let names: Vec<String> = (0..=MAX_FILES).map(|number| number.to_string()).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        assert_eq!(check_files(&files(&names, 1)), Err(InvalidFiles::Many(MAX_FILES + 1)));
    }
}
