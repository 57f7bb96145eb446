//! Work that is taken from whoever asks for it, and may rest on what somebody else chose: a panic of it is its own failure, and not
//! the end of all that is done beside and after it.

use std::any::Any;
use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;

/// Work that panicked; the panic's own lines stand in the program's log.
#[derive(Debug, thiserror::Error)]
#[error("a fault in the program: {0}")]
pub struct Panicked(String);

impl Panicked {
    pub fn of(panic: &(dyn Any + Send)) -> Self {
        let text = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
        Self(text.unwrap_or("it panicked").to_owned())
    }
}

/// The outcome of the work, or that it panicked. What it shares with others is theirs to look at: locks are poisoned, and
/// transactions roll back.
pub async fn caught<F: Future>(work: F) -> Result<F::Output, Panicked> {
    AssertUnwindSafe(work).catch_unwind().await.map_err(|panic| Panicked::of(&*panic))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_is_an_error_with_its_words() {
        assert_eq!(caught(async { 1 }).await.unwrap(), 1);
        let panicked = caught(async { panic!("the number is {}", 7) }).await.unwrap_err();
        assert_eq!(panicked.to_string(), "a fault in the program: the number is 7");
    }
}
