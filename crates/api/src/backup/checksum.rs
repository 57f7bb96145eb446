//! Checksums of files, read once from end to end.

use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;

use anyhow::Context;
use aws_lc_rs::digest::{self, Algorithm};

pub(super) struct Checked {
    pub(super) bytes: u64,
    pub(super) sha256: String,
}

pub(super) fn of_file(path: &Path) -> anyhow::Result<Checked> {
    let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    let (bytes, sha256) =
        copy(file, std::io::sink(), &digest::SHA256).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(Checked { bytes, sha256 })
}

/// Copies to the end; answers with how many bytes there were, and their digest in hexadecimal digits.
pub(super) fn copy(
    mut from: impl Read,
    mut to: impl Write,
    algorithm: &'static Algorithm,
) -> std::io::Result<(u64, String)> {
    let mut hash = digest::Context::new(algorithm);
    let mut buffer = vec![0; 1024 * 1024];
    let mut bytes = 0;
    loop {
        let read = from.read(&mut buffer)?;
        if read == 0 {
            return Ok((bytes, hex::encode(hash.finish())));
        }
        hash.update(&buffer[..read]);
        to.write_all(&buffer[..read])?;
        bytes += read as u64;
    }
}
