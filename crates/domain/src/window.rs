//! Windows: when somebody lets targets be changed. They are weekly, in local time, and last for elapsed minutes; dated
//! blackouts win over them.

mod span;
#[cfg(test)]
mod tests;
mod zone;

use std::collections::BTreeSet;
use std::{fmt, str::FromStr};

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::names::{InvalidName, text_type};
use span::{intersected, merged, without};

pub use span::Span;
pub use zone::{Zone, database};

/// The most windows, and the most blackouts, of one owner.
pub const MAX_WINDOWS: usize = 50;
/// The longest window: a week.
pub const MAX_MINUTES: u32 = 7 * 24 * 60;

/// The windows and blackouts of one owner. Without windows the time is open but for the blackouts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Windows {
    pub zone: Zone,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allow: Vec<Window>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub blackouts: Vec<Blackout>,
}

/// A weekly window. A start that the clocks skip is the first instant after the gap; one that they repeat is the first of both.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// the days on which it starts
    pub days: BTreeSet<Day>,
    /// local time of the start
    pub start: TimeOfDay,
    /// its length in elapsed minutes, 1 to 10 080
    pub minutes: u32,
}

/// Days on which nothing is changed: from the first midnight of `from` to the last of `to`, in local time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Blackout {
    pub from: NaiveDate,
    /// the last day
    pub to: NaiveDate,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Day {
    Mon,
    Tue,
    Wed,
    Thu,
    Fri,
    Sat,
    Sun,
}

/// A time of day to the minute, `00:00` to `23:59`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TimeOfDay {
    hour: u8,
    minute: u8,
}

/// Windows that cannot be kept; the sentence says what would.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidWindows {
    #[error("there would be {count} {what}; at most {MAX_WINDOWS} are kept")]
    TooMany { what: &'static str, count: usize },
    #[error("a window of {minutes} minutes is not valid: use 1 to {MAX_MINUTES}")]
    Length { minutes: u32 },
    #[error("the window at {start} is on no day: name at least one of mon, tue, wed, thu, fri, sat, sun")]
    NoDay { start: TimeOfDay },
    #[error("the blackout from {from} would end before it begins, on {to}")]
    EmptyBlackout { from: NaiveDate, to: NaiveDate },
}

/// Whether changes are allowed at an instant, by all owners at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opening {
    /// Allowed, until then; without an instant for a week at least.
    Open { until: Option<DateTime<Utc>> },
    /// Not allowed; again from then on. Without an instant not within the next 400 days.
    Closed { opens: Option<DateTime<Utc>> },
}

impl Windows {
    pub fn check(&self) -> Result<(), InvalidWindows> {
        for (what, count) in [("windows", self.allow.len()), ("blackouts", self.blackouts.len())] {
            if count > MAX_WINDOWS {
                return Err(InvalidWindows::TooMany { what, count });
            }
        }
        for Window { days, start, minutes } in &self.allow {
            if !(1..=MAX_MINUTES).contains(minutes) {
                return Err(InvalidWindows::Length { minutes: *minutes });
            }
            if days.is_empty() {
                return Err(InvalidWindows::NoDay { start: *start });
            }
        }
        match self.blackouts.iter().find(|blackout| blackout.to < blackout.from) {
            Some(Blackout { from, to }) => Err(InvalidWindows::EmptyBlackout { from: *from, to: *to }),
            None => Ok(()),
        }
    }

    /// The open times between two instants, in order and apart from each other.
    pub fn spans(&self, within: Span) -> Vec<Span> {
        let open = match self.allow.is_empty() {
            true => vec![within],
            false => merged(self.allow.iter().flat_map(|window| self.starts(window, within)).collect()),
        };
        let closed = self.blackouts.iter().map(|blackout| Span {
            from: self.zone.instant(blackout.from, 0, 0),
            to: self.zone.instant(blackout.to.checked_add_days(Days::new(1)).unwrap_or(blackout.to), 0, 0),
        });
        without(intersected(&open, &[within]), &merged(closed.collect()))
    }

    /// Each time that the window opens so that it may be open between the two instants.
    fn starts(&self, window: &Window, within: Span) -> impl Iterator<Item = Span> {
        let length = TimeDelta::minutes(window.minutes.into());
        let day = TimeDelta::days(1);
        // a local date is at most a day away from the date in UTC, and one may be left out where the date line moved
        let (first, last) = ((within.from - length - day * 2).date_naive(), (within.to + day * 2).date_naive());
        let days = first.iter_days().take_while(move |date| *date <= last);
        days.filter(|date| window.days.contains(&Day::of(*date))).map(move |date| {
            let from = self.zone.instant(date, window.start.hour, window.start.minute);
            Span { from, to: from + length }
        })
    }
}

/// The times between two instants at which all owners allow changes.
pub fn open_spans(owners: &[&Windows], within: Span) -> Vec<Span> {
    owners.iter().fold(vec![within], |open, windows| intersected(&open, &windows.spans(within)))
}

/// Whether all owners allow changes now, and until or from when.
pub fn opening(owners: &[&Windows], now: DateTime<Utc>) -> Opening {
    if owners.is_empty() {
        return Opening::Open { until: None };
    }
    // most windows open and close within a day or a week; a blackout may last for longer
    for days in [1, 8, 400] {
        let within = Span { from: now, to: now + TimeDelta::days(days) };
        match open_spans(owners, within).first() {
            Some(first) if first.from > now => return Opening::Closed { opens: Some(first.from) },
            Some(first) if first.to < within.to => return Opening::Open { until: Some(first.to) },
            Some(_) if days > 7 => return Opening::Open { until: None },
            _ => {}
        }
    }
    Opening::Closed { opens: None }
}

/// For how long the time was open to all owners between two instants.
pub fn open_time(owners: &[&Windows], within: Span) -> TimeDelta {
    if within.to <= within.from {
        return TimeDelta::zero();
    }
    open_spans(owners, within).iter().map(|span| span.to - span.from).sum()
}

impl Day {
    fn of(date: NaiveDate) -> Self {
        use chrono::{Datelike, Weekday};
        match date.weekday() {
            Weekday::Mon => Self::Mon,
            Weekday::Tue => Self::Tue,
            Weekday::Wed => Self::Wed,
            Weekday::Thu => Self::Thu,
            Weekday::Fri => Self::Fri,
            Weekday::Sat => Self::Sat,
            Weekday::Sun => Self::Sun,
        }
    }
}

impl FromStr for TimeOfDay {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, InvalidName> {
        let digits = |part: &str| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
        let parts = text.split_once(':').filter(|(hour, minute)| digits(hour) && digits(minute));
        let parsed = parts.and_then(|(hour, minute)| Some((hour.parse().ok()?, minute.parse().ok()?)));
        match parsed {
            Some((hour, minute)) if hour < 24 && minute < 60 => Ok(Self { hour, minute }),
            _ => Err(InvalidName::new("time of day", text, "use HH:MM, from 00:00 to 23:59")),
        }
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.hour, self.minute)
    }
}

impl From<TimeOfDay> for String {
    fn from(time: TimeOfDay) -> Self {
        time.to_string()
    }
}

impl TryFrom<String> for TimeOfDay {
    type Error = InvalidName;
    fn try_from(text: String) -> Result<Self, InvalidName> {
        text.parse()
    }
}

text_type! { Zone }
