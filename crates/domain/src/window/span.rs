//! Times between two instants, and lists of them that are in order and apart from each other.

use chrono::{DateTime, Utc};

/// A time from an instant on, up to another, which is not in it any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    pub from: DateTime<Utc>,
    pub to: DateTime<Utc>,
}

impl Span {
    fn is_empty(&self) -> bool {
        self.to <= self.from
    }
}

/// In order, with those as one that touch.
pub(super) fn merged(mut spans: Vec<Span>) -> Vec<Span> {
    spans.retain(|span| !span.is_empty());
    spans.sort_by_key(|span| span.from);
    let mut merged: Vec<Span> = vec![];
    for span in spans {
        match merged.last_mut() {
            Some(last) if span.from <= last.to => last.to = last.to.max(span.to),
            _ => merged.push(span),
        }
    }
    merged
}

/// What is in both lists.
pub(super) fn intersected(one: &[Span], other: &[Span]) -> Vec<Span> {
    let (mut one, mut other) = (one.iter().peekable(), other.iter().peekable());
    let mut both = vec![];
    while let (Some(a), Some(b)) = (one.peek(), other.peek()) {
        let span = Span { from: a.from.max(b.from), to: a.to.min(b.to) };
        if !span.is_empty() {
            both.push(span);
        }
        if a.to <= b.to {
            one.next()
        } else {
            other.next()
        };
    }
    both
}

/// What is in the first list alone.
pub(super) fn without(spans: Vec<Span>, removed: &[Span]) -> Vec<Span> {
    removed.iter().fold(spans, |spans, gone| {
        let parts = spans.iter().flat_map(|span| {
            [Span { from: span.from, to: span.to.min(gone.from) }, Span { from: span.from.max(gone.to), to: span.to }]
        });
        parts.filter(|span| !span.is_empty()).collect()
    })
}
