//! The files of a folder, as far as they are to be believed: whoever hands it over chose what is in it.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use super::{ENTRIES, EntryLine, TILES, Unreadable};
use crate::hash::Hash;
use crate::tile::{TilePath, Tiles};

/// Bytes of a line of entries: an event has a few MiB at most, and its text may be some times as long.
const LONGEST_LINE: u64 = 64 << 20;
/// Bytes of any other file that is read.
const LARGEST_FILE: u64 = 1 << 20;

/// The entries of a folder, one after the other.
pub struct Entries {
    path: PathBuf,
    file: BufReader<File>,
    line: usize,
    text: Vec<u8>,
}

impl Entries {
    pub fn of(folder: &Path) -> Result<Self, Unreadable> {
        let path = folder.join(ENTRIES);
        Ok(Self { file: BufReader::new(regular(&path)?), path, line: 0, text: vec![] })
    }
}

impl Iterator for Entries {
    type Item = Result<EntryLine, Unreadable>;

    fn next(&mut self) -> Option<Self::Item> {
        self.line += 1;
        self.text.clear();
        let (path, line) = (&self.path, self.line);
        let read = self.file.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut self.text);
        if let Err(source) = read {
            return Some(Err(Unreadable::File { path: path.clone(), source }));
        }
        match self.text.len() as u64 {
            0 => None,
            LONGEST_LINE => Some(Err(Unreadable::Line { path: path.clone(), line })),
            _ => {
                let entry = serde_json::from_slice(&self.text);
                let entry = entry.map_err(|source| Unreadable::Entry { path: path.clone(), line, source });
                let text = self.text.strip_suffix(b"\n").unwrap_or(&self.text);
                Some(entry.and_then(|entry: EntryLine| match entry.is_spelled(text) {
                    true => Ok(entry),
                    false => Err(Unreadable::Spelling { path: path.clone(), line }),
                }))
            }
        }
    }
}

/// The hashes of a folder, for a history of that size.
pub fn tiles(folder: &Path, size: u64) -> Result<Tiles, Unreadable> {
    let mut tiles = Tiles::default();
    for tile in TilePath::all_of(size) {
        let path = folder.join(TILES).join(tile.to_string());
        let bytes = contents(&path)?;
        let hashes = Hash::all_of(&bytes).filter(|hashes| hashes.len() == tile.width);
        let hashes = hashes.ok_or(Unreadable::Tile { path, found: bytes.len(), width: tile.width })?;
        tiles.put(tile.id, hashes);
    }
    Ok(tiles)
}

pub(super) fn text(path: &Path) -> Result<String, Unreadable> {
    let invalid = |_| io::Error::new(io::ErrorKind::InvalidData, "it is not text");
    String::from_utf8(contents(path)?).map_err(invalid).map_err(|source| Unreadable::File { path: path.into(), source })
}

/// Of a small file.
fn contents(path: &Path) -> Result<Vec<u8>, Unreadable> {
    let mut bytes = vec![];
    let read = regular(path)?.take(LARGEST_FILE).read_to_end(&mut bytes);
    read.map_err(|source| Unreadable::File { path: path.into(), source })?;
    Ok(bytes)
}

/// Opens a file, and nothing else that a folder may hold: a pipe never ends, and a device neither.
fn regular(path: &Path) -> Result<File, Unreadable> {
    let unreadable = |source| Unreadable::File { path: path.into(), source };
    if !std::fs::metadata(path).map_err(unreadable)?.is_file() {
        return Err(unreadable(io::Error::other("it is no file")));
    }
    File::open(path).map_err(unreadable)
}
