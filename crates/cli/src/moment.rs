//! Points in time as people write them: an RFC 3339 time, or a date (UTC).

use chrono::{DateTime, Days, NaiveDate, NaiveTime, SecondsFormat, TimeDelta, Utc};

/// For a begin: a date means its first instant.
pub(crate) fn begin(text: &str) -> Result<DateTime<Utc>, String> {
    parse(text, |date| date)
}

/// For an end that is not included: a date means through the end of that day.
pub(crate) fn end(text: &str) -> Result<DateTime<Utc>, String> {
    parse(text, |date| date.checked_add_days(Days::new(1)).unwrap_or(date))
}

fn parse(text: &str, day: impl Fn(NaiveDate) -> NaiveDate) -> Result<DateTime<Utc>, String> {
    if let Ok(date) = text.parse::<NaiveDate>() {
        return Ok(day(date).and_time(NaiveTime::MIN).and_utc());
    }
    let time = DateTime::parse_from_rfc3339(text);
    time.map(|time| time.to_utc())
        .map_err(|_| format!("{text:?} is no date like 2027-12-31 or time like 2027-12-31T12:00:00Z"))
}

/// A day alone.
pub(crate) fn day(text: &str) -> Result<NaiveDate, String> {
    text.parse().map_err(|_| format!("{text:?} is no date like 2027-12-31"))
}

/// `2027-12-31T12:00:00Z`
pub(crate) fn text(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

/// `12 s ago`
pub(crate) fn ago(time: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let passed = (now - time).max(TimeDelta::zero());
    match passed.num_seconds() {
        seconds @ 0..120 => format!("{seconds} s ago"),
        seconds @ 120..7_200 => format!("{} min ago", seconds / 60),
        seconds @ 7_200..172_800 => format!("{} h ago", seconds / 3_600),
        seconds => format!("{} days ago", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_as_an_end_means_through_that_day() {
        assert_eq!(text(end("2027-12-31").unwrap()), "2028-01-01T00:00:00Z");
        assert_eq!(text(begin("2027-12-31").unwrap()), "2027-12-31T00:00:00Z");
    }

    #[test]
    fn a_time_is_taken_as_it_is_in_any_zone() {
        assert_eq!(text(end("2027-12-31T12:00:00+02:00").unwrap()), "2027-12-31T10:00:00Z");
    }

    #[test]
    fn anything_else_is_refused_with_an_example() {
        for bad in ["tomorrow", "2027-13-01", "31.12.2027", ""] {
            assert!(begin(bad).unwrap_err().contains("2027-12-31"), "{bad}");
        }
    }

    #[test]
    fn ages_are_in_the_unit_that_fits() {
        let now = begin("2027-12-31").unwrap();
        let of = |seconds| ago(now - TimeDelta::seconds(seconds), now);
        assert_eq!(
            [of(-5), of(12), of(180), of(7_200), of(200_000)],
            ["0 s ago", "12 s ago", "3 min ago", "2 h ago", "2 days ago"]
        );
    }
}
