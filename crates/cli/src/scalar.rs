//! The schema's scalars, as they travel. The hub checks them; `apply` also does, to refuse a file before it sends anything.

pub(crate) type BigInt = u64;
pub(crate) type Colour = String;
pub(crate) type DateTime = chrono::DateTime<chrono::Utc>;
pub(crate) type Digest = String;
#[expect(clippy::upper_case_acronyms, reason = "the schema calls it so")]
pub(crate) type JSON = serde_json::Value;
pub(crate) type LabelKey = String;
pub(crate) type LabelValue = String;
pub(crate) type Link = String;
pub(crate) type Moment = String;
pub(crate) type Name = String;
pub(crate) type NaiveDate = chrono::NaiveDate;
pub(crate) type Pattern = String;
pub(crate) type PlanDigest = String;
pub(crate) type Position = String;
pub(crate) type RepositoryName = String;
pub(crate) type Tag = String;
pub(crate) type Version = String;
pub(crate) type VersionRange = String;
