//! Texts that are parsed once, at the edge: versions and their ranges, patterns, names, cursors.

use std::fmt::{Debug, Display};
use std::str::FromStr;

use chrono::Datelike;
use distr_domain::decider::Category;
use distr_domain::names::{RepositoryPath, Slug};
use distr_domain::pattern::Pattern;
use distr_domain::version::{Version, VersionRange, VersionRanges};

use crate::actor::Actor;
use crate::cursor::Cursor;
use crate::moment;
use crate::position::Position;
use crate::stream::StreamName;
use crate::traceparent::Caller;

/// Lines: a range and a pattern on the first two, then versions.
pub fn versions(bytes: &[u8]) {
    let Some(text) = crate::text(bytes) else { return };
    let mut lines = text.split('\n');
    let range = lines.next();
    let _ = range.and_then(same::<VersionRanges>);
    let range = range.and_then(same::<VersionRange>);
    let pattern = lines.next().and_then(same::<Pattern>);
    let versions: Vec<Version> = lines.take(6).filter_map(same).collect();
    for (one, other) in versions.iter().flat_map(|one| versions.iter().map(move |other| (one, other))) {
        assert_eq!(one.cmp(other), one.sort_key().cmp(&other.sort_key()), "{one} {other}");
        let exactly: VersionRange = one.to_string().parse().expect("a version is a range");
        assert_eq!(exactly.contains(other), one == other, "{one} {other}");
    }
    for version in &versions {
        let version_text = version.to_string();
        let _ = range.as_ref().map(|range| range.contains(version));
        if let Some(pattern) = &pattern {
            assert_eq!(pattern.matches(&version_text), slowly(pattern.as_str().as_bytes(), version_text.as_bytes()));
        }
    }
}

/// The definition of a match: a table of which beginnings match which.
fn slowly(pattern: &[u8], name: &[u8]) -> bool {
    let mut row = vec![false; name.len() + 1];
    row[0] = true;
    for wanted in pattern {
        let mut next = vec![false; name.len() + 1];
        for at in 0..=name.len() {
            next[at] = match wanted {
                b'*' => row[at] || (at > 0 && next[at - 1]),
                exactly => at > 0 && row[at - 1] && name[at - 1] == *exactly,
            };
        }
        row = next;
    }
    row[name.len()]
}

pub fn names(bytes: &[u8]) {
    let Some(text) = crate::text(bytes) else { return };
    same::<Slug>(text);
    same::<RepositoryPath>(text);
    same::<Position>(text);
    same::<StreamName>(text);
    same::<Actor>(text);
    let _ = Category::parse(text);
    if let Ok(cursor) = Cursor::decode(text) {
        assert_eq!(Cursor::decode(&cursor.encode()), Ok(cursor));
    }
    if let Some(caller) = Caller::parse(text) {
        assert!(caller.trace != [0; 16] && caller.span != [0; 8]);
    }
    for time in [moment::begin(text), moment::end(text)].into_iter().flatten() {
        // RFC 3339 has no others
        if (0..=9_999).contains(&time.year()) {
            assert_eq!(moment::begin(&moment::text(time)), Ok(time));
        }
    }
}

/// Parsed, printed and parsed again.
fn same<T: FromStr<Err: Debug> + Display + PartialEq + Debug>(text: &str) -> Option<T> {
    let value = text.parse::<T>().ok()?;
    assert_eq!(value.to_string().parse::<T>().expect("what was printed can be read"), value, "{text:?}");
    Some(value)
}
