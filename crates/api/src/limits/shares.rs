//! The connections that one caller's requests hold at the same time: a share of the pool for each vendor and each customer, and a
//! part of that for each of its members, so that nobody's lists, however many and however slow, keep others waiting.

use std::collections::HashMap;
use std::hash::Hash;
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use deadpool_postgres::Pool;
use distr_domain::ids::MemberId;
use distr_projections::query::ReadClient;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task_local;
use tokio::time::timeout;
use uuid::Uuid;

use super::holder::{Group, Holder};
use crate::failure::Failure;

/// A vendor, or one of its customers, has one part in so many of a pool's connections.
const GROUPS: usize = 4;
/// One of its members has one part in so many of those.
const MEMBERS: usize = 2;
/// Of changes, one of a member's credentials has one part in so many of those: whoever holds one that was stolen does not keep the
/// member from ending it with another.
const CREDENTIALS: usize = 2;

task_local! {
    static OWN: Arc<Share>;
}

/// The kind of a connection, or of work; each is shared by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Of {
    ReadModels,
    /// people, credentials, secrets
    Operations,
    Log,
    /// read models as of a moment
    Past,
    /// no connection: a change that runs to its end, whoever waits for it
    Change,
    /// one by which somebody loses a right to come in: it waits for no other change, and takes connections as they come, since whoever
    /// is to be kept out may wait for them a hundred times
    Ending,
}

const KINDS: usize = 6;

/// Until it is somebody's turn at a connection.
const MAX_WAIT: Duration = Duration::from_secs(30);
/// Changes that run at the same time, of all callers together if each had no more than its share.
const CHANGES: usize = 256;
/// The same, of those that end a right: each takes connections beside all shares.
const ENDINGS: usize = 16;

pub struct Shares {
    groups: Pieces<Option<Group>>,
    members: Pieces<MemberId>,
    credentials: Pieces<Uuid>,
}

/// What one caller may hold: a credential's part of what its member may, and that one's part of what all of its group may. It waits for
/// its own part first, so that whoever asks
/// for too much waits for itself.
pub struct Share {
    credential: Option<Piece>,
    member: Option<Piece>,
    group: Piece,
    /// it ends a right
    is_ending: bool,
}

impl Shares {
    /// Of pools with so many connections each.
    pub fn among(read_models: usize, operations: usize, log: usize, past: usize) -> Self {
        let group =
            [read_models, operations, log, past, CHANGES, ENDINGS].map(|connections| connections.div_ceil(GROUPS));
        let member = group.map(|connections| connections.div_ceil(MEMBERS));
        let mut credential = member;
        for of in [Of::Change, Of::Ending] {
            credential[of as usize] = member[of as usize].div_ceil(CREDENTIALS);
        }
        Self { groups: Pieces::of(group), members: Pieces::of(member), credentials: Pieces::of(credential) }
    }

    pub fn share(&self, holder: Option<Holder>) -> Arc<Share> {
        Arc::new(Share {
            credential: holder.map(|holder| self.credentials.piece(holder.credential)),
            member: holder.map(|holder| self.members.piece(holder.member)),
            group: self.groups.piece(holder.map(|holder| holder.group)),
            is_ending: false,
        })
    }
}

/// Of each kind.
type Piece = Arc<[Arc<Semaphore>; KINDS]>;

/// Pieces of the same size, by whose they are.
struct Pieces<K> {
    each: [usize; KINDS],
    in_use: Mutex<HashMap<K, Weak<[Arc<Semaphore>; KINDS]>>>,
}

impl<K: Eq + Hash> Pieces<K> {
    fn of(each: [usize; KINDS]) -> Self {
        Self { each, in_use: Mutex::default() }
    }

    /// As long as somebody uses it, it is the same one.
    fn piece(&self, of: K) -> Piece {
        let mut in_use = self.in_use.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(piece) = in_use.get(&of).and_then(Weak::upgrade) {
            return piece;
        }
        in_use.retain(|_, piece| piece.strong_count() > 0);
        let piece = Arc::new(self.each.map(|each| Arc::new(Semaphore::new(each))));
        in_use.insert(of, Arc::downgrade(&piece));
        piece
    }
}

/// A right to hold one connection.
pub struct Turn {
    _group: OwnedSemaphorePermit,
    _member: Option<OwnedSemaphorePermit>,
    _credential: Option<OwnedSemaphorePermit>,
}

impl Share {
    /// For a change that ends a right.
    pub fn ending(&self) -> Arc<Self> {
        let Self { credential, member, group, .. } = self;
        Arc::new(Self { credential: credential.clone(), member: member.clone(), group: group.clone(), is_ending: true })
    }

    async fn turn(&self, of: Of) -> Turn {
        let acquire =
            async |piece: &Piece| piece[of as usize].clone().acquire_owned().await.expect("it is never closed");
        let acquire_own = async |piece: &Option<Piece>| match piece {
            Some(piece) => Some(acquire(piece).await),
            None => None,
        };
        let credential = acquire_own(&self.credential).await;
        let member = acquire_own(&self.member).await;
        Turn { _group: acquire(&self.group).await, _member: member, _credential: credential }
    }
}

/// Runs as a part of a caller's request. What it spawns is to be run so, too.
pub async fn within<F: Future>(share: Arc<Share>, work: F) -> F::Output {
    OWN.scope(share, work).await
}

/// Waits for the caller's turn; what is nobody's request has none, and does not wait.
pub async fn turn(of: Of) -> Option<Turn> {
    match OWN.try_with(Arc::clone) {
        Ok(share) if share.is_ending && of != Of::Ending => None,
        Ok(share) => Some(share.turn(of).await),
        Err(_) => None,
    }
}

/// The same, for a while: whoever asked may be gone.
pub async fn turn_in_time(of: Of) -> Result<Option<Turn>, Failure> {
    timeout(MAX_WAIT, turn(of)).await.map_err(|_| Failure::TooMany { seconds: MAX_WAIT.as_secs() })
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

impl DerefMut for SharedClient {
    fn deref_mut(&mut self) -> &mut ReadClient {
        &mut self.client
    }
}

/// A connection of the pool when it is the caller's turn.
pub async fn client(of: Of, pool: &Pool) -> Result<SharedClient, Failure> {
    let turn = turn_in_time(of).await?;
    Ok(SharedClient { client: pool.get().await?, _turn: turn })
}

#[cfg(test)]
mod tests {
    use distr_domain::ids::OrganizationId;
    use futures_util::FutureExt;

    use super::*;

    fn holder(group: u128, member: u128) -> Option<Holder> {
        let group = (OrganizationId(Uuid::from_u128(group)), None);
        Some(Holder { group, member: MemberId(Uuid::from_u128(member)), credential: Uuid::from_u128(member) })
    }

    /// Those that are to be had at once.
    fn at_once(share: &Share, of: Of) -> Vec<Turn> {
        std::iter::from_fn(|| share.turn(of).now_or_never()).collect()
    }

    #[test]
    fn a_member_has_a_half_of_what_its_group_has_and_nobody_takes_the_share_of_another_group() {
        let shares = Shares::among(24, 12, 8, 6);
        for (of, each) in [(Of::ReadModels, 3), (Of::Operations, 2), (Of::Log, 1), (Of::Past, 1)] {
            let (one, same) = (shares.share(holder(1, 1)), shares.share(holder(1, 1)));
            let greedy = at_once(&one, of);
            assert_eq!((greedy.len(), at_once(&same, of).len()), (each, 0), "{of:?}");
            let (second, third) = (shares.share(holder(1, 2)), shares.share(holder(1, 3)));
            let beside = at_once(&second, of);
            assert!((1..=each).contains(&beside.len()) && at_once(&third, of).is_empty(), "{of:?}");
            assert_eq!(at_once(&shares.share(holder(2, 4)), of).len(), each, "{of:?}");
            drop(greedy);
            assert_eq!(at_once(&third, of).len(), each, "{of:?}");
        }
    }

    /// As when one of them was stolen.
    #[test]
    fn whoever_floods_with_one_credential_leaves_turns_to_the_members_others() {
        let shares = Shares::among(24, 12, 8, 6);
        let with = |credential| {
            let holder = holder(1, 1).map(|holder| Holder { credential: Uuid::from_u128(credential), ..holder });
            shares.share(holder)
        };
        for (of, most) in [(Of::Change, 16), (Of::Ending, 1)] {
            let (flood, flooded) = (with(1), at_once(&with(1), of));
            assert_eq!(
                (flooded.len(), at_once(&flood, of).len(), at_once(&with(2), of).len()),
                (most, 0, most),
                "{of:?}"
            );
        }
    }

    #[test]
    fn of_a_single_connection_everybody_has_a_share() {
        assert_eq!(at_once(&Shares::among(1, 1, 1, 1).share(holder(1, 1)), Of::Log).len(), 1);
    }

    #[test]
    fn a_share_is_forgotten_with_its_last_use() {
        let shares = Shares::among(24, 12, 8, 6);
        drop((shares.share(holder(1, 1)), shares.share(holder(2, 2))));
        let _last = shares.share(holder(3, 3));
        let credentials = shares.credentials.in_use.lock().unwrap().len();
        let members = shares.members.in_use.lock().unwrap().len();
        assert_eq!((shares.groups.in_use.lock().unwrap().len(), members, credentials), (1, 1, 1));
    }

    /// It waits for others that end a right, and for nothing else.
    #[tokio::test]
    async fn what_ends_a_right_waits_for_no_connection_of_its_share() {
        let share = Shares::among(24, 12, 8, 6).share(holder(1, 1));
        let _flood = at_once(&share, Of::Operations);
        within(share.ending(), async {
            assert!(turn(Of::Operations).now_or_never().expect("at once").is_none());
            let one = turn(Of::Ending).now_or_never().expect("at once");
            assert!(one.is_some() && turn(Of::Ending).now_or_never().is_none());
        })
        .await;
    }

    #[tokio::test]
    async fn what_a_request_spawns_within_its_share_has_it() {
        let share = Shares::among(24, 12, 8, 6).share(holder(1, 1));
        assert!(turn(Of::Log).await.is_none(), "nobody's request");
        let spawned = tokio::spawn(within(share, async { turn(Of::Log).await.is_some() }));
        assert!(spawned.await.unwrap());
    }
}
