//! The one Helm that is known. Another one may take the same words for something else.

use std::path::Path;
use std::{fs, io};

use aws_lc_rs::digest::{Context, SHA256};
use distr_agent::fault::Failure;
use distr_domain::agent::ErrorCategory;

/// The version that the tests are held with.
pub const VERSION: &str = "4.1.4";
/// SHA-256 of the program by the architecture that Rust names; of others it is not known yet.
const PROGRAMS: [(&str, &str); 1] = [("x86_64", "210d576a6dc04b7864af4b5d9a5af58860bbc03d19174ffeddbd29d01d1b59a9")];

/// Refuses a program that is not Helm as it was released, or as `expected` if whoever built it says its SHA-256. Reads all of it: 62 MB, a moment
/// at the agent's start.
pub fn verify(program: &Path, expected: Option<&str>) -> Result<(), Failure> {
    let found = checksum(program).map_err(|error| {
        let text = format!("helm cannot be read at {}: {error}; say where it is with --helm", program.display());
        Failure::passing(ErrorCategory::Runtime, text)
    })?;
    let is_released =
        || PROGRAMS.iter().any(|(architecture, known)| *architecture == std::env::consts::ARCH && *known == found);
    let is_known = expected.map_or_else(is_released, |expected| expected.eq_ignore_ascii_case(&found));
    match is_known {
        true => Ok(()),
        false => Err(Failure::passing(
            ErrorCategory::Runtime,
            format!(
                "{} is not Helm {VERSION} as it was released: its SHA-256 is {found}; put the released program there, or say with \
                 --helm-sha256 that it is to be this one",
                program.display()
            ),
        )),
    }
}

fn checksum(path: &Path) -> io::Result<String> {
    let (mut file, mut context) = (fs::File::open(path)?, Context::new(&SHA256));
    let mut buffer = vec![0; 1 << 20];
    loop {
        match io::Read::read(&mut file, &mut buffer)? {
            0 => return Ok(hex::encode(context.finish())),
            read => context.update(&buffer[..read]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_program_is_refused_by_its_checksum() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("helm");
        fs::write(&path, "abc").unwrap();
        let sum = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        let text = verify(&path, None).unwrap_err().text;
        assert!(text.contains(sum), "{text}");
        verify(&path, Some(sum)).unwrap();
        assert!(verify(&path, Some("0")).is_err() && verify(&folder.path().join("absent"), None).is_err());
    }
}
