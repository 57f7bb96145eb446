//! Signs the roots of the trees: every minute what has grown, and at once what somebody asks for. Before it signs, it looks whether
//! the tree still goes on from what was signed last; a tree that does not is signed by nobody.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use deadpool_postgres::{GenericClient, Pool};
use distr_domain::ids::OrganizationId;
use distr_domain::organization::Organization;
use distr_eventlog::{Entry, EventLog, load};
use distr_projections::caught;
use distr_proof::checkpoint::{Checkpoint, Origin};
use distr_proof::hash::Hash;
use distr_proof::inclusion::InclusionFile;
use distr_proof::tile::{TileId, Tiles, tile_of};
use distr_proof::tree::{MissingNode, NodeId, Nodes, Root, inclusion};
use metrics::gauge;
use tracing::error;

use super::leaf::Leaf;
use crate::clock::Clock;
use crate::failure::Failure;
use crate::limits::shares::{self, Of, SharedClient};
use crate::master_key::MasterKey;
use crate::ops::proof_key::{self, ProofKeys, PublicKey};
use crate::ops::signed_root::{self, SignedRoot};
use crate::ops::tree;

/// Between two looks at what has grown.
const EVERY: Duration = Duration::from_secs(60);
/// Who asks for a checkpoint gets one that is no older, if there is anything newer.
const FRESH: TimeDelta = TimeDelta::seconds(5);

/// The parts of the hub that signing has to do with.
pub struct Signing {
    pub pool: Pool,
    pub log: Arc<dyn EventLog>,
    pub clock: Arc<dyn Clock>,
    pub keys: ProofKeys,
}

/// What was signed is not what is there.
#[derive(Debug, thiserror::Error)]
#[error(
    "the tree of organization {organization} does not go on from what was signed with {size} leaves: nothing more is signed"
)]
struct Diverged {
    organization: OrganizationId,
    size: u64,
}

impl Signing {
    pub fn new(pool: Pool, log: Arc<dyn EventLog>, clock: Arc<dyn Clock>, master: &MasterKey) -> Self {
        Self { pool, log, clock, keys: ProofKeys::new(master) }
    }

    pub async fn client(&self) -> Result<SharedClient, Failure> {
        shares::client(Of::Operations, &self.pool).await
    }

    /// Signs what has grown, for as long as the hub runs.
    pub async fn keep_up(self: Arc<Self>) {
        let mut every = tokio::time::interval(EVERY);
        loop {
            every.tick().await;
            match self.sign_what_has_grown().await {
                Ok(diverged) => gauge!("distr_proof_diverged_trees").set(f64::from(diverged)),
                Err(failure) => failure.log(),
            }
        }
    }

    /// How many trees could not be signed.
    async fn sign_what_has_grown(&self) -> Result<u32, Failure> {
        let trees = tree::unsigned_trees(&self.pool.get().await?).await?;
        let mut diverged = 0;
        for organization in trees {
            match caught(self.sign(organization, 1)).await.map_err(Failure::fault).flatten() {
                Ok(_) => {}
                Err(Failure::Fault(fault)) if fault.is::<Diverged>() => {
                    error!(error = &*fault as &dyn std::error::Error, "a history was changed");
                    diverged += 1;
                }
                // that of the others is signed all the same
                Err(failure) => failure.log(),
            }
        }
        Ok(diverged)
    }

    /// All keys that ever signed, the newest first. One is made if there is none.
    pub async fn public_keys(&self, organization: OrganizationId) -> Result<Vec<PublicKey>, Failure> {
        let client = self.client().await?;
        let keys = proof_key::public_keys(&*client, organization).await?;
        if !keys.is_empty() {
            return Ok(keys);
        }
        self.keys.signers(&*client, organization, self.clock.now()).await?;
        proof_key::public_keys(&*client, organization).await
    }

    /// The newest root, signed now if the tree has grown since the last one was; nothing for a tree without leaves.
    pub async fn checkpoint(&self, organization: OrganizationId) -> Result<Option<SignedRoot>, Failure> {
        let client = self.client().await?;
        let last = signed_root::last(&*client, organization).await?;
        let keys = proof_key::public_keys(&*client, organization).await?;
        drop(client);
        let is_by_newest_key = |at| keys.first().is_none_or(|key| key.begins_at <= at);
        match last {
            Some(last) if is_by_newest_key(last.signed_at) && self.clock.now() - last.signed_at < FRESH => {
                Ok(Some(last))
            }
            Some(last) => self.sign(organization, last.checkpoint.root.size).await,
            None => self.sign(organization, 1).await,
        }
    }

    /// A root over at least so many leaves; nothing if there are fewer.
    async fn sign(&self, organization: OrganizationId, at_least: u64) -> Result<Option<SignedRoot>, Failure> {
        let origin = Origin { organization, log: self.log.identity().await?.id.0 };
        let client = self.client().await?;
        let (last, size) =
            (signed_root::last(&*client, organization).await?, tree::size(&*client, organization).await?);
        if size < at_least {
            return Ok(None);
        }
        let last_root = last.as_ref().map(|last| last.checkpoint.root);
        if last_root.is_some_and(|root| root.size == size) {
            return Ok(last);
        }
        if let Some(root) = last_root
            && self.root(&*client, organization, root.size).await? != Some(root)
        {
            return Err(Failure::fault(Diverged { organization, size: root.size }));
        }
        let Some(root) = self.root(&*client, organization, size).await? else {
            return Err(Failure::fault(Diverged { organization, size }));
        };
        let may_be_unsettled = proof_key::may_be_unsettled(&*client, organization, self.clock.now()).await?;
        drop(client);
        if may_be_unsettled {
            self.settle(organization).await?;
        }
        let client = self.client().await?;
        // behind what ended with it
        let now = self.clock.now();
        let keys = self.keys.signers(&*client, organization, now).await?;
        let signed = SignedRoot { checkpoint: Checkpoint::sign(origin, root, &keys), signed_at: now };
        signed_root::put(&*client, organization, &signed).await?;
        signed_root::last(&*client, organization).await
    }

    /// Does to the keys what was told last, if that was broken off. What is told meanwhile has another key, and is settled by whoever told it.
    pub async fn settle(&self, organization: OrganizationId) -> Result<(), Failure> {
        let (state, _) = load::<Organization>(&*self.log, organization.0).await.map_err(Failure::from)?;
        let mut client = self.client().await?;
        let transaction = client.transaction().await?;
        proof_key::lock(&transaction, organization).await?;
        let now = self.clock.now();
        if let Some((key, _)) = &state.history_key {
            proof_key::begin(&transaction, organization, &key.parse().map_err(Failure::fault)?, now).await?;
        }
        if let Some(key) = &state.ending_key {
            proof_key::end_before(&transaction, organization, &key.parse().map_err(Failure::fault)?, now).await?;
        }
        Ok(transaction.commit().await?)
    }

    /// The root of the first leaves; nothing if the tiles for it are not there.
    async fn root(
        &self,
        client: &impl GenericClient,
        organization: OrganizationId,
        size: u64,
    ) -> Result<Option<Root>, Failure> {
        let tiles = self.tiles_for(client, organization, |nodes| _ = Root::of(size, nodes)).await?;
        Ok(Root::of(size, &tiles).ok())
    }

    /// The tiles in which a computation looks, whatever it finds.
    async fn tiles_for(
        &self,
        client: &impl GenericClient,
        organization: OrganizationId,
        computation: impl FnOnce(&Looked),
    ) -> Result<Tiles, Failure> {
        let looked = Looked::default();
        computation(&looked);
        let mut ids = looked.0.into_inner();
        ids.sort();
        ids.dedup();
        Ok(tree::tiles(client, organization, &ids).await?)
    }

    /// That the entry is in the organization's history; nothing if it is no evidence, another's, or not in the tree yet.
    pub async fn prove(&self, organization: OrganizationId, entry: &Entry) -> Result<Option<InclusionFile>, Failure> {
        let Some(leaf) = Leaf::of(entry).filter(|leaf| leaf.organization() == organization) else { return Ok(None) };
        let Some(index) = tree::leaf_at(&*self.client().await?, organization, entry.position()).await? else {
            return Ok(None);
        };
        let Some(SignedRoot { checkpoint, .. }) = self.covering(organization, index).await? else { return Ok(None) };
        let size = checkpoint.root.size;
        let client = self.client().await?;
        let tiles = self.tiles_for(&*client, organization, |nodes| _ = inclusion(index, size, nodes)).await?;
        let missing = |MissingNode(id): MissingNode| Failure::fault(MissingNode(id));
        let hashes = inclusion(index, size, &tiles).map_err(missing)?;
        Ok(Some(InclusionFile { index, leaf: leaf.bytes(), hashes, checkpoint }))
    }

    async fn covering(&self, organization: OrganizationId, index: u64) -> Result<Option<SignedRoot>, Failure> {
        let last = signed_root::last(&*self.client().await?, organization).await?;
        match last.filter(|last| last.checkpoint.root.size > index) {
            Some(last) => Ok(Some(last)),
            None => self.sign(organization, index + 1).await,
        }
    }

    /// A tile of the tree, as far as it is.
    pub async fn tile(&self, organization: OrganizationId, id: TileId) -> Result<Vec<Hash>, Failure> {
        let tiles = tree::tiles(&*self.client().await?, organization, &[id]).await?;
        Ok(tiles.get(id).unwrap_or_default().to_vec())
    }
}

/// Notes in which tiles a computation looks.
#[derive(Default)]
struct Looked(std::cell::RefCell<Vec<TileId>>);

impl Nodes for Looked {
    /// A hash, so that the computation goes on.
    fn node(&self, id: NodeId) -> Option<Hash> {
        self.0.borrow_mut().push(tile_of(id));
        Some(Hash::of_nothing())
    }
}
