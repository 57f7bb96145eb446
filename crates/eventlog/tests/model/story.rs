//! What may happen, in numbers small enough that things meet: a few streams, a few ids that come again.

use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;

pub(crate) const STREAMS: u8 = 4;
pub(crate) const PROCESSES: usize = 2;

/// Requests that are made at once, what happens to them, and who reads afterwards.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    pub(crate) requests: Vec<Request>,
    pub(crate) trouble: Trouble,
    pub(crate) reads: Vec<Read>,
}

#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) process: usize,
    pub(crate) what: What,
    /// the caller does not wait for the answer
    pub(crate) abandoned: bool,
}

#[derive(Debug, Clone)]
pub(crate) enum What {
    Append {
        stream: u8,
        expected: Expect,
        ids: Ids,
        events: usize,
    },
    /// An append of before, the very same: number so and so from the last.
    Again(usize),
    Telemetry(usize),
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Expect {
    /// where the stream stands, as far as the callers know
    Right,
    Behind(u64),
    Ahead(u64),
    NoStream,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Ids {
    New,
    /// the first is that of an event of before: number so and so from the last
    Known(usize),
    /// the same one twice
    Twice,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trouble {
    None,
    CutBefore,
    CutAfter,
    Crash { process: usize, after: Duration },
    Restart(usize),
}

/// One page of a reader, of which each has its own selection.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Read {
    pub(crate) reader: usize,
    pub(crate) limit: usize,
}

pub(crate) fn story() -> impl Strategy<Value = Vec<Step>> {
    vec(step(), 1..14)
}

fn step() -> impl Strategy<Value = Step> {
    // alone, a request must be answered exactly; together, they may get in each other's way
    let requests = prop_oneof![vec(request(), 1..2), vec(request(), 2..7)];
    let trouble = prop_oneof![
        5 => Just(Trouble::None),
        1 => Just(Trouble::CutBefore),
        2 => Just(Trouble::CutAfter),
        2 => (0..PROCESSES, 0..6_000_u64).prop_map(|(process, micros)| {
            Trouble::Crash { process, after: Duration::from_micros(micros) }
        }),
        1 => (0..PROCESSES).prop_map(Trouble::Restart),
    ];
    let read = (0..3_usize, 1..8_usize).prop_map(|(reader, limit)| Read { reader, limit });
    (requests, trouble, vec(read, 0..4)).prop_map(|(requests, trouble, reads)| Step { requests, trouble, reads })
}

fn request() -> impl Strategy<Value = Request> {
    let expected = prop_oneof![
        6 => Just(Expect::Right),
        1 => (1..3_u64).prop_map(Expect::Behind),
        1 => (1..3_u64).prop_map(Expect::Ahead),
        1 => Just(Expect::NoStream),
    ];
    let ids = prop_oneof![
        10 => Just(Ids::New),
        1 => (0..6_usize).prop_map(Ids::Known),
        1 => Just(Ids::Twice),
    ];
    let append = (0..STREAMS, expected, ids, 1..4_usize).prop_map(|(stream, expected, ids, events)| What::Append {
        stream,
        expected,
        ids,
        events,
    });
    let what = prop_oneof![
        6 => append,
        2 => (0..5_usize).prop_map(What::Again),
        3 => (1..20_usize).prop_map(What::Telemetry),
    ];
    let abandoned = prop::bool::weighted(0.1);
    (0..PROCESSES, what, abandoned).prop_map(|(process, what, abandoned)| Request { process, what, abandoned })
}
