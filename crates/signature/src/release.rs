//! A release that is signed as a whole: an in-toto statement v1 whose subjects are the compose file, the files beside it and the
//! image of each service, and whose predicate says of which application, version and organization they are.

use std::collections::{BTreeMap, BTreeSet};

use aws_lc_rs::digest;
use distr_domain::names::Slug;
use distr_domain::oci::Digest;
use distr_domain::release::{ChartLock, ChartSettings, PackageFile};
use distr_domain::trust::SignedLayer;
use distr_domain::version::Version;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::dsse::{Envelope, each_once};
use crate::key::PublicKey;

/// The type of the predicate. A shape that old readers must not take for this one gets another number.
pub const PREDICATE: &str = "urn:distr:release:v1";
const STATEMENT: &str = "https://in-toto.io/Statement/v1";
const COMPOSE: &str = "compose.yaml";
const CHART: &str = "chart";

/// What is signed. Two statements say the same if they are equal, in whatever order their subjects stand.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReleaseStatement {
    #[serde(rename = "_type")]
    statement_type: String,
    subject: Vec<Subject>,
    predicate_type: String,
    predicate: Predicate,
    /// whoever made it knows one package of the release, and nothing of the others
    #[serde(skip)]
    is_part: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Subject {
    #[serde(default, skip_serializing_if = "String::is_empty")]
    name: String,
    #[serde(deserialize_with = "each_once")]
    digest: BTreeMap<String, String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Predicate {
    organization: Slug,
    application: Slug,
    version: Version,
    /// the image of each service of the organization's registry, as `organization/path@sha256:…`
    #[serde(deserialize_with = "each_once")]
    services: BTreeMap<String, String>,
    /// each file that is shipped beside the compose file, as `sha256:…`, with ` executable` behind it if it may be run
    #[serde(default, deserialize_with = "each_once", skip_serializing_if = "BTreeMap::is_empty")]
    files: BTreeMap<String, String>,
    /// older readers know no charts, and read the rest
    #[serde(default, skip_serializing_if = "Option::is_none")]
    chart: Option<SignedChart>,
}

/// What is signed of a chart: its bytes, and all that it may run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedChart {
    /// as `organization/path@sha256:…`
    chart: String,
    /// the digest of the lock and of what the author says of the chart, in JSON with sorted keys
    lock: String,
}

impl SignedChart {
    /// `repository` is `organization/path`.
    pub fn of(repository: &str, digest: &Digest, lock: &ChartLock, settings: &ChartSettings) -> Self {
        let json = serde_json::json!({ "lock": lock, "settings": settings });
        let mut text = String::new();
        write_sorted(&json, &mut text);
        Self { chart: format!("{repository}@{digest}"), lock: sha256(text.as_bytes()).to_string() }
    }

    /// Of a lock that somebody else digested, in the same way.
    pub fn of_lock(repository: &str, digest: &Digest, lock: &Digest) -> Self {
        Self { chart: format!("{repository}@{digest}"), lock: lock.to_string() }
    }

    /// The chart, as `organization/path@sha256:…`.
    pub fn chart(&self) -> &str {
        &self.chart
    }

    /// The digest of the lock.
    pub fn lock(&self) -> &str {
        &self.lock
    }

    fn digest(&self) -> Option<Digest> {
        self.chart.rsplit_once('@')?.1.parse().ok()
    }
}

/// JSON that is the same whoever writes it: keys in order, no spaces.
fn write_sorted(value: &Value, text: &mut String) {
    match value {
        Value::Object(map) => {
            text.push('{');
            for (index, (key, value)) in BTreeMap::from_iter(map).into_iter().enumerate() {
                text.push_str(if index == 0 { "" } else { "," });
                text.push_str(&Value::from(key.as_str()).to_string());
                text.push(':');
                write_sorted(value, text);
            }
            text.push('}');
        }
        Value::Array(items) => {
            text.push('[');
            for (index, item) in items.iter().enumerate() {
                text.push_str(if index == 0 { "" } else { "," });
                write_sorted(item, text);
            }
            text.push(']');
        }
        other => text.push_str(&other.to_string()),
    }
}

/// Why a release does not count as signed. Of several reasons the nearest to a yes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReleaseUnverified {
    #[error("it is not signed as a whole")]
    Unsigned,
    #[error("it is signed as a whole by an unknown key, and by none of {trusted}")]
    UnknownKey { trusted: String },
    #[error("what key \"{key}\" signed is something else: {difference}")]
    Other { key: String, difference: String },
}

impl ReleaseStatement {
    /// `services`: each with its image as `organization/path` and digest.
    pub fn new(
        (organization, application, version): (&Slug, &Slug, &Version),
        compose: &str,
        services: impl IntoIterator<Item = (String, String, Digest)>,
    ) -> Self {
        let mut subject = vec![Subject::of(COMPOSE, &sha256(compose.as_bytes()))];
        let mut images = BTreeMap::new();
        for (service, repository, digest) in services {
            let image = Subject::of(&repository, &digest);
            if !subject.contains(&image) {
                subject.push(image);
            }
            let image = format!("{repository}@{digest}");
            // whoever names a service twice must not be taken for whoever names it once
            let known: &mut String = images.entry(service).or_default();
            match known.is_empty() || *known == image {
                true => *known = image,
                false => known.push_str(&format!(" and {image}")),
            }
        }
        Self::made((organization, application, version), subject, images)
    }

    /// Of a release that has no other package than a chart.
    pub fn of_chart(names: (&Slug, &Slug, &Version), chart: SignedChart) -> Self {
        let subject = chart.digest().map(|digest| Subject::of(CHART, &digest));
        Self::made(names, subject.into_iter().collect(), BTreeMap::new()).with_chart(chart)
    }

    fn made(
        (organization, application, version): (&Slug, &Slug, &Version),
        subject: Vec<Subject>,
        services: BTreeMap<String, String>,
    ) -> Self {
        let (organization, application, version) = (organization.clone(), application.clone(), version.clone());
        let (files, chart) = (BTreeMap::new(), None);
        Self {
            statement_type: STATEMENT.to_owned(),
            subject,
            predicate_type: PREDICATE.to_owned(),
            predicate: Predicate { organization, application, version, services, files, chart },
            is_part: false,
        }
    }

    /// The same release with a chart beside its compose file.
    pub fn with_chart(mut self, chart: SignedChart) -> Self {
        self.predicate.chart = Some(chart);
        self
    }

    /// The same of one package alone: whatever a signature says of others is left to those who have them.
    pub fn of_one_package(self) -> Self {
        Self { is_part: true, ..self }
    }

    /// What is signed of the chart.
    pub fn chart(&self) -> Option<&SignedChart> {
        self.predicate.chart.as_ref()
    }

    fn has_compose_file(&self) -> bool {
        self.subject.first().is_some_and(|subject| subject.name == COMPOSE)
    }

    /// The same release with the files that it ships.
    pub fn with_files(mut self, files: &[PackageFile]) -> Self {
        for PackageFile { path, content, executable } in files {
            let digest = sha256(content.bytes());
            let shipped = Subject::of(path.as_str(), &digest);
            if !self.subject.contains(&shipped) {
                self.subject.push(shipped);
            }
            let of = format!("{digest}{}", if *executable { " executable" } else { "" });
            let known = self.predicate.files.entry(path.to_string()).or_default();
            match known.is_empty() || *known == of {
                true => *known = of,
                false => known.push_str(&format!(" and {of}")),
            }
        }
        self
    }

    /// The bytes to sign.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("texts are JSON")
    }

    pub fn services(&self) -> &BTreeMap<String, String> {
        &self.predicate.services
    }

    /// The digest of each file that is shipped beside the compose file.
    pub fn files(&self) -> &BTreeMap<String, String> {
        &self.predicate.files
    }

    /// The digest of the compose file's bytes.
    pub fn compose_digest(&self) -> Option<&str> {
        let first = self.subject.first().filter(|_| self.has_compose_file())?;
        first.digest.get("sha256").map(String::as_str)
    }

    /// Nothing if the layer is no envelope, or holds another kind of statement.
    pub fn read(layer: &SignedLayer) -> Option<Self> {
        let (envelope, _) = Envelope::read(layer)?;
        Self::of_envelope(&envelope).map(|(statement, _)| statement)
    }

    fn of_envelope(envelope: &Envelope) -> Option<(Self, Vec<u8>)> {
        let payload = envelope.is_in_toto().then(|| envelope.payload())??;
        let statement: Self = serde_json::from_slice(&payload).ok()?;
        let is_known = statement.statement_type == STATEMENT && statement.predicate_type == PREDICATE;
        is_known.then(|| (statement, envelope.message(&payload)))
    }

    /// The first thing in which a signed statement says something else than this one.
    pub fn difference(&self, signed: &Self) -> Option<String> {
        let (of, is) = (&signed.predicate, &self.predicate);
        let named = [
            ("organization", of.organization.as_str(), is.organization.as_str()),
            ("application", of.application.as_str(), is.application.as_str()),
            ("version", &of.version.to_string(), &is.version.to_string()),
        ];
        if let Some((what, of, is)) = named.into_iter().find(|(_, of, is)| of != is) {
            return Some(format!("{what} \"{of}\", not \"{is}\""));
        }
        if let Some(difference) = self.chart_difference(signed) {
            return Some(difference);
        }
        if self.is_part && !self.has_compose_file() {
            return None;
        }
        if let Some(service) = of.services.keys().find(|service| !is.services.contains_key(*service)) {
            return Some(format!("it has service {service}, which this release does not have"));
        }
        for (service, image) in &is.services {
            match of.services.get(service) {
                Some(signed) if signed == image => {}
                Some(signed) => return Some(format!("service {service} runs {signed} there, not {image}")),
                None => return Some(format!("service {service} is not in it")),
            }
        }
        for (path, file) in &is.files {
            match of.files.get(path) {
                Some(signed) if signed == file => {}
                Some(signed) => return Some(format!("file {path} is {signed} there, not {file}")),
                None => return Some(format!("file {path} is not in it")),
            }
        }
        if let Some(path) = of.files.keys().find(|path| !is.files.contains_key(*path)) {
            return Some(format!("it has file {path}, which this release does not ship"));
        }
        if self.compose_digest() != signed.compose_digest() {
            return Some("the compose file has other bytes than the signed one".to_owned());
        }
        let digests = |statement: &Self| -> BTreeSet<(String, String)> {
            statement.subject.iter().flat_map(|subject| subject.digest.clone()).collect()
        };
        let differs = digests(self) != digests(signed);
        differs.then(|| "the compose file has other bytes than the signed one".to_owned())
    }
}

impl ReleaseStatement {
    fn chart_difference(&self, signed: &Self) -> Option<String> {
        match (self.chart(), signed.chart()) {
            (None, None) => None,
            (None, Some(_)) if self.is_part => None,
            (None, Some(of)) => Some(format!("it has chart {}, which this release does not have", of.chart)),
            (Some(is), None) => Some(format!("chart {} is not in it", is.chart)),
            (Some(is), Some(of)) if is.chart != of.chart => {
                Some(format!("the chart is {} there, not {}", of.chart, is.chart))
            }
            (Some(is), Some(of)) if is.lock != of.lock => {
                Some("the chart's lock is another one than the signed one".to_owned())
            }
            _ => None,
        }
    }
}

impl Subject {
    fn of(name: &str, digest: &Digest) -> Self {
        let algorithm = digest.as_str().split(':').next().unwrap_or_default().to_owned();
        Self { name: name.to_owned(), digest: BTreeMap::from([(algorithm, digest.hex().to_owned())]) }
    }
}

fn sha256(bytes: &[u8]) -> Digest {
    let hex = hex::encode(digest::digest(&digest::SHA256, bytes));
    format!("sha256:{hex}").parse().expect("64 hexadecimal digits")
}

/// The key that signed exactly this release as a whole.
pub fn verify_release<'k>(
    release: &ReleaseStatement,
    signatures: &[SignedLayer],
    keys: &'k [PublicKey],
) -> Result<&'k PublicKey, ReleaseUnverified> {
    let mut nearest = ReleaseUnverified::Unsigned;
    for layer in signatures {
        let Some((envelope, _)) = Envelope::read(layer) else { continue };
        let Some((statement, message)) = ReleaseStatement::of_envelope(&envelope) else { continue };
        let signatures = envelope.signatures();
        let signer = keys.iter().find(|key| signatures.iter().any(|signature| key.verifies(&message, signature)));
        match (signer, release.difference(&statement)) {
            (Some(key), None) => return Ok(key),
            (Some(key), Some(difference)) => {
                nearest = ReleaseUnverified::Other { key: key.name.to_string(), difference };
            }
            (None, _) if nearest == ReleaseUnverified::Unsigned => {
                let names: Vec<String> = keys.iter().map(|key| format!("\"{}\"", key.name)).collect();
                nearest = ReleaseUnverified::UnknownKey { trusted: names.join(", ") };
            }
            (None, _) => {}
        }
    }
    Err(nearest)
}

#[cfg(test)]
mod tests;
