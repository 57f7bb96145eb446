//! What a projection is: a pure function from rows and an entry of the log to rows. Loading, storing and the checkpoint
//! are `table` and `runner`.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use distr_domain::access::AccessRecord;
use distr_domain::agent::Report;
use distr_domain::fact::Fact;
use distr_domain::ids::OrganizationId;
use distr_eventlog::{Entry, Position, RecordedEvent, TelemetryKind, TelemetryRecord};
use serde::{Serialize, de::DeserializeOwned};
use uuid::Uuid;

use crate::error::ProjectionError;
use crate::past::{Keeping, Past};

/// One read model table. Its row type has a field for each column, and the primary key is `id uuid`.
pub trait Projection: Send + Sync + 'static {
    type Row: Serialize + DeserializeOwned + Clone + std::fmt::Debug + Send + Sync;
    const TABLE: &'static str;
    /// Each row is put once and whole, by `put_first`, and no entry looks at the row of another.
    const APPEND_ONLY: bool = false;
    /// If what rows were is kept, in the table `<TABLE>_past`: the position of the entry that made a row what it is.
    const SINCE: Option<fn(&Self::Row) -> u64> = None;

    /// The rows that this entry may touch; they are in `rows` when `apply` is called, if they exist.
    fn keys(entry: &DecodedEntry) -> Vec<Uuid>;

    /// Changes the rows. No side effect beyond them.
    fn apply(rows: &mut Rows<Self::Row>, entry: &DecodedEntry);
}

/// An entry of the log, decoded once for all projections of a group.
#[derive(Debug)]
pub struct DecodedEntry {
    pub position: Position,
    pub organization: OrganizationId,
    /// the stream's id, or the telemetry's subject: the thing that this is about
    pub id: Uuid,
    pub event_id: Uuid,
    pub actor: String,
    /// the event that led to this one
    pub causation: Option<Uuid>,
    pub at: DateTime<Utc>,
    pub content: EntryContent,
}

#[derive(Debug)]
pub enum EntryContent {
    Fact(Fact),
    Heartbeat(Report),
    Access(AccessRecord),
}

impl DecodedEntry {
    pub(crate) fn decode(entry: &Entry) -> Result<Self, ProjectionError> {
        match entry {
            Entry::Fact(event) => Self::decode_fact(event),
            Entry::Telemetry(recorded) => {
                let TelemetryRecord { id, organization, subject, recorded_at, .. } = recorded.record;
                let position = recorded.position;
                let payload = &recorded.record.payload;
                let content = match recorded.record.kind {
                    TelemetryKind::Heartbeat => serde_json::from_slice(payload).map(EntryContent::Heartbeat),
                    TelemetryKind::Access => serde_json::from_slice(payload).map(EntryContent::Access),
                };
                let content = content.map_err(|source| ProjectionError::UnreadableTelemetry { position, source })?;
                let actor = String::new();
                Ok(Self {
                    position,
                    organization,
                    id: subject,
                    event_id: id,
                    actor,
                    causation: None,
                    at: recorded_at,
                    content,
                })
            }
        }
    }

    fn decode_fact(event: &RecordedEvent) -> Result<Self, ProjectionError> {
        let fact = Fact::decode(event.stream.category, event.stored())
            .map_err(|source| ProjectionError::Unreadable { position: event.position, source })?;
        Ok(Self {
            position: event.position,
            organization: event.organization,
            id: event.stream.id,
            event_id: event.id,
            actor: event.actor.to_string(),
            causation: event.causation,
            at: event.recorded_at,
            content: EntryContent::Fact(fact),
        })
    }

    pub fn fact(&self) -> Option<&Fact> {
        match &self.content {
            EntryContent::Fact(fact) => Some(fact),
            _ => None,
        }
    }
}

/// The rows of one table that a batch touches, by key.
#[derive(Debug)]
pub struct Rows<R> {
    rows: HashMap<Uuid, Slot<R>>,
    unsaved: Unsaved,
    all_asked_for_are_known: bool,
    past: Keeping<R>,
}

#[derive(Debug)]
struct Slot<R> {
    row: Option<R>,
    changed: bool,
    /// the table has a row of this key
    stored: bool,
}

impl<R> Default for Slot<R> {
    fn default() -> Self {
        Self { row: None, changed: false, stored: false }
    }
}

/// How many rows the table does not show as they are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Unsaved {
    pub(crate) new: usize,
    pub(crate) changed: usize,
}

impl Unsaved {
    /// That the slot changes.
    fn note<R>(&mut self, slot: &mut Slot<R>) {
        if !std::mem::replace(&mut slot.changed, true) {
            match slot.stored {
                true => self.changed += 1,
                false => self.new += 1,
            }
        }
    }
}

impl<R> Default for Rows<R> {
    fn default() -> Self {
        Self {
            rows: HashMap::new(),
            unsaved: Unsaved::default(),
            all_asked_for_are_known: false,
            past: Keeping::default(),
        }
    }
}

impl<R: Clone> Rows<R> {
    pub fn put(&mut self, key: Uuid, row: R) {
        self.set(key, Some(row));
    }

    /// Puts a row that nothing changes later: what comes again with the same key is the same.
    pub fn put_first(&mut self, key: Uuid, row: R) {
        if self.rows.get(&key).is_none_or(|slot| slot.row.is_none()) {
            self.put(key, row);
        }
    }

    pub fn remove(&mut self, key: Uuid) {
        self.set(key, None);
    }

    fn set(&mut self, key: Uuid, row: Option<R>) {
        let slot = self.rows.entry(key).or_default();
        self.past.touch(key, slot.row.as_ref());
        self.unsaved.note(slot);
        slot.row = row;
    }

    /// The row, to be changed in place; nothing if the table has none.
    pub fn get_mut(&mut self, key: Uuid) -> Option<&mut R> {
        debug_assert!(
            !self.all_asked_for_are_known || self.knows(key),
            "the projection asks for the row {key}, which its `keys` do not name"
        );
        let slot = self.rows.get_mut(&key)?;
        if slot.row.is_some() {
            self.past.touch(key, slot.row.as_ref());
            self.unsaved.note(slot);
        }
        slot.row.as_mut()
    }

    pub(crate) fn load(&mut self, key: Uuid, row: R) {
        self.rows.insert(key, Slot { row: Some(row), changed: false, stored: true });
    }

    /// The table has no row of this key.
    pub(crate) fn note_absent(&mut self, key: Uuid) {
        self.rows.entry(key).or_default();
    }

    /// The rows of all keys that a batch names are here, or noted as absent: whoever asks for another one would get none although
    /// the table may have it.
    pub(crate) fn note_all(&mut self, keys: &[Uuid]) {
        keys.iter().for_each(|key| self.note_absent(*key));
        self.all_asked_for_are_known = true;
    }

    /// Applies an entry, and keeps what it made past.
    pub(crate) fn fold<P: Projection<Row = R>>(&mut self, entry: &DecodedEntry) {
        let Some(since) = P::SINCE else { return P::apply(self, entry) };
        self.past.begin();
        P::apply(self, entry);
        let rows = &self.rows;
        let now = |key| rows.get(&key).and_then(|slot| slot.row.as_ref());
        self.unsaved.new += self.past.end(since, entry.position.number(), now);
    }

    /// What rows were, since the last time.
    pub(crate) fn take_past(&mut self) -> Vec<Past<R>> {
        self.past.take()
    }

    /// Whether it is known what the table has of this key.
    pub(crate) fn knows(&self, key: Uuid) -> bool {
        self.rows.contains_key(&key)
    }

    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(crate) fn unsaved(&self) -> Unsaved {
        self.unsaved
    }

    /// Those that changed, and whether the table has them.
    pub(crate) fn changed(&self) -> impl Iterator<Item = (&R, bool)> {
        let changed = self.rows.values().filter(|slot| slot.changed);
        changed.filter_map(|slot| Some((slot.row.as_ref()?, slot.stored)))
    }

    pub(crate) fn removed(&self) -> Vec<Uuid> {
        let removed = self.rows.iter().filter(|(_, slot)| slot.row.is_none() && slot.changed && slot.stored);
        removed.map(|(key, _)| *key).collect()
    }

    pub(crate) fn forget_unchanged(&mut self) {
        self.rows.retain(|_, slot| slot.changed);
    }

    /// The table shows them all as they are.
    pub(crate) fn note_saved(&mut self) {
        self.rows.retain(|_, slot| slot.row.is_some());
        for slot in self.rows.values_mut() {
            (slot.changed, slot.stored) = (false, true);
        }
        self.unsaved = Unsaved::default();
    }
}
