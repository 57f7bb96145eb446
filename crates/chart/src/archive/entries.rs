//! The files of a tar archive that every reader takes for the same. Readers differ where a header says something twice, where it says it in
//! the fields of another program, and behind what some take for the end; all of that is refused.

use std::collections::{BTreeMap, BTreeSet};

const BLOCK: usize = 512;
/// What a header of extended attributes may say of one file, beside its path.
const ATTRIBUTES: [&str; 8] = ["atime", "comment", "ctime", "gid", "gname", "mtime", "uid", "uname"];
/// Beginnings of further attributes: what programs keep of their own file systems.
const ATTRIBUTES_OF: [&str; 3] = ["LIBARCHIVE.", "RHT.security.", "SCHILY."];

/// Why an archive is refused.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refused {
    Archive(&'static str),
    Entry { path: String, why: &'static str },
    Many,
}

/// A file, as it stands in the archive.
pub(super) struct File<'a> {
    pub(super) path: String,
    pub(super) content: &'a [u8],
}

/// The files of an archive that was unpacked. Folders are left out.
pub(super) fn files(archive: &[u8], most: usize) -> Result<Vec<File<'_>>, Refused> {
    let mut reader = Reader { rest: archive };
    let (mut files, mut known) = (vec![], BTreeSet::new());
    // what a header says of the one behind it, its path if it says that
    let mut announced: Option<Option<String>> = None;
    for count in 0.. {
        let Some((header, content)) = reader.next()? else { break };
        if count >= most {
            return Err(Refused::Many);
        }
        if announced.is_some() && header.is_beside() {
            return Err(Refused::Archive("two headers say what one file is; pack it again with `helm package`"));
        }
        match header.kind() {
            b'x' => announced = Some(attributes(content).map_err(|why| header.refused(why))?),
            b'L' => announced = Some(Some(long_name(content)?)),
            b'g' => of_all(content).map_err(|why| header.refused(why))?,
            kind => {
                let path = announced.take().flatten().map_or_else(|| header.path(), Ok)?;
                match header.check_entry(&path, content) {
                    Err(why) => return Err(Refused::Entry { path, why }),
                    Ok(()) if kind == b'5' => {}
                    Ok(()) if !known.insert(path.clone()) => {
                        return Err(Refused::Entry { path, why: "is there twice" });
                    }
                    Ok(()) => files.push(File { path, content }),
                }
            }
        }
    }
    match announced {
        Some(_) => Err(Refused::Archive("it ends where a file is announced")),
        None => Ok(files),
    }
}

struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// The next header with its content; nothing at the end, which is two empty blocks with nothing behind them.
    fn next(&mut self) -> Result<Option<(Header<'a>, &'a [u8])>, Refused> {
        let cut = || Refused::Archive("it is cut off; pack it again with `helm package`");
        let block = self.rest.split_off(..BLOCK).ok_or_else(cut)?;
        if block.iter().all(|byte| *byte == 0) {
            return match self.rest.iter().all(|byte| *byte == 0) {
                true if self.rest.len() < BLOCK => Err(cut()),
                true => Ok(None),
                false => Err(Refused::Archive("something stands behind an empty block, where some readers end")),
            };
        }
        let header = Header { block };
        let size = header.check()?;
        let content = self.rest.split_off(..size).ok_or_else(cut)?;
        let padding = size.next_multiple_of(BLOCK) - size;
        self.rest.split_off(..padding).ok_or_else(cut)?;
        Ok(Some((header, content)))
    }
}

#[derive(Clone, Copy)]
struct Header<'a> {
    block: &'a [u8],
}

impl<'a> Header<'a> {
    fn kind(self) -> u8 {
        self.block[156]
    }

    /// Whether it is a header at all, and the bytes of what follows it.
    fn check(self) -> Result<usize, Refused> {
        let sum = self.block.iter().enumerate().map(|(at, byte)| match at {
            148..156 => u64::from(b' '),
            _ => u64::from(*byte),
        });
        if self.number(148..156) != Some(sum.sum()) {
            return Err(Refused::Archive("a header has a wrong sum"));
        }
        if !(self.is_ustar() || self.is_gnu()) || &self.block[508..512] == b"tar\0" {
            return Err(Refused::Archive("a header is of an old format; pack it again with `helm package`"));
        }
        // Helm takes what it cannot read as times there for a folder, and others never do
        if self.is_gnu() && self.block[345..500].iter().any(|byte| *byte != 0) {
            return Err(Refused::Archive("a header says more than a name; pack it again with `helm package`"));
        }
        let size = self.number(124..136).and_then(|size| usize::try_from(size).ok());
        size.ok_or(Refused::Archive("a header says no size"))
    }

    fn is_ustar(self) -> bool {
        &self.block[257..265] == b"ustar\x0000"
    }

    fn is_gnu(self) -> bool {
        &self.block[257..265] == b"ustar  \0"
    }

    /// Octal digits, with spaces and zeros behind them.
    fn number(self, at: std::ops::Range<usize>) -> Option<u64> {
        let text = std::str::from_utf8(&self.block[at]).ok()?.trim_end_matches(['\0', ' ']).trim_start_matches(' ');
        let is_octal = !text.is_empty() && text.bytes().all(|byte| (b'0'..=b'7').contains(&byte));
        is_octal.then(|| u64::from_str_radix(text, 8).ok()).flatten()
    }

    fn path(self) -> Result<String, Refused> {
        let text = |at: std::ops::Range<usize>| {
            let bytes = self.block[at].split(|byte| *byte == 0).next().unwrap_or_default();
            std::str::from_utf8(bytes).map_err(|_| Refused::Archive("a path is no text in UTF-8"))
        };
        let name = text(0..100)?;
        match if self.is_ustar() { text(345..500)? } else { "" } {
            "" => Ok(name.to_owned()),
            folder => Ok(format!("{folder}/{name}")),
        }
    }

    /// Whether it says something of other entries.
    fn is_beside(self) -> bool {
        matches!(self.kind(), b'x' | b'L' | b'g')
    }

    fn check_entry(self, path: &str, content: &[u8]) -> Result<(), &'static str> {
        let is_file = match self.kind() {
            b'0' | b'\0' => true,
            b'5' => false,
            _ => return Err("is neither a file nor a folder"),
        };
        if is_file && path.ends_with('/') {
            return Err("is a file with the name of a folder");
        }
        if !is_file && !content.is_empty() {
            return Err("is a folder with content");
        }
        // some readers know a folder by the bits of its mode
        let mode = match self.block[100..108] {
            [0, 0, 0, 0, 0, 0, 0, 0] => 0,
            _ => self.number(100..108).ok_or("has no mode")? & !0o7777,
        };
        match mode {
            0 => Ok(()),
            0o100_000 if is_file => Ok(()),
            0o40_000 if !is_file => Ok(()),
            _ => Err("has the mode of something else"),
        }
    }

    fn refused(self, why: &'static str) -> Refused {
        self.path().map_or_else(|refused| refused, |path| Refused::Entry { path, why })
    }
}

fn long_name(content: &[u8]) -> Result<String, Refused> {
    let bytes = content.split(|byte| *byte == 0).next().unwrap_or_default();
    let name = std::str::from_utf8(bytes).ok().filter(|name| !name.is_empty());
    name.map(str::to_owned).ok_or(Refused::Archive("a long path is no text in UTF-8"))
}

/// The path among the attributes of the file that follows.
fn attributes(content: &[u8]) -> Result<Option<String>, &'static str> {
    let mut path = None;
    for (key, value) in records(content)? {
        match key {
            "path" if value.is_empty() => return Err("has an empty name"),
            "path" => {
                path = Some(std::str::from_utf8(value).map_err(|_| "has a name that is no text in UTF-8")?.to_owned())
            }
            key if is_attribute(key) => {}
            _ => return Err("has attributes that say otherwise what it is; pack it again with `helm package`"),
        }
    }
    Ok(path)
}

/// Attributes of all files: some readers heed them, and some do not.
fn of_all(content: &[u8]) -> Result<(), &'static str> {
    match records(content)?.keys().all(|key| is_attribute(key)) {
        true => Ok(()),
        false => Err("says of all files what each has to say of itself"),
    }
}

fn is_attribute(key: &str) -> bool {
    ATTRIBUTES.contains(&key) || ATTRIBUTES_OF.into_iter().any(|beginning| key.starts_with(beginning))
}

/// Records as `30 mtime=1700000000.123456789`, each with the bytes of all of it and an end of line.
fn records(mut content: &[u8]) -> Result<BTreeMap<&str, &[u8]>, &'static str> {
    let mut records = BTreeMap::new();
    while !content.is_empty() {
        let (key, value) = record(&mut content).ok_or("has attributes that cannot be read")?;
        if records.insert(key, value).is_some() {
            return Err("has an attribute twice");
        }
    }
    Ok(records)
}

fn record<'a>(content: &mut &'a [u8]) -> Option<(&'a str, &'a [u8])> {
    let digits = content.iter().position(|byte| *byte == b' ')?;
    let length = std::str::from_utf8(&content[..digits]).ok()?;
    let is_number = length.bytes().all(|byte| byte.is_ascii_digit());
    let length: usize = is_number.then(|| length.parse().ok()).flatten()?;
    let record = content.split_off(..length)?.get(digits + 1..)?.strip_suffix(b"\n")?;
    let end = record.iter().position(|byte| *byte == b'=').filter(|end| *end > 0)?;
    Some((std::str::from_utf8(&record[..end]).ok()?, &record[end + 1..]))
}

#[cfg(test)]
mod tests;
