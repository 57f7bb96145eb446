//! What rows were. A row stands from the position that it bears until an entry changes it: then what it was goes, with the
//! position of that entry, into the table `<TABLE>_past`. Rows that never changed have no past.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use distr_eventlog::Position;
use serde::Serialize;
use uuid::Uuid;

use crate::error::QueryError;
use crate::query::ReadClient;

/// A state that the log had: after the entry at a position, and before the next one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    pub position: Position,
    /// a time at which it had it
    pub at: DateTime<Utc>,
}

/// From now on the connection, of `past_pool`, sees the read models as of this moment.
pub async fn look_at(client: &ReadClient, moment: Moment) -> Result<(), QueryError> {
    let say = "SELECT set_config('distr.as_of', $1, false), set_config('distr.as_of_instant', $2, false)";
    let statement = client.prepare_cached(say).await?;
    let (position, at) = (moment.position.number().to_string(), moment.at.to_rfc3339());
    client.execute(&statement, &[&position, &at]).await?;
    Ok(())
}

/// A row as it was, from its own position until before that of the entry that changed or removed it.
#[derive(Debug, Serialize)]
pub(crate) struct Past<R> {
    #[serde(flatten)]
    pub(crate) row: R,
    pub(crate) until: u64,
}

/// Notes what one entry after the other makes of rows.
#[derive(Debug)]
pub(crate) struct Keeping<R> {
    /// the rows that the entry at hand has touched, as it found them; none where no past is kept
    found: Option<HashMap<Uuid, Option<R>>>,
    past: Vec<Past<R>>,
}

impl<R> Default for Keeping<R> {
    fn default() -> Self {
        Self { found: None, past: vec![] }
    }
}

impl<R: Clone> Keeping<R> {
    pub(crate) fn begin(&mut self) {
        self.found.get_or_insert_default().clear();
    }

    pub(crate) fn touch(&mut self, key: Uuid, row: Option<&R>) {
        if let Some(found) = &mut self.found {
            found.entry(key).or_insert_with(|| row.cloned());
        }
    }

    /// The entry at this position is applied: says how many rows it made past. One that stands since the same position as before
    /// was touched and not changed.
    pub(crate) fn end<'a>(&mut self, since: fn(&R) -> u64, at: u64, now: impl Fn(Uuid) -> Option<&'a R>) -> usize
    where
        R: 'a,
    {
        let before = self.past.len();
        for (key, row) in self.found.iter_mut().flat_map(HashMap::drain) {
            let Some(row) = row else { continue };
            if now(key).map(since) != Some(since(&row)) {
                self.past.push(Past { row, until: at });
            }
        }
        self.past.len() - before
    }

    pub(crate) fn take(&mut self) -> Vec<Past<R>> {
        std::mem::take(&mut self.past)
    }
}
