//! `distr.yaml` in a chart: where variables, Secrets, features and images go, and how the release is judged.

use std::collections::{BTreeMap, BTreeSet};

use distr_domain::configuration::check_variable;
use distr_domain::names::Slug;
use distr_domain::release::{
    ChartSettings, ConfigValue, CrdPolicy, CustomHealth, CustomImage, DEFAULT_MINUTES, FeatureValues, ImageSettings,
    KindName, MAX_MINUTES, RollbackPolicy, SecretKey, SecretValue, YieldedField,
};
use distr_domain::value_path::ValuePath;
use serde::Deserialize;
use serde_json::Value;

use crate::depth::{MAX_DEPTH, depth};
use crate::yaml;

/// The name of the file, beside `Chart.yaml`.
pub const FILE: &str = "distr.yaml";
/// The schema that the file names.
pub const SCHEMA: &str = "distr.sh/chart/v1";
/// The most entries of each part of the file.
const MAX_ENTRIES: usize = 200;
/// The most paths of values that the file names.
const MAX_PATHS: usize = 1_000;

/// A `distr.yaml` that says nothing that can be done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSettings {
    #[error("{FILE}: {0}")]
    Unreadable(String),
    #[error("{FILE}: schema is {0:?}; write {SCHEMA}")]
    Schema(String),
    #[error("{FILE}: {0} has more than {MAX_ENTRIES} entries")]
    Many(&'static str),
    #[error("{FILE}: features, config and secrets name more than {MAX_PATHS} paths in all")]
    ManyPaths,
    #[error("{FILE}: the value at {0} lies more than {MAX_DEPTH} maps and lists deep")]
    Deep(ValuePath),
    #[error("{FILE}: {0}")]
    Variable(String),
    #[error("{FILE}: variable {0} is in config and in secrets; leave it in one of them")]
    Twice(String),
    #[error("{FILE}: {first} and {second} set the same value: {path}")]
    SamePath { first: String, second: String, path: ValuePath },
    #[error("{FILE}: yield path {0:?} is no JSON pointer into an object; write it as /spec/replicas")]
    Pointer(String),
    #[error("{FILE}: timeout is {0:?}; write minutes, as 15m, at most {MAX_MINUTES}m")]
    Timeout(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    schema: String,
    #[serde(default)]
    features: BTreeMap<Slug, FeatureFile>,
    #[serde(default)]
    config: BTreeMap<String, ConfigValue>,
    #[serde(default)]
    secrets: BTreeMap<String, SecretFile>,
    #[serde(default)]
    images: ImagesFile,
    #[serde(default, rename = "yield")]
    yields: Vec<YieldFile>,
    #[serde(default)]
    health: HealthFile,
    #[serde(default)]
    rollback: RollbackPolicy,
    #[serde(default)]
    crds: CrdPolicy,
    #[serde(default)]
    timeout: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FeatureFile {
    #[serde(default)]
    values: BTreeMap<ValuePath, Value>,
    #[serde(default)]
    otherwise: BTreeMap<ValuePath, Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct SecretFile {
    existing_secret: ValuePath,
    key: KeyFile,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyFile {
    name: String,
    #[serde(default)]
    path: Option<ValuePath>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct ImagesFile {
    #[serde(default)]
    registry: Option<ValuePath>,
    #[serde(default)]
    paths: Vec<ImageFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ImageFile {
    kind: KindName,
    path: ValuePath,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct YieldFile {
    kind: KindName,
    #[serde(default)]
    name: Option<String>,
    path: String,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct HealthFile {
    #[serde(default)]
    custom: Vec<CustomFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CustomFile {
    kind: KindName,
    ready: ReadyFile,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReadyFile {
    path: ValuePath,
    equals: Value,
}

/// Reads the file's text.
pub fn read(text: &str) -> Result<ChartSettings, InvalidSettings> {
    let file: File = yaml::one(text).map_err(InvalidSettings::Unreadable)?;
    if file.schema != SCHEMA {
        return Err(InvalidSettings::Schema(file.schema));
    }
    let minutes = file.timeout.as_deref().map(minutes).transpose()?.unwrap_or(DEFAULT_MINUTES);
    let settings = ChartSettings {
        features: file
            .features
            .into_iter()
            .map(|(name, FeatureFile { values, otherwise })| (name, FeatureValues { values, otherwise }))
            .collect(),
        config: file.config,
        secrets: file.secrets.into_iter().map(|(name, of)| (name, of.into())).collect(),
        images: ImageSettings {
            registry: file.images.registry,
            paths: file.images.paths.into_iter().map(|ImageFile { kind, path }| CustomImage { kind, path }).collect(),
        },
        yields: file
            .yields
            .into_iter()
            .map(|YieldFile { kind, name, path }| YieldedField { kind, name, path })
            .collect(),
        health: file
            .health
            .custom
            .into_iter()
            .map(|CustomFile { kind, ready: ReadyFile { path, equals } }| CustomHealth { kind, path, equals })
            .collect(),
        rollback: file.rollback,
        crds: file.crds,
        minutes,
    };
    check(&settings)?;
    Ok(settings)
}

impl From<SecretFile> for SecretValue {
    fn from(SecretFile { existing_secret, key: KeyFile { name, path } }: SecretFile) -> Self {
        Self { existing_secret, key: SecretKey { name, path } }
    }
}

fn minutes(text: &str) -> Result<u32, InvalidSettings> {
    let number = text.strip_suffix('m').and_then(|number| number.parse().ok());
    number
        .filter(|minutes| (1..=MAX_MINUTES).contains(minutes))
        .ok_or_else(|| InvalidSettings::Timeout(text.to_owned()))
}

fn check(settings: &ChartSettings) -> Result<(), InvalidSettings> {
    let counts = [
        ("features", settings.features.len()),
        ("config", settings.config.len()),
        ("secrets", settings.secrets.len()),
        ("images.paths", settings.images.paths.len()),
        ("yield", settings.yields.len()),
        ("health.custom", settings.health.len()),
    ];
    if let Some((name, _)) = counts.into_iter().find(|(_, count)| *count > MAX_ENTRIES) {
        return Err(InvalidSettings::Many(name));
    }
    for name in settings.config.keys().chain(settings.secrets.keys()) {
        check_variable(name, "").map_err(|error| InvalidSettings::Variable(error.to_string()))?;
    }
    if let Some(name) = settings.config.keys().find(|name| settings.secrets.contains_key(*name)) {
        return Err(InvalidSettings::Twice(name.clone()));
    }
    if let Some(of) = settings.yields.iter().find(|of| !of.path.starts_with('/') || of.path.len() > 500) {
        return Err(InvalidSettings::Pointer(of.path.chars().take(80).collect()));
    }
    check_depth(settings)?;
    check_paths(settings)
}

/// Two parts that set the same value would undo each other. Several variables of one Secret name it at one path.
fn check_paths(settings: &ChartSettings) -> Result<(), InvalidSettings> {
    let features = settings.features.values().map(|of| of.values.len() + of.otherwise.len()).sum::<usize>();
    if features + settings.config.len() + 2 * settings.secrets.len() > MAX_PATHS {
        return Err(InvalidSettings::ManyPaths);
    }
    let mut set: Vec<(String, &ValuePath)> = vec![];
    for (name, of) in &settings.features {
        let paths = BTreeSet::from_iter(of.values.keys().chain(of.otherwise.keys()));
        set.extend(paths.into_iter().map(|path| (format!("feature {name}"), path)));
    }
    set.extend(settings.config.iter().map(|(name, of)| (format!("variable {name}"), &of.path)));
    let secrets = BTreeSet::from_iter(settings.secrets.values().map(|of| &of.existing_secret));
    set.extend(secrets.into_iter().map(|path| ("a Secret".to_owned(), path)));
    let keys = settings.secrets.iter().filter_map(|(name, of)| Some((name, of.key.path.as_ref()?)));
    set.extend(keys.map(|(name, path)| (format!("the key of {name}"), path)));
    set.extend(settings.images.registry.iter().map(|path| ("images.registry".to_owned(), path)));
    // name by name: what lies in a path comes right behind it
    set.sort_by(|(_, one), (_, other)| one.names().cmp(other.names()));
    match set.windows(2).find(|pair| pair[0].1.meets(pair[1].1)) {
        Some([(first, _), (second, path)]) => {
            Err(InvalidSettings::SamePath { first: first.clone(), second: second.clone(), path: (*path).clone() })
        }
        _ => Ok(()),
    }
}

/// Values of features as deep as those that a deployment may be given.
fn check_depth(settings: &ChartSettings) -> Result<(), InvalidSettings> {
    let mut values = settings.features.values().flat_map(|of| of.values.iter().chain(&of.otherwise));
    match values.find(|(path, value)| path.names().count() + depth(value) > MAX_DEPTH) {
        Some((path, _)) => Err(InvalidSettings::Deep(path.clone())),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
