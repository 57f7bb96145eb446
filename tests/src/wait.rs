//! Bounded waits for a level: the condition is looked at until it holds, however it came about.

use std::time::{Duration, Instant};

/// Looks until `look` finds something. What was seen last is in the failure.
pub async fn until<T>(what: &str, limit: Duration, mut look: impl AsyncFnMut() -> Result<T, String>) -> T {
    let begun = Instant::now();
    loop {
        match look().await {
            Ok(found) => return found,
            Err(seen) if begun.elapsed() > limit => panic!("{what} did not come about in {limit:?}; last seen: {seen}"),
            Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    }
}
