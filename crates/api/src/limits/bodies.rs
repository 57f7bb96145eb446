//! What the long requests of a vendor, or of a customer, hold in memory at the same time, while they are read and while they wait for
//! their turn. There is room before there are bytes, and nobody waits for ever.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use distr_domain::ids::{CustomerId, OrganizationId};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::failure::Failure;

/// A request of fewer bytes is not counted.
const LONG: usize = 64 * 1024;
/// Of a vendor, or of one of its customers: some releases with all that they ship.
const ROOM: usize = 32 * 1024 * 1024;
/// Until there is room.
const MAX_WAIT: Duration = Duration::from_secs(30);
/// Bytes are counted by so many.
const UNIT: usize = 1024;

/// A vendor, or one of its customers.
pub type Group = (OrganizationId, Option<CustomerId>);

#[derive(Default)]
pub struct Bodies {
    of: Mutex<HashMap<Group, Weak<Semaphore>>>,
}

/// Room for a request, until it is dropped.
#[derive(Debug)]
pub struct Room {
    _room: Option<OwnedSemaphorePermit>,
}

impl Bodies {
    /// Waits for room, half a minute at most; then the answer is to come again.
    pub async fn room(&self, group: Group, bytes: usize) -> Result<Room, Failure> {
        let Some(units) = units(bytes) else { return Ok(Room { _room: None }) };
        let room = timeout(MAX_WAIT, self.own(group).acquire_many_owned(units)).await;
        let room = room.map_err(|_| Failure::TooMany { seconds: MAX_WAIT.as_secs() })?;
        Ok(Room { _room: Some(room.expect("it is never closed")) })
    }

    /// For what is there already.
    pub fn room_at_once(&self, group: Group, bytes: usize) -> Result<Room, Failure> {
        let Some(units) = units(bytes) else { return Ok(Room { _room: None }) };
        let room = self.own(group).try_acquire_many_owned(units);
        let room = room.map_err(|_| Failure::TooMany { seconds: MAX_WAIT.as_secs() })?;
        Ok(Room { _room: Some(room) })
    }

    fn own(&self, group: Group) -> Arc<Semaphore> {
        let mut of = self.of.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = of.get(&group).and_then(Weak::upgrade) {
            return own;
        }
        of.retain(|_, own| own.strong_count() > 0);
        let own = Arc::new(Semaphore::new(ROOM / UNIT));
        of.insert(group, Arc::downgrade(&own));
        own
    }
}

fn units(bytes: usize) -> Option<u32> {
    (bytes > LONG).then(|| bytes.min(ROOM).div_ceil(UNIT) as u32)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn group(number: u128) -> Group {
        (OrganizationId(Uuid::from_u128(number)), None)
    }

    #[tokio::test(start_paused = true)]
    async fn a_vendor_waits_for_its_own_room_and_short_requests_never_do() {
        let bodies = Bodies::default();
        let half = bodies.room(group(1), ROOM / 2).await.expect("room");
        let _other_half = bodies.room(group(1), ROOM / 2).await.expect("room");
        assert!(bodies.room_at_once(group(1), LONG + 1).is_err());
        assert!(bodies.room_at_once(group(1), LONG).is_ok());
        let refused = bodies.room(group(1), LONG + 1).await.expect_err("there is none");
        assert!(matches!(refused, Failure::TooMany { seconds: 30 }), "{refused}");
        bodies.room(group(2), ROOM).await.expect("another vendor does not wait");
        drop(half);
        bodies.room(group(1), ROOM / 2).await.expect("room again");
        bodies.room(group(3), ROOM).await.expect("room");
        assert_eq!(bodies.of.lock().unwrap().len(), 2, "who held none then is forgotten");
    }
}
