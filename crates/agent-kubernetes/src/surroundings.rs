//! What the agent needs of its surroundings before it begins, each told in a sentence with what to do.

use distr_agent::fault::Failure;
use distr_domain::agent::ErrorCategory;
use serde_json::Value;

use crate::cluster::Cluster;
use crate::rights::{Resource, grants};

/// The verbs that the agent needs in its own namespace, by group and resource.
const NEEDED: [(&str, &str, &[&str]); 2] = [
    ("", "secrets", &["get", "list", "create", "update"]),
    ("coordination.k8s.io", "leases", &["create", "get", "update"]),
];

/// Whether the cluster answers, and lets the agent do in its own namespace what it must. The cluster's version.
pub async fn check(cluster: &Cluster, namespace: &str) -> Result<String, Failure> {
    let version = cluster.version().await.map_err(|failure| {
        let text =
            format!("{}; check that the API server runs, and that this pod or kubeconfig may reach it", failure.text);
        Failure { text, ..failure }
    })?;
    // some authorizers cannot list what they grant
    let Some(granted) = cluster.rules(namespace).await? else { return Ok(version) };
    let lacking = lacking(&granted);
    match lacking.is_empty() {
        true => Ok(version),
        false => Err(Failure::passing(
            ErrorCategory::Policy,
            format!(
                "the agent lacks rights in its own namespace {namespace} ({}); `distr-agent-kubernetes rules` prints the Roles that it needs",
                lacking.join(", ")
            ),
        )),
    }
}

/// `verb resource` of each right that no rule grants.
fn lacking(granted: &[Value]) -> Vec<String> {
    let mut lacking = vec![];
    for (group, name, verbs) in NEEDED {
        let resource = Resource { group: group.to_owned(), name: name.to_owned() };
        for verb in verbs {
            if !granted.iter().any(|rule| grants(rule, &resource, verb)) {
                lacking.push(format!("{verb} {name}"));
            }
        }
    }
    lacking
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use distr_domain::cluster::own_rules;

    #[test]
    fn the_printed_roles_are_enough_and_less_is_named() {
        let own = || own_rules().iter().map(|rule| json!(rule)).collect::<Vec<_>>();
        assert!(lacking(&own()).is_empty());
        assert!(lacking(&[json!({"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]})]).is_empty());
        let words = ["get secrets", "list secrets", "create secrets", "update secrets"];
        assert_eq!(lacking(&own()[1..]), words);
    }
}
