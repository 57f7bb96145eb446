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

/// In each client's words. What a customer has no license for is answered like what does not exist.
fn is_not_there(refusal: &str) -> bool {
    let said = refusal.to_lowercase();
    ["not found", "manifest unknown", "manifest_unknown"].iter().any(|words| said.contains(words))
}
