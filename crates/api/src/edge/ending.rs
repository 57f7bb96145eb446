//! How a connection is ended from elsewhere, whatever is under way on it.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Context;

use futures_util::task::AtomicWaker;

/// Whether a connection ends with the next look at it, and how it is made to look.
#[derive(Default)]
pub(super) struct Ending {
    ended: AtomicBool,
    waker: AtomicWaker,
}

impl Ending {
    pub(super) fn end(&self) {
        self.ended.store(true, Ordering::Release);
        self.waker.wake();
    }

    /// An error if it was ended; if not, whoever looks is woken when it is.
    pub(super) fn look(&self, cx: &Context<'_>) -> io::Result<()> {
        self.waker.register(cx.waker());
        match self.ended.load(Ordering::Acquire) {
            true => Err(io::ErrorKind::ConnectionAborted.into()),
            false => Ok(()),
        }
    }
}
