//! The connections that one caller's requests hold at the same time: a share of the pool, so that nobody's lists, however many and
//! however slow, keep others waiting for a connection.

use std::collections::HashMap;
use std::ops::Deref;
use std::sync::{Arc, Mutex, Weak};

use deadpool_postgres::Pool;
use distr_domain::ids::{CustomerId, OrganizationId};
use distr_projections::query::ReadClient;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task_local;

use crate::failure::Failure;

/// Of the pool's connections.
const SHARE: usize = 4;

/// Whose share it is: a vendor's, or one of its customers'. Strangers have one together.
pub type Holder = Option<(OrganizationId, Option<CustomerId>)>;

task_local! {
    static OWN: Arc<Semaphore>;
}

pub struct Shares {
    each: usize,
    in_use: Mutex<HashMap<Holder, Weak<Semaphore>>>,
}

impl Shares {
    pub fn of(pool: &Pool) -> Self {
        Self { each: pool.status().max_size.div_ceil(SHARE), in_use: Mutex::default() }
    }

    /// As long as somebody uses it, it is the same one.
    pub fn share(&self, holder: Holder) -> Arc<Semaphore> {
        let mut in_use = self.in_use.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(share) = in_use.get(&holder).and_then(Weak::upgrade) {
            return share;
        }
        in_use.retain(|_, share| share.strong_count() > 0);
        let share = Arc::new(Semaphore::new(self.each));
        in_use.insert(holder, Arc::downgrade(&share));
        share
    }
}

/// Runs as a part of a caller's request.
pub async fn within<F: Future>(share: Arc<Semaphore>, work: F) -> F::Output {
    OWN.scope(share, work).await
}

/// The same, for what is polled.
pub fn within_poll<T>(share: &Arc<Semaphore>, poll: impl FnOnce() -> T) -> T {
    OWN.sync_scope(share.clone(), poll)
}

/// A connection, as a part of its caller's share.
pub struct SharedClient {
    client: ReadClient,
    _turn: Option<OwnedSemaphorePermit>,
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
        Ok(share) => Some(share.acquire_owned().await.map_err(Failure::fault)?),
        Err(_) => None,
    };
    Ok(SharedClient { client: pool.get().await?, _turn: turn })
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[tokio::test]
    async fn each_has_its_own_share_and_it_is_forgotten_with_its_last_use() {
        let shares = Shares { each: 2, in_use: Mutex::default() };
        let holder = |number| Some((OrganizationId(Uuid::from_u128(number)), None));
        let (one, same, other) = (shares.share(holder(1)), shares.share(holder(1)), shares.share(holder(2)));
        assert!(Arc::ptr_eq(&one, &same) && !Arc::ptr_eq(&one, &other));
        let turns = [one.clone().try_acquire_owned(), one.clone().try_acquire_owned()];
        assert!(turns.iter().all(Result::is_ok) && same.try_acquire().is_err() && other.try_acquire().is_ok());
        drop((one, same, other, turns));
        shares.share(None);
        assert_eq!(shares.in_use.lock().unwrap().len(), 1);
    }
}
