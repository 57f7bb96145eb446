//! How an organization shows itself to its customers: colours, pictures, a link for help, words. Facts of the organization.

use serde::{Deserialize, Serialize};

use crate::colour::Colour;
use crate::link::Link;

/// What is not there is as the portal has it of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Branding {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accent: Option<Colour>,
    /// on dark pages; the accent if there is none
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accent_dark: Option<Colour>,
    /// where a customer finds help
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub support: Option<Link>,
    /// what stands under the customer's home, in the portal's few marks of Markdown
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub home_text: String,
}

/// What a picture is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BrandingImage {
    Logo,
    /// on dark pages; the logo if there is none
    LogoDark,
    Favicon,
}

impl BrandingImage {
    pub const ALL: [Self; 3] = [Self::Logo, Self::LogoDark, Self::Favicon];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Logo => "logo",
            Self::LogoDark => "logo_dark",
            Self::Favicon => "favicon",
        }
    }
}
