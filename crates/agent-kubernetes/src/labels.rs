//! The labels and annotations by which objects are known.

/// The deployment's id, on every object and pod of it, and on Helm's release Secrets.
pub const DEPLOYMENT_LABEL: &str = "distr.sh/deployment";
/// The generation that a revision brought about, on Helm's release Secrets.
pub const GENERATION_LABEL: &str = "distr.sh/generation";
/// Helm keeps an object that says so when it removes its release.
pub const RESOURCE_POLICY: &str = "helm.sh/resource-policy";
