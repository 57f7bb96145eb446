//! Commands of the agent for somebody on the host, beside running it.

pub(crate) mod consent;
pub(crate) mod data;
pub(crate) mod doctor;
pub(crate) mod policy;
