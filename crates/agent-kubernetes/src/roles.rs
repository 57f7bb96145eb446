//! The Roles that the agent needs: in its own namespace, and in each that its releases are put into. Pure. Nothing has a `*`.

use std::collections::BTreeSet;

use distr_domain::agent::{DesiredState, Instruction, RunChartInstruction};
use distr_domain::cluster;
use distr_domain::release::{ChartLock, RoleRule};
use serde_json::Value;

use crate::yaml::{self, Node, Scalar};

/// Roles and their bindings as YAML, for `kubectl apply -f -`. The kinds are those of what the hub desires, as far as it is known.
pub fn of(
    own: &str,
    namespaces: &BTreeSet<String>,
    desired: Option<&DesiredState>,
) -> Result<String, yaml::Unreadable> {
    let mut objects = cluster::role(own, own, &[cluster::own_rules(), vec![cluster::acting_rule()]].concat()).to_vec();
    for namespace in namespaces {
        objects.extend(cluster::role(own, namespace, &rules_of(namespace, namespaces, desired)));
    }
    let text: Vec<String> = objects.iter().map(Value::to_string).collect();
    let mut documents = yaml::read(&text.join("\n---\n"))?;
    documents.iter_mut().for_each(plain);
    Ok(yaml::write(&documents))
}

/// Words without quotes, as people write them.
fn plain(node: &mut Node) {
    let unquote = |scalar: &mut Scalar| {
        let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '/' | '-');
        let begins = scalar.text.starts_with(|c: char| c.is_ascii_alphabetic());
        // readers take some short ones for truths
        scalar.is_plain = begins
            && scalar.text.len() > 3
            && scalar.text.chars().all(is_word)
            && !["true", "false", "null"].contains(&scalar.text.to_lowercase().as_str());
    };
    match node {
        Node::Scalar(scalar) => unquote(scalar),
        Node::List(list) => list.iter_mut().for_each(plain),
        Node::Map(entries) => entries.iter_mut().for_each(|(key, value)| {
            unquote(key);
            plain(value);
        }),
    }
}

fn rules_of(namespace: &str, namespaces: &BTreeSet<String>, desired: Option<&DesiredState>) -> Vec<RoleRule> {
    let first = namespaces.first().map(String::as_str);
    let is_here =
        |run: &&RunChartInstruction| run.namespace.as_ref().map(|name| name.as_str()).or(first) == Some(namespace);
    let runs = desired.into_iter().flat_map(|desired| &desired.deployments);
    let runs = runs.filter_map(|wanted| match &wanted.instruction {
        Instruction::RunChart(run) => Some(run),
        _ => None,
    });
    let locks: Vec<ChartLock> = runs.filter(is_here).map(|run| run.lock.clone()).collect();
    [cluster::base_rules(), cluster::rules(&locks)].concat()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn roles_name_each_right_and_have_no_star() {
        let digest = format!("sha256:{}", "1".repeat(64));
        let desired: DesiredState = serde_json::from_value(json!({"etag": "1", "registry": "hub.example", "deployments": [{
            "deployment": "0d6f1c2e-0000-0000-0000-000000000000", "application": "shop", "generation": 1,
            "instruction": "run_chart", "version": "1.0.0", "namespace": "shop", "images": [],
            "chart": {"repository": "acme/c", "digest": digest, "archive": digest, "size": 1, "name": "shop", "version": "1"},
            "lock": {"registry": "hub.example", "images": [], "cases": 1, "tool": "helm v4.1.4", "kinds": [
                {"group": "apps", "kind": "Deployment", "resource": "deployments", "namespaced": true},
                {"kind": "PersistentVolumeClaim", "resource": "persistentvolumeclaims", "namespaced": true},
            ]},
        }]}))
        .unwrap();
        let namespaces = ["jobs", "shop"].map(str::to_owned).into();
        let text = of("distr-agent", &namespaces, Some(&desired)).unwrap();
        assert!(!text.contains('*'), "{text}");
        let documents = yaml::read(&text).unwrap();
        assert_eq!(documents.len(), 6);
        let roles: Vec<Value> = documents.iter().map(yaml::value).collect();
        let has = |role: &Value, resource: &str| role["rules"].to_string().contains(&format!("\"{resource}\""));
        assert!(!has(&roles[2], "deployments") && has(&roles[2], "pods/log"), "{text}");
        assert!(has(&roles[4], "deployments"), "{text}");
        let claims = roles[4]["rules"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|rule| rule.to_string().contains("persistentvolumeclaims"));
        assert!(
            !claims.map(|rule| rule["verbs"].to_string()).collect::<String>().contains("delete"),
            "nobody deletes data"
        );
        assert_eq!(roles[5]["subjects"][0]["namespace"], "distr-agent");
    }
}
