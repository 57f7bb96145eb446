//! Scalars: the domain's names, parsed once, here; and positions, which JSON numbers cannot carry.

use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};
use distr_domain::colour;
use distr_domain::label;
use distr_domain::link;
use distr_domain::names::{RepositoryPath, Slug};
use distr_domain::oci;
use distr_domain::pattern;
use distr_domain::rollout;
use distr_domain::version;

macro_rules! text_scalar {
    ($($(#[$doc:meta])* $scalar:ident($inner:ty) = $name:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub(crate) struct $scalar(pub $inner);

        $(#[$doc])*
        #[Scalar(name = $name)]
        impl ScalarType for $scalar {
            fn parse(value: Value) -> InputValueResult<Self> {
                match value {
                    Value::String(text) => text.parse().map(Self).map_err(InputValueError::custom),
                    other => Err(InputValueError::expected_type(other)),
                }
            }

            fn to_value(&self) -> Value {
                Value::String(self.0.to_string())
            }
        }

        impl From<$inner> for $scalar {
            fn from(inner: $inner) -> Self {
                Self(inner)
            }
        }
    )*};
}

text_scalar! {
    /// A name: 1 to 63 lower-case letters, digits and hyphens, with a letter or digit at both ends.
    Name(Slug) = "Name";
    /// A semantic version without build metadata: `1.4.0`, `2.0.0-rc.1`.
    Version(version::Version) = "Version";
    /// A range of versions in npm's grammar: `1.2` or `1.2.x`, `~1.2.3`, `^1.4`, `>=1.2 <2`, `1.2 - 1.4`, `*`, and several with `||`
    /// between them. A full version means that version alone. A pre-release is in a range only if the range names a pre-release
    /// of the same version.
    VersionRange(version::VersionRanges) = "VersionRange";
    /// A digest: `sha256:…` or `sha512:…`, in lower-case hexadecimal.
    Digest(oci::Digest) = "Digest";
    /// A tag of the OCI distribution specification.
    Tag(oci::Tag) = "Tag";
    /// The name of a repository within its organization, of up to 200 characters: parts with `/` between them. A part
    /// is lower-case letters and digits, separated by `.`, `_`, `__` or hyphens.
    RepositoryName(RepositoryPath) = "RepositoryName";
    /// A pattern for names, of up to 200 characters, in which `*` stands for any run of characters.
    Pattern(pattern::Pattern) = "Pattern";
    /// A colour of sRGB: `#` and six hexadecimal digits, as `#1f5fbf`; three digits are taken, too.
    Colour(colour::Colour) = "Colour";
    /// A link that people follow: `https://…`, `http://…` or `mailto:…`, of at most 500 characters.
    Link(link::Link) = "Link";
    /// The word of a label: 1 to 63 lower-case letters, digits and `.`, `-`, `_`, `/`, with a letter or digit at both ends.
    LabelKey(label::LabelKey) = "LabelKey";
    /// The value of a label: up to 63 characters of one line; it may be empty.
    LabelValue(label::LabelValue) = "LabelValue";
    /// The digest of a plan of a rollout: of its members, waves, order, policy, version, hops, scope and begin. Plans that differ in one of
    /// these have others.
    PlanDigest(rollout::PlanDigest) = "PlanDigest";
    /// A position in the log, as decimal text. Positions are ordered as numbers; otherwise they are opaque.
    Position(distr_eventlog::Position) = "Position";
}

/// A whole number without a sign, as a JSON number. `Int` has 32 bits and this has 64; in JavaScript it is exact up
/// to 2^53.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BigInt(pub u64);

/// A whole number without a sign, as a JSON number. `Int` has 32 bits and this has 64; in JavaScript it is exact up
/// to 2^53.
#[Scalar(name = "BigInt")]
impl ScalarType for BigInt {
    fn parse(value: Value) -> InputValueResult<Self> {
        match &value {
            Value::Number(number) => number.as_u64().map(Self).ok_or_else(|| InputValueError::expected_type(value)),
            _ => Err(InputValueError::expected_type(value)),
        }
    }

    fn to_value(&self) -> Value {
        Value::Number(self.0.into())
    }
}

impl From<u64> for BigInt {
    fn from(number: u64) -> Self {
        Self(number)
    }
}
