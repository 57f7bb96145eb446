//! The objects that `helm template` printed, and what they run.

use std::collections::{BTreeMap, BTreeSet};

use distr_domain::release::{ChartSettings, KindName, LockedKind, RoleRule};
use serde_json::Value;

use crate::yaml;

/// What one rendering of a chart runs and has.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Rendering {
    /// by reference, the objects that run the image: `Deployment/web/nginx`
    pub images: BTreeMap<String, BTreeSet<String>>,
    pub kinds: BTreeSet<LockedKind>,
    /// of the Roles in it
    pub rules: BTreeSet<RoleRule>,
}

/// Objects that are no objects of Kubernetes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRendering {
    #[error("what the chart renders cannot be read: {0}")]
    Unreadable(String),
    #[error("the chart renders a document without apiVersion and kind")]
    NoObject,
}

/// The lists of containers in the spec of a pod, wherever it stands.
const CONTAINERS: [&str; 3] = ["containers", "initContainers", "ephemeralContainers"];

/// The objects of a text with many documents. Lists are taken apart.
pub fn objects(text: &str) -> Result<Vec<Value>, InvalidRendering> {
    let mut objects = vec![];
    for document in yaml::all(text).map_err(InvalidRendering::Unreadable)? {
        take_apart(document, &mut objects)?;
    }
    Ok(objects)
}

fn take_apart(document: Value, objects: &mut Vec<Value>) -> Result<(), InvalidRendering> {
    let kind = document["kind"].as_str().filter(|_| document["apiVersion"].is_string());
    let kind = kind.ok_or(InvalidRendering::NoObject)?;
    match document["items"].as_array() {
        Some(items) if kind.ends_with("List") => items.iter().try_for_each(|item| take_apart(item.clone(), objects)),
        _ => {
            objects.push(document);
            Ok(())
        }
    }
}

impl Rendering {
    /// Reads what `helm template --include-crds` printed.
    pub fn read(text: &str, settings: &ChartSettings) -> Result<Self, InvalidRendering> {
        let mut objects = objects(text)?;
        let defined = definitions(&objects);
        let mut rendering = Self::default();
        for object in &mut objects {
            rendering.kinds.insert(locked_kind(object, &defined));
            rendering.rules.extend(rules(object));
            let images = &mut rendering.images;
            visit_images(object, settings, &mut |place, image| {
                images.entry(image.clone()).or_default().insert(place.to_owned());
            });
        }
        Ok(rendering)
    }
}

/// Each image that an object runs, with the place in words; it may be changed. Whatever has containers is taken for a pod, also in
/// objects of custom kinds.
pub fn visit_images(object: &mut Value, settings: &ChartSettings, visit: &mut dyn FnMut(&str, &mut String)) {
    let place = place_of(object);
    let kind = kind_of(object);
    visit_pods(object, &mut |pod| {
        for list in CONTAINERS {
            for container in pod.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten() {
                let name = container["name"].as_str().unwrap_or_default().to_owned();
                if let Some(Value::String(image)) = container.get_mut("image") {
                    visit(&format!("{place}/{name}"), image);
                }
            }
        }
        for volume in pod.get_mut("volumes").and_then(Value::as_array_mut).into_iter().flatten() {
            let name = volume["name"].as_str().unwrap_or_default().to_owned();
            if let Some(Value::String(image)) = volume.pointer_mut("/image/reference") {
                visit(&format!("{place}/{name}"), image);
            }
        }
    });
    for of in settings.images.paths.iter().filter(|of| Some(&of.kind) == kind.as_ref()) {
        let pointer: String = of.path.names().map(|name| format!("/{name}")).collect();
        if let Some(Value::String(image)) = object.pointer_mut(&pointer) {
            visit(&format!("{place}/{}", of.path), image);
        }
    }
}

/// Each spec of a pod in an object.
pub fn visit_pods(value: &mut Value, visit: &mut dyn FnMut(&mut Value)) {
    let is_pod = CONTAINERS.iter().any(|list| {
        let containers = value.get(*list).and_then(Value::as_array);
        containers.is_some_and(|containers| containers.iter().any(|container| container["image"].is_string()))
    });
    if is_pod {
        visit(value);
    }
    match value {
        Value::Object(map) => map.values_mut().for_each(|value| visit_pods(value, visit)),
        Value::Array(items) => items.iter_mut().for_each(|value| visit_pods(value, visit)),
        _ => {}
    }
}

/// `Kind/name` of an object.
pub fn place_of(object: &Value) -> String {
    let name = object["metadata"]["name"].as_str().unwrap_or("(without a name)");
    format!("{}/{name}", object["kind"].as_str().unwrap_or_default())
}

fn group_of(object: &Value) -> &str {
    let version = object["apiVersion"].as_str().unwrap_or_default();
    version.split_once('/').map(|(group, _)| group).unwrap_or_default()
}

/// The kind of an object, with its group.
pub fn kind_of(object: &Value) -> Option<KindName> {
    Some(KindName { kind: object["kind"].as_str()?.to_owned(), group: group_of(object).to_owned() })
}

/// The names in rules and the scopes of the kinds that the objects define.
fn definitions(objects: &[Value]) -> BTreeMap<KindName, (String, bool)> {
    let of = objects.iter().filter(|object| object["kind"] == "CustomResourceDefinition");
    of.filter_map(|object| {
        let spec = &object["spec"];
        let kind =
            KindName { kind: spec["names"]["kind"].as_str()?.to_owned(), group: spec["group"].as_str()?.to_owned() };
        Some((kind, (spec["names"]["plural"].as_str()?.to_owned(), spec["scope"] != "Cluster")))
    })
    .collect()
}

/// Kinds of Kubernetes itself, and of what nearly everybody has, that belong to no namespace.
const OF_CLUSTER: [&str; 19] = [
    "APIService",
    "CSIDriver",
    "CSINode",
    "ClusterIssuer",
    "ClusterRole",
    "ClusterRoleBinding",
    "CustomResourceDefinition",
    "GatewayClass",
    "IngressClass",
    "MutatingWebhookConfiguration",
    "Namespace",
    "Node",
    "PersistentVolume",
    "PodSecurityPolicy",
    "PriorityClass",
    "RuntimeClass",
    "StorageClass",
    "ValidatingAdmissionPolicy",
    "ValidatingWebhookConfiguration",
];

fn locked_kind(object: &Value, defined: &BTreeMap<KindName, (String, bool)>) -> LockedKind {
    let (kind, group) = (object["kind"].as_str().unwrap_or_default(), group_of(object));
    let known = defined.get(&KindName { kind: kind.to_owned(), group: group.to_owned() });
    let (resource, namespaced) = known.cloned().unwrap_or_else(|| (plural(kind), !OF_CLUSTER.contains(&kind)));
    LockedKind { group: group.to_owned(), kind: kind.to_owned(), resource, namespaced }
}

/// As Kubernetes names the resources of its own kinds.
fn plural(kind: &str) -> String {
    let lower = kind.to_lowercase();
    match lower.as_str() {
        "endpoints" => lower,
        _ if lower.ends_with('s') || lower.ends_with('x') || lower.ends_with("ch") || lower.ends_with("sh") => {
            format!("{lower}es")
        }
        _ => match lower.strip_suffix('y') {
            Some(stem) if !stem.ends_with(['a', 'e', 'i', 'o', 'u']) => format!("{stem}ies"),
            _ => format!("{lower}s"),
        },
    }
}

/// Those that a Role can have: what a ClusterRole allows outside the API, of which no agent has anything, is none.
fn rules(object: &Value) -> Vec<RoleRule> {
    match object["kind"].as_str() {
        Some("Role" | "ClusterRole") if group_of(object) == "rbac.authorization.k8s.io" => {
            let rules = object["rules"].as_array().cloned().unwrap_or_default();
            let rules = rules.into_iter().filter_map(|rule| serde_json::from_value::<RoleRule>(rule).ok());
            rules.filter(|rule| !rule.resources.is_empty()).collect()
        }
        _ => vec![],
    }
}

#[cfg(test)]
mod tests;
