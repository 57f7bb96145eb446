//! The Secret with which the nodes pull a release's images: a credential for that alone, as whoever may read Secrets of a namespace must not
//! become the agent. It is renewed at half its life, and put back where it was removed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use distr_agent::clock::Clock;
use distr_agent::fault::Failure;
use distr_agent::link::{HubLink, LinkFault};
use distr_agent::secret::{CurrentSecret, Secret};
use distr_domain::agent::{ErrorCategory, PullCredentialResponse};
use serde_json::{Value, json};
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::cluster::Cluster;
use crate::labels::PULL_SECRET;

/// Its name in each namespace.
pub const NAME: &str = PULL_SECRET;
const TYPE: &str = "kubernetes.io/dockerconfigjson";
const CONFIG: &str = ".dockerconfigjson";
/// When the credential is due for another, and when it ends.
const RENEW_AT: &str = "distr.sh/renew-at";
const EXPIRES_AT: &str = "distr.sh/expires-at";
/// By which credential of the agent it was asked for: a new agent's target makes the one before worthless.
const AGENT: &str = "distr.sh/agent";
/// After a renewal that did not work, while there is one to go on with.
const AGAIN: Duration = Duration::from_secs(300);
/// Between two looks at a namespace.
const LOOK: Duration = Duration::from_secs(60);

/// The credential in the namespaces of one agent's releases.
pub struct PullSecrets {
    hub: Box<dyn HubLink>,
    secret: CurrentSecret,
    clock: Arc<dyn Clock>,
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

#[derive(Debug, Clone, PartialEq)]
struct Credential {
    /// `host[:port]`
    registry: String,
    username: String,
    secret: Secret,
    agent: String,
    renew_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
}

impl PullSecrets {
    pub fn new(hub: Box<dyn HubLink>, secret: CurrentSecret, clock: Arc<dyn Clock>) -> Self {
        Self { hub, secret, clock, look: LOOK, state: Mutex::default() }
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
        let found = live.as_ref().and_then(|live| Credential::read(live, registry));
        let known = [state.held.take(), found].into_iter().flatten().filter(|of| of.registry == registry);
        let newest = known.max_by_key(|of| (of.agent == agent, of.expires_at));
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
        let is_there = live.is_some_and(|live| {
            live["data"] == wanted["data"]
                && live["metadata"]["annotations"][RENEW_AT] == wanted["metadata"]["annotations"][RENEW_AT]
        });
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
        Ok(Credential {
            registry: registry.to_owned(),
            username,
            secret: Secret::new(secret),
            agent: fingerprint(&own),
            renew_at: now + (expires_at - now) / 2,
            expires_at,
        })
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
        secret["metadata"]["annotations"] =
            json!({RENEW_AT: self.renew_at.to_rfc3339(), EXPIRES_AT: self.expires_at.to_rfc3339(), AGENT: self.agent});
        secret["data"] = json!({CONFIG: STANDARD.encode(config)});
        secret
    }

    /// Nothing if it is none of this agent's for the registry, or somebody changed it.
    fn read(secret: &Value, registry: &str) -> Option<Self> {
        let at = |name: &str| {
            let text = secret["metadata"]["annotations"][name].as_str()?;
            DateTime::parse_from_rfc3339(text).ok().map(|at| at.to_utc())
        };
        let config = STANDARD.decode(secret["data"][CONFIG].as_str()?).ok()?;
        let config: Value = serde_json::from_slice(&config).ok()?;
        let entry = &config["auths"][registry];
        let text = |name: &str| entry[name].as_str().map(str::to_owned);
        let read = Self {
            registry: registry.to_owned(),
            username: text("username")?,
            secret: Secret::new(text("password")?),
            agent: secret["metadata"]["annotations"][AGENT].as_str()?.to_owned(),
            renew_at: at(RENEW_AT)?,
            expires_at: at(EXPIRES_AT)?,
        };
        (read.secret_of("")["data"] == secret["data"]).then_some(read)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credential_is_read_from_the_secret_that_it_was_written_to() {
        let at = |text: &str| DateTime::parse_from_rfc3339(text).unwrap().to_utc();
        let credential = Credential {
            registry: "hub.example".to_owned(),
            username: "pull".to_owned(),
            secret: Secret::new("hunter2"),
            agent: fingerprint(&Secret::new("own")),
            renew_at: at("2026-01-01T12:00:00Z"),
            expires_at: at("2026-01-02T00:00:00Z"),
        };
        let secret = credential.secret_of("shop");
        assert_eq!(Credential::read(&secret, "hub.example"), Some(credential));
        assert_eq!(Credential::read(&secret, "other.example"), None);
        let mut changed = secret;
        changed["data"]["more"] = json!("eA==");
        assert_eq!(Credential::read(&changed, "hub.example"), None);
    }
}
