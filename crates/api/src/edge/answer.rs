//! The body of an answer, as its reader takes it: in small pieces, so that it holds little, and so that each tells that the
//! reader is there. What the request was counted for counts until the body ends. A reader who takes nothing for too long
//! loses the connection: a single answer cannot be ended while it waits for its reader. What was made and is not taken yet is
//! in memory; while that is much, the hub is in a hurry with all readers of such answers.

use std::cell::Cell;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use actix_web::body::{BodySize, MessageBody};
use actix_web::http::StatusCode;
use actix_web::rt;
use actix_web::web::Bytes;
use metrics::gauge;
use pin_project_lite::pin_project;
use tokio::time::{Instant, sleep};
use tokio_util::task::AbortOnDropHandle;

use super::ending::Ending;

/// What is given at once.
const PIECE: usize = 64 * 1024;
/// For a piece to be taken. A slow reader takes many at once, into the memory of both systems, and then none for a while.
const TAKE: Duration = Duration::from_secs(120);
/// For the whole of an answer that is in memory, while much is.
const HURRY: Duration = Duration::from_secs(15);
const MUCH: usize = 256 * 1024 * 1024;

/// Bytes of all answers that were made and are not taken yet.
#[derive(Default)]
pub struct Unread(AtomicUsize);

impl Unread {
    pub fn record(&self) {
        gauge!("distr_answers_unread_bytes").set(self.0.load(Ordering::Relaxed) as f64);
    }

    fn is_much(&self) -> bool {
        self.0.load(Ordering::Relaxed) > MUCH
    }
}

/// Those of one answer.
#[derive(Default)]
struct InMemory {
    bytes: Bytes,
    unread: Arc<Unread>,
}

impl InMemory {
    fn put(&mut self, bytes: Bytes) {
        self.unread.0.fetch_add(bytes.len(), Ordering::Relaxed);
        self.bytes = bytes;
    }

    fn take(&mut self) -> Bytes {
        let piece = self.bytes.split_to(PIECE.min(self.bytes.len()));
        self.unread.0.fetch_sub(piece.len(), Ordering::Relaxed);
        piece
    }
}

impl Drop for InMemory {
    fn drop(&mut self) {
        self.unread.0.fetch_sub(self.bytes.len(), Ordering::Relaxed);
    }
}

pin_project! {
    /// `held` is dropped with it.
    pub(crate) struct Answer<B, H> {
        #[pin]
        body: B,
        rest: InMemory,
        reader: Option<Reader>,
        held: H,
    }
}

impl<B: MessageBody, H> Answer<B, H> {
    /// Its reader is watched, unless the answer is short, or a socket, which watches by itself.
    pub(super) fn new(
        status: StatusCode,
        body: B,
        held: H,
        (ending, unread): (Option<&Arc<Ending>>, &Arc<Unread>),
    ) -> Self {
        let is_long = match body.size() {
            BodySize::None => false,
            BodySize::Sized(size) => size > PIECE as u64,
            BodySize::Stream => status != StatusCode::SWITCHING_PROTOCOLS,
        };
        let reader = ending.filter(|_| is_long).map(|ending| Reader::watch(ending, unread));
        Self { body, rest: InMemory { bytes: Bytes::new(), unread: unread.clone() }, reader, held }
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
        if this.rest.bytes.is_empty() {
            match ready!(this.body.poll_next(cx)) {
                Some(Ok(bytes)) => this.rest.put(bytes),
                end => return Poll::Ready(end),
            }
        }
        let piece = this.rest.take();
        if let Some(reader) = this.reader {
            reader.given.set(Some(Instant::now()));
            reader.is_waited_for.set(!this.rest.bytes.is_empty());
        }
        Poll::Ready(Some(Ok(piece)))
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
    /// whether more of the answer is in memory
    is_waited_for: Rc<Cell<bool>>,
    _watch: AbortOnDropHandle<()>,
}

impl Reader {
    fn watch(ending: &Arc<Ending>, unread: &Arc<Unread>) -> Self {
        let (given, is_waited_for): (Rc<Cell<Option<Instant>>>, Rc<Cell<bool>>) = Default::default();
        let (ending, unread, begun) = (ending.clone(), unread.clone(), Instant::now());
        let (watched, waited_for) = (given.clone(), is_waited_for.clone());
        let is_late = move || {
            watched.get().is_some_and(|given| given.elapsed() >= TAKE)
                || (waited_for.get() && unread.is_much() && begun.elapsed() >= HURRY)
        };
        let watch = rt::spawn(async move {
            while !is_late() {
                sleep(HURRY / 3).await;
            }
            tracing::debug!("ends a connection whose reader takes too little");
            ending.end();
        });
        Self { given, is_waited_for, _watch: AbortOnDropHandle::new(watch) }
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
            let mut body = Box::pin(Answer::new(StatusCode::OK, bytes, (), (Some(&ending), &Arc::default())));
            for _ in 0..4 {
                assert_eq!(next(&mut body).await, Some(PIECE));
                sleep(TAKE - Duration::from_secs(1)).await;
            }
            assert!(!is_ended(&ending).await, "a slow one");
            assert_eq!(next(&mut body).await, Some(PIECE));
            sleep(2 * TAKE).await;
            assert!(is_ended(&ending).await);
        })
        .await;
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_is_not_there_yet_or_was_read_ends_nothing() {
        in_a_worker(async {
            let ending = Arc::default();
            let bytes = Bytes::from(vec![0; PIECE + 1]);
            let mut body = Box::pin(Answer::new(StatusCode::OK, bytes, (), (Some(&ending), &Arc::default())));
            sleep(3 * TAKE).await;
            assert_eq!(
                (next(&mut body).await, next(&mut body).await, next(&mut body).await),
                (Some(PIECE), Some(1), None)
            );
            sleep(3 * TAKE).await;
            drop(body);
            sleep(3 * TAKE).await;
            assert!(!is_ended(&ending).await);
        })
        .await;
    }

    #[tokio::test(start_paused = true)]
    async fn while_much_is_in_memory_all_of_an_answer_is_taken_soon() {
        in_a_worker(async {
            let (quick, slow, short): (Arc<Ending>, Arc<Ending>, Arc<Ending>) = Default::default();
            let unread = Arc::<Unread>::default();
            let answer = |bytes: usize, ending| {
                Box::pin(Answer::new(StatusCode::OK, Bytes::from(vec![0; bytes]), (), (Some(ending), &unread)))
            };
            let (mut read, mut kept) = (answer(3 * PIECE, &quick), answer(MUCH + 2 * PIECE, &slow));
            // of what is made piece by piece, nothing is in memory
            let mut made = answer(PIECE + 1, &short);
            next(&mut made).await;
            next(&mut made).await;
            assert_eq!((next(&mut read).await, next(&mut kept).await), (Some(PIECE), Some(PIECE)));
            sleep(HURRY / 2).await;
            assert!(!is_ended(&slow).await);
            while next(&mut read).await.is_some() {}
            // a slow one, which takes something now and then
            assert_eq!(next(&mut kept).await, Some(PIECE));
            sleep(HURRY).await;
            assert_eq!((is_ended(&quick).await, is_ended(&slow).await, is_ended(&short).await), (false, true, false));
            drop((read, kept, made));
            assert_eq!(unread.0.load(Ordering::Relaxed), 0);
        })
        .await;
    }
}
