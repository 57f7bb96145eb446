use distr_domain::release::{LockedKind, RoleRule};

use super::*;

fn namespaces(count: usize) -> Vec<Slug> {
    (0..count).map(|number| format!("n{number}").parse().unwrap()).collect()
}

fn rule(words: usize, name: &str) -> RoleRule {
    let resources = (0..words).map(|number| format!("{name}{number}")).collect();
    RoleRule { api_groups: vec![String::new()], resources, resource_names: vec![], verbs: vec!["get".to_owned()] }
}

fn chart(rules: Vec<RoleRule>) -> ChartRight {
    ChartRight { kinds: vec![], rules }
}

#[test]
fn each_namespace_has_the_same_rules() {
    let kind = |resource: &str, namespaced| LockedKind {
        group: "apps".to_owned(),
        kind: "Any".to_owned(),
        resource: resource.to_owned(),
        namespaced,
    };
    let of_chart =
        ChartRight { kinds: vec![kind("deployments", true), kind("fleets", false)], rules: vec![rule(1, "a")] };
    let text = roles(&namespaces(2), &[of_chart]).unwrap();
    assert!(text.starts_with("# No Role can allow these") && text.contains("# fleets.apps\n"), "{text}");
    let documents: Vec<Value> =
        text.split("---\n").map(|document| serde_saphyr::from_str(document).expect("YAML")).collect();
    let kinds: Vec<_> = documents.iter().map(|document| document["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["Role", "RoleBinding", "Role", "RoleBinding"]);
    assert_eq!(documents[0]["rules"], documents[2]["rules"]);
    let expected = serde_json::to_value(
        [base_rules(), rules_of([kind("deployments", true)].iter(), [rule(1, "a")].iter())].concat(),
    );
    assert_eq!(documents[0]["rules"], expected.unwrap());
    assert_eq!(documents[2]["metadata"]["namespace"], "n1");
}

#[test]
fn a_role_that_kubernetes_would_not_take_is_refused_in_words() {
    let many = (0..200).map(|number| rule(200, &format!("r{number}x"))).collect();
    let said = roles(&namespaces(1), &[chart(many)]).unwrap_err();
    assert_eq!(said.code(), "target.too_many_rights");
    assert!(said.to_string().contains("Kubernetes takes no more than 204800: publish releases"), "{said}");
}

#[test]
fn the_size_of_all_roles_is_known_before_they_are_made() {
    let some = || vec![chart((0..50).map(|number| rule(100, &format!("r{number}x"))).collect())];
    assert!(roles(&namespaces(10), &some()).unwrap().len() < 2 * MAX_ROLES);
    let said = roles(&namespaces(50), &some()).unwrap_err();
    assert_eq!(said.code(), "target.too_many_rights");
    assert!(said.to_string().contains("the Roles for 50 namespaces would have"), "{said}");
}
