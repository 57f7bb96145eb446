//! Makes the messages and services of the protocol from the `.proto` files that the client's package has, without protoc.

use std::error::Error;
use std::path::PathBuf;
use std::process::Command;

const CLIENT: &str = "kurrentdb";
const FILES: [&str; 3] = ["streams.proto", "serverfeatures.proto", "gossip.proto"];

fn main() -> Result<(), Box<dyn Error>> {
    let protos = client_package()?.join("protos");
    println!("cargo:rerun-if-changed={}", protos.display());
    let files = protox::compile(FILES, [protos])?;
    tonic_build::configure()
        .build_client(false)
        .bytes(["."])
        .extern_path(".event_store.client.Empty", "()")
        .compile_fds(files)?;
    Ok(())
}

/// Where Cargo has put the package of the client.
fn client_package() -> Result<PathBuf, Box<dyn Error>> {
    let (cargo, target) = (std::env::var("CARGO")?, std::env::var("TARGET")?);
    let told = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--locked", "--filter-platform", &target])
        .output()?;
    if !told.status.success() {
        return Err(format!("cargo metadata failed: {}", String::from_utf8_lossy(&told.stderr)).into());
    }
    let metadata: serde_json::Value = serde_json::from_slice(&told.stdout)?;
    let packages = metadata["packages"].as_array().ok_or("cargo metadata names no packages")?;
    let client = packages.iter().find(|package| package["name"] == CLIENT).ok_or("the client is no dependency")?;
    let manifest = client["manifest_path"].as_str().ok_or("the client's package has no place")?;
    Ok(PathBuf::from(manifest).parent().ok_or("the client's manifest is in no directory")?.to_owned())
}
