//! Why an event is in the log: the chain of events that led to it, what the answer to a request for a right rests on, and what followed.

use std::collections::VecDeque;

use chrono::TimeDelta;
use distr_domain::access::AccessRecord;
use distr_domain::decider::{Category, Decider};
use distr_domain::ids::OrganizationId;
use distr_domain::rollout::Rollout;
use distr_eventlog::{Actor, Entry, EventLog, Limit, Position, RecordedEvent, Selection, StreamName, TelemetryKind};
use distr_projections::{consequence, license_audit};
use uuid::Uuid;

use crate::failure::Failure;
use crate::models::ReadModels;

/// Events that one answer has of each kind.
const MOST: usize = 100;
/// A report is looked for among those that came so long before the fact that it led to, ever further back.
const REPORTED_WITHIN: [TimeDelta; 2] = [TimeDelta::seconds(5), TimeDelta::minutes(5)];
/// Entries that are looked through for a report.
const LOOKED_THROUGH: usize = 20_000;
const PAGE: usize = 1_000;

/// An event, and what it has to do with others. All lists are in the order of the log.
pub struct Why {
    pub event: Entry,
    /// up to the first, which a command of somebody led to
    pub causes: Vec<Entry>,
    /// the id of a cause that is not found any more, as of a report that is kept no longer
    pub lost: Option<Uuid>,
    /// facts that it rests on without being led to by them
    pub grounds: Vec<Entry>,
    /// facts that it led to, and what those led to
    pub consequences: Vec<Entry>,
    /// there are more consequences
    pub has_more: bool,
}

pub struct Asking<'a> {
    pub log: &'a dyn EventLog,
    pub models: &'a ReadModels,
    pub organization: OrganizationId,
}

impl Asking<'_> {
    /// Nothing if no entry of the organization stands there.
    pub async fn why(&self, position: Position) -> Result<Option<Why>, Failure> {
        let Some(event) = self.entry(position).await? else { return Ok(None) };
        let (causes, lost) = self.causes(&event).await?;
        let grounds = self.grounds(&event).await?;
        let (consequences, has_more) = self.consequences(id(&event)).await?;
        Ok(Some(Why { event, causes, lost, grounds, consequences, has_more }))
    }

    async fn entry(&self, position: Position) -> Result<Option<Entry>, Failure> {
        let entry = self.log.entry(position).await?;
        Ok(entry.filter(|entry| self.is_own(entry)))
    }

    fn is_own(&self, entry: &Entry) -> bool {
        match entry {
            Entry::Fact(fact) => fact.organization == self.organization,
            Entry::Telemetry(recorded) => recorded.record.organization == self.organization,
        }
    }

    async fn causes(&self, event: &Entry) -> Result<(Vec<Entry>, Option<Uuid>), Failure> {
        let mut causes = VecDeque::new();
        let mut of = event.clone();
        while let Entry::Fact(fact) = &of
            && let Some(cause) = fact.causation
            && causes.len() < MOST
        {
            let Some(found) = self.cause(fact, cause).await? else { return Ok((causes.into(), Some(cause))) };
            causes.push_front(found.clone());
            of = found;
        }
        Ok((causes.into(), None))
    }

    async fn cause(&self, of: &RecordedEvent, id: Uuid) -> Result<Option<Entry>, Failure> {
        let found = match self.log.find(id).await?.map(Entry::Fact) {
            Some(fact) => Some(fact),
            None => self.report(of, id).await?,
        };
        Ok(found.filter(|entry| self.is_own(entry)))
    }

    /// Reports have no index by their id: the facts that they lead to follow soon.
    async fn report(&self, of: &RecordedEvent, id: Uuid) -> Result<Option<Entry>, Failure> {
        let mut budget = LOOKED_THROUGH;
        for within in REPORTED_WITHIN {
            let mut at = self.log.seek(of.committed_at - within).await?;
            while at < of.position && budget > 0 {
                let page = self.log.scan(at, Limit::entries(PAGE), Selection::Telemetry).await?;
                budget = budget.saturating_sub(page.entries.len().max(1));
                let is_it = |entry: &Entry| matches!(entry, Entry::Telemetry(recorded) if recorded.record.id == id);
                if let Some(found) = page.entries.into_iter().find(is_it) {
                    return Ok(Some(found));
                }
                if page.scanned_to == at {
                    break;
                }
                at = page.scanned_to;
            }
        }
        Ok(None)
    }

    async fn grounds(&self, event: &Entry) -> Result<Vec<Entry>, Failure> {
        match event {
            Entry::Telemetry(recorded) if recorded.record.kind == TelemetryKind::Access => {
                let record: AccessRecord = serde_json::from_slice(&recorded.record.payload).map_err(Failure::fault)?;
                let Some(customer) = record.customer else { return Ok(vec![]) };
                let of = (customer, record.license);
                let client = self.models.client().await?;
                let positions = license_audit::grounds(&client, self.organization, of, event.position(), MOST).await?;
                drop(client);
                self.entries(positions).await
            }
            Entry::Fact(fact) if fact.causation.is_none() && matches!(fact.actor, Actor::Policy(_)) => {
                self.said_of_rollout(fact).await
            }
            _ => Ok(vec![]),
        }
    }

    /// What people said of the rollout that a policy follows: its connection is the rollout's id.
    async fn said_of_rollout(&self, fact: &RecordedEvent) -> Result<Vec<Entry>, Failure> {
        let stream = StreamName { category: <Rollout as Decider>::CATEGORY, id: fact.correlation };
        debug_assert_eq!(stream.category, Category::Rollout);
        let mut said = vec![];
        let mut from = 0;
        loop {
            let page = self.log.read_stream(&stream, from, PAGE).await?;
            let Some(last) = page.last() else { return Ok(said) };
            from = last.revision + 1;
            let is_past = last.position > fact.position;
            let by_people = page.into_iter().filter(|event| {
                event.position < fact.position
                    && event.organization == self.organization
                    && !matches!(event.actor, Actor::Policy(_))
            });
            said.extend(by_people.map(Entry::Fact));
            if is_past || said.len() >= MOST {
                return Ok(said);
            }
        }
    }

    /// Nearest first as they are looked for, so that a limit leaves out what is far.
    async fn consequences(&self, of: Uuid) -> Result<(Vec<Entry>, bool), Failure> {
        let (mut found, mut nearest) = (vec![], vec![of]);
        while !nearest.is_empty() && found.len() <= MOST {
            let room = MOST + 1 - found.len();
            let client = self.models.client().await?;
            let positions = consequence::of(&client, self.organization, &nearest, room).await?;
            drop(client);
            let entries = self.entries(positions).await?;
            nearest = entries.iter().map(id).collect();
            found.extend(entries);
        }
        let has_more = found.len() > MOST;
        found.truncate(MOST);
        found.sort_by_key(Entry::position);
        Ok((found, has_more))
    }

    async fn entries(&self, positions: Vec<Position>) -> Result<Vec<Entry>, Failure> {
        let mut entries = vec![];
        for position in positions {
            entries.extend(self.entry(position).await?);
        }
        Ok(entries)
    }
}

fn id(entry: &Entry) -> Uuid {
    match entry {
        Entry::Fact(fact) => fact.id,
        Entry::Telemetry(recorded) => recorded.record.id,
    }
}
