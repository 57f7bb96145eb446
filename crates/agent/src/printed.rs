//! Whether what programs print is reported to the hub.

use serde::Deserialize;

/// Whether what a runtime's tools and the programs of a release print is reported to the hub.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Output {
    #[default]
    Never,
    /// the last lines of what failed, without values of the configuration
    Errors,
}
