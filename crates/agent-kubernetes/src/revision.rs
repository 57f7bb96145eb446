//! Helm's revisions, as they lie in Secrets of type `helm.sh/release.v1`: an object of JSON, compressed and twice in base64. They are read
//! without Helm; the one thing that is ever written is the status of a revision whose Helm was killed.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::io::{Read, Write};

use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::labels::{DEPLOYMENT_LABEL, GENERATION_LABEL};

/// How the Secrets' names begin: the release and the revision follow.
pub const HELMS_PREFIX: &str = "sh.helm.release.v1.";
/// The type of the Secrets.
pub const SECRET_TYPE: &str = "helm.sh/release.v1";
/// The beginning of what is written about a revision, by us and by Helm when it went back.
const DESCRIPTION: &str = "distr generation ";
const ROLLED_BACK: &str = "Rollback to ";
/// Bytes of a revision that is unpacked; Kubernetes takes no Secret above 1 MiB.
const LARGEST: u64 = 64 << 20;

/// A revision as its Secret's labels tell it: no payload is needed for that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revision {
    /// the Secret's name
    pub secret: String,
    pub namespace: String,
    /// the fence: a change of another revision of the Secret is refused by Kubernetes
    pub resource_version: String,
    /// Helm's name of the release
    pub release: String,
    /// Helm's number, never ours
    pub number: u32,
    pub status: Status,
    /// the label's value; nothing if somebody else installed it
    pub deployment: Option<String>,
    pub generation: Option<u64>,
}

/// Helm's word for how a revision ended. It is shown to nobody: Helm calls deployed what never became ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    Deployed,
    Superseded,
    Failed,
    Uninstalled,
    Uninstalling,
    PendingInstall,
    PendingUpgrade,
    PendingRollback,
    #[serde(other)]
    Unknown,
}

/// The parts of a revision's payload that are of use.
#[derive(Debug, Clone, PartialEq)]
pub struct Payload {
    json: Value,
}

#[derive(Debug, thiserror::Error)]
pub enum Undecodable {
    #[error("it is no Secret of Helm's")]
    NotHelms,
    #[error("the label {0} is missing, or has another form than Helm gives it")]
    Label(&'static str),
    #[error("its release is not in base64")]
    Base64(#[from] base64::DecodeError),
    #[error("its release cannot be unpacked: {0}")]
    Compressed(std::io::Error),
    #[error("its release has more than {LARGEST} bytes")]
    TooLarge,
    #[error("its release is not the JSON that is known: {0}")]
    Json(String),
}

impl Status {
    /// Whether Helm works on it, or was killed while it did: no other change is begun meanwhile.
    pub fn is_pending(self) -> bool {
        matches!(self, Self::PendingInstall | Self::PendingUpgrade | Self::PendingRollback | Self::Uninstalling)
    }

    /// Whether a rollback may go there. Helm also calls superseded what failed, once a later revision was deployed.
    fn may_have_been_deployed(self) -> bool {
        matches!(self, Self::Deployed | Self::Superseded)
    }
}

/// Reads what a Secret's metadata says; its data may be left out.
pub fn read(secret: &Value) -> Result<Revision, Undecodable> {
    let metadata = &secret["metadata"];
    let labels = &metadata["labels"];
    // of a list's items the type may be left out, and of metadata alone it is
    let other_type = secret["type"].as_str().is_some_and(|of| of != SECRET_TYPE);
    if other_type || labels["owner"].as_str() != Some("helm") {
        return Err(Undecodable::NotHelms);
    }
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let label = |name: &'static str| text(&labels[name]).ok_or(Undecodable::Label(name));
    let number = label("version")?.parse().map_err(|_| Undecodable::Label("version"))?;
    let status = serde_json::from_value(json!(label("status")?)).map_err(|_| Undecodable::Label("status"))?;
    Ok(Revision {
        secret: text(&metadata["name"]).ok_or(Undecodable::NotHelms)?,
        namespace: text(&metadata["namespace"]).unwrap_or_default(),
        resource_version: text(&metadata["resourceVersion"]).unwrap_or_default(),
        release: label("name")?,
        number,
        status,
        deployment: text(&labels[DEPLOYMENT_LABEL]),
        generation: labels[GENERATION_LABEL].as_str().and_then(|text| text.parse().ok()),
    })
}

/// The payload of a Secret as the API gives it: `data.release` in base64, as all data of Secrets.
pub fn payload(secret: &Value) -> Result<Payload, Undecodable> {
    let data = secret["data"]["release"].as_str().ok_or(Undecodable::NotHelms)?;
    decode(&STANDARD.decode(data)?)
}

/// The payload of `release`, as it is within the Secret.
pub fn decode(release: &[u8]) -> Result<Payload, Undecodable> {
    let compressed = STANDARD.decode(release)?;
    let mut text = Vec::new();
    let mut unpacked = GzDecoder::new(compressed.as_slice()).take(LARGEST + 1);
    unpacked.read_to_end(&mut text).map_err(Undecodable::Compressed)?;
    if text.len() as u64 > LARGEST {
        return Err(Undecodable::TooLarge);
    }
    let json: Value = serde_json::from_slice(&text).map_err(|error| Undecodable::Json(error.to_string()))?;
    let is_known = json["name"].is_string() && json["version"].is_u64() && json["info"]["status"].is_string();
    match is_known {
        true => Ok(Payload { json }),
        false => Err(Undecodable::Json("it has no name, version or status".to_owned())),
    }
}

/// `release` of a payload, as it is within the Secret.
pub fn encode(payload: &Payload) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    packed.write_all(payload.json.to_string().as_bytes()).expect("memory takes it");
    STANDARD.encode(packed.finish().expect("memory takes it")).into_bytes()
}

/// What a revision is known again by, of one release: its number, and a digest of all that Helm acts by. How it went is not in it, since Helm
/// writes that later.
pub fn fingerprint(secret: &Value) -> Result<(u32, String), Undecodable> {
    let revision = read(secret)?;
    let json = payload(secret)?.json;
    if revision.secret != format!("{HELMS_PREFIX}{}.v{}", revision.release, revision.number) {
        return Err(Undecodable::NotHelms);
    }
    let is_one = json["name"] == revision.release.as_str() && json["version"] == revision.number;
    let hook = |hook: &Value| {
        let parts = ["name", "kind", "manifest", "events", "weight", "delete_policies", "output_log_policies"];
        parts.map(|part| hook[part].clone())
    };
    let hooks: Vec<_> = json["hooks"].as_array().into_iter().flatten().map(hook).collect();
    let acted_by =
        json!([revision.deployment, revision.generation, json["namespace"], json["manifest"], json["config"], hooks]);
    let digest = digest::digest(&digest::SHA256, acted_by.to_string().as_bytes());
    match is_one {
        true => Ok((revision.number, hex::encode(digest))),
        false => Err(Undecodable::NotHelms),
    }
}

/// The change that frees a revision whose Helm was killed: a merge patch for its Secret, which Kubernetes refuses if the Secret
/// was changed since it was read. The caller knows that no Helm works on it any more.
pub fn unlock(secret: &Value) -> Result<Value, Undecodable> {
    let revision = read(secret)?;
    let mut payload = payload(secret)?;
    payload.json["info"]["status"] = json!("failed");
    payload.json["info"]["description"] = json!("its Helm was ended before it was done");
    Ok(json!({
        "metadata": {"resourceVersion": revision.resource_version, "labels": {"status": "failed"}},
        "data": {"release": STANDARD.encode(encode(&payload))},
    }))
}

impl Payload {
    /// All objects but hooks, as Helm applied them, one document of YAML each.
    pub fn manifest(&self) -> &str {
        self.json["manifest"].as_str().unwrap_or_default()
    }

    /// When Helm began with this revision: deadlines count from here, so that a restart does not extend them.
    pub fn deployed_at(&self) -> Option<DateTime<Utc>> {
        self.json["info"]["last_deployed"].as_str().and_then(|text| text.parse().ok())
    }

    /// Whether Helm came to the end of it, whatever its status is by now.
    pub fn is_good(&self) -> bool {
        let description = text(&self.json["info"]["description"]);
        [DESCRIPTION, ROLLED_BACK].iter().any(|words| description.starts_with(words))
    }

    /// Whether this text is one of the values with which the revision was made.
    pub fn names(&self, value: &str) -> bool {
        has_text(&self.json["config"], value)
    }

    #[cfg(test)]
    pub(crate) fn of_values(values: &Value) -> Self {
        Self { json: json!({"config": values}) }
    }

    #[cfg(test)]
    pub(crate) fn from_json(json: Value) -> Self {
        Self { json }
    }

    #[cfg(test)]
    pub(crate) fn into_json(self) -> Value {
        self.json
    }

    /// The hooks' manifests, with the name by which sentences call each: `Kind/name`.
    pub fn hooks(&self) -> BTreeMap<String, &str> {
        let hooks = self.json["hooks"].as_array().map(Vec::as_slice).unwrap_or_default();
        let name = |hook: &Value| format!("{}/{}", text(&hook["kind"]), text(&hook["name"]));
        hooks.iter().map(|hook| (name(hook), text(&hook["manifest"]))).collect()
    }
}

fn has_text(value: &Value, wanted: &str) -> bool {
    match value {
        Value::String(text) => text == wanted,
        Value::Array(list) => list.iter().any(|value| has_text(value, wanted)),
        Value::Object(object) => object.values().any(|value| has_text(value, wanted)),
        _ => false,
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// The revision that tells what runs: Helm's deployed one. Nothing if there is none.
pub fn deployed(revisions: &[Revision]) -> Option<&Revision> {
    let deployed = revisions.iter().filter(|revision| revision.status == Status::Deployed);
    deployed.max_by_key(|revision| revision.number)
}

/// The newest revision, which a killed Helm may have left pending.
pub fn newest(revisions: &[Revision]) -> Option<&Revision> {
    revisions.iter().max_by_key(|revision| revision.number)
}

/// The revisions to go back to, newest first: those that may have brought this generation about. Of which it is true only the
/// payload tells, see `Payload::is_good`.
pub fn of_generation(revisions: &[Revision], generation: u64) -> Vec<&Revision> {
    let is_one = |of: &&Revision| of.generation == Some(generation) && of.status.may_have_been_deployed();
    let mut found: Vec<&Revision> = revisions.iter().filter(is_one).collect();
    found.sort_by_key(|revision| Reverse(revision.number));
    found
}

/// What Helm is told to write about a revision; if it fails, Helm writes something else in its place.
pub fn description(generation: u64) -> String {
    format!("{DESCRIPTION}{generation}")
}

#[cfg(test)]
mod tests;
