//! Points in time as they are told: `2027-12-31T12:00:00Z`.

use chrono::{DateTime, SecondsFormat, Utc};

/// To the second, for sentences.
pub fn shown(at: &DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_told_to_the_second() {
        let at: DateTime<Utc> = "2027-12-31T13:00:00.123456789+01:00".parse().unwrap();
        assert_eq!(shown(&at), "2027-12-31T12:00:00Z");
    }
}
