//! A chart as a package of a release: packed and pushed if it lies here, rendered in all cases, and locked.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use distr_chart::ChartContent;
use distr_chart::lock::{Case, Found, join};
use distr_chart::rendering::Rendering;
use distr_domain::names::Slug;
use distr_domain::oci::Digest;
use distr_domain::release::ChartSettings;
use distr_signature::SignedChart;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Map, Value, json};

use super::helm::{Helm, Registry};
use super::{RegistryHost, registry_host, release_draft, release_publish};
use crate::exit::Failure;
use crate::login;
use crate::output::remark;
use crate::session::Session;

/// Where charts are pushed below an organization, if they lie here.
const FOLDER: &str = "charts";
/// Helm keeps chart and objects in one Secret, which holds 1 MiB.
const MAX_STORED: usize = 950 * 1024;
const MUCH_STORED: usize = 700 * 1024;
/// Stands for the name of a Secret that the agent makes.
const SECRET: &str = "distr";

/// A chart, and how it is rendered.
pub(super) struct Wanted {
    /// a folder, an archive, or a reference in the hub's registry
    pub(super) chart: String,
    /// files of values, each a case of its own
    pub(super) cases: Vec<PathBuf>,
}

/// A package for clusters, ready to be sent.
#[derive(Clone)]
pub(super) struct ChartPackage {
    /// the reference with its digest
    chart: String,
    found: Found,
    cases: i64,
    tool: String,
}

/// Packs, pushes, renders and locks.
pub(super) async fn collect(session: &Session, application: &str, wanted: &Wanted) -> Result<ChartPackage> {
    let Session { hub, .. } = session;
    let host = hub.ask::<RegistryHost>(registry_host::Variables).await?.hub.registry_host;
    let organization = login::organization(hub).await?;
    let plain_http = hub.address().starts_with("http://");
    let secret = hub.token().context("the profile has no token")?;
    let registry = Registry { host: &host, secret, plain_http };
    let helm = Helm::open()?;
    let tool = helm.version()?;
    let (archive, is_here) = match find(&wanted.chart, &host)? {
        Place::Folder(folder) => (helm.package(&folder)?, None),
        Place::Archive(archive) => (archive, None),
        Place::Registry(reference) => (helm.pull(&reference, &registry)?, Some(reference)),
    };
    let bytes = fs::read(&archive).with_context(|| format!("cannot read {}", archive.display()))?;
    let content = ChartContent::read(&bytes)?;
    let (found, cases) = render(&helm, &archive, &content, (application, &host), &wanted.cases, bytes.len())?;
    let reference = match is_here {
        Some(reference) => reference,
        None => {
            let below = format!("{organization}/{FOLDER}");
            let digest = helm.push(&archive, &below, &registry)?;
            remark(&format!("pushed {host}/{below}/{}:{} {digest}", content.name, content.version));
            format!("{host}/{below}/{}@{digest}", content.name)
        }
    };
    for image in &found.images {
        let of = image.features.iter().map(Slug::as_str).collect::<Vec<_>>().join(", ");
        let of = if of.is_empty() { of } else { format!(" (feature {of})") };
        remark(&format!("locks {}{of}", image.reference));
    }
    Ok(ChartPackage { chart: reference, found, cases, tool })
}

enum Place {
    Folder(PathBuf),
    Archive(PathBuf),
    /// without `oci://`
    Registry(String),
}

fn find(chart: &str, host: &str) -> Result<Place> {
    if let Some(reference) = chart.strip_prefix("oci://") {
        return match reference.strip_prefix(host).is_some_and(|rest| rest.starts_with('/')) {
            true => Ok(Place::Registry(reference.to_owned())),
            false => {
                Err(Failure::Usage(format!("{chart} is not in the hub's registry; push it to {host} first")).into())
            }
        };
    }
    let path = PathBuf::from(chart);
    match fs::metadata(&path) {
        Ok(metadata) if metadata.is_dir() => Ok(Place::Folder(path)),
        Ok(_) => Ok(Place::Archive(path)),
        Err(error) => Err(error)
            .with_context(|| format!("cannot read {chart}; name a chart's folder, its archive, or oci://{host}/…")),
    }
}

/// What the chart runs with no feature, with each alone, with all, and with each file of values.
fn render(
    helm: &Helm,
    archive: &Path,
    content: &ChartContent,
    (application, host): (&str, &str),
    files: &[PathBuf],
    archived: usize,
) -> Result<(Found, i64)> {
    let all: BTreeSet<Slug> = content.settings.features.keys().cloned().collect();
    let mut sets = vec![BTreeSet::new()];
    sets.extend(all.iter().map(|feature| BTreeSet::from([feature.clone()])));
    sets.extend((all.len() > 1).then_some(all));
    let mut wanted: Vec<(BTreeSet<Slug>, Option<&PathBuf>)> = sets.into_iter().map(|set| (set, None)).collect();
    wanted.extend(files.iter().map(|file| (BTreeSet::new(), Some(file))));
    let (mut cases, mut largest) = (vec![], 0);
    for (features, file) in wanted {
        let set_last = helm.folder().join("case.json");
        let values = values_of(&content.settings, &features, host)?;
        fs::write(&set_last, Value::Object(values).to_string())?;
        let values: Vec<PathBuf> = file.cloned().into_iter().chain([set_last]).collect();
        let text = helm.template(application, archive, &values).with_context(|| case_name(&features, file))?;
        largest = largest.max(packed(&text)?);
        let rendering = Rendering::read(&text, &content.settings).with_context(|| case_name(&features, file))?;
        cases.push(Case { features, rendering });
    }
    check_stored(archived + largest)?;
    Ok((join(&cases, &content.listed_images)?, i64::try_from(cases.len())?))
}

fn case_name(features: &BTreeSet<Slug>, file: Option<&PathBuf>) -> String {
    let features = features.iter().map(Slug::as_str).collect::<Vec<_>>().join(", ");
    match (file, features.is_empty()) {
        (Some(file), _) => format!("rendering the chart with {}", file.display()),
        (None, true) => "rendering the chart without features".to_owned(),
        (None, false) => format!("rendering the chart with the features {features}"),
    }
}

/// What the hub and the agent put over whatever somebody sets.
fn values_of(settings: &ChartSettings, features: &BTreeSet<Slug>, host: &str) -> Result<Map<String, Value>> {
    let mut values = Map::new();
    for (feature, of) in &settings.features {
        let chosen = if features.contains(feature) { &of.values } else { &of.otherwise };
        chosen.iter().try_for_each(|(path, value)| path.set(&mut values, value.clone()))?;
    }
    for secret in settings.secrets.values() {
        secret.existing_secret.set(&mut values, SECRET.into())?;
        if let Some(path) = &secret.key.path {
            path.set(&mut values, secret.key.name.clone().into())?;
        }
    }
    if let Some(path) = &settings.images.registry {
        path.set(&mut values, host.into())?;
    }
    Ok(values)
}

fn packed(text: &str) -> Result<usize> {
    let mut packed = GzEncoder::new(vec![], Compression::default());
    packed.write_all(text.as_bytes())?;
    Ok(packed.finish()?.len())
}

/// As Helm stores it: in base64.
fn check_stored(packed: usize) -> Result<()> {
    let stored = packed * 4 / 3;
    let kib = stored / 1024;
    match stored {
        stored if stored > MAX_STORED => bail!(
            "chart and objects take {kib} KiB where Helm keeps them on the cluster, and a Secret holds no more than {} KiB: move \
             files out of the chart",
            MAX_STORED / 1024
        ),
        stored if stored > MUCH_STORED => {
            remark(&format!(
                "chart and objects take {kib} KiB where Helm keeps them on the cluster; {} KiB are the end",
                MAX_STORED / 1024
            ));
            Ok(())
        }
        _ => Ok(()),
    }
}

/// The package as an operation takes it.
macro_rules! package_input {
    ($operation:ident) => {
        impl From<ChartPackage> for $operation::PackageInput {
            fn from(package: ChartPackage) -> Self {
                let ChartPackage { chart, found, cases, tool } = package;
                let images = found.images.into_iter().map(|image| $operation::RenderedImageInput {
                    reference: image.reference,
                    features: image.features.into_iter().map(String::from).collect(),
                    found: image.found,
                });
                let kinds = found.kinds.into_iter().map(|kind| $operation::LockedKindInput {
                    group: kind.group,
                    kind: kind.kind,
                    resource: kind.resource,
                    namespaced: kind.namespaced,
                });
                let rules = found.rules.into_iter().map(|rule| $operation::RoleRuleInput {
                    api_groups: rule.api_groups,
                    resources: rule.resources,
                    resource_names: rule.resource_names,
                    verbs: rule.verbs,
                });
                Self::Helm($operation::HelmPackageInput {
                    chart,
                    images: images.collect(),
                    kinds: kinds.collect(),
                    rules: rules.collect(),
                    cases,
                    tool,
                })
            }
        }
    };
}
package_input!(release_draft);
package_input!(release_publish);

/// A chart as people read it.
pub(super) fn readable(package: &Value) -> Value {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let of = |list: &str, line: &dyn Fn(&Value) -> String| {
        let lines = package[list].as_array().into_iter().flatten().map(line).collect::<Vec<_>>();
        lines.join("\n")
    };
    let image = |image: &Value| match image["digest"].as_str() {
        Some(digest) => format!("{} as {digest}", text(&image["reference"])),
        None => text(&image["reference"]),
    };
    let variable = |variable: &Value| {
        let kind =
            if variable["isSecret"] == true { "secret".to_owned() } else { text(&variable["kind"]).to_lowercase() };
        format!("{} ({kind}) at {}", text(&variable["name"]), text(&variable["path"]))
    };
    let [name, version, repository, digest] =
        ["name", "version", "repository", "digest"].map(|key| text(&package[key]));
    json!({
        "reference": format!("{name} {version} in {repository}@{digest}"),
        "runs": of("images", &image),
        "takes": of("variables", &variable),
    })
}

/// What a signature of the release covers of a chart, as the hub shows it.
pub(super) struct ShownChart {
    repository: String,
    digest: Digest,
    lock: Digest,
}

impl ShownChart {
    pub(super) fn of(package: &Value) -> Result<Self> {
        let of = |name: &str| package[name].as_str().with_context(|| format!("the hub shows a chart without {name}"));
        Ok(Self {
            repository: of("repository")?.to_owned(),
            digest: of("digest")?.parse()?,
            lock: of("lockDigest")?.parse()?,
        })
    }

    pub(super) fn signed(&self, organization: &str) -> SignedChart {
        SignedChart::of_lock(&format!("{organization}/{}", self.repository), &self.digest, &self.lock)
    }
}
