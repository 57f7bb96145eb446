//! What the agent remembers in Secrets: a new pod finds it, and of two agents only one writes.

use std::sync::Arc;

use distr_agent::data_dir::DataDir;
use distr_agent::identity::Identity;
use distr_agent::keeper::{Item, Keeper};
use distr_agent::memory;
use distr_agent::secret::Secret;
use distr_agent_kubernetes::cluster::Cluster;
use distr_agent_kubernetes::record::{Handle, Memory, Record};
use distr_agent_kubernetes::state::{Secrets, key};
use distr_domain::agent::DesiredState;
use distr_domain::ids::{CredentialId, DeploymentId, TargetId};
use uuid::Uuid;

use crate::cluster::Site;

struct Pod {
    data: DataDir,
    secrets: Arc<Secrets>,
    _folder: tempfile::TempDir,
}

impl Pod {
    /// On a disk of its own, which is empty.
    async fn start(site: &Site) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let cluster = Cluster::connect(&site.helm.cluster).await.unwrap();
        let secrets = Arc::new(Secrets::new(&cluster, &site.release.namespace));
        let data = DataDir::open(folder.path()).unwrap();
        secrets.restore(&data).await.unwrap();
        let data = data.kept_by(secrets.clone());
        Self { data, secrets, _folder: folder }
    }
}

fn identity() -> Identity {
    Identity {
        hub: "https://hub.example".to_owned(),
        target: TargetId(Uuid::from_u128(1)),
        credential: CredentialId(Uuid::from_u128(2)),
        secret: Secret::new("hunter2"),
    }
}

#[tokio::test]
async fn a_new_pod_goes_on_with_what_the_one_before_it_knew() {
    let Some(site) = Site::new() else { return };
    let first = Pod::start(&site).await;
    assert_eq!(Identity::load(&first.data.identity()).unwrap(), None);
    identity().keep(&first.data).await.unwrap();
    let named_by = key(&first.data).await.unwrap();
    let deployment = DeploymentId(Uuid::new_v4());
    let handle = Handle { namespace: "shop".to_owned(), release: "shop".to_owned() };
    let mut record = Record::new(handle);
    for generation in 1..=3 {
        record.newest = Some(generation);
        memory::keep(&first.data, deployment, &record).await.unwrap();
    }
    let desired = DesiredState { etag: "7".to_owned(), registry: "hub.example".to_owned(), deployments: vec![] };
    distr_agent::desired::keep(&first.data, &desired).await.unwrap();
    let secret = site.get(&["secret", &format!("distr-agent-record-{deployment}")]);
    assert_eq!(secret["metadata"]["labels"]["distr.sh/state"], "true");

    let second = Pod::start(&site).await;
    assert_eq!(Identity::load(&second.data.identity()).unwrap(), Some(identity()));
    assert_eq!(key(&second.data).await.unwrap(), named_by);
    let memory: Memory = memory::load(&second.data).unwrap();
    assert_eq!(memory, Memory::from([(deployment, record)]));
    assert_eq!(distr_agent::desired::load(&second.data).unwrap(), Some(desired));
}

#[tokio::test]
async fn of_two_agents_the_one_that_read_last_writes() {
    let Some(site) = Site::new() else { return };
    let (deployment, other) = (DeploymentId(Uuid::new_v4()), DeploymentId(Uuid::new_v4()));
    let first = Pod::start(&site).await;
    let (record, another) = (Item::Record(deployment), Item::Record(other));
    first.secrets.keep(record, b"1").await.unwrap();
    let second = Pod::start(&site).await;
    second.secrets.keep(record, b"2").await.unwrap();
    second.secrets.keep(another, b"2").await.unwrap();
    for item in [record, another] {
        let refused = first.secrets.keep(item, b"1 again").await.unwrap_err().to_string();
        assert!(refused.contains("another agent wrote Secret distr-agent-record-"), "{refused}");
    }
    second.secrets.keep(record, b"3").await.unwrap();
    // whoever removes one loses nothing that the agent still knows
    site.kubectl(&["delete", "secret", "-n", &site.release.namespace, &format!("distr-agent-record-{deployment}")]);
    second.secrets.keep(record, b"4").await.unwrap();
    first.secrets.restore(&first.data).await.unwrap();
    assert_eq!(std::fs::read(first.data.file(record)).unwrap(), b"4");
    first.secrets.keep(record, b"5").await.unwrap();
    let large = second.secrets.keep(Item::Trust, &vec![b'x'; 1 << 20]).await.unwrap_err().to_string();
    assert!(large.contains("are too many for Secret distr-agent-identity"), "{large}");
}
