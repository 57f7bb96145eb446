//! What the long requests of a vendor, or of a customer, hold in memory at the same time, while they are read and while they wait for
//! their turn. There is room before there are bytes, and nobody waits for ever. Of that room a member has half, and one credential half
//! of that: whoever promises many bytes and sends none keeps nobody else waiting.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use distr_domain::ids::MemberId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use uuid::Uuid;

use super::holder::{Group, Holder};
use crate::failure::Failure;

/// A request of fewer bytes is not counted.
const LONG: usize = 64 * 1024;
/// Of a vendor, or of one of its customers: some releases with all that they ship.
const ROOM: usize = 32 * 1024 * 1024;
/// Until there is room.
const MAX_WAIT: Duration = Duration::from_secs(30);
/// Bytes are counted by so many.
const UNIT: usize = 1024;

/// An owner of room for bodies, from the smallest on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Part {
    Credential(Uuid),
    Member(MemberId),
    Group(Group),
}

impl Part {
    fn all_of(holder: Holder) -> [Self; 3] {
        [Self::Credential(holder.credential), Self::Member(holder.member), Self::Group(holder.group)]
    }

    fn bytes(self) -> usize {
        match self {
            Self::Credential(_) => ROOM / 4,
            Self::Member(_) => ROOM / 2,
            Self::Group(_) => ROOM,
        }
    }
}

#[derive(Default)]
pub struct Bodies {
    of: Mutex<HashMap<Part, Weak<Semaphore>>>,
}

/// Room for a request, until it is dropped.
#[derive(Debug)]
pub struct Room {
    _rooms: Vec<OwnedSemaphorePermit>,
}

impl Bodies {
    /// Waits for room, half a minute at most; then the answer is to come again.
    pub async fn room(&self, holder: Holder, bytes: usize) -> Result<Room, Failure> {
        let rooms = taken(self.parts(holder, bytes));
        let rooms = timeout(MAX_WAIT, rooms).await.map_err(|_| Failure::TooMany { seconds: MAX_WAIT.as_secs() })?;
        Ok(Room { _rooms: rooms })
    }

    /// For what is there already.
    pub fn room_at_once(&self, holder: Holder, bytes: usize) -> Result<Room, Failure> {
        let rooms = self.parts(holder, bytes).map(|(own, units)| own.try_acquire_many_owned(units));
        let rooms = rooms.collect::<Result<_, _>>().map_err(|_| Failure::TooMany { seconds: MAX_WAIT.as_secs() })?;
        Ok(Room { _rooms: rooms })
    }

    /// None for a short request.
    fn parts(&self, holder: Holder, bytes: usize) -> impl Iterator<Item = (Arc<Semaphore>, u32)> {
        let parts = (bytes > LONG).then(|| Part::all_of(holder)).into_iter().flatten();
        parts.map(move |part| (self.own(part), bytes.min(part.bytes()).div_ceil(UNIT) as u32))
    }

    fn own(&self, part: Part) -> Arc<Semaphore> {
        let mut of = self.of.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = of.get(&part).and_then(Weak::upgrade) {
            return own;
        }
        of.retain(|_, own| own.strong_count() > 0);
        let own = Arc::new(Semaphore::new(part.bytes() / UNIT));
        of.insert(part, Arc::downgrade(&own));
        own
    }
}

/// Who waits for the room of all holds its own already.
async fn taken(parts: impl Iterator<Item = (Arc<Semaphore>, u32)>) -> Vec<OwnedSemaphorePermit> {
    let mut rooms = vec![];
    for (own, units) in parts {
        rooms.push(own.acquire_many_owned(units).await.expect("it is never closed"));
    }
    rooms
}

#[cfg(test)]
mod tests {
    use distr_domain::ids::OrganizationId;

    use super::*;

    fn holder(group: u128, member: u128, credential: u128) -> Holder {
        let group = (OrganizationId(Uuid::from_u128(group)), None);
        Holder { group, member: MemberId(Uuid::from_u128(member)), credential: Uuid::from_u128(credential) }
    }

    #[tokio::test(start_paused = true)]
    async fn a_vendor_waits_for_its_own_room_and_short_requests_never_do() {
        let bodies = Bodies::default();
        let mut of_one = vec![];
        for (member, credential) in [(1, 1), (1, 2), (2, 3), (2, 4)] {
            of_one.push(bodies.room(holder(1, member, credential), ROOM / 4).await.expect("room"));
        }
        let third = holder(1, 3, 5);
        assert!(bodies.room_at_once(third, LONG + 1).is_err());
        assert!(bodies.room_at_once(third, LONG).is_ok());
        let refused = bodies.room(third, LONG + 1).await.expect_err("there is none");
        assert!(matches!(refused, Failure::TooMany { seconds: 30 }), "{refused}");
        bodies.room(holder(2, 4, 6), ROOM).await.expect("another vendor does not wait");
        of_one.pop();
        bodies.room(third, ROOM / 4).await.expect("room again");
        drop(of_one);
        bodies.room(holder(3, 5, 7), ROOM).await.expect("room");
        assert_eq!(bodies.of.lock().unwrap().len(), 3, "who held none then is forgotten");
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_promises_bytes_and_sends_none_keeps_nobody_else_waiting() {
        let bodies = Bodies::default();
        let _promised = bodies.room(holder(1, 1, 1), ROOM / 4).await.expect("room");
        bodies.room(holder(1, 1, 1), LONG + 1).await.expect_err("all that the credential has is taken");
        bodies.room(holder(1, 1, 2), ROOM / 4).await.expect("the member has other credentials");
        let _promised_too = bodies.room(holder(1, 1, 2), ROOM / 4).await.expect("room");
        bodies.room(holder(1, 1, 3), LONG + 1).await.expect_err("all that the member has is taken");
        bodies.room(holder(1, 2, 4), ROOM / 4).await.expect("the vendor has other members");
    }
}
