//! The body of an answer, as its reader takes it: in small pieces, so that it holds little, and so that each tells that the
//! reader is there. What the request was counted for counts until the body ends. A reader who takes nothing for too long
//! loses the connection: a single answer cannot be ended while it waits for its reader.

use std::cell::Cell;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use actix_web::body::{BodySize, MessageBody};
use actix_web::http::StatusCode;
use actix_web::rt;
use actix_web::web::Bytes;
use pin_project_lite::pin_project;
use tokio::time::{Instant, sleep_until};
use tokio_util::task::AbortOnDropHandle;

use super::ending::Ending;

/// What is given at once.
const PIECE: usize = 64 * 1024;
/// For a piece to be taken. A slow reader takes many at once, into the memory of both systems, and then none for a while.
const TAKE: Duration = Duration::from_secs(120);

pin_project! {
    /// `held` is dropped with it.
    pub(crate) struct Answer<B, H> {
        #[pin]
        body: B,
        rest: Bytes,
        reader: Option<Reader>,
        held: H,
    }
}

impl<B: MessageBody, H> Answer<B, H> {
    /// Its reader is watched, unless the answer is short, or a socket, which watches by itself.
    pub(super) fn new(status: StatusCode, body: B, held: H, ending: Option<&Arc<Ending>>) -> Self {
        let is_long = match body.size() {
            BodySize::None => false,
            BodySize::Sized(size) => size > PIECE as u64,
            BodySize::Stream => status != StatusCode::SWITCHING_PROTOCOLS,
        };
        let reader = ending.filter(|_| is_long).map(Reader::watch);
        Self { body, rest: Bytes::new(), reader, held }
    }
}

impl<B: MessageBody, H> MessageBody for Answer<B, H> {
    type Error = B::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        let this = self.project();
        if let Some(reader) = this.reader {
            reader.given.set(None);
        }
        if this.rest.is_empty() {
            match ready!(this.body.poll_next(cx)) {
                Some(Ok(bytes)) => *this.rest = bytes,
                end => return Poll::Ready(end),
            }
        }
        if let Some(reader) = this.reader {
            reader.given.set(Some(Instant::now()));
        }
        Poll::Ready(Some(Ok(this.rest.split_to(PIECE.min(this.rest.len())))))
    }

    fn try_into_bytes(self) -> Result<Bytes, Self> {
        let Self { body, rest, reader, held } = self;
        body.try_into_bytes().map_err(|body| Self { body, rest, reader, held })
    }
}

/// Who takes the pieces.
struct Reader {
    /// when the piece was given that is not taken yet
    given: Rc<Cell<Option<Instant>>>,
    _watch: AbortOnDropHandle<()>,
}

impl Reader {
    fn watch(ending: &Arc<Ending>) -> Self {
        let (given, ending): (Rc<Cell<Option<Instant>>>, _) = (Rc::default(), ending.clone());
        let watched = given.clone();
        let watch = rt::spawn(async move {
            while watched.get().is_none_or(|given| given.elapsed() < TAKE) {
                sleep_until(watched.get().unwrap_or_else(Instant::now) + TAKE).await;
            }
            tracing::debug!("ends a connection whose reader takes nothing");
            ending.end();
        });
        Self { given, _watch: AbortOnDropHandle::new(watch) }
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use super::*;

    async fn next(body: &mut Pin<Box<Answer<Bytes, ()>>>) -> Option<usize> {
        let piece = poll_fn(|cx| body.as_mut().poll_next(cx)).await;
        piece.map(|bytes| bytes.expect("bytes do not fail").len())
    }

    async fn is_ended(ending: &Ending) -> bool {
        poll_fn(|cx| Poll::Ready(ending.look(cx).is_err())).await
    }

    async fn in_a_worker(test: impl Future) {
        tokio::task::LocalSet::new().run_until(test).await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_reader_who_takes_something_now_and_then_stays_and_one_who_takes_nothing_does_not() {
        in_a_worker(async {
            let ending = Arc::default();
            let bytes = Bytes::from(vec![0; 5 * PIECE]);
            let mut body = Box::pin(Answer::new(StatusCode::OK, bytes, (), Some(&ending)));
            for _ in 0..4 {
                assert_eq!(next(&mut body).await, Some(PIECE));
                tokio::time::sleep(TAKE - Duration::from_secs(1)).await;
            }
            assert!(!is_ended(&ending).await, "a slow one");
            assert_eq!(next(&mut body).await, Some(PIECE));
            tokio::time::sleep(2 * TAKE).await;
            assert!(is_ended(&ending).await);
        })
        .await;
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_is_not_there_yet_or_was_read_ends_nothing() {
        in_a_worker(async {
            let ending = Arc::default();
            let bytes = Bytes::from(vec![0; PIECE + 1]);
            let mut body = Box::pin(Answer::new(StatusCode::OK, bytes, (), Some(&ending)));
            tokio::time::sleep(3 * TAKE).await;
            assert_eq!(
                (next(&mut body).await, next(&mut body).await, next(&mut body).await),
                (Some(PIECE), Some(1), None)
            );
            tokio::time::sleep(3 * TAKE).await;
            drop(body);
            tokio::time::sleep(3 * TAKE).await;
            assert!(!is_ended(&ending).await);
        })
        .await;
    }
}
