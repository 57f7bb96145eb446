//! The rights that a release needs in a namespace, and which of them the agent lacks. Pure. What is missing is told with the rules to add,
//! before anything changes.

use std::collections::{BTreeMap, BTreeSet};

use distr_domain::release::LockedKind;
use serde_json::{Value, json};

/// What Helm and the agent do with an object.
const VERBS: [&str; 7] = ["get", "list", "watch", "create", "update", "patch", "delete"];
/// Deleting these deletes data, which is a right of its own.
const DATA: (&str, &str) = ("", "persistentvolumeclaims");

/// A kind's name in rules.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Resource {
    pub group: String,
    /// in the plural, as `deployments`
    pub name: String,
}

impl From<&LockedKind> for Resource {
    fn from(kind: &LockedKind) -> Self {
        Self { group: kind.group.clone(), name: kind.resource.clone() }
    }
}

/// The verbs that no rule grants, by resource. `rules` are those of a SelfSubjectRulesReview.
pub fn missing(resources: &BTreeSet<Resource>, rules: &[Value]) -> BTreeMap<Resource, Vec<&'static str>> {
    let lacking = |resource: &Resource| {
        let is_data = (resource.group.as_str(), resource.name.as_str()) == DATA;
        let needed = VERBS.into_iter().filter(|verb| !(is_data && *verb == "delete"));
        let verbs: Vec<_> = needed.filter(|verb| !rules.iter().any(|rule| grants(rule, resource, verb))).collect();
        (!verbs.is_empty()).then(|| (resource.clone(), verbs))
    };
    resources.iter().filter_map(lacking).collect()
}

/// A rule for named objects grants nothing in general.
pub(crate) fn grants(rule: &Value, resource: &Resource, verb: &str) -> bool {
    let has = |list: &str, wanted: &str| {
        let entries = rule[list].as_array().map(Vec::as_slice).unwrap_or_default();
        entries.iter().any(|entry| entry == "*" || entry == wanted)
    };
    let is_named = rule["resourceNames"].as_array().is_some_and(|names| !names.is_empty());
    !is_named && has("apiGroups", &resource.group) && has("resources", &resource.name) && has("verbs", verb)
}

/// The rules to add to the Role of the namespace, as YAML.
pub fn rules(missing: &BTreeMap<Resource, Vec<&'static str>>) -> String {
    let rule = |(resource, verbs): (&Resource, &Vec<&str>)| {
        let rule = json!({"apiGroups": [resource.group], "resources": [resource.name], "verbs": verbs});
        format!("- {rule}")
    };
    missing.iter().map(rule).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(group: &str, name: &str) -> Resource {
        Resource { group: group.to_owned(), name: name.to_owned() }
    }

    #[test]
    fn what_no_rule_grants_is_named_with_the_rule_to_add() {
        let resources =
            BTreeSet::from([of("apps", "deployments"), of("networking.k8s.io", "ingresses"), of("", "configmaps")]);
        let granted = [
            json!({"apiGroups": ["apps"], "resources": ["*"], "verbs": ["*"]}),
            json!({"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get", "list", "watch", "create", "update"]}),
            json!({"apiGroups": [""], "resources": ["configmaps"], "verbs": ["*"], "resourceNames": ["one"]}),
        ];
        let missing = missing(&resources, &granted);
        let text = r#"- {"apiGroups":[""],"resources":["configmaps"],"verbs":["patch","delete"]}
- {"apiGroups":["networking.k8s.io"],"resources":["ingresses"],"verbs":["get","list","watch","create","update","patch","delete"]}"#;
        assert_eq!(rules(&missing), text);
    }

    #[test]
    fn nobody_needs_to_be_able_to_delete_data() {
        let claims = BTreeSet::from([of("", "persistentvolumeclaims")]);
        let all_but_delete = json!({"apiGroups": [""], "resources": ["persistentvolumeclaims"],
            "verbs": ["get", "list", "watch", "create", "update", "patch"]});
        assert!(missing(&claims, &[all_but_delete]).is_empty());
        assert_eq!(missing(&claims, &[])[&of("", "persistentvolumeclaims")].len(), 6);
    }
}
