//! The Secret with which the nodes pull a release's images: a credential for that alone, as whoever may read Secrets of a namespace must not
//! become the agent. It is renewed at half its life, and put back where it was removed or changed: what it is, and how old, the agent remembers by
//! itself.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use distr_agent::clock::Clock;
use distr_agent::data_dir::DataDir;
use distr_agent::durable::{self, Access};
use distr_agent::fault::Failure;
use distr_agent::keeper::Item;
use distr_agent::link::{HubLink, LinkFault};
use distr_agent::secret::{CurrentSecret, Secret};
use distr_domain::agent::{ErrorCategory, PullCredentialResponse};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::cluster::Cluster;
use crate::labels::PULL_SECRET;

/// Its name in each namespace.
pub const NAME: &str = PULL_SECRET;
const TYPE: &str = "kubernetes.io/dockerconfigjson";
const CONFIG: &str = ".dockerconfigjson";
/// When the credential ends, for people.
const EXPIRES_AT: &str = "distr.sh/expires-at";
/// After a renewal that did not work, while there is one to go on with.
const AGAIN: Duration = Duration::from_secs(300);
/// Between two looks at a namespace.
const LOOK: Duration = Duration::from_secs(60);

/// The credential in the namespaces of one agent's releases.
pub struct PullSecrets {
    hub: Box<dyn HubLink>,
    secret: CurrentSecret,
    clock: Arc<dyn Clock>,
    data: DataDir,
    look: Duration,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    held: Option<Credential>,
    looked: BTreeMap<String, Instant>,
    /// no other is asked for before, if there is one
    not_before: Option<Instant>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Credential {
    /// `host[:port]`
    registry: String,
    username: String,
    secret: Secret,
    /// by which credential of the agent it was asked for: a new agent's target makes the one before worthless
    agent: String,
    renew_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
}

impl PullSecrets {
    pub fn new(hub: Box<dyn HubLink>, secret: CurrentSecret, clock: Arc<dyn Clock>, data: DataDir) -> Self {
        Self { hub, secret, clock, data, look: LOOK, state: Mutex::default() }
    }

    /// For tests: namespaces are looked at each time.
    pub fn without_pauses(self) -> Self {
        Self { look: Duration::ZERO, ..self }
    }

    /// Ends well if the namespace has a Secret that pulls from the registry now.
    pub async fn ensure(&self, cluster: &Cluster, registry: &str, namespace: &str) -> Result<(), Failure> {
        let mut state = self.state.lock().await;
        let agent = fingerprint(&self.secret.get());
        let is_due =
            |held: &Credential| held.registry != registry || held.agent != agent || self.clock.now() >= held.renew_at;
        let is_fresh = state.looked.get(namespace).is_some_and(|last| last.elapsed() < self.look);
        if is_fresh && state.held.as_ref().is_some_and(|held| !is_due(held)) {
            return Ok(());
        }
        let live = cluster.get(&empty(namespace), namespace).await?;
        let known = state.held.take().or_else(|| self.remembered());
        let newest = known.filter(|of| of.registry == registry);
        let waits = state.not_before.is_some_and(|begin| Instant::now() < begin);
        let held = match newest {
            Some(held) if waits || !is_due(&held) => held,
            newest => match (self.renewed(registry).await, newest) {
                (Ok(renewed), _) => {
                    // every namespace gets the new one at its next look
                    (state.looked, state.not_before) = (BTreeMap::new(), None);
                    renewed
                }
                (Err(failure), Some(held)) => {
                    tracing::warn!(reason = failure.text, expires_at = %held.expires_at, "nodes go on with what they pull with");
                    state.not_before = Some(Instant::now() + AGAIN);
                    held
                }
                (Err(failure), None) => return Err(failure),
            },
        };
        let wanted = held.secret_of(namespace);
        state.held = Some(held);
        let is_there = live.is_some_and(|live| live["data"] == wanted["data"] && live["type"] == wanted["type"]);
        if !is_there {
            tracing::info!(namespace, "Secret {NAME} is written");
            cluster.put(&wanted, namespace).await?;
        }
        state.looked.insert(namespace.to_owned(), Instant::now());
        Ok(())
    }

    /// Takes the Secret out of namespaces that it was kept in, and that have no release any more.
    pub async fn leave(&self, cluster: &Cluster, in_use: &BTreeSet<String>) -> Result<(), Failure> {
        let mut state = self.state.lock().await;
        let left: Vec<String> = state.looked.keys().filter(|namespace| !in_use.contains(*namespace)).cloned().collect();
        for namespace in left {
            cluster.delete(&empty(&namespace), &namespace).await?;
            state.looked.remove(&namespace);
        }
        Ok(())
    }

    async fn renewed(&self, registry: &str) -> Result<Credential, Failure> {
        let own = self.secret.get();
        let answer = self.hub.pull_credential(&own).await.map_err(|fault| refused(&fault))?;
        let PullCredentialResponse { username, secret, expires_at } = answer;
        let now = self.clock.now();
        tracing::info!(%expires_at, "the hub gave a new credential to pull with");
        let renewed = Credential {
            registry: registry.to_owned(),
            username,
            secret: Secret::new(secret),
            agent: fingerprint(&own),
            renew_at: now + (expires_at - now) / 2,
            expires_at,
        };
        self.remember(&renewed)
            .await
            .map_err(|error| Failure::of_disk("cannot remember what nodes pull with", &error))?;
        Ok(renewed)
    }

    async fn remember(&self, credential: &Credential) -> io::Result<()> {
        let content = serde_json::to_vec(credential)?;
        self.data.keep(Item::Pull, &content).await?;
        durable::write(&self.data.file(Item::Pull), &content, Access::Owner)
    }

    /// Nothing if there is none yet; one that cannot be read is replaced.
    fn remembered(&self) -> Option<Credential> {
        serde_json::from_slice(&std::fs::read(self.data.file(Item::Pull)).ok()?).ok()
    }
}

impl Credential {
    fn secret_of(&self, namespace: &str) -> Value {
        let auth = STANDARD.encode(format!("{}:{}", self.username, self.secret.expose()));
        let entry = json!({"username": self.username, "password": self.secret.expose(), "auth": auth});
        let config = json!({"auths": {self.registry.as_str(): entry}}).to_string();
        let mut secret = empty(namespace);
        secret["type"] = json!(TYPE);
        secret["metadata"]["labels"] = json!({"app.kubernetes.io/managed-by": "distr-agent"});
        secret["metadata"]["annotations"] = json!({EXPIRES_AT: self.expires_at.to_rfc3339()});
        secret["data"] = json!({CONFIG: STANDARD.encode(config)});
        secret
    }
}

/// Tells one secret from another, and nothing of it: it is a long random one.
fn fingerprint(secret: &Secret) -> String {
    hex::encode(&digest::digest(&digest::SHA256, secret.expose().as_bytes()).as_ref()[..8])
}

fn empty(namespace: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": NAME, "namespace": namespace}})
}

fn refused(fault: &LinkFault) -> Failure {
    match fault {
        LinkFault::Refused { status: 404, .. } => Failure::passing(
            ErrorCategory::Network,
            "this hub gives no credential to pull images with; it is too old for clusters: update it",
        ),
        fault => Failure::passing(ErrorCategory::Network, format!("no credential to pull images with: {fault}")),
    }
}
