//! Turns at what takes much memory or time: few at once of all vendors and customers, and one of each, so that each waits for itself. The
//! turn comes before the bytes, and nobody waits for ever.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::holder::Group;
use crate::failure::Failure;

/// Archives of charts that are read at the same time.
pub const CHARTS_AT_ONCE: usize = 2;
/// Releases that are read with their packages at the same time: a release has up to 2 MiB of them, and who reads many leaves
/// connections to everybody else.
pub const PACKAGES_AT_ONCE: usize = 3;
/// Until it is somebody's turn.
const MAX_WAIT: Duration = Duration::from_secs(30);

/// The turns at one kind of work.
pub struct Turns {
    places: Arc<Semaphore>,
    of: Mutex<HashMap<Group, Weak<Semaphore>>>,
}

/// A turn, which ends when it is dropped.
#[derive(Debug)]
pub struct Turn {
    _places: [OwnedSemaphorePermit; 2],
}

impl Turns {
    /// So many at once.
    pub fn new(at_once: usize) -> Self {
        Self { places: Arc::new(Semaphore::new(at_once)), of: Mutex::default() }
    }

    /// Waits for the turn of a vendor, or of one of its customers, half a minute at most; then the answer is to come again.
    pub async fn take(&self, group: Group) -> Result<Turn, Failure> {
        let places = timeout(MAX_WAIT, self.places(group)).await;
        let places = places.map_err(|_| Failure::TooMany { seconds: MAX_WAIT.as_secs() })?;
        Ok(Turn { _places: places })
    }

    /// The own turn comes first: no more than one of each waits for a place.
    async fn places(&self, group: Group) -> [OwnedSemaphorePermit; 2] {
        let acquire = async |of: Arc<Semaphore>| of.acquire_owned().await.expect("it is never closed");
        let own = acquire(self.own(group)).await;
        [own, acquire(self.places.clone()).await]
    }

    fn own(&self, group: Group) -> Arc<Semaphore> {
        let mut of = self.of.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = of.get(&group).and_then(Weak::upgrade) {
            return own;
        }
        of.retain(|_, own| own.strong_count() > 0);
        let own = Arc::new(Semaphore::new(1));
        of.insert(group, Arc::downgrade(&own));
        own
    }
}

#[cfg(test)]
mod tests {
    use distr_domain::ids::OrganizationId;
    use futures_util::FutureExt;
    use uuid::Uuid;

    use super::*;

    fn group(number: u128) -> Group {
        (OrganizationId(Uuid::from_u128(number)), None)
    }

    #[tokio::test]
    async fn an_organization_waits_for_itself_and_all_wait_for_a_place() {
        let turns = Turns::new(2);
        let at_once = |number| turns.take(group(number)).now_or_never().map(|turn| turn.expect("a turn"));
        let one = at_once(1);
        assert!(one.is_some() && at_once(1).is_none());
        let two = at_once(2);
        assert!(two.is_some() && at_once(3).is_none());
        drop(one);
        let three = at_once(3);
        assert!(three.is_some() && at_once(1).is_none());
        drop((two, three));
        assert!(at_once(1).is_some());
        assert_eq!(turns.of.lock().unwrap().len(), 1, "who takes no turn is forgotten");
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_waits_for_ever() {
        let turns = Turns::new(2);
        let _turn = turns.take(group(1)).await.expect("a turn");
        let refused = turns.take(group(1)).await.expect_err("it is taken");
        assert!(matches!(refused, Failure::TooMany { seconds: 30 }), "{refused}");
        turns.take(group(2)).await.expect("another organization does not wait");
    }
}
