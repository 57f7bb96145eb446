//! Where pods are described within an object, and where in those an image is named.

use crate::yaml::Node;

/// A description of pods.
pub(super) struct Pod<'a> {
    /// what has the pods' metadata; nothing for a pod itself, which is the object
    pub template: Option<&'a mut Node>,
    pub spec: &'a mut Node,
    /// Whether the object is of a kind that Kubernetes brings along.
    pub is_known: bool,
}

/// The lists of a pod whose entries name an image each.
pub(super) const CONTAINERS: [&str; 3] = ["containers", "initContainers", "ephemeralContainers"];

/// Paths to what is described as a pod, of the kinds that Kubernetes brings along.
const TEMPLATES: [(&str, &[&str]); 8] = [
    ("Deployment", &["spec", "template"]),
    ("StatefulSet", &["spec", "template"]),
    ("DaemonSet", &["spec", "template"]),
    ("ReplicaSet", &["spec", "template"]),
    ("ReplicationController", &["spec", "template"]),
    ("Job", &["spec", "template"]),
    ("CronJob", &["spec", "jobTemplate", "spec", "template"]),
    ("PodTemplate", &["template"]),
];

/// Every pod that an object describes. In a kind that nobody here knows it is whatever has a list of containers.
pub(super) fn pods(object: &mut Node, act: &mut impl FnMut(Pod<'_>)) {
    let kind = object.get("kind").and_then(Node::as_text).unwrap_or_default().to_owned();
    if kind == "Pod" {
        if let Some(spec) = object.get_mut("spec") {
            act(Pod { template: None, spec, is_known: true });
        }
        return;
    }
    let path = TEMPLATES.iter().find(|(known, _)| *known == kind).map(|(_, path)| *path);
    let template = path.and_then(|path| object.at_mut(path)).filter(|template| template.get("spec").is_some());
    match template {
        Some(template) => {
            let mut spec = template.get("spec").cloned().unwrap_or_else(Node::map);
            act(Pod { template: Some(template), spec: &mut spec, is_known: true });
            template.set("spec", spec);
        }
        // also a kind of that name that somebody else made
        None => search(object, act),
    }
}

fn search(node: &mut Node, act: &mut impl FnMut(Pod<'_>)) {
    if CONTAINERS.iter().any(|list| matches!(node.get(list), Some(Node::List(_)))) {
        act(Pod { template: None, spec: node, is_known: false });
    }
    match node {
        Node::Map(entries) => entries
            .iter_mut()
            .filter(|(key, _)| !CONTAINERS.contains(&key.text.as_str()))
            .for_each(|(_, value)| search(value, act)),
        Node::List(list) => list.iter_mut().for_each(|value| search(value, act)),
        Node::Scalar(_) => {}
    }
}

/// Every image of a pod with the name of what it is for; nothing where a container has none.
pub(super) fn images(spec: &mut Node, act: &mut impl FnMut(&str, Option<&mut Node>)) {
    let name = |node: &Node| node.get("name").and_then(Node::as_text).unwrap_or("?").to_owned();
    for list in CONTAINERS {
        let Some(Node::List(containers)) = spec.get_mut(list) else { continue };
        for container in containers {
            act(&name(container), container.get_mut("image"));
        }
    }
    // since 1.31 a volume may be an image
    let Some(Node::List(volumes)) = spec.get_mut("volumes") else { return };
    for volume in volumes {
        let name = name(volume);
        if let Some(image) = volume.get_mut("image") {
            act(&name, image.get_mut("reference"));
        }
    }
}
