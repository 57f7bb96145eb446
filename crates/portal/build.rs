//! Puts the built portal into the program of a release. Debug builds read the folder when they are asked, so that the portal
//! can be built after them.

use std::fmt::Write as _;
use std::path::Path;

fn main() -> std::io::Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../portal/dist");
    println!("cargo:rerun-if-changed=build.rs");
    let is_release = std::env::var("PROFILE").is_ok_and(|profile| profile != "debug");
    if is_release {
        println!("cargo:rerun-if-changed={}", folder.display());
    }
    let mut table = String::from("&[");
    if is_release && folder.is_dir() {
        let mut files = vec![];
        list(&folder, &folder, &mut files)?;
        files.sort();
        for (name, path) in files {
            writeln!(table, "({name:?}, include_bytes!({path:?}).as_slice()),").map_err(std::io::Error::other)?;
        }
    }
    table.push(']');
    let out = std::env::var("OUT_DIR").map_err(std::io::Error::other)?;
    std::fs::write(Path::new(&out).join("files.rs"), table)
}

fn list(root: &Path, folder: &Path, files: &mut Vec<(String, String)>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            list(root, &path, files)?;
        } else if let Ok(name) = path.strip_prefix(root) {
            files.push((name.to_string_lossy().into_owned(), path.to_string_lossy().into_owned()));
        }
    }
    Ok(())
}
