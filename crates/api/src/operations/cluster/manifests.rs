//! The manifests of an agent. Pure.

use distr_domain::cluster::{AGENT, AGENT_NAMESPACE, RELEASE_ACCOUNT, acting_rule, own_rules, role};
use distr_domain::names::Slug;
use distr_projections::target::TargetRow;
use serde_json::{Value, json};

use super::Installation;

const ENROLMENT: &str = "distr-agent-enrolment";
const VOLUME: &str = "/var/lib/distr-agent";
/// Below the volume, which belongs to root: the agent's folder is the agent's alone.
const FOLDER: &str = "/var/lib/distr-agent/data";
/// Of the image; no user of the node has it.
const USER: u32 = 65_532;

/// What the Roles of releases need.
pub(super) fn before(target: &TargetRow) -> Vec<Value> {
    let own = [
        namespace(AGENT_NAMESPACE, target),
        json!({ "apiVersion": "v1", "kind": "ServiceAccount", "metadata": of_agent(AGENT) }),
        json!({ "apiVersion": "v1", "kind": "ServiceAccount", "metadata": of_agent(RELEASE_ACCOUNT) }),
    ];
    let role_of_its_own = role(AGENT_NAMESPACE, AGENT_NAMESPACE, &[own_rules(), vec![acting_rule()]].concat());
    let namespaces = target.namespaces.iter().map(|name| namespace(name.as_str(), target));
    own.into_iter().chain(role_of_its_own).chain(namespaces).collect()
}

/// What starts when the Roles are there.
pub(super) fn after(installation: &Installation<'_>, token: &str) -> [Value; 2] {
    [enrolment(token), deployment(installation)]
}

/// Of a namespace of releases, and its binding: the rules are the same in each.
pub(super) fn role_without_rules(namespace: &Slug) -> [Value; 2] {
    let mut manifests = role(AGENT_NAMESPACE, namespace.as_str(), &[]);
    if let Some(role) = manifests[0].as_object_mut() {
        role.remove("rules");
    }
    manifests
}

fn of_agent(name: &str) -> Value {
    json!({ "name": name, "namespace": AGENT_NAMESPACE })
}

fn namespace(name: &str, target: &TargetRow) -> Value {
    let labels = json!({ "distr.sh/target": target.id.to_string() });
    json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": name, "labels": labels } })
}

/// The agent deletes it when it has its credential.
fn enrolment(token: &str) -> Value {
    json!({ "apiVersion": "v1", "kind": "Secret", "metadata": of_agent(ENROLMENT), "stringData": { "token": token } })
}

/// `period` in seconds.
fn probe(what: &str, period: u32) -> Value {
    let command = ["distr-agent-kubernetes", "status", "--probe", what];
    json!({ "exec": { "command": command }, "initialDelaySeconds": 10, "periodSeconds": period, "timeoutSeconds": 10 })
}

fn deployment(Installation { hub, image, .. }: &Installation<'_>) -> Value {
    let labels = json!({ "app.kubernetes.io/name": AGENT });
    let token = json!({ "secretKeyRef": { "name": ENROLMENT, "key": "token", "optional": true } });
    let url = hub.as_str().trim_end_matches('/');
    let mut environment = vec![
        json!({ "name": "DISTR_HUB_URL", "value": url }),
        json!({ "name": "DISTR_ENROLMENT_TOKEN", "valueFrom": token }),
        json!({ "name": "DISTR_AGENT_NAMESPACE", "valueFrom": { "fieldRef": { "fieldPath": "metadata.namespace" } } }),
        json!({ "name": "DISTR_AGENT_DATA_DIR", "value": FOLDER }),
        json!({ "name": "DISTR_AGENT_RELEASE_ACCOUNT", "value": RELEASE_ACCOUNT }),
    ];
    if hub.scheme() == "http" {
        environment.push(json!({ "name": "DISTR_ALLOW_INSECURE", "value": "true" }));
    }
    let container = json!({
        "name": "agent", "image": image, "args": ["run"], "env": environment,
        "resources": { "requests": { "cpu": "20m", "memory": "64Mi" }, "limits": { "memory": "768Mi" } },
        "securityContext": {
            "allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true, "capabilities": { "drop": ["ALL"] },
        },
        // by processes of their own: no port is open
        "livenessProbe": probe("live", 60), "readinessProbe": probe("ready", 10),
        "volumeMounts": [{ "name": "work", "mountPath": VOLUME }, { "name": "temporary", "mountPath": "/tmp" }],
    });
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": of_agent(AGENT),
        "spec": {
            "replicas": 1,
            "selector": { "matchLabels": labels },
            "template": {
                "metadata": { "labels": labels },
                "spec": {
                    "serviceAccountName": AGENT,
                    "securityContext": {
                        "runAsNonRoot": true, "runAsUser": USER, "runAsGroup": USER, "fsGroup": USER,
                        "seccompProfile": { "type": "RuntimeDefault" },
                    },
                    "containers": [container],
                    "volumes": [
                        { "name": "work", "emptyDir": { "sizeLimit": "512Mi" } },
                        { "name": "temporary", "emptyDir": { "sizeLimit": "128Mi" } },
                    ],
                },
            },
        },
    })
}
