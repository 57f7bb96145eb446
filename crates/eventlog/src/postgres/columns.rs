//! The new rows of a batch, column by column, as `unnest` takes them. Their positions are counted from the head by the
//! statement.

use chrono::{DateTime, Utc};
use tokio_postgres::{Client, Error, Statement};
use uuid::Uuid;

use crate::Append;

#[derive(Debug, Default)]
pub(super) struct Columns<'a> {
    /// Whether the event before it is still to be looked for; the first one of a stream needs none.
    follows: Vec<bool>,
    category: Vec<&'static str>,
    stream: Vec<Uuid>,
    revision: Vec<i64>,
    id: Vec<Uuid>,
    event_type: Vec<&'a str>,
    schema_version: Vec<i32>,
    organization: Vec<Uuid>,
    actor: Vec<String>,
    causation: Vec<Option<Uuid>>,
    correlation: Vec<Uuid>,
    recorded_at: Vec<DateTime<Utc>>,
    payload: Vec<&'a [u8]>,
}

impl<'a> Columns<'a> {
    /// Adds the events of an append that is taken. `follows`: that there is an event before the first one is not known yet.
    pub(super) fn push(&mut self, append: &'a Append, first_revision: u64, follows: bool) {
        let actor = append.actor.to_string();
        for (event, index) in append.events.iter().zip(0..) {
            self.follows.push(follows && index == 0);
            self.category.push(append.stream.category.as_str());
            self.stream.push(append.stream.id);
            self.revision.push((first_revision + index) as i64);
            self.id.push(event.id);
            self.event_type.push(&event.event_type);
            self.schema_version.push(event.schema_version.into());
            self.organization.push(append.organization.0);
            self.actor.push(actor.clone());
            self.causation.push(append.causation);
            self.correlation.push(append.correlation);
            self.recorded_at.push(append.recorded_at);
            self.payload.push(&event.payload);
        }
    }

    pub(super) fn len(&self) -> usize {
        self.id.len()
    }

    pub(super) async fn insert(&self, client: &Client, statement: &Statement) -> Result<u64, Error> {
        if self.len() == 0 {
            return Ok(0);
        }
        let Self { follows, category, stream, revision, id, event_type, schema_version, organization, .. } = self;
        let Self { actor, causation, correlation, recorded_at, payload, .. } = self;
        client
            .execute(
                statement,
                &[
                    follows,
                    category,
                    stream,
                    revision,
                    id,
                    event_type,
                    schema_version,
                    organization,
                    actor,
                    causation,
                    correlation,
                    recorded_at,
                    payload,
                ],
            )
            .await
    }
}
