use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::json;

use super::*;

const PINNED: &str = "hub.example/acme/web@sha256:f817763fbb6dfb7f2124c80808ec6293e0c0144f70eaefedd75d5e0ece5e7fbc";

fn plan() -> Plan {
    Plan {
        deployment: "0d6f1c2e".to_owned(),
        namespace: "shop".to_owned(),
        images: BTreeMap::from([("hub.example/acme/web:1".to_owned(), PINNED.to_owned())]),
        pull_secret: Some("distr-pull".to_owned()),
        ..Plan::default()
    }
}

fn rendered(manifests: &str) -> Vec<Node> {
    yaml::read(&post_render(manifests, &plan()).unwrap()).unwrap()
}

fn refused(manifests: &str) -> Vec<String> {
    post_render(manifests, &plan()).unwrap_err().iter().map(ToString::to_string).collect()
}

fn at<'a>(node: &'a Node, path: &str) -> &'a str {
    let found = path.split('.').try_fold(node, |node, step| match step.parse::<usize>() {
        Ok(index) => node.entries().get(index),
        Err(_) => node.get(step),
    });
    found.and_then(Node::as_text).unwrap_or_else(|| panic!("there is no {path} in {node:?}"))
}

const DEPLOYMENT: &str = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  template:
    metadata: {labels: {app: web}}
    spec:
      initContainers: [{name: prepare, image: hub.example/acme/web:1}]
      containers:
        - name: web
          image: \"hub.example/acme/web:1\"
          securityContext: {runAsUser: 0644}
";

#[test]
fn images_are_pinned_and_pods_carry_the_label_and_the_pull_secret() {
    let web = &rendered(DEPLOYMENT)[0];
    let label = |node: &Node| node.at(&["metadata", "labels", DEPLOYMENT_LABEL]).unwrap().as_text().unwrap().to_owned();
    assert_eq!(label(web), "0d6f1c2e");
    let template = web.at(&["spec", "template"]).unwrap();
    assert_eq!(label(template), "0d6f1c2e");
    for path in ["spec.initContainers.0.image", "spec.containers.0.image"] {
        assert_eq!(at(template, path), PINNED);
    }
    assert_eq!(at(template, "spec.imagePullSecrets.0.name"), "distr-pull");
    assert_eq!(at(template, "metadata.labels.app"), "web");
    assert_eq!(at(template, "spec.containers.0.securityContext.runAsUser"), "0644", "it is left to Helm to read it");
}

#[test]
fn doing_it_again_changes_nothing() {
    let once = post_render(DEPLOYMENT, &plan()).unwrap();
    assert_eq!(post_render(&once, &plan()).unwrap(), once);
}

#[test]
fn an_image_that_is_not_locked_is_refused_wherever_it_is() {
    let pod = "{containers: [{name: c, image: evil:1}]}";
    for (object, place) in [
        (format!("{{kind: Pod, metadata: {{name: x}}, spec: {pod}}}"), "Pod/x/c"),
        (format!("{{kind: Job, metadata: {{name: x}}, spec: {{template: {{spec: {pod}}}}}}}"), "Job/x/c"),
        (
            format!(
                "{{kind: CronJob, metadata: {{name: x}}, spec: {{jobTemplate: {{spec: {{template: {{spec: {pod}}}}}}}}}}}"
            ),
            "CronJob/x/c",
        ),
        (format!("{{kind: Rollout, metadata: {{name: x}}, spec: {{template: {{spec: {pod}}}}}}}"), "Rollout/x/c"),
        (
            format!("{{kind: List, items: [{{apiVersion: v1, kind: Pod, metadata: {{name: x}}, spec: {pod}}}]}}"),
            "Pod/x/c",
        ),
        (
            "{kind: Pod, metadata: {name: x}, spec: {volumes: [{name: v, image: {reference: evil:1}}]}}".to_owned(),
            "Pod/x/v",
        ),
        (
            "{kind: Pod, metadata: {name: x}, spec: {ephemeralContainers: [{name: e, image: evil:1}]}}".to_owned(),
            "Pod/x/e",
        ),
        (format!("base: &b {pod}\nkind: Pod\nmetadata: {{name: x}}\nspec: {{<<: *b}}"), "Pod/x/c"),
    ] {
        let text = refused(&object).join("\n");
        assert!(text.starts_with(&format!("{place}: the image \"evil:1\" is not locked")), "{object}: {text}");
    }
}

#[test]
fn everything_is_refused_at_once_and_a_container_without_an_image_is_too() {
    let text = refused("{kind: Pod, metadata: {name: x}, spec: {containers: [{name: a, image: evil}, {name: b}]}}");
    assert_eq!(text.len(), 2);
    assert_eq!(text[1], "Pod/x/b: it has no image");
}

#[test]
fn definitions_of_custom_resources_are_no_pods_and_are_kept() {
    let definition = "{kind: CustomResourceDefinition, metadata: {name: x}, spec: {containers: [{image: evil}]}}";
    let crd = &rendered(definition)[0];
    assert_eq!(crd.at(&["metadata", "annotations", RESOURCE_POLICY]).unwrap().as_text(), Some("keep"));
    let claim = &rendered("{kind: PersistentVolumeClaim, metadata: {name: data, annotations: ~}}")[0];
    assert_eq!(claim.at(&["metadata", "annotations", RESOURCE_POLICY]).unwrap().as_text(), Some("keep"));
}

#[test]
fn pods_that_an_operator_starts_pull_by_their_service_account() {
    let account = &rendered("{kind: ServiceAccount, metadata: {name: x}, imagePullSecrets: [{name: own}]}")[0];
    assert_eq!(at(account, "imagePullSecrets.0.name"), "own");
    assert_eq!(at(account, "imagePullSecrets.1.name"), "distr-pull");
}

#[test]
fn images_of_custom_resources_are_where_their_vendor_says() {
    let plan = Plan {
        image_paths: vec![CustomImage {
            kind: "KafkaCluster.acme.io".parse().unwrap(),
            path: "spec.image".parse().unwrap(),
        }],
        ..plan()
    };
    let of = |group: &str, image: &str| {
        post_render(
            &format!("{{apiVersion: {group}/v1, kind: KafkaCluster, metadata: {{name: x}}, spec: {{image: {image}}}}}"),
            &plan,
        )
    };
    assert!(of("acme.io", "hub.example/acme/web:1").unwrap().contains(PINNED));
    assert!(of("acme.io", "evil").is_err());
    assert!(of("other.io", "evil").is_ok(), "nobody said that it is an image");
}

#[test]
fn a_field_that_is_yielded_has_its_present_value() {
    let yielded = |path: &str| Yielded {
        kind: "Deployment.apps".parse().unwrap(),
        name: "web".to_owned(),
        path: path.to_owned(),
        value: json!(7),
    };
    let plan = Plan { yields: vec![yielded("/spec/replicas"), yielded("/metadata/annotations/a~1b")], ..plan() };
    let web = &yaml::read(&post_render(DEPLOYMENT, &plan).unwrap()).unwrap()[0];
    assert_eq!(at(web, "spec.replicas"), "7");
    assert_eq!(web.at(&["metadata", "annotations", "a/b"]).unwrap().as_text(), Some("7"));
    let plan = Plan { yields: vec![yielded("/spec/template/spec/containers/0")], ..plan };
    assert!(post_render(DEPLOYMENT, &plan).is_err());
}

proptest! {
    /// Whatever image stands in whatever kind: it is pinned, or the whole is refused.
    #[test]
    fn no_image_gets_by(image in "[ -~]{0,40}", kind in "(Pod|Deployment|Job|CronJob|Rollout|Pod List|x)", list in 0..3usize) {
        let list = ["containers", "initContainers", "ephemeralContainers"][list];
        let spec = json!({list: [{"name": "c", "image": image}]});
        let object = match kind.as_str() {
            "Pod" => json!({"kind": kind, "metadata": {"name": "x"}, "spec": spec}),
            "CronJob" => json!({"kind": kind, "spec": {"jobTemplate": {"spec": {"template": {"spec": spec}}}}}),
            _ => json!({"kind": kind, "spec": {"template": {"spec": spec}}}),
        };
        match post_render(&object.to_string(), &plan()) {
            Ok(text) => {
                prop_assert!(text.contains(PINNED), "{}", text);
                prop_assert_eq!(post_render(&text, &plan()).unwrap(), text.clone());
            }
            Err(refused) => prop_assert_eq!(refused.len(), 1),
        }
    }
}

#[test]
fn what_lies_outside_the_release_or_passes_for_the_agents_or_helms_is_refused() {
    let secret = |metadata: &str, more: &str| format!("apiVersion: v1\nkind: Secret\nmetadata: {metadata}\n{more}");
    for (metadata, more, said) in [
        ("{name: a, namespace: distr-agent}", "", "Secret/a: it is of namespace distr-agent, and the release of shop"),
        ("{name: distr-agent-identity}", "", "Secret/distr-agent-identity: this name is the agent's own"),
        ("{name: distr-pull}", "", "Secret/distr-pull: this name is the agent's own"),
        ("{name: sh.helm.release.v1.web.v50}", "", "Secret/sh.helm.release.v1.web.v50: it looks like a record"),
        ("{name: a}", "type: helm.sh/release.v1", "Secret/a: it looks like a record"),
        ("{name: a, labels: {owner: helm}}", "", "Secret/a: it looks like a record"),
        // hooks are no exception
        ("{name: a, namespace: b, annotations: {helm.sh/hook: pre-install}}", "", "Secret/a: it is of namespace b"),
    ] {
        let refused = refused(&secret(metadata, more));
        assert!(refused.len() == 1 && refused[0].starts_with(said), "{refused:?}");
    }
    for metadata in ["{name: a, namespace: shop}", "{name: distr-agents}", "{name: a, labels: {owner: team}}"] {
        rendered(&secret(metadata, ""));
    }
}

#[test]
fn no_tag_makes_another_key_of_a_text() {
    for manifest in [
        "spec: {!!merge \"<<\": {containers: [{name: a, image: evil.example/x:1}]}}",
        "spec: {!!binary Y29udGFpbmVycw==: [{name: a, image: evil.example/x:1}]}",
        "spec: {\"<<\": {containers: []}}",
        "spec: {containers: [{name: a, image: !!binary ZXZpbA==}]}",
    ] {
        let text = format!("apiVersion: v1\nkind: Pod\nmetadata: {{name: a}}\n{manifest}\n");
        assert!(refused(&text)[0].contains("the chart's output cannot be read"), "{manifest}");
    }
}

/// Clients of Kubernetes send what is in `items` in the place of what has them, whatever it is called.
#[test]
fn nothing_hides_in_what_is_taken_for_a_list() {
    let inner =
        "{apiVersion: v1, kind: Pod, metadata: {name: evil, namespace: other}, spec: {containers: [{image: evil}]}}";
    for outer in ["Pod", "ConfigMap", "CustomResourceDefinition", "Deployment", "Anything"] {
        for key in ["items", "Items", "ITEMS"] {
            let hidden = format!("{{apiVersion: v1, kind: {outer}, metadata: {{name: a}}, {key}: [{inner}]}}");
            assert!(
                matches!(&post_render(&hidden, &Plan::default()).unwrap_err()[..], [Refused::HiddenObjects { .. }]),
                "{hidden}"
            );
        }
    }
    for none in ["items: null", "items: {}", "items: [], Items: []"] {
        let odd = format!("{{apiVersion: v1, kind: List, {none}}}");
        assert!(
            matches!(&post_render(&odd, &Plan::default()).unwrap_err()[..], [Refused::HiddenObjects { .. }]),
            "{odd}"
        );
    }
    for nameless in ["{metadata: {name: a}}", "{kind: Secret}", "{apiVersion: v1}", "x", "[]"] {
        let list = format!("{{apiVersion: v1, kind: SecretList, items: [{nameless}]}}");
        assert!(
            matches!(&post_render(&list, &Plan::default()).unwrap_err()[..], [Refused::NamelessObject { .. }]),
            "{list}"
        );
    }
    let deep = format!("{{apiVersion: v1, kind: List, items: [{{apiVersion: v1, kind: List, items: [{inner}]}}]}}");
    let refused = post_render(&deep, &Plan::default()).unwrap_err();
    assert!(refused.iter().any(|refusal| matches!(refusal, Refused::OtherNamespace { .. })), "{refused:?}");
    assert!(refused.iter().any(|refusal| matches!(refusal, Refused::NotLocked { .. })), "{refused:?}");
}

#[test]
fn nobody_is_given_the_agents_role() {
    let binding = |kind: &str, role: &str| {
        format!(
            "{{apiVersion: rbac.authorization.k8s.io/v1, kind: {kind}, metadata: {{name: b}}, roleRef: {{kind: Role, name: {role}}}}}"
        )
    };
    for kind in ["RoleBinding", "ClusterRoleBinding"] {
        for role in ["distr-agent", "distr-helm", "distr-agent-releases"] {
            let refused = post_render(&binding(kind, role), &Plan::default()).unwrap_err();
            assert!(matches!(&refused[..], [Refused::AgentsRole { .. }]), "{refused:?}");
        }
        assert!(post_render(&binding(kind, "shop"), &Plan::default()).is_ok());
    }
}

/// The cases are those of Kubernetes' Pod Security Standards, level baseline.
#[test]
fn no_pod_reaches_its_node_unless_the_clusters_owner_says_so() {
    let pod = |fields: &str| {
        format!("{{apiVersion: v1, kind: Pod, metadata: {{name: a, annotations: {{x: y}}}}, spec: {{{fields}}}}}")
    };
    let container = |fields: &str| pod(&format!("containers: [{{name: c, image: \"repo/one:1\", {fields}}}]"));
    let annotated = |annotation: &str| {
        format!(
            "{{apiVersion: apps/v1, kind: Deployment, metadata: {{name: a}}, spec: {{template: {{metadata: {{annotations: {{{annotation}}}}}, \
             spec: {{containers: []}}}}}}}}"
        )
    };
    let open = Plan { images: [("repo/one:1".to_owned(), "hub/one@sha256:1".to_owned())].into(), ..Plan::default() };
    let refused =
        |manifest: &str| post_render(manifest, &open).unwrap_err().iter().map(ToString::to_string).collect::<Vec<_>>();
    for (manifest, what) in [
        (pod("hostNetwork: true"), "Pod/a: hostNetwork: true"),
        (pod("hostPID: yes"), "hostPID: yes"),
        (pod("hostIPC: True"), "hostIPC: True"),
        (pod("hostIPC: {}"), "hostIPC"),
        (pod("volumes: [{name: v, hostPath: {path: /}}]"), "volumes.v.hostPath"),
        (pod("securityContext: {sysctls: [{name: kernel.msgmax, value: '1'}]}"), "sysctls: kernel.msgmax"),
        (
            pod("securityContext: {seccompProfile: {type: Unconfined}}"),
            "securityContext.seccompProfile.type: Unconfined",
        ),
        (pod("securityContext: {windowsOptions: {hostProcess: true}}"), "windowsOptions.hostProcess: true"),
        (pod("securityContext: {seLinuxOptions: {type: spc_t}}"), "seLinuxOptions"),
        (container("securityContext: {privileged: true}"), "c.securityContext.privileged: true"),
        (container("securityContext: {privileged: 'on'}"), "privileged: on"),
        (container("securityContext: {capabilities: {add: [SYS_ADMIN, CHOWN]}}"), "capabilities.add: SYS_ADMIN"),
        (container("securityContext: {capabilities: {add: ALL}}"), "capabilities.add"),
        (container("securityContext: {procMount: Unmasked}"), "procMount: Unmasked"),
        (container("securityContext: {appArmorProfile: {type: Unconfined}}"), "appArmorProfile.type: Unconfined"),
        (container("ports: [{containerPort: 80, hostPort: 80}]"), "c.ports.hostPort: 80"),
        (
            pod("initContainers: [{name: i, image: 'repo/one:1', securityContext: {privileged: true}}]"),
            "i.securityContext",
        ),
        (annotated("container.apparmor.security.beta.kubernetes.io/c: unconfined"), "annotation container.apparmor"),
        (annotated("seccomp.security.alpha.kubernetes.io/pod: unconfined"), "annotation seccomp"),
        // of kinds that nobody here knows, too
        (
            "{apiVersion: x/v1, kind: Engine, metadata: {name: a}, spec: {deep: {hostPID: true, containers: []}}}"
                .into(),
            "Engine/a: hostPID",
        ),
    ] {
        let sentences = refused(&manifest);
        assert_eq!(sentences.len(), 1, "{manifest}: {sentences:?}");
        assert!(sentences[0].contains(what) && sentences[0].contains(NOT_ALLOWED), "{manifest}: {sentences:?}");
        let privileged = Plan { pod_security: PodSecurity::Privileged, ..open.clone() };
        assert!(post_render(&manifest, &privileged).is_ok(), "{manifest}");
    }
    for harmless in [
        pod("hostNetwork: false, hostPID: null, volumes: [{name: v, emptyDir: {}}]"),
        container(
            "securityContext: {privileged: false, capabilities: {drop: [ALL], add: [NET_BIND_SERVICE]}, procMount: Default}",
        ),
        container(
            "ports: [{containerPort: 80, hostPort: 0}], securityContext: {seccompProfile: {type: RuntimeDefault}}",
        ),
        pod(
            "securityContext: {sysctls: [{name: net.ipv4.tcp_syncookies, value: '1'}], seLinuxOptions: {type: container_t}}",
        ),
        annotated("container.apparmor.security.beta.kubernetes.io/c: runtime/default"),
    ] {
        assert!(post_render(&harmless, &open).is_ok(), "{harmless}: {:?}", post_render(&harmless, &open));
    }
}

#[test]
fn a_plan_without_a_word_on_pods_is_as_strict_as_can_be() {
    let plan: Plan = serde_json::from_str(r#"{"deployment":"d","images":{}}"#).unwrap();
    assert_eq!(plan.pod_security, PodSecurity::Baseline);
}
