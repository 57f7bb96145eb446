//! The one way to change state: load the stream, decide, append at the revision that was read; when somebody else was
//! quicker, read on and decide again.

use chrono::{DateTime, Utc};
use distr_domain::{decider::Decider, ids::OrganizationId, rejection::Rejection};
use uuid::Uuid;

use crate::{
    Actor, Append, AppendError, EncodeError, EventLog, Expected, Limit, NewEvent, Position, ReadError, RecordedEvent,
    StreamName,
};

/// Each lost race means that another command won it; more than this in a row is a stream that does not fit its use.
const ATTEMPTS: usize = 24;
const PAGE: usize = 500;

/// Who asks, and in what connection.
#[derive(Debug, Clone)]
pub struct Context {
    pub organization: OrganizationId,
    pub actor: Actor,
    pub causation: Option<Uuid>,
    pub correlation: Uuid,
    /// The command's own id: the same one again on the same stream has no second effect.
    pub command: Uuid,
    pub at: DateTime<Utc>,
}

/// What a command led to.
#[derive(Debug, Clone)]
pub struct Executed<D: Decider> {
    /// The stream's state, the command's events included.
    pub state: D,
    /// The stream's last revision; none if there is no stream.
    pub revision: Option<u64>,
    /// Of the command's last event; none if the command changed nothing.
    pub position: Option<Position>,
    /// Of the last event that the state comes from, whoever's it is; none if there is no stream.
    pub seen: Option<Position>,
    /// The command's events, now or when it was first executed.
    pub events: Vec<D::Event>,
}

#[derive(Debug, thiserror::Error)]
pub enum ExecuteError<R: Rejection> {
    /// The expected "no".
    #[error(transparent)]
    Rejected(R),
    #[error("stream {stream} changed under the command {attempts} times in a row")]
    Conflict { stream: StreamName, attempts: usize },
    #[error("the command on stream {stream} could not be executed")]
    Fault { stream: StreamName, source: Fault },
}

/// What is broken, so that nobody could say yes or no.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(transparent)]
    Append(#[from] AppendError),
    #[error(transparent)]
    Encode(#[from] EncodeError),
}

/// A stream as it was after its keeper's last command: what comes next is decided after a look at what is newer alone.
#[derive(Debug)]
pub struct Kept<D> {
    state: D,
    revision: Option<u64>,
}

impl<D: Decider> Default for Kept<D> {
    fn default() -> Self {
        Self { state: D::default(), revision: None }
    }
}

impl<D: Decider> From<Executed<D>> for Kept<D> {
    fn from(executed: Executed<D>) -> Self {
        Self { state: executed.state, revision: executed.revision }
    }
}

/// Executes a command on the stream `id` of its decider. A command whose id the stream knows already is answered with
/// what it led to then, whatever it would be answered now.
pub async fn execute<D: Decider>(
    log: &dyn EventLog,
    id: Uuid,
    command: &D::Command,
    context: &Context,
) -> Result<Executed<D>, ExecuteError<D::Rejection>> {
    execute_kept(log, id, Kept::default(), command, context).await
}

/// The same on a stream that the caller keeps. Of a command that is older than what is kept, only an acceptance is known
/// again: such a caller sends no command again but to a stream that it has read anew.
pub async fn execute_kept<D: Decider>(
    log: &dyn EventLog,
    id: Uuid,
    kept: Kept<D>,
    command: &D::Command,
    context: &Context,
) -> Result<Executed<D>, ExecuteError<D::Rejection>> {
    let stream = StreamName::of::<D>(id);
    let fault = |source: Fault| ExecuteError::Fault { stream, source };
    let new = || Loaded::<D>::new(stream, Some(context.command));
    let mut loaded = Loaded { state: kept.state, revision: kept.revision, ..new() };
    for _ in 0..ATTEMPTS {
        loaded.catch_up(log).await.map_err(|error| fault(error.into()))?;
        if loaded.position.is_some() {
            return Ok(loaded.executed());
        }
        let events = loaded.state.decide(command).map_err(ExecuteError::Rejected)?;
        if events.is_empty() {
            return Ok(loaded.executed());
        }
        let append = loaded.append(&events, context).map_err(|error| fault(error.into()))?;
        match log.append(append).await {
            Ok(appended) if !appended.duplicate => {
                loaded.take(events, appended.last_revision, appended.position);
                return Ok(loaded.executed());
            }
            // somebody was quicker: read what is there
            Err(AppendError::Conflict { .. }) => {}
            // with this very command, perhaps before what is kept
            Ok(_) | Err(AppendError::PartialDuplicate { .. }) => loaded = new(),
            Err(error) => return Err(fault(error.into())),
        }
    }
    Err(ExecuteError::Conflict { stream, attempts: ATTEMPTS })
}

/// What the command with this id led to on the stream `id`; nothing if the stream does not know it.
pub async fn executed<D: Decider>(
    log: &dyn EventLog,
    id: Uuid,
    command: Uuid,
) -> Result<Option<Executed<D>>, ReadError> {
    let mut loaded = Loaded::<D>::new(StreamName::of::<D>(id), Some(command));
    loaded.catch_up(log).await?;
    Ok(loaded.position.is_some().then(|| loaded.executed()))
}

/// The state of a stream and its last revision.
pub async fn load<D: Decider>(log: &dyn EventLog, id: Uuid) -> Result<(D, Option<u64>), ReadError> {
    let mut loaded = Loaded::<D>::new(StreamName::of::<D>(id), None);
    loaded.catch_up(log).await?;
    Ok((loaded.state, loaded.revision))
}

/// A stream as far as it was read, and the events in it that came from the command at hand.
struct Loaded<D: Decider> {
    stream: StreamName,
    command: Option<Uuid>,
    state: D,
    revision: Option<u64>,
    own: Vec<D::Event>,
    position: Option<Position>,
    seen: Option<Position>,
}

impl<D: Decider> Loaded<D> {
    fn new(stream: StreamName, command: Option<Uuid>) -> Self {
        Self { stream, command, state: D::default(), revision: None, own: Vec::new(), position: None, seen: None }
    }

    async fn catch_up(&mut self, log: &dyn EventLog) -> Result<(), ReadError> {
        loop {
            let page = log.read_stream(&self.stream, Expected::from(self.revision).next(), PAGE).await?;
            for recorded in &page {
                self.evolve(recorded)?;
            }
            let bytes: usize = page.iter().map(|recorded| recorded.payload.len()).sum();
            if page.len() < PAGE && bytes < Limit::BYTES {
                return Ok(());
            }
        }
    }

    fn evolve(&mut self, recorded: &RecordedEvent) -> Result<(), ReadError> {
        let event = recorded.decode::<D::Event>()?;
        self.state.evolve(&event);
        self.revision = Some(recorded.revision);
        self.seen = Some(recorded.position);
        let expected = self.command.map(|command| event_id(command, self.stream, self.own.len()));
        if expected == Some(recorded.id) {
            self.own.push(event);
            self.position = Some(recorded.position);
        }
        Ok(())
    }

    fn append(&self, events: &[D::Event], context: &Context) -> Result<Append, EncodeError> {
        let events = events
            .iter()
            .enumerate()
            .map(|(index, event)| NewEvent::encode(event_id(context.command, self.stream, index), event));
        Ok(Append {
            stream: self.stream,
            organization: context.organization,
            expected: self.revision.into(),
            events: events.collect::<Result<_, _>>()?,
            actor: context.actor.clone(),
            causation: context.causation,
            correlation: context.correlation,
            recorded_at: context.at,
        })
    }

    fn take(&mut self, events: Vec<D::Event>, revision: u64, position: Position) {
        for event in &events {
            self.state.evolve(event);
        }
        self.own = events;
        self.revision = Some(revision);
        self.position = Some(position);
        self.seen = Some(position);
    }

    fn executed(self) -> Executed<D> {
        let Self { state, revision, position, seen, own: events, .. } = self;
        Executed { state, revision, position, seen, events }
    }
}

fn event_id(command: Uuid, stream: StreamName, index: usize) -> Uuid {
    Uuid::new_v5(&command, format!("{stream}/{index}").as_bytes())
}
