//! Rollout policies, as a part of what is declared.

#[rustfmt::skip]
#[path = "../../crates/cli/src/policy/file.rs"]
mod file;

pub(crate) use file::Named;
