//! Traces for a collector, if the environment names one: a span for each request and each GraphQL operation, one for each event
//! that is appended, one for each group of read models that takes the event in, one for telling those who watch.
//!
//! Their ids follow from what the log holds, so that nothing has to be handed along the way, not even to another hub: a trace
//! has the correlation id of its events, and an event's span the end of the event's id. A layer over `tracing` draws ids by
//! itself, so the spans are made here. They hold ids, types and numbers, never a name, a text or a secret.

mod caller;
mod context;
mod export;
mod log;
mod sampling;
mod settings;

use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use chrono::{DateTime, TimeDelta, Utc};
use distr_eventlog::{Entry, RecordedEvent};
use opentelemetry::trace::{Link, SpanContext, SpanId, SpanKind, Status, TraceFlags, TraceId, TraceState};
use opentelemetry::{InstrumentationScope, KeyValue};
use opentelemetry_sdk::trace::{SpanData, SpanLinks};
use uuid::Uuid;

use crate::clock::SharedClock;

pub use caller::Caller;
pub use context::Incoming;
pub use export::Exporting;
pub use log::TracedLog;

use export::Queue;
use sampling::Sampling;

/// Entries older than this were not appended by a request that somebody looks at now: a hub that catches up stays silent.
const FRESH: TimeDelta = TimeDelta::seconds(60);

tokio::task_local! {
    /// The span of the request at hand.
    static CURRENT: SpanContext;
}

/// Where spans go; nowhere, and at no cost, if no collector is named.
#[derive(Clone)]
pub struct Traces(Option<Arc<Recording>>);

struct Recording {
    queue: Queue,
    sampling: Sampling,
    clock: SharedClock,
    scope: InstrumentationScope,
}

/// What a span says, but for its ids.
struct Told {
    name: Cow<'static, str>,
    kind: SpanKind,
    took: Duration,
    attributes: Vec<KeyValue>,
    status: Status,
}

impl Traces {
    /// Reads the environment; a value that does not fit is an error here.
    pub fn start(clock: SharedClock) -> anyhow::Result<(Self, Option<Exporting>)> {
        let Some(settings) = settings::Settings::read()? else { return Ok((Self(None), None)) };
        let (queue, exporting) = export::start(&settings)?;
        let scope = InstrumentationScope::builder("distr-hub").with_version(env!("CARGO_PKG_VERSION")).build();
        let recording = Recording { queue, sampling: Sampling::new(settings.sampler), clock, scope };
        Ok((Self(Some(Arc::new(recording))), Some(exporting)))
    }

    pub fn none() -> Self {
        Self(None)
    }

    /// The span of a request that begins, if it is to be recorded.
    pub fn begin(&self, request: Uuid, incoming: &Incoming) -> Option<SpanContext> {
        let recording = self.0.as_ref()?;
        recording.sampling.takes_request(incoming).then(|| context(incoming.correlation, request))
    }

    /// Runs the request's work within its span.
    pub async fn within<T>(span: Option<&SpanContext>, work: impl Future<Output = T>) -> T {
        match span {
            Some(span) => CURRENT.scope(span.clone(), work).await,
            None => work.await,
        }
    }

    /// The work as a part of the request at hand, also where another task does it.
    pub fn of_this_request<T>(work: impl Future<Output = T>) -> impl Future<Output = T> {
        let span = CURRENT.try_with(SpanContext::clone).ok();
        async move { Self::within(span.as_ref(), work).await }
    }

    /// A request was answered.
    pub fn request(&self, span: SpanContext, incoming: &Incoming, answered: Answered<'_>) {
        let Some(recording) = &self.0 else { return };
        let Answered { method, route, status, took } = answered;
        let told = Told {
            name: format!("{method} {route}").into(),
            kind: SpanKind::Server,
            took,
            attributes: vec![
                KeyValue::new("http.request.method", method),
                KeyValue::new("http.route", route.to_owned()),
                KeyValue::new("http.response.status_code", i64::from(status)),
            ],
            status: if status >= 500 { Status::error("") } else { Status::Unset },
        };
        recording.send(span, incoming.parent(), incoming.link(), told);
    }

    /// A GraphQL operation, by its kind and the field that it asks for; both are the schema's words.
    pub fn operation(&self, kind: &'static str, field: &str, is_ok: bool, took: Duration) {
        let (Some(recording), Ok(request)) = (&self.0, CURRENT.try_with(SpanContext::clone)) else { return };
        let told = Told {
            name: format!("{kind} {field}").into(),
            kind: SpanKind::Internal,
            took,
            attributes: vec![KeyValue::new("graphql.operation.type", kind), KeyValue::new("distr.refused", !is_ok)],
            status: Status::Unset,
        };
        let span = SpanContext::new(
            request.trace_id(),
            span_id(recording.clock.new_id()),
            TraceFlags::SAMPLED,
            false,
            TraceState::NONE,
        );
        recording.send(span, request.span_id(), None, told);
    }

    /// The read models of a group show these entries now.
    pub fn projected(&self, group: &'static str, entries: &[Entry], took: Duration) {
        self.of_facts(entries, |recording, event| {
            let told = Told {
                name: format!("project {group}").into(),
                kind: SpanKind::Internal,
                took,
                attributes: vec![
                    KeyValue::new("distr.group", group),
                    KeyValue::new("distr.batch", entries.len() as i64),
                    position(event),
                ],
                status: Status::Unset,
            };
            recording.send_below(event, group, told);
        });
    }

    /// Those who watch were told of this entry, `took` after this hub read it in the log.
    pub fn told(&self, entry: &Entry, watchers: usize, took: Duration) {
        self.of_facts(std::slice::from_ref(entry), |recording, event| {
            let told = Told {
                name: "tell subscribers".into(),
                kind: SpanKind::Internal,
                took,
                attributes: vec![KeyValue::new("distr.subscribers", watchers as i64), position(event)],
                status: Status::Unset,
            };
            recording.send_below(event, "subscribers", told);
        });
    }

    fn of_facts(&self, entries: &[Entry], tell: impl Fn(&Recording, &RecordedEvent)) {
        let Some(recording) = &self.0 else { return };
        let now = recording.clock.now();
        for entry in entries {
            if let Entry::Fact(event) = entry
                && now - event.recorded_at < FRESH
                && recording.sampling.takes(event.correlation)
            {
                tell(recording, event);
            }
        }
    }
}

/// How a request ended. The route is the template, so that no name is in it.
pub struct Answered<'a> {
    pub method: &'static str,
    pub route: &'a str,
    pub status: u16,
    pub took: Duration,
}

impl Recording {
    /// A span below the one of the event's append, which may have been another hub's.
    fn send_below(&self, event: &RecordedEvent, what: &str, told: Told) {
        let own = Uuid::new_v5(&event.id, what.as_bytes());
        self.send(context(event.correlation, own), span_id(event.id), None, told);
    }

    /// It ends now.
    fn send(&self, span: SpanContext, parent: SpanId, link: Option<SpanContext>, told: Told) {
        if !span.is_valid() {
            return; // a client may choose zeros
        }
        let end = self.clock.now();
        let mut links = SpanLinks::default();
        links.links.extend(link.map(Link::with_context));
        self.queue.put(SpanData {
            span_context: span,
            parent_span_id: parent,
            parent_span_is_remote: matches!(told.kind, SpanKind::Server) && parent != SpanId::INVALID,
            span_kind: told.kind,
            name: told.name,
            start_time: begin(end, told.took),
            end_time: end.into(),
            attributes: told.attributes,
            dropped_attributes_count: 0,
            events: Default::default(),
            links,
            status: told.status,
            instrumentation_scope: self.scope.clone(),
        });
    }
}

fn begin(end: DateTime<Utc>, took: Duration) -> SystemTime {
    SystemTime::from(end).checked_sub(took).unwrap_or(SystemTime::UNIX_EPOCH)
}

fn context(correlation: Uuid, span: Uuid) -> SpanContext {
    let trace = TraceId::from_bytes(correlation.into_bytes());
    SpanContext::new(trace, span_id(span), TraceFlags::SAMPLED, false, TraceState::NONE)
}

/// The end of a UUID: all but its first two bits is chance, or a hash.
fn span_id(id: Uuid) -> SpanId {
    let [.., a, b, c, d, e, f, g, h] = id.into_bytes();
    SpanId::from_bytes([a, b, c, d, e, f, g, h])
}

fn position(event: &RecordedEvent) -> KeyValue {
    KeyValue::new("distr.position", event.position.to_string())
}
