//! How long a connection waits at most, for whatever it is. One set for every connection of the hub.

use std::time::Duration;

use tokio_postgres::Config;

/// For a connection to one place, until it takes statements.
pub(crate) const OPENING: Duration = Duration::from_secs(5);
/// For a free connection of a pool.
pub(crate) const POOL_WAIT: Duration = Duration::from_secs(5);
/// Longer than for one place: an address may name two.
pub(crate) const POOL_CREATE: Duration = Duration::from_secs(10);

/// A job is ended after this: a rebuild, a migration, a collection.
const JOB: Duration = Duration::from_secs(12 * 60 * 60);
/// From the server's own limit to the moment when its silence is taken for its end.
const GRACE: Duration = Duration::from_secs(5);

/// For what was sent and is not acknowledged, where the address does not say otherwise.
const UNACKNOWLEDGED: Duration = Duration::from_secs(15);
const KEEPALIVE_IDLE: Duration = Duration::from_secs(10);
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(5);
const KEEPALIVES: u32 = 3;

#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Told to the server, which then cancels the statement and says so.
    statement: Duration,
    /// How long a server may leave what was sent without a byte of an answer.
    pub(crate) silence: Option<Duration>,
}

impl Limits {
    pub(crate) fn of_statements(statement: Duration) -> Self {
        Self { statement, silence: Some(statement + GRACE) }
    }

    /// Their statements may be silent for hours; that the server's machine is gone is noticed all the same.
    pub(crate) fn of_jobs() -> Self {
        Self { statement: JOB, silence: None }
    }

    pub(crate) fn config(self, given: &Config) -> Config {
        let mut config = given.clone();
        let limit = format!("-c statement_timeout={}", self.statement.as_millis());
        let options = given.get_options().map_or(limit.clone(), |options| format!("{options} {limit}"));
        config.options(options);
        config.keepalives_idle(KEEPALIVE_IDLE).keepalives_interval(KEEPALIVE_INTERVAL).keepalives_retries(KEEPALIVES);
        config.tcp_user_timeout(given.get_tcp_user_timeout().copied().unwrap_or(UNACKNOWLEDGED));
        config
    }
}
