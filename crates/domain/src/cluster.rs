//! The rights that an agent has in a cluster: those of what it installs, and what it has to see to tell whether that is well. Never `*`.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::names::Slug;
use crate::release::{ChartLock, LockedKind, RoleRule};

/// The namespace in which an agent runs, and keeps what it knows.
pub const AGENT_NAMESPACE: &str = "distr-agent";

/// The agent's name in its cluster: of its account, its Roles, and what else it has.
pub const AGENT: &str = "distr-agent";

/// The account that has the rights in the namespaces of releases, in the agent's namespace. The agent acts as it whenever it does
/// anything for a release, and Helm always: templates can look up whatever Helm may read, and must not find what the agent keeps.
pub const RELEASE_ACCOUNT: &str = "distr-helm";

/// What Helm and the agent do with an object.
pub const VERBS: [&str; 7] = ["get", "list", "watch", "create", "update", "patch", "delete"];
/// Whoever deletes these deletes data, which is a right of its own.
const DATA: (&str, &str) = ("", "persistentvolumeclaims");

/// Whether a namespace is the agent's own or the cluster's, where no release goes.
pub fn is_reserved(namespace: &Slug) -> bool {
    namespace.as_str() == AGENT_NAMESPACE || namespace.as_str().starts_with("kube-")
}

/// The verbs that an agent needs for objects of a kind that it installs.
pub fn verbs(group: &str, resource: &str) -> impl Iterator<Item = &'static str> {
    let is_data = (group, resource) == DATA;
    VERBS.into_iter().filter(move |verb| !(is_data && *verb == "delete"))
}

/// Whatever is installed: Helm's history is in Secrets, and whether pods are well is seen of these.
pub fn base_rules() -> Vec<RoleRule> {
    let looks: [(&str, &[&str]); 4] = [
        ("", &["pods", "pods/log", "events", "resourcequotas", "persistentvolumeclaims"]),
        ("apps", &["replicasets", "controllerrevisions"]),
        ("autoscaling", &["horizontalpodautoscalers"]),
        ("discovery.k8s.io", &["endpointslices"]),
    ];
    let look = |(group, resources): (&str, &[&str])| rule([group], resources.iter().copied(), ["get", "list", "watch"]);
    looks.into_iter().map(look).chain([rule([""], ["secrets"], VERBS)]).collect()
}

/// In the agent's own namespace: what it keeps, and which of its replicas works.
pub fn own_rules() -> Vec<RoleRule> {
    let verbs = ["get", "list", "create", "update", "patch", "delete"];
    vec![rule([""], ["secrets"], verbs), rule(["coordination.k8s.io"], ["leases"], verbs)]
}

/// That the agent may act as the account of releases, which is in its own namespace.
pub fn acting_rule() -> RoleRule {
    let names = vec![RELEASE_ACCOUNT.to_owned()];
    RoleRule { resource_names: names, ..rule([""], ["serviceaccounts"], ["impersonate"]) }
}

/// The manifests that give these rights in a namespace: in its own to the agent, in others to the account of releases.
pub fn role(own: &str, namespace: &str, rules: &[RoleRule]) -> [Value; 2] {
    let metadata = json!({ "name": AGENT, "namespace": namespace });
    let (group, api) = ("rbac.authorization.k8s.io", "rbac.authorization.k8s.io/v1");
    let reference = json!({ "apiGroup": group, "kind": "Role", "name": AGENT });
    let account = if own == namespace { AGENT } else { RELEASE_ACCOUNT };
    let subject = json!({ "kind": "ServiceAccount", "name": account, "namespace": own });
    [
        json!({ "apiVersion": api, "kind": "Role", "metadata": metadata, "rules": rules }),
        json!({
            "apiVersion": api, "kind": "RoleBinding", "metadata": metadata,
            "roleRef": reference, "subjects": [subject],
        }),
    ]
}

/// What these charts have in a namespace, each kind once, and what their own Roles allow: nobody gives more than he has.
pub fn rules(charts: &[ChartLock]) -> Vec<RoleRule> {
    rules_of(charts.iter().flat_map(|chart| &chart.kinds), charts.iter().flat_map(|chart| &chart.rules))
}

/// The same of the kinds and the rules alone. What no Role can have, which locks of old may hold, is left out: it allows nothing, and
/// Kubernetes would refuse the Role with it.
pub fn rules_of<'a>(
    kinds: impl Iterator<Item = &'a LockedKind>,
    given: impl Iterator<Item = &'a RoleRule>,
) -> Vec<RoleRule> {
    let mut by_verbs: BTreeMap<(&str, Vec<&'static str>), BTreeSet<&str>> = BTreeMap::new();
    for kind in kinds.filter(|kind| kind.namespaced) {
        let verbs = verbs(&kind.group, &kind.resource).collect();
        by_verbs.entry((&kind.group, verbs)).or_default().insert(&kind.resource);
    }
    let of_kinds = by_verbs.into_iter().map(|((group, verbs), resources)| rule([group], resources, verbs));
    let given: BTreeSet<&RoleRule> = given.filter(|rule| rule.is_well_formed()).collect();
    of_kinds.chain(given.into_iter().cloned()).collect()
}

fn rule<'a>(
    groups: impl IntoIterator<Item = &'a str>,
    resources: impl IntoIterator<Item = &'a str>,
    verbs: impl IntoIterator<Item = &'a str>,
) -> RoleRule {
    let all = |of: &mut dyn Iterator<Item = &'a str>| of.map(str::to_owned).collect();
    RoleRule {
        api_groups: all(&mut groups.into_iter()),
        resources: all(&mut resources.into_iter()),
        resource_names: vec![],
        verbs: all(&mut verbs.into_iter()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart(kinds: &[(&str, &str, bool)], rules: &[RoleRule]) -> ChartLock {
        let kind = |(group, resource, namespaced): &(&str, &str, bool)| LockedKind {
            group: (*group).to_owned(),
            kind: "Any".to_owned(),
            resource: (*resource).to_owned(),
            namespaced: *namespaced,
        };
        ChartLock {
            registry: "hub.example".to_owned(),
            images: vec![],
            kinds: kinds.iter().map(kind).collect(),
            rules: rules.to_vec(),
            cases: 1,
            tool: "helm".to_owned(),
        }
    }

    #[test]
    fn an_agent_may_do_what_its_charts_have_and_delete_no_data() {
        let given = rule([""], ["configmaps"], ["get"]);
        let first =
            chart(&[("apps", "deployments", true), ("", "persistentvolumeclaims", true)], std::slice::from_ref(&given));
        let second = chart(&[("apps", "statefulsets", true), ("", "services", true), ("", "namespaces", false)], &[]);
        let [claims, services, workloads, of_chart] = rules(&[first.clone(), second, first]).try_into().unwrap();
        assert_eq!(claims, rule([""], ["persistentvolumeclaims"], VERBS.into_iter().filter(|verb| *verb != "delete")));
        assert_eq!(services, rule([""], ["services"], VERBS));
        assert_eq!(workloads, rule(["apps"], ["deployments", "statefulsets"], VERBS));
        assert_eq!(of_chart, given);
    }

    #[test]
    fn the_rights_in_namespaces_are_those_of_the_account_of_releases() {
        let account = |namespace| role("distr-agent", namespace, &[])[1]["subjects"][0]["name"].clone();
        assert_eq!([account("distr-agent"), account("shop")], [AGENT, RELEASE_ACCOUNT]);
    }

    #[test]
    fn what_kubernetes_takes_in_no_role_is_left_out() {
        let given = rule([""], ["configmaps"], ["get"]);
        let refused = [rule([""], [], ["get"]), rule([""], ["pods"], []), rule([""], ["a\u{7f}"], ["get"])];
        assert_eq!(rules(&[chart(&[], &[refused.as_slice(), std::slice::from_ref(&given)].concat())]), [given]);
    }

    #[test]
    fn no_right_is_for_everything() {
        let text = serde_json::to_string(&base_rules()).unwrap();
        assert!(!text.contains('*'), "{text}");
    }
}
