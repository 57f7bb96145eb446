//! Stock registry clients against the running hub: what each of them does all day, and what it is told when it may not.

mod between;
mod cosign;
mod docker;
mod helm;
mod oras;
mod podman;
mod policy;
mod signed_release;
mod site;
mod skopeo;
mod vendor;
mod whole_release;

use distr_tests::client::Client;

/// In each client's words. What a customer has no license for is answered like what does not exist.
fn is_not_there(refusal: &str) -> bool {
    let said = refusal.to_lowercase();
    ["not found", "manifest unknown", "manifest_unknown"].iter().any(|words| said.contains(words))
}

/// Pushes a file as an image of one layer: a service of a release runs nothing else.
fn push_image(oras: &Client, tagged: &str, file: &str) {
    oras.write("config.json", "{\"architecture\":\"amd64\",\"os\":\"linux\"}");
    let config = "config.json:application/vnd.oci.image.config.v1+json";
    oras.ok(&["push", "--plain-http", "--config", config, tagged, file]);
}
