//! A stream whose other end must not stay silent for too long once it was asked something. The kernel notices a machine that
//! is gone; it does not notice a server that is frozen, nor a proxy that takes bytes and passes none on.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep};

pub(crate) trait Stream: AsyncRead + AsyncWrite + Unpin + Send + Sync {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send + Sync> Stream for S {}

/// When a connection was last found to be silent: others that were open then are no better.
#[derive(Debug, Clone, Default)]
pub(crate) struct Silence(Arc<Mutex<Option<std::time::Instant>>>);

pub struct Watched {
    stream: Box<dyn Stream>,
    limit: Option<Duration>,
    silence: Silence,
    /// The first byte that went out since the last one came in.
    asked: Option<Instant>,
    /// Goes off at the limit of some question, perhaps of one that was answered: then it is set again.
    alarm: Pin<Box<Sleep>>,
}

impl Silence {
    fn note(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(std::time::Instant::now());
    }

    pub(crate) fn is_after(&self, created: std::time::Instant) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_some_and(|noted| noted > created)
    }
}

impl Watched {
    pub(crate) fn new(stream: impl Stream + 'static, limit: Option<Duration>, silence: Silence) -> Self {
        Self { stream: Box::new(stream), limit, silence, asked: None, alarm: Box::pin(sleep(Duration::ZERO)) }
    }

    /// Ready when the other end has been silent for too long.
    fn poll_silence(&mut self, context: &mut Context<'_>) -> Poll<io::Error> {
        let (Some(limit), Some(asked)) = (self.limit, self.asked) else { return Poll::Pending };
        loop {
            ready!(self.alarm.as_mut().poll(context));
            if asked.elapsed() >= limit {
                self.silence.note();
                let text = format!("the database has not said a word for {} s", limit.as_secs_f32());
                return Poll::Ready(io::Error::new(io::ErrorKind::TimedOut, text));
            }
            self.alarm.as_mut().reset(asked + limit);
        }
    }
}

impl AsyncRead for Watched {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match Pin::new(&mut self.stream).poll_read(context, buffer) {
            Poll::Pending => self.poll_silence(context).map(Err),
            read => {
                self.asked = None;
                read
            }
        }
    }
}

impl AsyncWrite for Watched {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        if written.is_ready() && self.asked.is_none() {
            self.asked = Some(Instant::now());
            // so that the alarm wakes this task; it cannot have gone off yet
            let _ = self.poll_silence(context);
        }
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;

    const LIMIT: Duration = Duration::from_millis(200);

    #[tokio::test]
    async fn a_question_without_an_answer_ends_the_stream_and_is_noted() {
        let (ours, mut theirs) = duplex(64);
        let (created, silence) = (std::time::Instant::now(), Silence::default());
        let mut stream = Watched::new(ours, Some(LIMIT), silence.clone());
        for _ in 0..3 {
            stream.write_all(b"question").await.unwrap();
            sleep(LIMIT / 2).await;
            theirs.write_all(b"answer").await.unwrap();
            stream.read_exact(&mut [0; 6]).await.unwrap();
        }
        assert!(!silence.is_after(created));
        stream.write_all(b"question").await.unwrap();
        let error = stream.read_u8().await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut, "{error}");
        assert!(silence.is_after(created) && !silence.is_after(std::time::Instant::now()));
    }

    #[tokio::test]
    async fn who_asks_nothing_waits_for_as_long_as_it_takes() {
        let (ours, mut theirs) = duplex(64);
        let mut stream = Watched::new(ours, Some(LIMIT), Silence::default());
        let notice = async {
            sleep(LIMIT * 3).await;
            theirs.write_all(b"!").await
        };
        let (read, notified) = tokio::join!(stream.read_u8(), notice);
        assert_eq!((read.unwrap(), notified.unwrap()), (b'!', ()));
    }
}
