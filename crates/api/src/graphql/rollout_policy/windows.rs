//! When the targets of a rollout may start.

use async_graphql::{Enum, InputObject, SimpleObject};
use chrono::NaiveDate;
use distr_domain::window as domain;

use crate::failure::Failure;

/// Windows: when targets may start. Without a weekly window the time is open but for the blackouts.
#[derive(SimpleObject, InputObject)]
#[graphql(input_name = "RolloutWindowsInput")]
pub(in crate::graphql) struct RolloutWindows {
    /// The time zone, by its name in the IANA database: `Europe/Berlin`, `UTC`.
    zone: String,
    /// The weekly windows, at most 50.
    #[graphql(default)]
    allow: Vec<RolloutWindow>,
    /// The blackouts, which win over the windows; at most 50.
    #[graphql(default)]
    blackouts: Vec<RolloutBlackout>,
}

/// A weekly window.
#[derive(SimpleObject, InputObject)]
#[graphql(input_name = "RolloutWindowInput")]
pub(in crate::graphql) struct RolloutWindow {
    /// The days on which the window opens.
    days: Vec<Weekday>,
    /// The local time at which it opens, `00:00` to `23:59`. A time that the clocks skip is the first instant after the gap; one that
    /// they repeat is the first of both.
    start: String,
    /// The minutes for which it is open, 1 to 10080.
    minutes: u32,
}

/// A blackout: days on which nobody starts, in local time.
#[derive(SimpleObject, InputObject)]
#[graphql(input_name = "RolloutBlackoutInput")]
pub(in crate::graphql) struct RolloutBlackout {
    /// The first day.
    from: NaiveDate,
    /// The last day.
    to: NaiveDate,
}

/// A day of the week.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "domain::Day")]
pub enum Weekday {
    /// Monday.
    Mon,
    /// Tuesday.
    Tue,
    /// Wednesday.
    Wed,
    /// Thursday.
    Thu,
    /// Friday.
    Fri,
    /// Saturday.
    Sat,
    /// Sunday.
    Sun,
}

impl From<&domain::Windows> for RolloutWindows {
    fn from(windows: &domain::Windows) -> Self {
        let allow = windows.allow.iter().map(|window| RolloutWindow {
            days: window.days.iter().copied().map(Weekday::from).collect(),
            start: window.start.to_string(),
            minutes: window.minutes,
        });
        let blackouts = windows.blackouts.iter().map(|of| RolloutBlackout { from: of.from, to: of.to });
        Self { zone: windows.zone.to_string(), allow: allow.collect(), blackouts: blackouts.collect() }
    }
}

impl TryFrom<RolloutWindows> for domain::Windows {
    type Error = Failure;

    fn try_from(windows: RolloutWindows) -> Result<Self, Failure> {
        let allow = windows.allow.into_iter().map(|window| {
            Ok(domain::Window {
                days: window.days.into_iter().map(domain::Day::from).collect(),
                start: window.start.parse()?,
                minutes: window.minutes,
            })
        });
        let blackouts = windows.blackouts.into_iter().map(|of| domain::Blackout { from: of.from, to: of.to });
        Ok(Self {
            zone: windows.zone.parse()?,
            allow: allow.collect::<Result<_, Failure>>()?,
            blackouts: blackouts.collect(),
        })
    }
}
