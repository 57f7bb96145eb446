//! Makes the messages and services of the protocol from its `.proto` files, without protoc.

const FILES: [&str; 3] = ["streams.proto", "serverfeatures.proto", "gossip.proto"];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo:rerun-if-changed=protos");
    let files = protox::compile(FILES, ["protos"])?;
    tonic_build::configure()
        .build_client(false)
        .bytes(["."])
        .extern_path(".event_store.client.Empty", "()")
        .compile_fds(files)?;
    Ok(())
}
