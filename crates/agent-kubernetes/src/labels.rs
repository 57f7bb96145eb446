//! The labels and annotations by which objects are known.

/// The deployment's id, on every object and pod of it, and on Helm's release Secrets.
pub const DEPLOYMENT_LABEL: &str = "distr.sh/deployment";
/// The generation that a revision brought about, on Helm's release Secrets.
pub const GENERATION_LABEL: &str = "distr.sh/generation";
/// On the Secrets that hold a release's values, and on no object of a chart's.
pub const VALUES_LABEL: &str = "distr.sh/values";
/// Helm keeps an object that says so when it removes its release.
pub const RESOURCE_POLICY: &str = "helm.sh/resource-policy";

/// The Secret with which the nodes pull, see `pull`.
pub const PULL_SECRET: &str = "distr-pull";

/// `Kind/name` of an object, as sentences name it.
pub fn place(object: &serde_json::Value) -> String {
    let text = |value: &serde_json::Value| value.as_str().unwrap_or("?").to_owned();
    format!("{}/{}", text(&object["kind"]), text(&object["metadata"]["name"]))
}
