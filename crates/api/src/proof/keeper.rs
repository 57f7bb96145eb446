//! Keeps the trees up with the log, on one hub at a time: leaves, sizes and the checkpoint change in one transaction.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use deadpool_postgres::{Pool, Transaction};
use distr_domain::ids::OrganizationId;
use distr_eventlog::{EventLog, Page, Position, Selection};
use distr_projections::{Checkpoint, Follower, FollowerHandle, Halt, Kind, Lease, Work};
use distr_proof::edge::{BadEdge, Edge};
use distr_proof::hash::Hash;
use distr_proof::tile::{TileId, WIDTH};
use tokio::time::sleep;
use uuid::Uuid;

use super::leaf::Leaf;
use crate::ops::tree::{self, Growth};

/// Of its checkpoint.
const NAME: &str = "proof";
const PAGE: usize = 2_000;
const STANDBY_POLL: Duration = Duration::from_secs(1);
/// A tile is written anew with each page: pages that come one by one wait for each other this long.
const GATHERING: Duration = Duration::from_millis(100);
/// Trees whose edges are kept at hand, of about 10 kB each.
const AT_HAND: usize = 1_000;

pub fn start(log: Arc<dyn EventLog>, pool: Pool, owner: Uuid) -> FollowerHandle {
    let checkpoint = Checkpoint::new(Kind::Policy, NAME, pool.clone(), owner);
    let work = Keeper { pool, edges: HashMap::new(), took: Instant::now() };
    Follower { checkpoint, log, selection: Selection::All, page: PAGE, standby_poll: STANDBY_POLL, work }.start()
}

struct Keeper {
    pool: Pool,
    /// as they are stored; none of them while this hub does not lead
    edges: HashMap<OrganizationId, Edge>,
    took: Instant,
}

/// A tree is not stored as its size says, so that nothing can be added to it.
#[derive(Debug, thiserror::Error)]
#[error("the tree of organization {organization} is not stored as it should be")]
struct DamagedTree {
    organization: OrganizationId,
    source: Option<BadEdge>,
}

#[async_trait]
impl Work for Keeper {
    fn begin(&mut self) {
        self.edges.clear();
    }

    async fn take(&mut self, page: &Page, lease: &Lease) -> Result<(), Halt> {
        if page.entries.len() < PAGE / 2 {
            sleep(GATHERING.saturating_sub(self.took.elapsed())).await;
        }
        self.took = Instant::now();
        let mut leaves = BTreeMap::<OrganizationId, Vec<(Position, Hash)>>::new();
        for entry in &page.entries {
            if let Some(leaf) = Leaf::of(entry) {
                leaves.entry(leaf.organization()).or_default().push((entry.position(), leaf.hash()));
            }
        }
        if self.edges.len() > AT_HAND {
            self.edges.clear();
        }
        let stored = self.store(&leaves, page.scanned_to, lease).await;
        if stored.is_err() {
            self.edges.clear();
        }
        stored
    }
}

impl Keeper {
    async fn store(
        &mut self,
        leaves: &BTreeMap<OrganizationId, Vec<(Position, Hash)>>,
        to: Position,
        lease: &Lease,
    ) -> Result<(), Halt> {
        let mut client = self.pool.get().await?;
        let transaction = client.transaction().await?;
        // what a crash takes back is made again, the same
        transaction.batch_execute("SET LOCAL synchronous_commit = off").await?;
        for (organization, leaves) in leaves {
            let edge = self.edge(&transaction, *organization).await?;
            add(&transaction, *organization, edge, leaves).await?;
        }
        lease.advance(&transaction, to).await?;
        transaction.commit().await?;
        lease.note(to);
        Ok(())
    }

    async fn edge(&mut self, transaction: &Transaction<'_>, organization: OrganizationId) -> Result<&mut Edge, Halt> {
        let size = tree::lock_size(transaction, organization).await?;
        if self.edges.get(&organization).is_none_or(|edge| edge.size() != size) {
            let ids: Vec<TileId> = Edge::tiles_of(size).into_iter().map(|(id, _)| id).collect();
            let tiles = tree::tiles(transaction, organization, &ids).await?;
            let damaged = |source| Halt::fault(DamagedTree { organization, source: Some(source) });
            self.edges.insert(organization, Edge::of(size, &tiles).map_err(damaged)?);
        }
        Ok(self.edges.get_mut(&organization).expect("it was just put there"))
    }
}

async fn add(
    transaction: &Transaction<'_>,
    organization: OrganizationId,
    edge: &mut Edge,
    leaves: &[(Position, Hash)],
) -> Result<(), Halt> {
    let mut grown = BTreeMap::<TileId, (usize, Growth)>::new();
    let before: HashMap<TileId, usize> = Edge::tiles_of(edge.size()).into_iter().collect();
    for (position, hash) in leaves {
        edge.push(*hash, |id, hash| {
            let width = before.get(&id).copied().unwrap_or_default();
            let (_, growth) = grown.entry(id).or_insert_with(|| (width, Growth::default()));
            growth.hashes.push(hash);
            if id.level == 0 {
                growth.positions.push(position.number() as i64);
            }
        });
    }
    for (id, (width, growth)) in &grown {
        debug_assert!(width + growth.hashes.len() <= WIDTH);
        if !tree::grow(transaction, organization, *id, *width, growth).await? {
            return Err(Halt::fault(DamagedTree { organization, source: None }));
        }
    }
    Ok(tree::set_size(transaction, organization, edge.size()).await?)
}
