//! The expected "no": an enum per decider, each case with a stable code that clients may match on.

/// A refusal of a command, with the facts it rests on. Its `Display` is a sentence without a full stop that names the
/// object; its code is `slice.case` and never changes.
pub trait Rejection: std::error::Error + Send + Sync + 'static {
    fn code(&self) -> &'static str;
}
