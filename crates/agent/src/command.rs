//! What somebody on the host may ask of the agent beside running it.

pub(crate) mod consent;
pub(crate) mod policy;
