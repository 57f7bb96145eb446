//! Which of Helm's revisions the agent vouches for. They lie in the namespaces of releases, where others may write; their digests lie with what the
//! agent remembers, where nobody else does. A revision that was changed there, or that somebody else wrote, is none.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use distr_agent::data_dir::DataDir;
use distr_agent::durable::{self, Access};
use distr_agent::keeper::Item;
use serde_json::Value;
use tokio::sync::Mutex;

use crate::release::Release;
use crate::revision::fingerprint;

/// Revisions that are remembered of a release: more than Helm keeps.
const REMEMBERED: usize = 20;

/// By namespace and name of a release, and by the number of its revision.
type Known = BTreeMap<String, BTreeMap<u32, String>>;

/// The digests of the revisions that a Helm of this agent wrote. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Seals(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    /// where they are kept; without one they end with the process
    data: Option<DataDir>,
    known: Mutex<Known>,
}

impl Seals {
    /// As they were kept last.
    pub fn load(data: &DataDir) -> io::Result<Self> {
        let known = match std::fs::read(data.file(Item::Seals)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Known::new(),
            bytes => serde_json::from_slice(&bytes?)?,
        };
        Ok(Self(Arc::new(Inner { data: Some(data.clone()), known: Mutex::new(known) })))
    }

    /// Vouches for a revision in a namespace, by its Secret. Returns when that is safe; what is no revision of Helm's is an error.
    pub async fn seal(&self, namespace: &str, secret: &Value) -> io::Result<()> {
        let (number, digest) = fingerprint(secret).map_err(io::Error::other)?;
        let mut known = self.0.known.lock().await;
        let of_release = known.entry(key(namespace, &name(secret))).or_default();
        if of_release.get(&number) == Some(&digest) {
            return Ok(());
        }
        of_release.insert(number, digest);
        while of_release.len() > REMEMBERED {
            of_release.pop_first();
        }
        self.keep(&known).await
    }

    /// Whether a Secret in a namespace is a revision that was vouched for, and unchanged.
    pub async fn vouch_for(&self, namespace: &str, secret: &Value) -> bool {
        let Ok((number, digest)) = fingerprint(secret) else { return false };
        let known = self.0.known.lock().await;
        known.get(&key(namespace, &name(secret))).and_then(|of| of.get(&number)) == Some(&digest)
    }

    /// Whether any revision of a release was vouched for.
    pub async fn know(&self, release: &Release) -> bool {
        self.0.known.lock().await.contains_key(&key(&release.namespace, &release.name))
    }

    /// Vouches for no revision of a release any more.
    pub async fn forget(&self, release: &Release) -> io::Result<()> {
        let mut known = self.0.known.lock().await;
        match known.remove(&key(&release.namespace, &release.name)) {
            Some(_) => self.keep(&known).await,
            None => Ok(()),
        }
    }

    async fn keep(&self, known: &Known) -> io::Result<()> {
        let Some(data) = &self.0.data else { return Ok(()) };
        let content = serde_json::to_vec(known)?;
        data.keep(Item::Seals, &content).await?;
        durable::write(&data.file(Item::Seals), &content, Access::Owner)
    }
}

fn key(namespace: &str, release: &str) -> String {
    format!("{namespace}/{release}")
}

fn name(secret: &Value) -> String {
    secret["metadata"]["labels"]["name"].as_str().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use serde_json::json;

    use super::*;
    use crate::revision::{self, Payload};

    /// Of Helm 4.1.4.
    fn recorded() -> Vec<Value> {
        let recorded: Value = serde_json::from_str(include_str!("revision/recorded.json")).unwrap();
        recorded["after"].as_array().unwrap().clone()
    }

    fn with(secret: &Value, change: impl FnOnce(&mut Value)) -> Value {
        let mut json = revision::payload(secret).unwrap().into_json();
        change(&mut json);
        let mut changed = secret.clone();
        changed["data"]["release"] = json!(STANDARD.encode(revision::encode(&Payload::from_json(json))));
        changed
    }

    #[tokio::test]
    async fn a_revision_is_vouched_for_until_what_helm_acts_by_is_changed() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataDir::open(folder.path()).unwrap();
        let seals = Seals::load(&data).unwrap();
        let secret = &recorded()[1];
        assert!(!seals.vouch_for("shop", secret).await);
        seals.seal("shop", secret).await.unwrap();
        let seals = Seals::load(&data).unwrap();
        assert!(seals.vouch_for("shop", secret).await, "it is remembered");
        assert!(!seals.vouch_for("other", secret).await);
        let later = with(secret, |json| json["info"]["status"] = json!("failed"));
        assert!(seals.vouch_for("shop", &later).await, "Helm writes later how it went");
        for (what, changed) in [
            ("manifest", with(secret, |json| json["manifest"] = json!("kind: Secret"))),
            (
                "hooks",
                with(secret, |json| json["hooks"] = json!([{"manifest": "kind: Job", "events": ["pre-delete"]}])),
            ),
            ("values", with(secret, |json| json["config"] = json!({"a": 1}))),
            ("namespace", with(secret, |json| json["namespace"] = json!("kube-system"))),
            ("version", with(secret, |json| json["version"] = json!(99))),
        ] {
            assert!(!seals.vouch_for("shop", &changed).await, "{what}");
        }
        for label in ["distr.sh/generation", "distr.sh/deployment", "version", "name", "owner"] {
            let mut changed = secret.clone();
            changed["metadata"]["labels"][label] = json!("7");
            assert!(!seals.vouch_for("shop", &changed).await, "{label}");
        }
        let mut copied = secret.clone();
        copied["metadata"]["name"] = json!("copy");
        assert!(!seals.vouch_for("shop", &copied).await);
        let release = Release { name: "shop".to_owned(), namespace: "shop".to_owned() };
        assert!(seals.know(&release).await);
        seals.forget(&release).await.unwrap();
        assert!(!seals.vouch_for("shop", secret).await && !Seals::load(&data).unwrap().know(&release).await);
    }
}
