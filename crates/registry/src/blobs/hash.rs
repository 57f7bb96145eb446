//! Digests while bytes go by. The state can be kept and cloned, so that an upload in many chunks is hashed once.

use std::fs::File;
use std::io::Read;

use aws_lc_rs::digest::{self, Context};
use distr_domain::oci::{Algorithm, Digest};

#[derive(Clone)]
pub(crate) struct Hashing {
    algorithm: Algorithm,
    context: Context,
    length: u64,
}

impl Hashing {
    pub(crate) fn new(algorithm: Algorithm) -> Self {
        let context = Context::new(match algorithm {
            Algorithm::Sha256 => &digest::SHA256,
            Algorithm::Sha512 => &digest::SHA512,
        });
        Self { algorithm, context, length: 0 }
    }

    /// Of all that is in the file, from its beginning. Leaves the file's cursor at its end.
    pub(crate) fn of_file(algorithm: Algorithm, mut file: &File) -> std::io::Result<Self> {
        use std::io::Seek;

        let mut hashing = Self::new(algorithm);
        let mut buffer = vec![0; 1024 * 1024];
        file.rewind()?;
        loop {
            match file.read(&mut buffer)? {
                0 => return Ok(hashing),
                read => hashing.update(&buffer[..read]),
            }
        }
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.context.update(bytes);
        self.length += bytes.len() as u64;
    }

    pub(crate) fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// How many bytes went by.
    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    pub(crate) fn digest(self) -> Digest {
        let name = match self.algorithm {
            Algorithm::Sha256 => "sha256",
            Algorithm::Sha512 => "sha512",
        };
        let text = format!("{name}:{}", hex::encode(self.context.finish()));
        text.parse().expect("a digest in lower-case hex of its algorithm's length is valid")
    }
}

pub(crate) fn digest_of(algorithm: Algorithm, bytes: &[u8]) -> Digest {
    let mut hashing = Hashing::new(algorithm);
    hashing.update(bytes);
    hashing.digest()
}
