//! The moment that a command looks back to.

use clap::Args;

use crate::moment;

/// A moment of the past, for commands that can look back.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct AsOf {
    /// Show what was at this moment: a time such as 2026-11-01T12:00:00Z, a date for its first instant (UTC), or a position of the log
    #[arg(long = "as-of", value_name = "MOMENT", value_parser = past)]
    pub(crate) as_of: Option<String>,
}

/// As the hub takes it.
fn past(written: &str) -> Result<String, String> {
    match written.parse::<u64>() {
        Ok(position) => Ok(position.to_string()),
        Err(_) => {
            moment::begin(written).map(moment::text).map_err(|error| format!("{error}, and no position of the log"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_a_time_a_date_or_a_position() {
        for (written, sent) in [
            ("42", "42"),
            ("2027-12-31", "2027-12-31T00:00:00Z"),
            ("2027-12-31T12:00:00+02:00", "2027-12-31T10:00:00Z"),
        ] {
            assert_eq!(past(written).unwrap(), sent);
        }
        assert!(past("yesterday").unwrap_err().contains("position"));
    }
}
