//! The new rows of a batch, column by column, as `unnest` takes them.

use chrono::{DateTime, Utc};
use tokio_postgres::{Client, Error, Statement};
use uuid::Uuid;

use crate::{Append, Position};

#[derive(Debug, Default)]
pub(super) struct Columns<'a> {
    position: Vec<i64>,
    previous: Vec<i64>,
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
    /// Adds the events of an append that was taken; they follow `last`, the last position so far.
    pub(super) fn push(&mut self, append: &'a Append, first_revision: u64, last: Position, last_fact: Position) {
        let actor = append.actor.to_string();
        let mut previous = last_fact.0 as i64;
        for (event, index) in append.events.iter().zip(0..) {
            let position = last.plus(index + 1).0 as i64;
            self.position.push(position);
            self.previous.push(previous);
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
            previous = position;
        }
    }

    pub(super) fn len(&self) -> usize {
        self.position.len()
    }

    pub(super) async fn insert(&self, client: &Client, statement: &Statement) -> Result<u64, Error> {
        if self.len() == 0 {
            return Ok(0);
        }
        let Self { position, previous, category, stream, revision, id, event_type, .. } = self;
        let Self { schema_version, organization, actor, causation, correlation, recorded_at, payload, .. } = self;
        client
            .execute(
                statement,
                &[
                    position,
                    previous,
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
