//! Release versions (Semantic Versioning 2.0.0) and the ranges that licenses name.

mod range;

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::names::{InvalidName, text_type};

pub use range::{InvalidRange, VersionRanges};

/// A semantic version. Build metadata is refused: two releases must not differ in it alone.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Version(semver::Version);

/// One range as it is stored: `1.2.x`, `^1.4`, `>=1.2, <2`, `*`. A full version alone means that version and no other. A
/// pre-release is in a range only if the range names a pre-release of the same version. What people write is read as
/// [`VersionRanges`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct VersionRange(String);

impl Version {
    /// Text whose byte order is the semantic order, for databases: numbers are padded, a release comes after its
    /// pre-releases, and a numeric identifier before an alphanumeric one (Semantic Versioning 2.0.0, section 11).
    pub fn sort_key(&self) -> String {
        let semver::Version { major, minor, patch, pre, .. } = &self.0;
        let core = format!("{major:020}.{minor:020}.{patch:020}");
        if pre.is_empty() {
            return format!("{core}~");
        }
        let identifiers = pre.split('.').map(|identifier| match identifier.parse::<u64>() {
            Ok(number) => format!("0{number:020}"),
            // a number of any length is one; those that are longer are greater
            Err(_) if identifier.bytes().all(|byte| byte.is_ascii_digit()) => {
                format!("0~{:03}{identifier}", identifier.len())
            }
            Err(_) => format!("1{identifier}"),
        });
        // the separator sorts before whatever an identifier may go on with
        format!("{core}-{}", identifiers.collect::<Vec<_>>().join("!"))
    }
}

impl FromStr for Version {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, InvalidName> {
        match semver::Version::parse(text) {
            Ok(version) if version.build.is_empty() && text.len() <= 100 => Ok(Self(version)),
            _ => Err(InvalidName::new(
                "version",
                text,
                "use MAJOR.MINOR.PATCH or MAJOR.MINOR.PATCH-pre (semver.org), without a \"v\" before it or build metadata",
            )),
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl From<Version> for String {
    fn from(version: Version) -> String {
        version.to_string()
    }
}

impl TryFrom<String> for Version {
    type Error = InvalidName;
    fn try_from(text: String) -> Result<Self, InvalidName> {
        text.parse()
    }
}

impl Version {
    pub fn is_pre_release(&self) -> bool {
        !self.0.pre.is_empty()
    }
}

impl VersionRange {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn contains(&self, version: &Version) -> bool {
        requirement(&self.0).is_some_and(|requirement| requirement.matches(&version.0))
    }
}

fn requirement(text: &str) -> Option<semver::VersionReq> {
    match semver::Version::parse(text) {
        Ok(_) => semver::VersionReq::parse(&format!("={text}")).ok(),
        Err(_) => semver::VersionReq::parse(text).ok(),
    }
}

/// The text with the operator that was meant where none was written: in what was stored first, `1.2` is `^1.2`.
fn with_carets(text: &str) -> String {
    let parts: Vec<&str> = text.split(',').map(str::trim).collect();
    let is_caret = |part: &&str| {
        let is_version = semver::Version::parse(part).is_ok();
        let is_partial =
            !part.is_empty() && part.split('.').all(|number| number.bytes().all(|byte| byte.is_ascii_digit()));
        if parts.len() > 1 { is_version || is_partial } else { is_partial && !is_version }
    };
    match parts.iter().any(is_caret) {
        true => {
            let parts = parts.iter().map(|part| if is_caret(part) { format!("^{part}") } else { (*part).to_owned() });
            parts.collect::<Vec<_>>().join(", ")
        }
        false => text.to_owned(),
    }
}

/// Of what is stored.
impl FromStr for VersionRange {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, InvalidName> {
        match text.len() <= 200 && requirement(text).is_some() {
            true => Ok(Self(with_carets(text))),
            false => Err(InvalidName::new("version range", text, "use for example 1.2.x, ^1.4, >=1.2, <2 or *")),
        }
    }
}

text_type! { VersionRange }

#[cfg(test)]
mod tests {
    use super::*;

    fn contains(range: &str, version: &str) -> bool {
        range.parse::<VersionRange>().unwrap().contains(&version.parse().unwrap())
    }

    #[test]
    fn a_range_contains_what_its_writer_expects() {
        assert!(contains("1.2.x", "1.2.7"));
        assert!(!contains("1.2.x", "1.3.0"));
        assert!(contains(">=1.2, <2", "1.9.9"));
        assert!(contains("*", "0.0.1"));
    }

    #[test]
    fn a_full_version_means_that_version_alone() {
        assert!(contains("1.2.3", "1.2.3"));
        assert!(!contains("1.2.3", "1.2.4"));
    }

    #[test]
    fn a_pre_release_must_be_named() {
        assert!(!contains("1.2.x", "1.2.3-rc.1"));
        assert!(contains(">=1.2.3-rc.1", "1.2.3-rc.2"));
    }

    #[test]
    fn build_metadata_is_refused() {
        assert!("1.0.0+abc".parse::<Version>().is_err());
    }

    #[test]
    fn versions_are_in_semantic_order() {
        let of = |text: &str| text.parse::<Version>().unwrap();
        assert!(of("1.0.0-rc.1") < of("1.0.0") && of("1.9.0") < of("1.10.0"));
    }

    #[test]
    fn sort_keys_are_in_semantic_order() {
        // the example of Semantic Versioning 2.0.0, section 11, and more
        let ordered = [
            "1.0.0-1",
            "1.0.0-2",
            "1.0.0-10",
            "1.0.0-18446744073709551615",
            "1.0.0-18446744073709551616",
            "1.0.0-99999999999999999999",
            "1.0.0-100000000000000000000",
            "1.0.0--a",
            "1.0.0-alpha",
            "1.0.0-alpha.1",
            "1.0.0-alpha.beta",
            "1.0.0-alpha-1",
            "1.0.0-beta",
            "1.0.0-beta.2",
            "1.0.0-beta.11",
            "1.0.0-rc.1",
            "1.0.0",
            "1.0.1",
            "1.2.0",
            "1.10.0",
            "2.0.0",
        ];
        let versions: Vec<Version> = ordered.iter().map(|text| text.parse().unwrap()).collect();
        assert!(versions.is_sorted());
        assert!(versions.iter().map(Version::sort_key).collect::<Vec<_>>().is_sorted());
    }
}
