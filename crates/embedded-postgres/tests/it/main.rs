//! The harness against the machine's real Postgres, in the hands of owners that behave and owners that are killed.

mod access;
mod broken;
mod killed;
mod lifecycle;
mod place;
mod support;
