//! The connections that one caller's requests hold at the same time: a share of the pool for each vendor and each customer, and a
//! part of that for each of its members, so that nobody's lists, however many and however slow, keep others waiting.

use std::collections::HashMap;
use std::hash::Hash;
use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use deadpool_postgres::Pool;
use distr_domain::ids::{CustomerId, MemberId, OrganizationId};
use distr_projections::query::ReadClient;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task_local;

use crate::failure::Failure;

/// Of the pool's connections, for a vendor or one of its customers.
const GROUPS: usize = 4;
/// Of those, for one of its members.
const MEMBERS: usize = 2;

/// Whose request it is. Strangers are one, and have one share together.
#[derive(Debug, Clone, Copy)]
pub struct Holder {
    /// A vendor, or one of its customers.
    pub group: (OrganizationId, Option<CustomerId>),
    pub member: MemberId,
}

task_local! {
    static OWN: Arc<Share>;
}

pub struct Shares {
    groups: Pieces<Option<(OrganizationId, Option<CustomerId>)>>,
    members: Pieces<MemberId>,
}

/// What one caller may hold: a member's part of what all of its group may. It waits for its own part first, so that whoever asks
/// for too much waits for itself.
pub struct Share {
    member: Option<Arc<Semaphore>>,
    group: Arc<Semaphore>,
}

impl Shares {
    pub fn of(pool: &Pool) -> Self {
        Self::among(pool.status().max_size)
    }

    fn among(connections: usize) -> Self {
        let group = connections.div_ceil(GROUPS);
        Self { groups: Pieces::of(group), members: Pieces::of(group.div_ceil(MEMBERS)) }
    }

    pub fn share(&self, holder: Option<Holder>) -> Arc<Share> {
        Arc::new(Share {
            member: holder.map(|holder| self.members.piece(holder.member)),
            group: self.groups.piece(holder.map(|holder| holder.group)),
        })
    }
}

/// Pieces of the same size, by whose they are.
struct Pieces<K> {
    each: usize,
    in_use: Mutex<HashMap<K, Weak<Semaphore>>>,
}

impl<K: Eq + Hash> Pieces<K> {
    fn of(each: usize) -> Self {
        Self { each, in_use: Mutex::default() }
    }

    /// As long as somebody uses it, it is the same one.
    fn piece(&self, of: K) -> Arc<Semaphore> {
        let mut in_use = self.in_use.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(piece) = in_use.get(&of).and_then(Weak::upgrade) {
            return piece;
        }
        in_use.retain(|_, piece| piece.strong_count() > 0);
        let piece = Arc::new(Semaphore::new(self.each));
        in_use.insert(of, Arc::downgrade(&piece));
        piece
    }
}

/// A right to hold one connection.
struct Turn {
    _group: OwnedSemaphorePermit,
    _member: Option<OwnedSemaphorePermit>,
}

impl Share {
    async fn turn(&self) -> Result<Turn, Failure> {
        let acquire = async |piece: &Arc<Semaphore>| piece.clone().acquire_owned().await.map_err(Failure::fault);
        let member = match &self.member {
            Some(member) => Some(acquire(member).await?),
            None => None,
        };
        Ok(Turn { _group: acquire(&self.group).await?, _member: member })
    }
}

/// Runs as a part of a caller's request.
pub async fn within<F: Future>(share: Arc<Share>, work: F) -> F::Output {
    OWN.scope(share, work).await
}

/// The same, for what is polled.
pub fn within_poll<T>(share: &Arc<Share>, poll: impl FnOnce() -> T) -> T {
    OWN.sync_scope(share.clone(), poll)
}

/// A connection, as a part of its caller's share.
pub struct SharedClient {
    client: ReadClient,
    _turn: Option<Turn>,
}

impl Deref for SharedClient {
    type Target = ReadClient;

    fn deref(&self) -> &ReadClient {
        &self.client
    }
}

/// A connection of the pool when it is the caller's turn; at once for what is nobody's request.
pub async fn client(pool: &Pool) -> Result<SharedClient, Failure> {
    let turn = match OWN.try_with(Arc::clone) {
        Ok(share) => Some(share.turn().await?),
        Err(_) => None,
    };
    Ok(SharedClient { client: pool.get().await?, _turn: turn })
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use uuid::Uuid;

    use super::*;

    fn holder(group: u128, member: u128) -> Option<Holder> {
        let group = (OrganizationId(Uuid::from_u128(group)), None);
        Some(Holder { group, member: MemberId(Uuid::from_u128(member)) })
    }

    /// Those who have their turn at once.
    fn at_once(share: &Share) -> Vec<Turn> {
        std::iter::from_fn(|| share.turn().now_or_never()).map(Result::unwrap).collect()
    }

    #[test]
    fn a_member_has_a_half_of_what_its_group_has_and_nobody_takes_the_share_of_another_group() {
        let shares = Shares::among(24);
        let (one, same) = (shares.share(holder(1, 1)), shares.share(holder(1, 1)));
        let greedy = at_once(&one);
        assert_eq!((greedy.len(), at_once(&same).len()), (3, 0));
        let (second, third) = (shares.share(holder(1, 2)), shares.share(holder(1, 3)));
        let beside = at_once(&second);
        assert_eq!((beside.len(), at_once(&third).len()), (3, 0));
        assert_eq!((at_once(&shares.share(holder(2, 4))).len(), at_once(&shares.share(None)).len()), (3, 6));
        drop(greedy);
        assert_eq!(at_once(&third).len(), 3);
    }

    #[test]
    fn of_a_single_connection_everybody_has_a_share() {
        assert_eq!(at_once(&Shares::among(1).share(holder(1, 1))).len(), 1);
    }

    #[test]
    fn a_share_is_forgotten_with_its_last_use() {
        let shares = Shares::among(24);
        drop((shares.share(holder(1, 1)), shares.share(holder(2, 2))));
        let _last = shares.share(holder(3, 3));
        assert_eq!((shares.groups.in_use.lock().unwrap().len(), shares.members.in_use.lock().unwrap().len()), (1, 1));
    }
}
