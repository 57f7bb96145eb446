//! `/v2/<name>/manifests/<reference>`: get, head, put, delete; each in its file.

mod change;
mod delete;
mod get;
mod put;

pub(super) use delete::delete;
pub(super) use get::{get, head};
pub(super) use put::put;
