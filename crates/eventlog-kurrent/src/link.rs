//! The client, and what is done when it fails. A client that could not connect once never connects again, so that a new one takes its
//! place; calls without a deadline get one; what may have happened is told apart from what did not.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use distr_eventlog::StoreError;
use eventstore::{
    AppendToStreamOptions, Client, ClientSettings, Error, EventData, ReadAllOptions, ReadStream, ReadStreamOptions,
    RecordedEvent, ResolvedEvent, StreamMetadata, StreamState,
};
use tokio::time::{Instant, sleep, timeout};

/// A call that takes longer has an unknown outcome.
const CALL: Duration = Duration::from_secs(10);
/// Appends are tried again for so long; then their callers hear that the outcome is unknown.
const APPEND_PATIENCE: Duration = Duration::from_secs(30);
/// Readers hear of the error sooner.
const READ_PATIENCE: Duration = Duration::from_secs(5);
const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// Whether the URL names such a server.
pub fn is_kurrent(url: &str) -> bool {
    let schemes = ["esdb", "esdb+discover", "kurrentdb", "kurrentdb+discover", "kdb", "kdb+discover"];
    url.split_once("://").is_some_and(|(scheme, _)| schemes.contains(&scheme))
}

/// Why an append was not taken.
#[derive(Debug)]
pub(crate) enum Refused {
    /// The stream stands elsewhere.
    Conflict,
    TooLarge,
    /// Something is broken; it may have been taken.
    Store(StoreError),
}

/// An append that the server has, and whether an earlier try may have brought it there.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Written {
    pub(crate) offset: u64,
    pub(crate) is_certain: bool,
}

pub(crate) struct Link {
    settings: ClientSettings,
    current: Mutex<(u64, Client)>,
}

impl Link {
    pub(crate) fn new(settings: ClientSettings) -> Result<Arc<Self>, String> {
        let client = Client::new(settings.clone()).map_err(|error| format!("{error:#}"))?;
        Ok(Arc::new(Self { settings, current: Mutex::new((0, client)) }))
    }

    fn client(&self) -> (u64, Client) {
        self.current.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Puts a new client in the place of that one, unless somebody did.
    fn renew(&self, broken: u64) {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if current.0 == broken
            && let Ok(client) = Client::new(self.settings.clone())
        {
            *current = (broken + 1, client);
        }
    }

    /// Calls until there is an answer, or patience is at an end.
    async fn call<'a, T>(
        &self,
        attempted: &'static str,
        patience: Duration,
        job: impl Fn(Client) -> Calling<'a, T> + Send + Sync,
    ) -> Result<(T, bool), Failed> {
        let (begun, mut pause, mut is_first) = (Instant::now(), FIRST_PAUSE, true);
        loop {
            let (number, client) = self.client();
            let error = match timeout(CALL, job(client)).await {
                Ok(Ok(answer)) => return Ok((answer, is_first)),
                Ok(Err(error)) if is_answer(&error) => return Err(Failed::Answer(error)),
                Ok(Err(error)) => error,
                Err(_) => Error::DeadlineExceeded,
            };
            if matches!(error, Error::ConnectionClosed | Error::GrpcConnectionError(_) | Error::DeadlineExceeded) {
                self.renew(number);
            }
            if begun.elapsed() + pause > patience {
                return Err(Failed::Store(StoreError::new(attempted, error.to_string())));
            }
            tracing::debug!(%error, attempted, "the event log's server is asked again");
            sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
            is_first = false;
        }
    }

    /// Appends at exactly that revision, so that the same events again are known by their ids.
    pub(crate) async fn append(
        &self,
        stream: &str,
        expected: Option<u64>,
        events: Vec<EventData>,
    ) -> Result<Written, Refused> {
        let state = expected.map_or(StreamState::NoStream, StreamState::StreamRevision);
        let options = AppendToStreamOptions::default().stream_state(state).deadline(CALL);
        let (options, events) = (&options, &events);
        let job = move |client: Client| -> Calling<'_, _> {
            Box::pin(async move { client.append_to_stream(stream, options, events.clone()).await })
        };
        match self.call("append", APPEND_PATIENCE, job).await {
            Ok((written, is_certain)) => Ok(Written { offset: written.position.commit, is_certain }),
            Err(Failed::Answer(Error::WrongExpectedVersion { .. })) => Err(Refused::Conflict),
            Err(Failed::Answer(Error::Grpc { message, .. }))
                if message.contains("ppend") && message.contains("ize") =>
            {
                Err(Refused::TooLarge)
            }
            Err(failed) => Err(Refused::Store(failed.into_store("append"))),
        }
    }

    /// Events of a stream, in order; none if there is no such stream.
    pub(crate) async fn stream(
        &self,
        stream: &str,
        options: &ReadStreamOptions,
        bytes: usize,
    ) -> Result<Vec<RecordedEvent>, StoreError> {
        let job = move |client: Client| -> Calling<'_, _> {
            Box::pin(async move { collect(client.read_stream(stream, options).await?, bytes).await })
        };
        match self.call("read a stream", READ_PATIENCE, job).await {
            Ok((events, _)) => Ok(events),
            Err(Failed::Answer(Error::ResourceNotFound)) => Ok(vec![]),
            Err(failed) => Err(failed.into_store("read a stream")),
        }
    }

    /// Events of all streams, in the order of the log; nothing if the place to read from is none.
    pub(crate) async fn all(
        &self,
        options: &ReadAllOptions,
        bytes: usize,
    ) -> Result<Option<Vec<RecordedEvent>>, StoreError> {
        let job = move |client: Client| -> Calling<'_, _> {
            Box::pin(async move { collect(client.read_all(options).await?, bytes).await })
        };
        match self.call("read", READ_PATIENCE, job).await {
            Ok((events, _)) => Ok(Some(events)),
            Err(Failed::Answer(Error::Grpc { code, .. })) if is_invalid(code as i32) => Ok(None),
            Err(failed) => Err(failed.into_store("read")),
        }
    }

    pub(crate) async fn set_metadata(&self, stream: &str, metadata: &StreamMetadata) -> Result<(), StoreError> {
        let options = AppendToStreamOptions::default().deadline(CALL);
        let options = &options;
        let job = move |client: Client| -> Calling<'_, _> {
            Box::pin(async move { client.set_stream_metadata(stream, options, metadata).await })
        };
        self.call("drop telemetry", APPEND_PATIENCE, job)
            .await
            .map_err(|failed| failed.into_store("drop telemetry"))?;
        Ok(())
    }
}

type Calling<'a, T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send + 'a>>;

enum Failed {
    /// The server has answered, and asking again changes nothing.
    Answer(Error),
    Store(StoreError),
}

impl Failed {
    fn into_store(self, attempted: &'static str) -> StoreError {
        match self {
            Failed::Answer(error) => StoreError::new(attempted, error.to_string()),
            Failed::Store(error) => error,
        }
    }
}

fn is_answer(error: &Error) -> bool {
    match error {
        Error::Grpc { code, .. } => !may_be_over(*code as i32),
        Error::WrongExpectedVersion { .. }
        | Error::AccessDenied
        | Error::ResourceNotFound
        | Error::ResourceDeleted
        | Error::UnsupportedFeature => true,
        _ => false,
    }
}

/// Cancelled, exhausted, aborted: whatever it was may have happened, and may happen when it is asked for again.
const fn may_be_over(code: i32) -> bool {
    matches!(code, 1 | 8 | 10)
}

const fn is_invalid(code: i32) -> bool {
    matches!(code, 3 | 11)
}

/// Up to the event that reaches so many bytes.
async fn collect(mut events: ReadStream, most: usize) -> Result<Vec<RecordedEvent>, Error> {
    let (mut collected, mut bytes) = (vec![], 0);
    while let Some(ResolvedEvent { event: Some(event), .. }) = timeout(CALL, events.next()).await.map_err(late)?? {
        bytes += event.data.len();
        collected.push(event);
        if bytes >= most {
            break;
        }
    }
    Ok(collected)
}

fn late(_: tokio::time::error::Elapsed) -> Error {
    Error::DeadlineExceeded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_names_such_a_server_is_known_by_its_scheme() {
        for url in ["esdb://h:2113?tls=false", "kurrentdb://a:1,b:2", "esdb+discover://cluster"] {
            assert!(is_kurrent(url), "{url}");
        }
        for url in ["postgres://h/distr", "esdb", "http://h:2113", ""] {
            assert!(!is_kurrent(url), "{url}");
        }
    }
}
