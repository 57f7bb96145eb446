//! Points in time, as they are told (`2027-12-31T12:00:00Z`) and reckoned with, whoever chose them.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};

/// To the second, for sentences.
pub fn shown(at: &DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// So much later; the last instant there is, if there is none so late.
pub fn later(at: DateTime<Utc>, by: TimeDelta) -> DateTime<Utc> {
    at.checked_add_signed(by).unwrap_or(DateTime::<Utc>::MAX_UTC)
}

/// So much earlier; the first instant there is, if there is none so early.
pub fn earlier(at: DateTime<Utc>, by: TimeDelta) -> DateTime<Utc> {
    at.checked_sub_signed(by).unwrap_or(DateTime::<Utc>::MIN_UTC)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_instant_is_too_far_away() {
        let day = TimeDelta::days(1);
        assert_eq!(later(DateTime::UNIX_EPOCH, day).timestamp(), 86_400);
        assert_eq!(earlier(DateTime::UNIX_EPOCH, day).timestamp(), -86_400);
        assert_eq!(later(DateTime::<Utc>::MAX_UTC, day), DateTime::<Utc>::MAX_UTC);
        assert_eq!(earlier(DateTime::<Utc>::MIN_UTC, day), DateTime::<Utc>::MIN_UTC);
        assert_eq!(later(DateTime::UNIX_EPOCH, TimeDelta::hours(u32::MAX.into())), DateTime::<Utc>::MAX_UTC);
    }

    #[test]
    fn a_time_is_told_to_the_second() {
        let at: DateTime<Utc> = "2027-12-31T13:00:00.123456789+01:00".parse().unwrap();
        assert_eq!(shown(&at), "2027-12-31T12:00:00Z");
    }
}
