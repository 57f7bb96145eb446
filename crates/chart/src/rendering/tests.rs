use super::*;
use crate::settings;

const RENDERED: &str = r#"
---
# Source: hello/templates/web.yaml
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  template:
    spec:
      initContainers: [{name: init, image: "hub.example/acme/init:1"}]
      containers:
      - {name: nginx, image: "hub.example/acme/web:1.0.0"}
      - {name: side, image: "docker.io/library/busybox@sha256:abc"}
      volumes: [{name: model, image: {reference: "hub.example/acme/model:1"}}]
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: nightly}
spec: {jobTemplate: {spec: {template: {spec: {containers: [{name: job, image: "hub.example/acme/web:1.0.0"}]}}}}}
---
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: ConfigMap, metadata: {name: text}, data: {containers: "image: not-one"}}
- {apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: closed}}
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: kafkaclusters.acme.io}
spec: {group: acme.io, scope: Cluster, names: {kind: KafkaCluster, plural: kafkaclusters}}
---
apiVersion: acme.io/v1
kind: KafkaCluster
metadata: {name: events}
spec: {image: "hub.example/acme/kafka:3", template: {containers: [{name: broker, image: "hub.example/acme/broker:3"}]}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: reader}
rules: [{apiGroups: [""], resources: [pods], verbs: [get, list]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: scraper}
rules: [{nonResourceURLs: [/metrics], verbs: [get]}]
"#;

fn with_custom_image() -> ChartSettings {
    settings::read("schema: distr.sh/chart/v1\nimages: {paths: [{kind: KafkaCluster.acme.io, path: spec.image}]}\n")
        .unwrap()
}

#[test]
fn images_are_found_wherever_pods_are() {
    let rendering = Rendering::read(RENDERED, &with_custom_image()).unwrap();
    let found: Vec<_> = rendering.images.iter().map(|(image, at)| (image.as_str(), Vec::from_iter(at))).collect();
    let expected = [
        ("docker.io/library/busybox@sha256:abc", vec!["Deployment/web/side"]),
        ("hub.example/acme/broker:3", vec!["KafkaCluster/events/broker"]),
        ("hub.example/acme/init:1", vec!["Deployment/web/init"]),
        ("hub.example/acme/kafka:3", vec!["KafkaCluster/events/spec.image"]),
        ("hub.example/acme/model:1", vec!["Deployment/web/model"]),
        ("hub.example/acme/web:1.0.0", vec!["CronJob/nightly/job", "Deployment/web/nginx"]),
    ];
    let expected = expected.map(|(image, at)| (image, at));
    let found: Vec<(&str, Vec<&str>)> =
        found.into_iter().map(|(image, at)| (image, at.into_iter().map(String::as_str).collect())).collect();
    assert_eq!(found, expected);
}

#[test]
fn kinds_and_rules_are_named_as_roles_name_them() {
    let rendering = Rendering::read(RENDERED, &ChartSettings::default()).unwrap();
    let kinds: Vec<_> = rendering
        .kinds
        .iter()
        .map(|kind| format!("{}.{} {}", kind.resource, kind.group, if kind.namespaced { "n" } else { "c" }))
        .collect();
    assert_eq!(
        kinds,
        [
            "configmaps. n",
            "kafkaclusters.acme.io c",
            "customresourcedefinitions.apiextensions.k8s.io c",
            "deployments.apps n",
            "cronjobs.batch n",
            "networkpolicies.networking.k8s.io n",
            "clusterroles.rbac.authorization.k8s.io c",
            "roles.rbac.authorization.k8s.io n",
        ]
    );
    assert_eq!(rendering.rules.len(), 1, "what is outside the API is in no Role");
    assert_eq!(rendering.rules.first().unwrap().verbs, ["get", "list"]);
    for (kind, resource) in
        [("Ingress", "ingresses"), ("Gateway", "gateways"), ("Endpoints", "endpoints"), ("Proxy", "proxies")]
    {
        assert_eq!(plural(kind), resource);
    }
}

#[test]
fn what_is_no_object_is_refused() {
    assert_eq!(objects("a: 1").unwrap_err(), InvalidRendering::NoObject);
    assert!(matches!(objects("a: [1").unwrap_err(), InvalidRendering::Unreadable(_)));
    assert!(objects("---\n---\n# nothing\n").unwrap().is_empty());
}
