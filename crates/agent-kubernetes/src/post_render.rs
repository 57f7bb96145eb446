//! The manifests as they may run: pure, from what Helm rendered and the plan. Every image is one that the release locked, by its
//! digest; whatever else would run is refused. Helm gives hooks to it, too.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use distr_domain::cluster::{AGENT, RELEASE_ACCOUNT};
use distr_domain::release::{CustomImage, KindName};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::labels::{DEPLOYMENT_LABEL, PULL_SECRET, RESOURCE_POLICY};
use crate::yaml::{self, Node, Unreadable};

mod lists;
mod pods;
mod security;

use pods::{Pod, pods};
pub use security::PodSecurity;

/// What the agent wrote down for the post-renderer before it called Helm. It holds nothing secret.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// the deployment's id, the value of a label
    pub deployment: String,
    /// the release's, in which all of its objects are
    #[serde(default)]
    pub namespace: String,
    /// from an image as a chart may name it to the one that runs, with its digest
    pub images: BTreeMap<String, String>,
    /// the Secret with which pods pull
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pull_secret: Option<String>,
    /// images within custom resources, where their vendor said that they are
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub image_paths: Vec<CustomImage>,
    /// fields that are left to who owns them now
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub yields: Vec<Yielded>,
    /// which pods the cluster takes
    #[serde(default)]
    pub pod_security: PodSecurity,
}

/// A field of one object with the value that it has in the cluster: left out, it would be set back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Yielded {
    pub kind: KindName,
    pub name: String,
    /// a JSON pointer to a field of mappings
    pub path: String,
    pub value: Value,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error("the chart's output cannot be read: {0}")]
    Unreadable(#[from] Unreadable),
    #[error(
        "{place}: the image \"{image}\" is not locked by the release; publish it with a case of values that renders this image"
    )]
    NotLocked { place: String, image: String },
    #[error("{place}: it has no image")]
    NoImage { place: String },
    #[error("{place}: it is of namespace {namespace}, and the release of {own}; leave metadata.namespace out")]
    OtherNamespace { place: String, namespace: String, own: String },
    #[error("{place}: this name is the agent's own; give it another")]
    Reserved { place: String },
    #[error("{place}: it looks like a record that Helm keeps; take it out of the chart")]
    HelmsRecord { place: String },
    #[error("{place}: it binds a Role of the agent's own; give it a Role of the chart")]
    AgentsRole { place: String },
    #[error(
        "{place}: it has \"{key}\", which clients of Kubernetes take for a list of objects; make a document of each object"
    )]
    HiddenObjects { place: String, key: String },
    #[error("{place}: an object in it does not say its apiVersion and kind; say both, or make a document of it")]
    NamelessObject { place: String },
    #[error(
        "{place}: {what}: {NOT_ALLOWED}; the chart has to do without it, or the cluster's owner sets the agent's podSecurity to privileged"
    )]
    NotAllowed { place: String, what: String },
    #[error("{place}: {path} cannot be left to who owns it now")]
    NoSuchField { place: String, path: String },
}

/// The words of what the cluster's own policy refuses.
pub const NOT_ALLOWED: &str = "the cluster's policy allows no pod that reaches its node";

/// Where a refusal is written: Helm keeps to itself what its plugins say.
pub fn refusal(plan: &Path) -> PathBuf {
    plan.with_extension("refused")
}

/// The type of the Secrets in which Helm keeps its revisions, and how their names begin.
const HELMS_TYPE: &str = "helm.sh/release.v1";
const HELMS_PREFIX: &str = "sh.helm.release.";

/// Kinds whose objects hold data, or what data hangs on.
pub const KEPT: [&str; 4] = ["PersistentVolumeClaim", "PersistentVolume", "CustomResourceDefinition", "Namespace"];

/// The manifests that Helm applies. All that is refused is refused at once, one sentence a line.
pub fn post_render(manifests: &str, plan: &Plan) -> Result<String, Vec<Refused>> {
    let mut documents = yaml::read(manifests).map_err(|error| vec![error.into()])?;
    let mut refused = vec![];
    for document in &mut documents {
        match lists::check(document) {
            Some(refusal) => refused.push(refusal),
            None => lists::each(document, &mut |object| refused.extend(render(object, plan))),
        }
    }
    match refused.is_empty() {
        true => Ok(yaml::write(&documents)),
        false => Err(refused),
    }
}

fn render(object: &mut Node, plan: &Plan) -> Vec<Refused> {
    let who = Identity::of(object);
    let place = who.place();
    let mut refused = strays(object, &who, plan);
    set_metadata(object, "labels", DEPLOYMENT_LABEL, &plan.deployment);
    if KEPT.contains(&who.kind.as_str()) {
        set_metadata(object, "annotations", RESOURCE_POLICY, "keep");
    }
    for path in plan.image_paths.iter().filter(|path| who.is(&path.kind)) {
        let steps: Vec<&str> = path.path.names().collect();
        if let Some(image) = object.at_mut(&steps) {
            refused.extend(pin(image, &format!("{place}/{}", path.path.as_str()), plan));
        }
    }
    // what a definition says about pods to come is no pod
    if who.kind != "CustomResourceDefinition" {
        let own = object.get("metadata").cloned();
        pods(object, &mut |pod| refused.extend(render_pod(pod, own.as_ref(), &place, plan)));
    }
    if let (Some(secret), "ServiceAccount") = (&plan.pull_secret, who.kind.as_str()) {
        add_pull_secret(object, secret);
    }
    for yielded in plan.yields.iter().filter(|yielded| who.is(&yielded.kind) && who.name == yielded.name) {
        if !put(object, &yielded.path, &yielded.value) {
            refused.push(Refused::NoSuchField { place: place.clone(), path: yielded.path.clone() });
        }
    }
    refused
}

/// What lies outside the release, or passes for something of the agent's or Helm's. A hook replaces what has its name, whoever made that.
fn strays(object: &Node, who: &Identity, plan: &Plan) -> Vec<Refused> {
    let (place, mut refused) = (who.place(), vec![]);
    let metadata = object.get("metadata");
    let namespace = metadata.and_then(|metadata| metadata.get("namespace")).and_then(Node::as_text).unwrap_or_default();
    if !namespace.is_empty() && namespace != plan.namespace {
        let (namespace, own) = (namespace.to_owned(), plan.namespace.clone());
        refused.push(Refused::OtherNamespace { place: place.clone(), namespace, own });
    }
    if is_agents(&who.name) {
        refused.push(Refused::Reserved { place: place.clone() });
    }
    let bound = object.get("roleRef").map(|role| text(role, "name")).filter(|_| who.kind.ends_with("RoleBinding"));
    if bound.is_some_and(is_agents) {
        refused.push(Refused::AgentsRole { place: place.clone() });
    }
    let owner = metadata.and_then(|metadata| metadata.get("labels")).map(|labels| text(labels, "owner"));
    let is_record = text(object, "type") == HELMS_TYPE || who.name.starts_with(HELMS_PREFIX) || owner == Some("helm");
    if is_record && matches!(who.kind.as_str(), "Secret" | "ConfigMap") {
        refused.push(Refused::HelmsRecord { place });
    }
    refused
}

/// Whether a name is one of those that the agent gives.
fn is_agents(name: &str) -> bool {
    [AGENT, RELEASE_ACCOUNT, PULL_SECRET].contains(&name)
        || name.strip_prefix(AGENT).is_some_and(|rest| rest.starts_with('-'))
}

/// `own` is the metadata of the object, which a pod that is the object has no other than.
fn render_pod(pod: Pod<'_>, own: Option<&Node>, place: &str, plan: &Plan) -> Vec<Refused> {
    let Pod { template, spec, is_known } = pod;
    let mut refused = vec![];
    if plan.pod_security == PodSecurity::Baseline {
        let metadata = template.as_ref().map_or(own, |template| template.get("metadata"));
        let breaches = security::breaches(spec, metadata).into_iter();
        refused.extend(breaches.map(|what| Refused::NotAllowed { place: place.to_owned(), what }));
    }
    pods::images(spec, &mut |name, image| {
        let place = format!("{place}/{name}");
        match image {
            Some(image) => refused.extend(pin(image, &place, plan)),
            None if is_known => refused.push(Refused::NoImage { place }),
            // an operator fills it in, from a place that its vendor has to name
            None => {}
        }
    });
    // of kinds that only their vendor knows nothing else is known to have the form of a pod's
    if is_known {
        plan.pull_secret.iter().for_each(|secret| add_pull_secret(spec, secret));
        if let Some(template) = template {
            set_metadata(template, "labels", DEPLOYMENT_LABEL, &plan.deployment);
        }
    }
    refused
}

/// What is pinned already stays as it is.
fn pin(image: &mut Node, place: &str, plan: &Plan) -> Option<Refused> {
    let named = image.as_text().unwrap_or_default().trim().to_owned();
    if plan.images.values().any(|pinned| *pinned == named) {
        return None;
    }
    match plan.images.get(&named) {
        Some(pinned) => {
            *image = Node::text(pinned);
            None
        }
        None => Some(Refused::NotLocked { place: place.to_owned(), image: named }),
    }
}

fn add_pull_secret(holder: &mut Node, secret: &str) {
    let Some(Node::List(secrets)) = holder.entry("imagePullSecrets", Node::List(vec![])) else { return };
    if !secrets.iter().any(|known| text(known, "name") == secret) {
        let mut entry = Node::map();
        entry.set("name", Node::text(secret));
        secrets.push(entry);
    }
}

fn set_metadata(object: &mut Node, of: &str, name: &str, value: &str) {
    let metadata = object.entry("metadata", Node::map());
    if let Some(entries) = metadata.and_then(|metadata| metadata.entry(of, Node::map())) {
        entries.set(name, Node::text(value));
    }
}

/// Whether the path leads to a field of a mapping.
fn put(object: &mut Node, path: &str, value: &Value) -> bool {
    let Some(steps) = path.strip_prefix('/') else { return false };
    let steps: Vec<String> = steps.split('/').map(|step| step.replace("~1", "/").replace("~0", "~")).collect();
    let Some((last, parents)) = steps.split_last() else { return false };
    let parent = parents.iter().try_fold(object, |node, step| node.entry(step, Node::map()));
    parent.is_some_and(|parent| parent.set(last, Node::from(value)))
}

fn text<'a>(node: &'a Node, name: &str) -> &'a str {
    node.get(name).and_then(Node::as_text).unwrap_or_default()
}

/// What an object is, and how it is called.
struct Identity {
    group: String,
    kind: String,
    name: String,
}

impl Identity {
    fn of(object: &Node) -> Self {
        let group = text(object, "apiVersion").split_once('/').map_or("", |(group, _)| group);
        let name = object.get("metadata").map(|metadata| text(metadata, "name")).unwrap_or_default();
        Self { group: group.to_owned(), kind: text(object, "kind").to_owned(), name: name.to_owned() }
    }

    /// As sentences name it.
    fn place(&self) -> String {
        format!("{}/{}", self.kind, self.name)
    }

    fn is(&self, wanted: &KindName) -> bool {
        wanted.kind == self.kind && wanted.group == self.group
    }
}

#[cfg(test)]
mod tests;
