//! Fields of a release's objects that are left to who owns them in the cluster: the number of pods to an autoscaler, the certificates of webhooks to whoever
//! rotates them, and what the chart's author or the cluster's owner names. What is left keeps the value that it has, in upgrades and in repairs.

use std::collections::BTreeSet;

use distr_agent::fault::Failure;
use distr_domain::release::{KindName, YieldedField};
use serde_json::Value;

use crate::cluster::Cluster;
use crate::post_render::Yielded;

/// On an object in the cluster: JSON pointers, separated by blanks, of what is its owner's.
pub const ANNOTATION: &str = "distr.sh/yield";
const REPLICAS: &str = "/spec/replicas";

/// What is left of the objects of one release.
#[derive(Debug, Default)]
pub struct Yields<'a> {
    /// group, kind and name of what is scaled
    scaled: BTreeSet<(String, String, String)>,
    vendor: &'a [YieldedField],
}

impl<'a> Yields<'a> {
    /// As it is now in a namespace. `vendor` is what the chart's author says.
    pub async fn of(cluster: &Cluster, namespace: &str, vendor: &'a [YieldedField]) -> Result<Self, Failure> {
        // others, such as KEDA's, scale by one of these
        let scalers = cluster.list(("autoscaling/v1", "HorizontalPodAutoscaler"), namespace, "").await?;
        let target = |scaler: &Value| {
            let target = &scaler["spec"]["scaleTargetRef"];
            identity(target, &target["name"])
        };
        let scaled = scalers.iter().map(target).collect();
        Ok(Self { scaled, vendor })
    }

    /// JSON pointers to what is left of an object that is in the cluster.
    pub fn paths(&self, live: &Value) -> Vec<String> {
        let (group, kind, name) = identity(live, &live["metadata"]["name"]);
        let annotation = live["metadata"]["annotations"][ANNOTATION].as_str().unwrap_or_default();
        let own = annotation.split_whitespace().filter(|path| path.starts_with('/')).map(str::to_owned);
        let is_its = |field: &&YieldedField| {
            field.kind.group == group && field.kind.kind == kind && field.name.as_ref().is_none_or(|of| *of == name)
        };
        let vendors = self.vendor.iter().filter(is_its).map(|field| field.path.clone());
        let replicas = self.scaled.contains(&(group.clone(), kind.clone(), name.clone())).then(|| REPLICAS.to_owned());
        certificates(&kind, live).into_iter().chain(replicas).chain(vendors).chain(own).collect()
    }

    /// The object as it is applied, with the values of what is left.
    pub fn leave(&self, object: &Value, live: &Value) -> Value {
        let mut object = object.clone();
        for path in self.paths(live) {
            if let Some(value) = live.pointer(&path) {
                put(&mut object, &path, value.clone());
            }
        }
        object
    }

    /// What the post-renderer has to leave of an object. It knows no lists.
    pub fn of_object(&self, live: &Value) -> Vec<Yielded> {
        let (group, kind, name) = identity(live, &live["metadata"]["name"]);
        let is_in_list = |path: &String| path.split('/').any(|step| step.parse::<usize>().is_ok());
        let yielded = |path: String| {
            let value = live.pointer(&path)?.clone();
            let kind = KindName { group: group.clone(), kind: kind.clone() };
            Some(Yielded { kind, name: name.clone(), path, value })
        };
        self.paths(live).into_iter().filter(|path| !is_in_list(path)).filter_map(yielded).collect()
    }
}

/// Whoever issues the certificates of webhooks writes them here.
fn certificates(kind: &str, live: &Value) -> Vec<String> {
    match kind {
        "MutatingWebhookConfiguration" | "ValidatingWebhookConfiguration" => {
            let count = live["webhooks"].as_array().map_or(0, Vec::len);
            (0..count).map(|number| format!("/webhooks/{number}/clientConfig/caBundle")).collect()
        }
        "CustomResourceDefinition" => vec!["/spec/conversion/webhook/clientConfig/caBundle".to_owned()],
        "APIService" => vec!["/spec/caBundle".to_owned()],
        _ => vec![],
    }
}

/// Group, kind and name.
fn identity(object: &Value, name: &Value) -> (String, String, String) {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let group = object["apiVersion"].as_str().and_then(|api| api.split_once('/')).map_or("", |(group, _)| group);
    (group.to_owned(), text(&object["kind"]), text(name))
}

/// Sets a value where its parent is.
fn put(object: &mut Value, path: &str, value: Value) {
    let Some((parent, last)) = path.rsplit_once('/') else { return };
    let last = last.replace("~1", "/").replace("~0", "~");
    match object.pointer_mut(parent) {
        Some(Value::Object(fields)) => drop(fields.insert(last, value)),
        Some(Value::Array(items)) => {
            let item = last.parse().ok().and_then(|number: usize| items.get_mut(number));
            item.into_iter().for_each(|item| *item = value.clone());
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn web(replicas: i64) -> Value {
        json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": {"replicas": replicas}})
    }

    #[test]
    fn the_number_of_pods_is_the_autoscalers() {
        let scaled = BTreeSet::from([("apps".to_owned(), "Deployment".to_owned(), "web".to_owned())]);
        let yields = Yields { scaled, vendor: &[] };
        assert_eq!(yields.leave(&web(1), &web(3)), web(3));
        assert_eq!(yields.of_object(&web(3))[0].value, json!(3));
        let mut other = web(3);
        other["metadata"]["name"] = json!("other");
        assert!(yields.paths(&other).is_empty() && Yields::default().paths(&web(3)).is_empty());
    }

    #[test]
    fn what_vendor_and_owner_name_is_left() {
        let kind = KindName { group: "apps".to_owned(), kind: "Deployment".to_owned() };
        let vendor = [YieldedField { kind, name: Some("web".to_owned()), path: "/spec/paused".to_owned() }];
        let yields = Yields { scaled: BTreeSet::new(), vendor: &vendor };
        let mut live = web(3);
        live["spec"]["paused"] = json!(true);
        live["metadata"]["annotations"] = json!({ANNOTATION: "/spec/replicas  nonsense"});
        assert_eq!(yields.paths(&live), ["/spec/paused", "/spec/replicas"]);
        let left = yields.leave(&web(1), &live);
        assert_eq!(left["spec"], json!({"replicas": 3, "paused": true}));
    }

    #[test]
    fn certificates_of_webhooks_are_left_where_they_are() {
        let hook = |bundle: &str| {
            json!({"apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingWebhookConfiguration", "metadata": {"name": "w"},
                "webhooks": [{"clientConfig": {"caBundle": bundle}}]})
        };
        let yields = Yields::default();
        assert_eq!(yields.leave(&hook(""), &hook("Q0E=")), hook("Q0E="));
        assert!(yields.of_object(&hook("Q0E=")).is_empty());
    }
}
