//! The journal's file: lines of `length, checksum, bytes`, added at the end. What a crash tore off there is cut away at
//! the next start. When most of it is done with, it is written anew beside and renamed, so that there is always a whole one.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

use crate::durable::{self, Access};

/// Length and CRC-32, both in four bytes, the lowest first.
const HEAD: usize = 8;
/// Longer lines are not ours: the hub takes no such report.
const LONGEST: usize = 1024 * 1024;
/// A file below this is not worth the writing.
const SMALL: u64 = 256 * 1024;

#[derive(Debug)]
pub(super) struct JournalFile {
    path: PathBuf,
    file: io::Result<File>,
    length: u64,
}

impl JournalFile {
    /// With the lines that are whole.
    pub(super) fn open(path: PathBuf) -> (Self, Vec<Vec<u8>>) {
        let mut lines = vec![];
        let opened = open(&path).and_then(|mut file| {
            let mut content = vec![];
            file.read_to_end(&mut content)?;
            lines = split(&content);
            let length = lines.iter().map(|line| (HEAD + line.len()) as u64).sum();
            if length < content.len() as u64 {
                tracing::warn!(bytes = content.len() as u64 - length, "the journal's torn end is cut off");
                file.set_len(length)?;
            }
            file.seek(SeekFrom::End(0))?;
            Ok((file, length))
        });
        let (file, length) = match opened {
            Ok((file, length)) => (Ok(file), length),
            Err(error) => (Err(error), 0),
        };
        (Self { path, file, length }, lines)
    }

    pub(super) fn trouble(&self) -> Option<&io::Error> {
        self.file.as_ref().err()
    }

    /// All of the line, or nothing.
    pub(super) fn append(&mut self, line: &[u8]) -> io::Result<()> {
        let file = self.file.as_mut().map_err(|error| again(error))?;
        let framed = frame(line);
        match file.write_all(&framed) {
            Ok(()) => {
                self.length += framed.len() as u64;
                Ok(())
            }
            Err(error) => {
                file.set_len(self.length)?;
                file.seek(SeekFrom::End(0))?;
                Err(error)
            }
        }
    }

    pub(super) fn sync(&self) -> io::Result<()> {
        match &self.file {
            Ok(file) => file.sync_data(),
            Err(error) => Err(again(error)),
        }
    }

    pub(super) fn is_worth_rewriting(&self, live: usize) -> bool {
        self.length > SMALL && self.length > 2 * live as u64
    }

    pub(super) fn rewrite(&mut self, lines: impl Iterator<Item = Vec<u8>>) -> io::Result<()> {
        let content = lines.flat_map(|line| frame(&line)).collect::<Vec<u8>>();
        durable::write(&self.path, &content, Access::Owner)?;
        self.length = content.len() as u64;
        let mut file = open(&self.path)?;
        file.seek(SeekFrom::End(0))?;
        self.file = Ok(file);
        Ok(())
    }
}

fn open(path: &PathBuf) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)
}

fn again(error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), error.to_string())
}

fn frame(line: &[u8]) -> Vec<u8> {
    let length = u32::try_from(line.len()).unwrap_or(u32::MAX);
    [&length.to_le_bytes()[..], &crc32fast::hash(line).to_le_bytes(), line].concat()
}

/// Up to the first line that is not whole.
fn split(content: &[u8]) -> Vec<Vec<u8>> {
    let mut lines = vec![];
    let mut rest = content;
    while let Some((head, tail)) = rest.split_at_checked(HEAD) {
        let number = |range: std::ops::Range<usize>| u32::from_le_bytes(head[range].try_into().expect("four bytes"));
        let (length, checksum) = (number(0..4) as usize, number(4..8));
        let Some((line, after)) = tail.split_at_checked(length).filter(|_| length <= LONGEST) else { break };
        if crc32fast::hash(line) != checksum {
            break;
        }
        lines.push(line.to_vec());
        rest = after;
    }
    lines
}
