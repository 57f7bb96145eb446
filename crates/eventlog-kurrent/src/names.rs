//! Names of streams on the server, and which of them a reader asks for.

use distr_domain::decider::Category;
use distr_eventlog::{Selection, StreamName};
use eventstore::SubscriptionFilter;
use uuid::Uuid;

/// Streams of telemetry begin with it; no category of facts has this name.
pub(crate) const TELEMETRY: &str = "telemetry-";
/// What the log is called, and what it parted from.
pub(crate) const IDENTITY: &str = "distr_log";
/// Where readers begin to look for a moment or an id.
pub(crate) const MARKS: &str = "distr_marks";
/// What telemetry is gone.
pub(crate) const RETENTION: &str = "distr_retention";

/// The stream of a process's telemetry, in which nobody else writes.
pub(crate) fn telemetry(process: Uuid) -> String {
    format!("{TELEMETRY}{process}")
}

pub(crate) enum Kind {
    Facts(StreamName),
    Telemetry,
    Retention,
    /// of the server, or of others
    Foreign,
}

pub(crate) fn kind(stream: &str) -> Kind {
    match stream.parse() {
        Ok(name) => Kind::Facts(name),
        Err(_) if stream.starts_with(TELEMETRY) => Kind::Telemetry,
        Err(_) if stream == RETENTION => Kind::Retention,
        Err(_) => Kind::Foreign,
    }
}

/// Of the streams that are selected.
pub(crate) fn filter(selection: Selection) -> SubscriptionFilter {
    let mut filter = SubscriptionFilter::on_stream_name();
    if selection.facts() {
        for category in Category::ALL {
            filter = filter.add_prefix(format!("{}-", category.as_str()));
        }
    }
    if selection.telemetry() {
        filter = filter.add_prefix(TELEMETRY);
    }
    filter
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_category_is_named_like_a_stream_of_the_logs_own() {
        for name in Category::ALL.map(Category::as_str) {
            assert!(!name.contains('-'), "{name}: the server cuts at the first hyphen");
            assert!(![TELEMETRY, IDENTITY, MARKS, RETENTION].iter().any(|own| own.starts_with(&format!("{name}-"))));
            assert_ne!(format!("{name}-"), TELEMETRY);
        }
    }
}
