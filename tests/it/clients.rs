//! Stock registry clients against the running hub: what each of them does all day, and what it is told when it may not.

mod cosign;
mod docker;
mod helm;
mod oras;
mod podman;
mod policy;
mod skopeo;
mod vendor;
