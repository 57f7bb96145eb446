//! What a chart's archive says of itself.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;

use distr_domain::release::{ChartSettings, InvalidKind};
use distr_domain::text::is_unseen;
use flate2::bufread::GzDecoder;
use serde::Deserialize;
use serde_json::{Map, Value};

use self::entries::File;
use crate::{schema, settings, yaml};

mod entries;

/// The most bytes of an archive.
pub const MAX_ARCHIVE: u64 = 10 * 1024 * 1024;
/// The most bytes of what is in it.
const MAX_UNPACKED: u64 = 50 * 1024 * 1024;
const MAX_ENTRIES: usize = 5_000;
const MAX_DEPENDENCIES: usize = 500;
/// The most bytes of a path.
const MAX_PATH: usize = 1_000;
/// The most bytes of a file that the hub keeps with the release: values and their schema.
const MAX_FILE: usize = 256 * 1024;

/// What a chart says of itself.
#[derive(Debug, Clone, PartialEq)]
pub struct ChartContent {
    pub name: String,
    pub version: String,
    pub app_version: Option<String>,
    pub kube_version: Option<String>,
    pub values: Map<String, Value>,
    pub schema: Option<Value>,
    pub settings: ChartSettings,
    /// images that only an operator starts, as the annotation of the chart lists them: references, each with its feature
    pub listed_images: Vec<ListedImage>,
}

/// An image that no pod of the chart names.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListedImage {
    pub image: String,
    #[serde(default)]
    pub feature: Option<distr_domain::names::Slug>,
}

/// A chart that no release can be made of.
#[derive(Debug, thiserror::Error)]
pub enum InvalidChart {
    #[error("the chart's archive has {0} bytes; use at most {MAX_ARCHIVE}")]
    Large(u64),
    #[error("the chart's archive cannot be read: {0}")]
    Unreadable(String),
    #[error("the chart's archive has more than {MAX_UNPACKED} bytes when it is unpacked")]
    LargeUnpacked,
    #[error("the chart's archive has more than {MAX_ENTRIES} files")]
    Many,
    #[error("{path:?} in the chart's archive {why}")]
    Entry { path: String, why: &'static str },
    #[error("the chart has no {0}")]
    Missing(&'static str),
    #[error("{file} has {bytes} bytes; use at most {MAX_FILE}")]
    LargeFile { file: &'static str, bytes: usize },
    #[error("{file}: {why}")]
    File { file: &'static str, why: String },
    #[error("the chart needs {0}, which is not in its folder charts/; run `helm dependency build` before it is packed")]
    DependencyMissing(String),
    #[error(transparent)]
    Settings(#[from] settings::InvalidSettings),
    #[error(transparent)]
    Schema(#[from] schema::TooMuchWork),
}

impl From<InvalidKind> for InvalidChart {
    fn from(error: InvalidKind) -> Self {
        Self::File { file: settings::FILE, why: error.to_string() }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    api_version: String,
    name: String,
    version: String,
    #[serde(default)]
    app_version: Option<Value>,
    #[serde(default)]
    kube_version: Option<String>,
    #[serde(default, rename = "type")]
    kind: Option<String>,
    #[serde(default)]
    dependencies: Vec<Dependency>,
    #[serde(default)]
    annotations: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Dependency {
    name: String,
}

const CHART: &str = "Chart.yaml";
const VALUES: &str = "values.yaml";
const SCHEMA: &str = "values.schema.json";
/// The annotation of images that only an operator starts.
const IMAGES: &str = "distr.sh/images";

impl ChartContent {
    /// Reads an archive as `helm package` makes it.
    pub fn read(archive: &[u8]) -> Result<Self, InvalidChart> {
        let files = Files::unpack(archive)?;
        let metadata: Metadata = parse(CHART, files.text(CHART)?.ok_or(InvalidChart::Missing(CHART))?)?;
        check(&metadata, &files)?;
        let values = match files.text(VALUES)? {
            Some(text) => parse::<Option<Map<String, Value>>>(VALUES, text)?.unwrap_or_default(),
            None => Map::new(),
        };
        let schema: Option<Value> = match files.text(SCHEMA)? {
            Some(text) => Some(
                serde_json::from_str(text)
                    .map_err(|error| InvalidChart::File { file: SCHEMA, why: error.to_string() })?,
            ),
            None => None,
        };
        if let Some(schema) = &schema {
            schema::check(schema, &Value::Object(values.clone()))?;
        }
        let settings = files.text(settings::FILE)?.map(settings::read).transpose()?.unwrap_or_default();
        let listed = metadata.annotations.get(IMAGES);
        let listed_images = listed.map(|text| parse(CHART, text)).transpose()?.unwrap_or_default();
        Ok(Self {
            name: metadata.name,
            version: metadata.version,
            app_version: metadata.app_version.map(|version| match version {
                Value::String(text) => text,
                other => other.to_string(),
            }),
            kube_version: metadata.kube_version,
            values,
            schema,
            settings,
            listed_images,
        })
    }
}

fn parse<T: serde::de::DeserializeOwned>(file: &'static str, text: &str) -> Result<T, InvalidChart> {
    yaml::of_helm(text).map_err(|why| InvalidChart::File { file, why })
}

fn check(metadata: &Metadata, files: &Files) -> Result<(), InvalidChart> {
    let fail = |why: String| Err(InvalidChart::File { file: CHART, why });
    let is_text = |text: &str| (1..=100).contains(&text.len()) && !text.chars().any(|c| is_unseen(c) || c == ' ');
    if metadata.api_version != "v2" {
        return fail(format!("apiVersion is {:?}; use v2", metadata.api_version));
    }
    if metadata.kind.as_deref().is_some_and(|kind| kind != "application") {
        return fail("the chart is a library, which nobody can install".to_owned());
    }
    if !is_text(&metadata.name) || metadata.name.contains('/') {
        return fail("name is no name of a chart".to_owned());
    }
    if !is_text(&metadata.version) {
        return fail("version is no version".to_owned());
    }
    if metadata.dependencies.len() > MAX_DEPENDENCIES {
        return fail(format!("the chart has more than {MAX_DEPENDENCIES} dependencies"));
    }
    let missing = metadata.dependencies.iter().find(|dependency| !files.has_dependency(&dependency.name));
    missing.map_or(Ok(()), |dependency| Err(InvalidChart::DependencyMissing(dependency.name.clone())))
}

/// What is kept of an archive: the texts that are read, and the names of dependencies.
struct Files {
    texts: BTreeMap<&'static str, Vec<u8>>,
    /// the names right below `charts/`
    charts: BTreeSet<String>,
}

impl Files {
    fn unpack(archive: &[u8]) -> Result<Self, InvalidChart> {
        let size = archive.len() as u64;
        if size > MAX_ARCHIVE {
            return Err(InvalidChart::Large(size));
        }
        let unreadable = |error: std::io::Error| InvalidChart::Unreadable(error.to_string());
        // other readers go on where the first one ends
        let mut packed = GzDecoder::new(archive);
        let mut whole = vec![];
        packed.by_ref().take(MAX_UNPACKED + 1).read_to_end(&mut whole).map_err(unreadable)?;
        if whole.len() as u64 > MAX_UNPACKED {
            return Err(InvalidChart::LargeUnpacked);
        }
        if !packed.into_inner().is_empty() {
            return Err(InvalidChart::Unreadable("something stands behind its end".to_owned()));
        }
        let (mut texts, mut charts, mut top) = (BTreeMap::new(), BTreeSet::new(), None);
        for File { path, content } in entries::files(&whole, MAX_ENTRIES)? {
            let refused = |why| InvalidChart::Entry { path: path.clone(), why };
            if is_ambiguous(&path) {
                return Err(refused("has a name that readers of archives take for different ones"));
            }
            let (folder, name) = parts(&path).ok_or_else(|| refused("leads out of the chart, or lies in no folder"))?;
            if *top.get_or_insert_with(|| folder.to_owned()) != folder {
                return Err(refused("lies beside the chart's folder; an archive has one chart"));
            }
            if let Some(wanted) = [CHART, VALUES, SCHEMA, settings::FILE].into_iter().find(|wanted| *wanted == name) {
                texts.insert(wanted, content.to_owned());
            }
            charts.extend(name.strip_prefix("charts/").and_then(|rest| rest.split('/').next()).map(str::to_owned));
        }
        Ok(Self { texts, charts })
    }

    fn text(&self, file: &'static str) -> Result<Option<&str>, InvalidChart> {
        let Some(bytes) = self.texts.get(file) else { return Ok(None) };
        if bytes.len() > MAX_FILE {
            return Err(InvalidChart::LargeFile { file, bytes: bytes.len() });
        }
        let text = std::str::from_utf8(bytes);
        text.map(Some).map_err(|_| InvalidChart::File { file, why: "it is no text in UTF-8".to_owned() })
    }

    /// As a folder of its name, or packed with a version behind it.
    fn has_dependency(&self, name: &str) -> bool {
        let packed = format!("{name}-");
        let mut packed = self.charts.range(packed.clone()..).take_while(|file| file.starts_with(&packed));
        self.charts.contains(name) || packed.any(|file| file.ends_with(".tgz"))
    }
}

impl From<entries::Refused> for InvalidChart {
    fn from(refused: entries::Refused) -> Self {
        match refused {
            entries::Refused::Archive(why) => Self::Unreadable(why.to_owned()),
            entries::Refused::Entry { path, why } => Self::Entry { path, why },
            entries::Refused::Many => Self::Many,
        }
    }
}

/// Some take a backslash for a slash, and some know nothing of what begins with a dot.
fn is_ambiguous(path: &str) -> bool {
    path.len() > MAX_PATH
        || path.contains(['\\', '\0'])
        || path.starts_with("./")
        || path.contains("/./")
        || path.contains("//")
}

/// The chart's folder, and the path in it.
fn parts(path: &str) -> Option<(&str, &str)> {
    let (folder, name) = path.split_once('/')?;
    let is_within = path.split('/').all(|part| !matches!(part, "" | "." | ".."));
    is_within.then_some((folder, name))
}

#[cfg(test)]
mod tests;
