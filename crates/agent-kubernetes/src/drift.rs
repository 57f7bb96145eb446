//! What somebody changed of an object: pure, from the object as it would be after it was applied again, and as it is. What others added, and
//! what webhooks and defaults make of it, is in both, and is no drift.

use serde_json::Value;

/// Fields that the cluster counts for itself.
const COUNTED: [&str; 5] = ["resourceVersion", "generation", "managedFields", "creationTimestamp", "uid"];
/// The most characters of drift that a report holds.
pub const LONGEST_TEXT: usize = 2000;

/// A field that is not as it was applied, by its JSON pointer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    pub path: String,
    /// nothing if it is not there
    pub applied: Option<Value>,
    pub found: Option<Value>,
}

/// The fields that differ, but for those that are left to others and all below them.
pub fn compare(applied: &Value, live: &Value, yields: &[String]) -> Vec<Difference> {
    let mut differences = vec![];
    walk("", applied, live, &mut differences);
    let is_left = |path: &str| {
        let below =
            |left: &String| path == left || path.strip_prefix(left.as_str()).is_some_and(|rest| rest.starts_with('/'));
        path == "/status" || path.starts_with("/status/") || yields.iter().any(below)
    };
    differences.retain(|difference| !is_left(&difference.path));
    differences
}

fn walk(path: &str, applied: &Value, live: &Value, differences: &mut Vec<Difference>) {
    match (applied, live) {
        (Value::Object(one), Value::Object(other)) => {
            let names = one.keys().chain(other.keys().filter(|name| !one.contains_key(*name)));
            for name in names.filter(|name| path != "/metadata" || !COUNTED.contains(&name.as_str())) {
                let path = format!("{path}/{}", name.replace('~', "~0").replace('/', "~1"));
                match (one.get(name), other.get(name)) {
                    (Some(one), Some(other)) => walk(&path, one, other, differences),
                    (one, other) => {
                        differences.push(Difference { path, applied: one.cloned(), found: other.cloned() });
                    }
                }
            }
        }
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
            for (index, (one, other)) in one.iter().zip(other).enumerate() {
                walk(&format!("{path}/{index}"), one, other, differences);
            }
        }
        (one, other) if one == other => {}
        (one, other) => {
            let (applied, found) = (Some(one.clone()), Some(other.clone()));
            differences.push(Difference { path: path.to_owned(), applied, found });
        }
    }
}

/// One sentence an object. Of Secrets the paths are told, and no value.
pub fn told(object: &Value, differences: &[Difference]) -> Option<String> {
    let is_secret = object["kind"] == "Secret";
    let one = |difference: &Difference| {
        let value = |value: &Option<Value>| value.as_ref().map_or_else(|| "nothing".to_owned(), Value::to_string);
        match is_secret {
            true => difference.path.clone(),
            false => {
                format!("{} is {} instead of {}", difference.path, value(&difference.found), value(&difference.applied))
            }
        }
    };
    let list: Vec<String> = differences.iter().map(one).collect();
    let text = format!("{}: {}", crate::labels::place(object), list.join(", "));
    (!differences.is_empty()).then(|| text.chars().take(LONGEST_TEXT).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object(replicas: i64, image: &str) -> Value {
        json!({
            "kind": "Deployment",
            "metadata": {"name": "web", "resourceVersion": replicas.to_string(), "generation": replicas, "labels": {"a": "b"}},
            "spec": {"replicas": replicas, "template": {"spec": {"containers": [{"name": "web", "image": image}]}}},
            "status": {"replicas": replicas},
        })
    }

    #[test]
    fn what_is_counted_by_the_cluster_is_no_drift() {
        let mut live = object(2, "a");
        live["metadata"]["resourceVersion"] = json!("9");
        live["metadata"]["managedFields"] = json!([{"manager": "kubectl"}]);
        live["status"] = json!({"replicas": 1});
        assert_eq!(compare(&object(2, "a"), &live, &[]), []);
    }

    #[test]
    fn each_field_is_named_with_both_values() {
        let differences = compare(&object(2, "a"), &object(3, "b"), &[]);
        let paths: Vec<&str> = differences.iter().map(|difference| difference.path.as_str()).collect();
        assert_eq!(paths, ["/spec/replicas", "/spec/template/spec/containers/0/image"]);
        let told = told(&object(2, "a"), &differences).unwrap();
        let text = "Deployment/web: /spec/replicas is 3 instead of 2, /spec/template/spec/containers/0/image is \"b\" instead of \"a\"";
        assert_eq!(told, text);
    }

    #[test]
    fn fields_that_are_left_to_others_are_no_drift_nor_is_what_is_below() {
        let yields = ["/spec/replicas".to_owned(), "/spec/template".to_owned()];
        assert_eq!(compare(&object(2, "a"), &object(3, "b"), &yields), []);
        assert_eq!(compare(&object(2, "a"), &object(3, "a"), &["/spec/rep".to_owned()]).len(), 1);
    }

    #[test]
    fn values_of_secrets_are_not_told() {
        let secret = |value: &str| json!({"kind": "Secret", "metadata": {"name": "s"}, "data": {"password": value}});
        let differences = compare(&secret("hunter2"), &secret("other"), &[]);
        assert_eq!(told(&secret(""), &differences).as_deref(), Some("Secret/s: /data/password"));
        assert_eq!(told(&secret(""), &[]), None);
    }

    #[test]
    fn names_with_slashes_are_pointers() {
        let with = |value: &str| json!({"metadata": {"annotations": {"a.b/c": value}}});
        assert_eq!(compare(&with("1"), &with("2"), &[])[0].path, "/metadata/annotations/a.b~1c");
    }
}
