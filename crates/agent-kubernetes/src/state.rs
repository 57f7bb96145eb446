//! What the agent must remember, in Secrets of its own namespace: a pod's disk goes with the pod. Each write carries the version that this agent
//! wrote or read last, so that of two agents only one writes.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};

use async_trait::async_trait;
use distr_agent::data_dir::DataDir;
use distr_agent::durable::{self, Access};
use distr_agent::keeper::{Item, Keeper};
use distr_domain::ids::DeploymentId;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use kube::api::{Api, ListParams, PostParams};
use tokio::sync::Mutex;
use uuid::Uuid;

use crate::cluster::Cluster;

pub const IDENTITY: &str = "distr-agent-identity";
pub const DESIRED: &str = "distr-agent-desired";
pub const PULL: &str = "distr-agent-pull";
pub const SEALS: &str = "distr-agent-seals";
/// Before a deployment's id.
pub const RECORD: &str = "distr-agent-record-";
/// On all of them.
const LABEL: &str = "distr.sh/state";
/// Which process wrote it last.
const WRITER: &str = "distr.sh/writer";
/// Bytes of a content; a Secret may have somewhat more.
const LARGEST: usize = 900 * 1024;
/// Bytes of a desired state that was packed.
const LARGEST_UNPACKED: u64 = 64 << 20;

/// The Secrets of one agent.
pub struct Secrets {
    api: Api<Secret>,
    /// this process
    writer: String,
    /// as they were written or read last
    known: Mutex<BTreeMap<String, Secret>>,
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Secrets").field("writer", &self.writer).finish_non_exhaustive()
    }
}

/// The Secret of an item, and its key there.
fn place(item: Item) -> (String, &'static str) {
    match item {
        Item::Identity => (IDENTITY.to_owned(), "identity.json"),
        Item::Nonce => (IDENTITY.to_owned(), "nonce"),
        Item::Trust => (IDENTITY.to_owned(), "trust.json"),
        Item::Key => (IDENTITY.to_owned(), "key"),
        Item::Desired => (DESIRED.to_owned(), "desired.json.gz"),
        Item::Pull => (PULL.to_owned(), "pull.json"),
        Item::Seals => (SEALS.to_owned(), "seals.json"),
        Item::Record(deployment) => (format!("{RECORD}{deployment}"), "state.json"),
    }
}

fn items(secret: &str) -> Vec<Item> {
    let record = |id: &str| id.parse::<DeploymentId>().ok().map(Item::Record);
    match (secret, secret.strip_prefix(RECORD)) {
        (IDENTITY, _) => vec![Item::Identity, Item::Nonce, Item::Trust, Item::Key],
        (DESIRED, _) => vec![Item::Desired],
        (PULL, _) => vec![Item::Pull],
        (SEALS, _) => vec![Item::Seals],
        (_, id) => id.and_then(record).into_iter().collect(),
    }
}

impl Secrets {
    pub fn new(cluster: &Cluster, namespace: &str) -> Self {
        Self { api: cluster.api_of(namespace), writer: Uuid::new_v4().to_string(), known: Mutex::default() }
    }

    /// Puts all that is kept into the folder, over what is there.
    pub async fn restore(&self, data: &DataDir) -> io::Result<()> {
        let list = self.api.list(&ListParams::default().labels(LABEL)).await;
        let list = list.map_err(|error| trouble("cannot list the agent's own Secrets", &error))?;
        let mut known = self.known.lock().await;
        known.clear();
        tracing::info!(secrets = list.items.len(), "what is remembered is read");
        for secret in list.items {
            let name = secret.metadata.name.clone().unwrap_or_default();
            for item in items(&name) {
                let content = secret.data.as_ref().and_then(|data| data.get(place(item).1));
                if let Some(content) = content {
                    put_back(data, item, &content.0)?;
                }
            }
            known.insert(name, secret);
        }
        Ok(())
    }

    async fn write(&self, secret: &Secret, name: &str) -> Result<Secret, kube::Error> {
        let how = PostParams::default();
        match &secret.metadata.resource_version {
            None => self.api.create(&how, secret).await,
            Some(_) => self.api.replace(name, &how, secret).await,
        }
    }

    /// The same content again if nobody else wrote: the Secret was removed, or the answer to a write of this process was lost.
    async fn write_anew(&self, mut secret: Secret, name: &str) -> io::Result<Secret> {
        let found = self.api.get_opt(name).await.map_err(|error| trouble(&format!("cannot look at {name}"), &error))?;
        let writer = |secret: &Secret| secret.metadata.annotations.as_ref()?.get(WRITER).cloned();
        if found.as_ref().is_some_and(|found| writer(found).as_ref() != Some(&self.writer)) {
            let text = format!("another agent wrote Secret {name} meanwhile; this one is not in charge any more");
            return Err(io::Error::other(text));
        }
        let metadata = found.map(|found| found.metadata).unwrap_or_default();
        (secret.metadata.resource_version, secret.metadata.uid) = (metadata.resource_version, metadata.uid);
        self.write(&secret, name).await.map_err(|error| trouble(&format!("cannot write Secret {name}"), &error))
    }
}

#[async_trait]
impl Keeper for Secrets {
    async fn keep(&self, item: Item, content: &[u8]) -> io::Result<()> {
        let (name, key) = place(item);
        let content = if item == Item::Desired { pack(content)? } else { content.to_vec() };
        if content.len() > LARGEST {
            return Err(io::Error::other(format!(
                "{} bytes are too many for Secret {name}, which takes {LARGEST}",
                content.len()
            )));
        }
        let mut known = self.known.lock().await;
        let mut secret = known.get(&name).cloned().unwrap_or_default();
        let metadata = &mut secret.metadata;
        metadata.name = Some(name.clone());
        metadata.managed_fields = None;
        metadata.labels.get_or_insert_default().insert(LABEL.to_owned(), "true".to_owned());
        metadata.annotations.get_or_insert_default().insert(WRITER.to_owned(), self.writer.clone());
        secret.data.get_or_insert_default().insert(key.to_owned(), ByteString(content));
        let written = match self.write(&secret, &name).await {
            Err(kube::Error::Api(status)) if matches!(status.code, 404 | 409) => self.write_anew(secret, &name).await?,
            written => written.map_err(|error| trouble(&format!("cannot write Secret {name}"), &error))?,
        };
        known.insert(name, written);
        Ok(())
    }
}

/// The random bytes by which the Secrets of values are named; made at the first use.
pub async fn key(data: &DataDir) -> io::Result<Vec<u8>> {
    let path = data.file(Item::Key);
    match std::fs::read(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let key = [Uuid::new_v4(), Uuid::new_v4(), Uuid::new_v4()].map(Uuid::into_bytes).concat();
            data.keep(Item::Key, &key).await?;
            durable::write(&path, &key, Access::Owner)?;
            Ok(key)
        }
        key => key,
    }
}

fn put_back(data: &DataDir, item: Item, content: &[u8]) -> io::Result<()> {
    let path = data.file(item);
    path.parent().map_or(Ok(()), durable::private_folder)?;
    match item {
        Item::Desired => durable::write(&path, &unpack(content)?, Access::Owner),
        _ => durable::write(&path, content, Access::Owner),
    }
}

fn pack(content: &[u8]) -> io::Result<Vec<u8>> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::default());
    packed.write_all(content)?;
    packed.finish()
}

fn unpack(packed: &[u8]) -> io::Result<Vec<u8>> {
    let mut content = vec![];
    GzDecoder::new(packed).take(LARGEST_UNPACKED).read_to_end(&mut content)?;
    Ok(content)
}

fn trouble(what: &str, error: &kube::Error) -> io::Error {
    io::Error::other(format!("{what}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_item_has_its_place_and_is_found_there() {
        let deployment = DeploymentId(Uuid::from_u128(7));
        for item in [
            Item::Identity,
            Item::Nonce,
            Item::Trust,
            Item::Key,
            Item::Desired,
            Item::Seals,
            Item::Pull,
            Item::Record(deployment),
        ] {
            assert!(items(&place(item).0).contains(&item), "{item:?}");
        }
        assert_eq!(place(Item::Record(deployment)).0, "distr-agent-record-00000000-0000-0000-0000-000000000007");
        assert!(items("distr-agent-record-x").is_empty() && items("other").is_empty());
    }

    #[test]
    fn what_is_packed_is_put_back_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataDir::open(folder.path()).unwrap();
        put_back(&data, Item::Desired, &pack(b"{}").unwrap()).unwrap();
        assert_eq!(std::fs::read(data.desired()).unwrap(), b"{}");
        let record = Item::Record(DeploymentId(Uuid::from_u128(7)));
        put_back(&data, record, b"{\"a\": 1}").unwrap();
        assert_eq!(std::fs::read(data.file(record)).unwrap(), b"{\"a\": 1}");
    }
}
