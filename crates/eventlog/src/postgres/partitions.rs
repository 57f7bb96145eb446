//! Makes the days of telemetry ahead of need: on a connection of its own, which waits for no lock. A day that could not be made
//! in time costs nothing but a drop of a table later: the default partition takes what has no day of its own.

use std::{collections::HashSet, time::Duration};

use chrono::{Days, NaiveDate};
use tokio::{
    sync::watch,
    time::{sleep, timeout},
};
use tokio_postgres::{Client, Error};

use super::{connector::Connector, statements};

/// Longer than any backup holds its locks.
const AHEAD: u64 = 7;

const LOOK_EVERY: Duration = Duration::from_secs(60 * 60);
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// For one look through the default partition, which it locks.
const LIMIT: &str = "SET statement_timeout = '2s'";

#[derive(Debug)]
pub(super) struct Partitions {
    connector: Connector,
    /// The newest day that this process has written telemetry of; its clock need not be the database's.
    written: watch::Receiver<Option<NaiveDate>>,
    /// Days that have their partition, or are known not to get one.
    done: HashSet<NaiveDate>,
}

impl Partitions {
    pub(super) fn new(connector: Connector, written: watch::Receiver<Option<NaiveDate>>) -> Self {
        Self { connector, written, done: HashSet::new() }
    }

    /// Until the task is aborted.
    pub(super) async fn run(mut self) {
        let mut pause = FIRST_PAUSE;
        loop {
            let rest = match self.make_ahead().await {
                Ok(()) => {
                    pause = FIRST_PAUSE;
                    LOOK_EVERY
                }
                Err(error) => {
                    let cause = error.as_db_error().map(ToString::to_string);
                    tracing::info!(%error, cause, "days of telemetry are not made yet, trying again");
                    pause = (pause * 2).min(LONGEST_PAUSE);
                    pause
                }
            };
            if let Ok(Err(_no_appender)) = timeout(rest, self.written.changed()).await {
                sleep(rest).await;
            }
        }
    }

    /// Today, the newest day that was written, and the week after each.
    pub(super) async fn make_ahead(&mut self) -> Result<(), Error> {
        let client = self.connector.connect("partitions").await?;
        client.batch_execute(LIMIT).await?;
        let today: NaiveDate = client.query_one(statements::TODAY, &[]).await?.try_get(0)?;
        let written = *self.written.borrow_and_update();
        let wanted = [Some(today), written].into_iter().flatten().flat_map(week);
        for day in wanted.collect::<Vec<_>>() {
            if !self.done.contains(&day) {
                make(&client, day).await?;
                self.done.insert(day);
            }
        }
        Ok(())
    }
}

fn week(from: NaiveDate) -> impl Iterator<Item = NaiveDate> {
    (0..=AHEAD).filter_map(move |days| from.checked_add_days(Days::new(days)))
}

async fn make(client: &Client, day: NaiveDate) -> Result<(), Error> {
    let outcome: String = client.query_one(statements::MAKE_TELEMETRY_DAY, &[&day]).await?.try_get(0)?;
    match outcome.as_str() {
        "default" => tracing::warn!(%day, "telemetry of the day stays in the default partition"),
        outcome => tracing::debug!(%day, outcome, "telemetry of the day has its partition"),
    }
    Ok(())
}
