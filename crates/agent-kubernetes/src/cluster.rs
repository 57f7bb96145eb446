//! The cluster's API: what is read and written beside Helm. Objects are JSON, whatever version the cluster is of.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use distr_agent::fault::Failure;
use distr_domain::agent::{ErrorCategory, TargetFacts};
use distr_domain::release::LockedKind;
use k8s_openapi::api::authorization::v1::SelfSubjectRulesReview;
use k8s_openapi::api::core::v1::{Node, Secret};
use kube::api::{Api, ApiResource, DeleteParams, DynamicObject, ListParams, LogParams, Patch, PatchParams, PostParams};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::core::{GroupVersionKind, NamespaceResourceScope, PartialObjectMeta};
use kube::discovery::{Scope, pinned_kind};
use kube::{Client, Config};
use serde_json::{Value, json};

use crate::labels::{DEPLOYMENT_LABEL, place};
use crate::release::Release;
use crate::revision::{self, Revision};
use crate::said;
use crate::seals::Seals;
use crate::tenure::Tenure;

/// Under this name Helm owns the fields that it applies.
const MANAGER: &str = "helm";
/// Under this name the agent owns what it writes for itself.
const OWN_MANAGER: &str = "distr-agent";
/// Lines of a container that failed.
const LAST_LINES: i64 = 20;

/// The way to the cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Way {
    /// the pod's own service account
    Own { host: String, port: String },
    /// a file, for tests and for agents outside
    Kubeconfig(PathBuf),
}

/// A kind in a namespace.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Watched {
    pub namespace: String,
    pub api: String,
    pub kind: String,
}

/// A connection to the API server.
pub struct Cluster {
    client: Client,
    /// by `apiVersion/kind`; a kind does not change its name
    kinds: Mutex<BTreeMap<String, (ApiResource, Scope)>>,
    /// without one nobody else writes
    tenure: Option<Arc<Tenure>>,
    /// of the revisions that count; without any all do
    seals: Option<Seals>,
}

impl Cluster {
    /// Connects on the first use, so that an agent may start before its cluster answers.
    pub async fn connect(way: &Way) -> Result<Self, Failure> {
        Self::connect_as(way, None).await
    }

    /// The same as another account, which whoever connects may act as.
    pub async fn connect_as(way: &Way, account: Option<&str>) -> Result<Self, Failure> {
        let broken =
            |error: &dyn std::fmt::Display| Failure::internal("the way to the cluster is not configured", error);
        let mut config = match way {
            Way::Own { .. } => Config::incluster().map_err(|error| broken(&error))?,
            Way::Kubeconfig(path) => {
                let file = Kubeconfig::read_from(path).map_err(|error| broken(&error))?;
                let config = Config::from_custom_kubeconfig(file, &KubeConfigOptions::default()).await;
                config.map_err(|error| broken(&error))?
            }
        };
        // a kubeconfig may name one of its own
        if let Some(account) = account {
            config.auth_info.impersonate = Some(account.to_owned());
        }
        let client = Client::try_from(config).map_err(|error| broken(&error))?;
        Ok(Self { client, kinds: Mutex::default(), tenure: None, seals: None })
    }

    /// From now on it is written to in this tenure alone.
    pub fn held_by(self, tenure: Arc<Tenure>) -> Self {
        Self { tenure: Some(tenure), ..self }
    }

    /// From now on revisions count only if they are vouched for.
    pub fn sealed_by(self, seals: Seals) -> Self {
        Self { seals: Some(seals), ..self }
    }

    /// The version that the cluster says it has, such as `v1.20.2`.
    pub async fn version(&self) -> Result<String, Failure> {
        let version = self.client.apiserver_version().await;
        version.map(|version| version.git_version).map_err(|error| trouble("the cluster does not answer", &error))
    }

    /// What the cluster says of itself. Its nodes are counted only if whoever is connected may list them.
    pub async fn facts(&self) -> Result<TargetFacts, Failure> {
        let runtime_version = Some(self.version().await?);
        let nodes: Api<Node> = Api::all(self.client.clone());
        let listed = match nodes.list(&ListParams::default()).await {
            Err(kube::Error::Api(status)) if status.code == 403 => {
                return Ok(TargetFacts { runtime_version, ..TargetFacts::default() });
            }
            listed => listed.map_err(|error| trouble("cannot list the nodes", &error))?,
        };
        let infos = listed.items.iter().filter_map(|node| node.status.as_ref()?.node_info.as_ref());
        let platforms: BTreeSet<String> =
            infos.map(|info| format!("{}/{}", info.operating_system, info.architecture)).collect();
        let nodes = u32::try_from(listed.items.len()).ok();
        Ok(TargetFacts { runtime_version, platforms: platforms.into_iter().collect(), nodes })
    }

    pub(crate) fn client(&self) -> Client {
        self.client.clone()
    }

    /// A kind in a namespace, of whose objects the metadata are read alone; nothing if they are in no namespace.
    pub(crate) async fn watched(
        &self,
        watched: &Watched,
    ) -> Result<Option<Api<PartialObjectMeta<DynamicObject>>>, Failure> {
        let (resource, scope) = self.kind(&watched.api, &watched.kind).await?;
        let api = || Api::namespaced_with(self.client.clone(), &watched.namespace, &resource);
        Ok((scope == Scope::Namespaced).then(api))
    }

    /// Objects of a kind that is known here.
    pub(crate) fn api_of<K>(&self, namespace: &str) -> Api<K>
    where
        K: kube::Resource<Scope = NamespaceResourceScope>,
        K::DynamicType: Default,
    {
        Api::namespaced(self.client.clone(), namespace)
    }

    fn check(&self) -> Result<(), Failure> {
        self.tenure.as_ref().map_or(Ok(()), |tenure| tenure.check())
    }

    /// The revisions of a release, whoever made them, by their labels alone.
    pub async fn revisions(&self, release: &Release) -> Result<Vec<Revision>, Failure> {
        let of_release = ListParams::default().labels(&format!("owner=helm,name={}", release.name));
        let list = self.secrets(&release.namespace).list_metadata(&of_release).await;
        let list = list.map_err(|error| trouble("cannot list Helm's releases", &error))?;
        // what is not as Helm makes it is none of Helm's
        Ok(list.items.iter().filter_map(|secret| revision::read(&json(secret)).ok()).collect())
    }

    /// The revisions of one deployment.
    pub async fn revisions_of(&self, release: &Release, deployment: &str) -> Result<Vec<Revision>, Failure> {
        let all = self.revisions(release).await?;
        Ok(all.into_iter().filter(|revision| revision.deployment.as_deref() == Some(deployment)).collect())
    }

    /// A revision's payload; nothing if it went since it was listed, or if nobody vouches for it.
    pub async fn payload(&self, revision: &Revision) -> Result<Option<revision::Payload>, Failure> {
        let Some(secret) = self.secret(revision).await? else { return Ok(None) };
        if let Some(seals) = &self.seals
            && !seals.vouch_for(&revision.namespace, &secret).await
        {
            return Ok(None);
        }
        let payload = revision::payload(&secret);
        payload.map(Some).map_err(|error| Failure::internal(&format!("{} cannot be read", revision.secret), error))
    }

    /// Vouches for a revision as it is now.
    pub async fn vouch_for(&self, revision: &Revision) -> Result<(), Failure> {
        let (Some(seals), Some(secret)) = (&self.seals, self.secret(revision).await?) else { return Ok(()) };
        let sealed = seals.seal(&revision.namespace, &secret).await;
        sealed.map_err(|error| Failure::internal(&format!("{} cannot be vouched for", revision.secret), error))
    }

    /// Takes a revision out of Helm's history.
    pub async fn discard(&self, revision: &Revision) -> Result<(), Failure> {
        let secret = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": revision.secret}});
        self.delete(&secret, &revision.namespace).await
    }

    /// Frees a revision whose Helm was killed. The caller knows that no Helm works on it any more.
    pub async fn free(&self, revision: &Revision) -> Result<(), Failure> {
        let Some(secret) = self.secret(revision).await? else { return Ok(()) };
        let patch = revision::unlock(&secret);
        let patch = patch.map_err(|error| Failure::internal(&format!("{} cannot be freed", revision.secret), error))?;
        self.check()?;
        let secrets = self.secrets(&revision.namespace);
        let done = secrets.patch(&revision.secret, &PatchParams::default(), &Patch::Merge(&patch)).await;
        done.map(drop).map_err(|error| trouble(&format!("cannot free {}", revision.secret), &error))
    }

    /// The object as the cluster has it; nothing if it is not there.
    pub async fn get(&self, object: &Value, namespace: &str) -> Result<Option<Value>, Failure> {
        let name = text(&object["metadata"]["name"]);
        let found = self.api(object, namespace).await?.get_opt(name).await;
        let found = found.map_err(|error| trouble(&format!("cannot look at {}", place(object)), &error))?;
        Ok(found.map(|found| json(&found)))
    }

    /// The object as the cluster would have it if it was applied as Helm does.
    pub async fn rehearse(&self, object: &Value, namespace: &str) -> Result<Value, Failure> {
        self.apply_with(object, namespace, PatchParams::apply(MANAGER).force().dry_run()).await
    }

    /// Applies one object as Helm does, and takes back what others changed of it.
    pub async fn apply(&self, object: &Value, namespace: &str) -> Result<Value, Failure> {
        self.apply_with(object, namespace, PatchParams::apply(MANAGER).force()).await
    }

    /// Writes an object that is the agent's own, and not of a release.
    pub async fn put(&self, object: &Value, namespace: &str) -> Result<(), Failure> {
        self.apply_with(object, namespace, PatchParams::apply(OWN_MANAGER).force()).await.map(drop)
    }

    /// Deletes an object; one that is not there is no failure.
    pub async fn delete(&self, object: &Value, namespace: &str) -> Result<(), Failure> {
        let name = text(&object["metadata"]["name"]);
        let api = self.api(object, namespace).await?;
        self.check()?;
        match api.delete(name, &DeleteParams::default()).await {
            Err(kube::Error::Api(status)) if status.code == 404 => Ok(()),
            done => done.map(drop).map_err(|error| trouble(&format!("cannot delete {}", place(object)), &error)),
        }
    }

    async fn apply_with(&self, object: &Value, namespace: &str, how: PatchParams) -> Result<Value, Failure> {
        let name = text(&object["metadata"]["name"]);
        let api = self.api(object, namespace).await?;
        self.check()?;
        let applied = api.patch(name, &how, &Patch::Apply(object)).await;
        let applied = applied.map_err(|error| refused(object, &error))?;
        Ok(json(&applied))
    }

    /// Objects of a kind with these labels, such as `app=web`.
    pub async fn list(&self, (api, kind): (&str, &str), namespace: &str, labels: &str) -> Result<Vec<Value>, Failure> {
        let object = json!({"apiVersion": api, "kind": kind});
        let list = self.api(&object, namespace).await?.list(&ListParams::default().labels(labels)).await;
        let list = list.map_err(|error| trouble(&format!("cannot list objects of kind {kind}"), &error))?;
        Ok(list.items.iter().map(|item| with_kind(json(item), api, kind)).collect())
    }

    /// Objects of a kind with these labels, in whatever version the cluster prefers.
    pub async fn list_of(&self, kind: &LockedKind, namespace: &str, labels: &str) -> Result<Vec<Value>, Failure> {
        let found = kube::discovery::group(&self.client, &kind.group).await;
        let found = found.map_err(|error| trouble(&format!("cannot look for the kinds of {}", kind.group), &error))?;
        // of a kind that the cluster does not know there is nothing
        let Some((resource, _)) = found.recommended_kind(&kind.kind) else { return Ok(vec![]) };
        self.list((&resource.api_version, &resource.kind), namespace, labels).await
    }

    /// Group and name in the plural of a kind, as rules name it; nothing if its objects are in no namespace.
    pub async fn resource(&self, (api, kind): (&str, &str)) -> Result<Option<(String, String)>, Failure> {
        let (resource, scope) = match self.look_up(api, kind).await {
            // the release may bring it along; else Helm says so
            Err(error) if is_unknown(&error) => return Ok(None),
            found => found.map_err(|error| trouble(&format!("cannot look for the kind {api}/{kind}"), &error))?,
        };
        Ok((scope == Scope::Namespaced).then_some((resource.group, resource.plural)))
    }

    /// The rules that the agent has in a namespace; nothing if the cluster cannot list all of them.
    pub async fn rules(&self, namespace: &str) -> Result<Option<Vec<Value>>, Failure> {
        let review = serde_json::from_value(json!({"metadata": {}, "spec": {"namespace": namespace}}));
        let review: SelfSubjectRulesReview = review.map_err(|error| Failure::internal("no review", error))?;
        let reviews: Api<SelfSubjectRulesReview> = Api::all(self.client.clone());
        let answer = reviews.create(&PostParams::default(), &review).await;
        let answer = json(&answer.map_err(|error| trouble("cannot ask for the agent's rights", &error))?);
        let is_whole = answer["status"]["incomplete"] != true;
        Ok(answer["status"]["resourceRules"].as_array().filter(|_| is_whole).cloned())
    }

    /// The last lines of a container, from before it restarted if it did.
    pub async fn last_lines(&self, namespace: &str, pod: &str, container: &str) -> String {
        let pods: Api<k8s_openapi::api::core::v1::Pod> = Api::namespaced(self.client.clone(), namespace);
        for previous in [true, false] {
            let how = LogParams {
                container: Some(container.to_owned()),
                previous,
                tail_lines: Some(LAST_LINES),
                ..LogParams::default()
            };
            match pods.logs(pod, &how).await {
                Ok(lines) if !lines.trim().is_empty() => return lines,
                _ => {}
            }
        }
        String::new()
    }

    async fn secret(&self, revision: &Revision) -> Result<Option<Value>, Failure> {
        let found = self.secrets(&revision.namespace).get_opt(&revision.secret).await;
        let found = found.map_err(|error| trouble(&format!("cannot look at {}", revision.secret), &error))?;
        Ok(found.map(|found| json(&found)))
    }

    fn secrets(&self, namespace: &str) -> Api<Secret> {
        Api::namespaced(self.client.clone(), namespace)
    }

    async fn api(&self, object: &Value, namespace: &str) -> Result<Api<DynamicObject>, Failure> {
        let (resource, scope) = self.kind(text(&object["apiVersion"]), text(&object["kind"])).await?;
        let own = object["metadata"]["namespace"].as_str().unwrap_or(namespace);
        let client = self.client.clone();
        Ok(match scope {
            Scope::Namespaced => Api::namespaced_with(client, own, &resource),
            Scope::Cluster => Api::all_with(client, &resource),
        })
    }

    async fn kind(&self, api: &str, kind: &str) -> Result<(ApiResource, Scope), Failure> {
        let found = self.look_up(api, kind).await;
        found.map_err(|error| trouble(&format!("cannot look for the kind {api}/{kind}"), &error))
    }

    async fn look_up(&self, api: &str, kind: &str) -> Result<(ApiResource, Scope), kube::Error> {
        let key = format!("{api}/{kind}");
        if let Some(known) = self.known().get(&key).cloned() {
            return Ok(known);
        }
        let (group, version) = api.split_once('/').unwrap_or(("", api));
        let (resource, capabilities) = pinned_kind(&self.client, &GroupVersionKind::gvk(group, version, kind)).await?;
        let known = (resource, capabilities.scope);
        self.known().insert(key, known.clone());
        Ok(known)
    }

    fn known(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, (ApiResource, Scope)>> {
        self.kinds.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The label selector of a deployment's objects.
pub fn of_deployment(deployment: &str) -> String {
    format!("{DEPLOYMENT_LABEL}={deployment}")
}

/// An item of a list says of which kind it is only by the list.
fn with_kind(mut item: Value, api: &str, kind: &str) -> Value {
    item["apiVersion"] = json!(api);
    item["kind"] = json!(kind);
    item
}

fn json(object: &impl serde::Serialize) -> Value {
    serde_json::to_value(object).unwrap_or_default()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn is_unknown(error: &kube::Error) -> bool {
    match error {
        kube::Error::Api(status) => status.code == 404,
        kube::Error::Discovery(_) => true,
        _ => false,
    }
}

fn trouble(what: &str, error: &kube::Error) -> Failure {
    Failure::passing(ErrorCategory::Runtime, format!("{what}: {error}"))
}

/// The cluster does not take an object. Its own words may hold values of it, and are told only if the place's owner allows it.
fn refused(object: &Value, error: &kube::Error) -> Failure {
    match error {
        kube::Error::Api(status) => said::of_api(&place(object), &status.message),
        error => trouble(&format!("cannot apply {}", place(object)), error),
    }
}
