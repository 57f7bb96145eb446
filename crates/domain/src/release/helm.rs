//! A package that Helm installs on a Kubernetes cluster: a chart of this registry, what its author says about it, and the lock: all
//! images that it may run, and all kinds of objects that it has. What the lock lacks is not run, whatever the chart renders.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::names::{RepositoryPath, Slug};
use crate::oci::{Digest, Tag};
use crate::value_path::ValuePath;

use super::role_rule::RoleRule;

/// The minutes within which a release has to become healthy, if its author does not say.
pub const DEFAULT_MINUTES: u32 = 15;
/// The most minutes that an author may give a release.
pub const MAX_MINUTES: u32 = 60;
/// The most images of a lock.
pub const MAX_LOCKED_IMAGES: usize = 200;
/// The most kinds of objects of a lock.
pub const MAX_LOCKED_KINDS: usize = 200;

/// A package that Helm installs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HelmPackage {
    pub chart: Chart,
    #[serde(default, skip_serializing_if = "ChartSettings::is_default")]
    pub settings: ChartSettings,
    pub lock: ChartLock,
}

/// A chart as it lies in this registry, with what it says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chart {
    pub repository: RepositoryPath,
    /// of its manifest
    pub digest: Digest,
    /// the tag that the digest was read from, for people
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<Tag>,
    /// of the archive, the manifest's one layer
    pub archive: Digest,
    /// of the archive, in bytes
    pub size: u64,
    pub name: String,
    pub version: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app_version: Option<String>,
    /// the versions of Kubernetes that it is for, as Helm writes them
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kube_version: Option<String>,
    /// the values that it has if nobody sets others
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub values: Map<String, Value>,
    /// what values must be like, in JSON Schema
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<Value>,
}

/// What the author says in the chart's `distr.yaml`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChartSettings {
    /// what a feature of the license sets, and what its absence sets
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub features: BTreeMap<Slug, FeatureValues>,
    /// where the variables of a configuration go
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub config: BTreeMap<String, ConfigValue>,
    /// the variables whose values are kept in Secrets, and where the names of these go
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub secrets: BTreeMap<String, SecretValue>,
    #[serde(default, skip_serializing_if = "ImageSettings::is_default")]
    pub images: ImageSettings,
    /// fields that are left to whoever else sets them
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub yields: Vec<YieldedField>,
    /// when objects of custom kinds are healthy
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub health: Vec<CustomHealth>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub rollback: RollbackPolicy,
    #[serde(default, skip_serializing_if = "is_default")]
    pub crds: CrdPolicy,
    /// within which the release has to become healthy
    #[serde(default = "default_minutes", skip_serializing_if = "is_default_minutes")]
    pub minutes: u32,
}

/// The values of a feature by their paths.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct FeatureValues {
    /// with the feature
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub values: BTreeMap<ValuePath, Value>,
    /// without it
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub otherwise: BTreeMap<ValuePath, Value>,
}

/// Where a variable goes, and what its text becomes there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfigValue {
    pub path: ValuePath,
    #[serde(default, rename = "type", skip_serializing_if = "is_default")]
    pub kind: ValueKind,
}

/// What the text of a variable becomes in a chart's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ValueKind {
    #[default]
    String,
    Integer,
    Number,
    Boolean,
}

/// Where the name of the Secret goes that keeps a variable, and under which key it is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecretValue {
    pub existing_secret: ValuePath,
    pub key: SecretKey,
}

/// The key of a variable in its Secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecretKey {
    pub name: String,
    /// where the chart wants to be told the key, if it does not know it
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<ValuePath>,
}

/// Where images stand besides in the pods that a chart renders.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ImageSettings {
    /// where the host of the registry goes
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registry: Option<ValuePath>,
    /// the images of custom kinds
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub paths: Vec<CustomImage>,
}

/// Where an object of a custom kind names an image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomImage {
    pub kind: KindName,
    pub path: ValuePath,
}

/// A field of an object that is left to whoever else sets it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct YieldedField {
    pub kind: KindName,
    /// all objects of the kind if it is left out
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// a JSON pointer
    pub path: String,
}

/// When an object of a custom kind is healthy: a field of it has this value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomHealth {
    pub kind: KindName,
    pub path: ValuePath,
    pub equals: Value,
}

/// A kind with its group: `Deployment.apps`, `Pod`, `KafkaCluster.acme.io`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct KindName {
    pub kind: String,
    /// empty for the core of Kubernetes
    pub group: String,
}

/// Whether what a release changed can be taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RollbackPolicy {
    #[default]
    Allowed,
    /// a release that fails stays as it is until a person decides
    Forbidden,
}

/// What becomes of the definitions of custom kinds that a chart brings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CrdPolicy {
    /// those that are missing are created
    #[default]
    Create,
    /// those that are there are replaced, too
    Replace,
    /// somebody else brings them
    None,
}

/// What a chart may run and which objects it has, as its author's rendering of it found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChartLock {
    /// `host[:port]` of the registry, as images of it were named by the rendering
    pub registry: String,
    pub images: Vec<LockedImage>,
    pub kinds: Vec<LockedKind>,
    /// what the chart's own Roles allow: nobody gives more than he has
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<RoleRule>,
    /// in how many ways it was rendered
    pub cases: u32,
    /// by what it was rendered, such as `helm v4.1.4`
    pub tool: String,
}

/// An image that the chart may run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LockedImage {
    /// as it was rendered; of this registry, without the host
    pub reference: String,
    /// what runs for it, if it is of this registry; an image of another one is named by its digest
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<OwnImage>,
    /// the objects that run it: `Deployment/web/nginx`
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub found: Vec<String>,
}

/// An image of this registry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnImage {
    pub repository: RepositoryPath,
    pub digest: Digest,
}

/// A kind of objects that the chart has.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct LockedKind {
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub group: String,
    pub kind: String,
    /// its name in rules: `deployments`
    pub resource: String,
    pub namespaced: bool,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

fn default_minutes() -> u32 {
    DEFAULT_MINUTES
}

fn is_default_minutes(minutes: &u32) -> bool {
    *minutes == DEFAULT_MINUTES
}

impl Default for ChartSettings {
    /// The settings of a chart whose author says nothing.
    fn default() -> Self {
        Self {
            features: BTreeMap::new(),
            config: BTreeMap::new(),
            secrets: BTreeMap::new(),
            images: ImageSettings::default(),
            yields: vec![],
            health: vec![],
            rollback: RollbackPolicy::default(),
            crds: CrdPolicy::default(),
            minutes: DEFAULT_MINUTES,
        }
    }
}

impl ChartSettings {
    fn is_default(&self) -> bool {
        is_default(self)
    }

    /// The paths that a configuration may not set: features, Secrets and the registry are put there last.
    pub fn reserved(&self) -> impl Iterator<Item = &ValuePath> {
        let features = self.features.values().flat_map(|of| of.values.keys().chain(of.otherwise.keys()));
        let secrets = self.secrets.values();
        let secrets = secrets.flat_map(|of| std::iter::once(&of.existing_secret).chain(&of.key.path));
        features.chain(secrets).chain(&self.images.registry)
    }
}

impl ImageSettings {
    fn is_default(&self) -> bool {
        is_default(self)
    }
}

/// A kind that cannot be: `Kind` or `Kind.group`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no kind of objects; write `Kind`, or `Kind.group` for one that is not of Kubernetes' core")]
pub struct InvalidKind(String);

impl std::str::FromStr for KindName {
    type Err = InvalidKind;

    fn from_str(text: &str) -> Result<Self, InvalidKind> {
        let (kind, group) = text.split_once('.').unwrap_or((text, ""));
        let is_kind = (1..=63).contains(&kind.len())
            && kind.bytes().all(|byte| byte.is_ascii_alphanumeric())
            && kind.starts_with(|first: char| first.is_ascii_uppercase());
        let is_group =
            group.len() <= 253 && group.split('.').all(|label| label.parse::<Slug>().is_ok()) || !text.contains('.');
        match is_kind && is_group {
            true => Ok(Self { kind: kind.to_owned(), group: group.to_owned() }),
            false => Err(InvalidKind(text.chars().take(80).collect())),
        }
    }
}

impl TryFrom<String> for KindName {
    type Error = InvalidKind;

    fn try_from(text: String) -> Result<Self, InvalidKind> {
        text.parse()
    }
}

impl std::fmt::Display for KindName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.group.is_empty() {
            true => f.write_str(&self.kind),
            false => write!(f, "{}.{}", self.kind, self.group),
        }
    }
}

impl From<KindName> for String {
    fn from(kind: KindName) -> Self {
        kind.to_string()
    }
}
