//! Scalars: the domain's names, parsed once, here; and positions, which JSON numbers cannot carry.

use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};
use distr_domain::names::{RepositoryPath, Slug};
use distr_domain::oci;
use distr_domain::pattern;
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
    /// 1 to 63 lower-case letters, digits and hyphens, with a letter or digit at both ends.
    Name(Slug) = "Name";
    /// A semantic version without build metadata: 1.4.0, 2.0.0-rc.1.
    Version(version::Version) = "Version";
    /// 1.2.x, ^1.4, >=1.2 <2, or *; a full version means that version alone.
    VersionRange(version::VersionRange) = "VersionRange";
    /// sha256:… or sha512:…, lower-case hex.
    Digest(oci::Digest) = "Digest";
    /// A tag of the OCI distribution specification.
    Tag(oci::Tag) = "Tag";
    /// The name of a repository within its organization.
    Repository(RepositoryPath) = "Repository";
    /// A name in which * stands for any run of characters.
    Pattern(pattern::Pattern) = "Pattern";
    /// A place in the log, as text. Ordered; otherwise opaque.
    Position(distr_eventlog::Position) = "Position";
}
