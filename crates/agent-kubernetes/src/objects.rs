//! The objects of a revision, as Helm applied them.

use serde_json::{Value, json};

use crate::labels::DEPLOYMENT_LABEL;
use crate::release::Release;
use crate::yaml::{self, Unreadable};

/// What Helm adds to each object that it applies; without it every object would differ from what its manifest says.
const MANAGED_BY: (&str, &str) = ("app.kubernetes.io/managed-by", "Helm");
const RELEASE_NAME: &str = "meta.helm.sh/release-name";
const RELEASE_NAMESPACE: &str = "meta.helm.sh/release-namespace";

/// The objects of a manifest; those of lists by themselves.
pub fn objects(manifest: &str) -> Result<Vec<Value>, Unreadable> {
    let mut found = vec![];
    for document in yaml::read(manifest)? {
        collect(yaml::value(&document), &mut found);
    }
    Ok(found)
}

fn collect(object: Value, found: &mut Vec<Value>) {
    let is_list = object["kind"].as_str().is_some_and(|kind| kind.ends_with("List"));
    match object["items"].as_array().filter(|_| is_list) {
        Some(items) => items.iter().for_each(|item| collect(item.clone(), found)),
        None => found.push(object),
    }
}

/// The object with all that Helm applies of it.
pub fn as_applied(object: &Value, release: &Release) -> Value {
    let mut object = object.clone();
    let metadata = &mut object["metadata"];
    metadata["labels"][MANAGED_BY.0] = json!(MANAGED_BY.1);
    metadata["annotations"][RELEASE_NAME] = json!(release.name);
    metadata["annotations"][RELEASE_NAMESPACE] = json!(release.namespace);
    object
}

/// Whether an object as it is in the cluster is of a release: the agent's label says so, or Helm's own marks.
pub fn is_own(live: &Value, release: &Release, deployment: &str) -> bool {
    let metadata = &live["metadata"];
    let annotations = &metadata["annotations"];
    let is_helms = metadata["labels"][MANAGED_BY.0] == MANAGED_BY.1
        && annotations[RELEASE_NAME] == release.name.as_str()
        && annotations[RELEASE_NAMESPACE] == release.namespace.as_str();
    is_helms || metadata["labels"][DEPLOYMENT_LABEL] == deployment
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_opened_and_types_are_kubernetes_own() {
        let manifest = "---\nkind: Pod\nspec: {mode: 0400}\n---\nkind: List\nitems: [{kind: A}, {kind: BList, items: [{kind: C}]}]\n";
        let found = objects(manifest).unwrap();
        let kinds: Vec<_> = found.iter().map(|object| object["kind"].as_str().unwrap()).collect();
        assert_eq!(kinds, ["Pod", "A", "C"]);
        assert_eq!(found[0]["spec"]["mode"], 256);
    }

    #[test]
    fn helms_own_marks_are_added() {
        let release = Release { name: "shop".to_owned(), namespace: "acme".to_owned() };
        let applied = as_applied(&json!({"kind": "Pod", "metadata": {"name": "p", "labels": {"a": "b"}}}), &release);
        assert_eq!(applied["metadata"]["labels"], json!({"a": "b", "app.kubernetes.io/managed-by": "Helm"}));
        assert_eq!(applied["metadata"]["annotations"][RELEASE_NAMESPACE], "acme");
        assert!(is_own(&applied, &release, "0d6f1c2e"));
        let other = Release { namespace: "other".to_owned(), ..release.clone() };
        assert!(!is_own(&applied, &other, "0d6f1c2e"));
        let hook = json!({"metadata": {"labels": {DEPLOYMENT_LABEL: "0d6f1c2e"}}});
        assert!(is_own(&hook, &release, "0d6f1c2e") && !is_own(&hook, &release, "another"));
        assert!(!is_own(&json!({"metadata": {}}), &release, "0d6f1c2e"));
    }
}
