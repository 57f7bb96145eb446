//! The host's own policy: powers that a release may have on this machine, and requests that need no consent. The file belongs
//! to whoever owns the host; all that it does not allow is denied, and so is what this agent does not know.

mod default;
#[cfg(test)]
mod farm;
mod file;
mod files;
mod host;
mod keys;
mod links;
mod logging;
mod model;
mod mounts;
mod need;
mod port;
mod rule;
mod rules;
mod service;
mod settle;
#[cfg(test)]
mod tests;
mod writable;

pub use default::DEFAULT;
pub use file::{PolicyFault, PolicyFile};
pub use files::{Withheld, read_while_resolving};
pub use host::{DeploymentFolders, Host};
pub(crate) use keys::is_known as is_known_key;
pub use links::canonical;
pub use model::{Subject, needs};
pub use need::{Need, Part};
pub use rule::{InvalidRule, KINDS, Kind, Rule};
pub use rules::{Consent, CustomerRequests, DataConsent, InvalidPolicy, Policy, Ports, Registries};
pub use settle::{Written, settle, settle_read_files};

pub use distr_agent::printed::Output;
