//! Tells readers that something has come, here and in other processes. From a connection of its own, and not for every
//! batch: a NOTIFY makes commits wait for each other, and a flood of telemetry would have each reader read a page for each
//! batch. It carries hints only; the poll sees what a hint misses.

use std::{future::poll_fn, sync::Arc, time::Duration};

use distr_postgres::{TlsStream, Watched};
use tokio::{sync::watch, time::timeout};
use tokio_postgres::{AsyncMessage, Client, Connection, Error};

use super::{connector::Connector, statements};
use crate::Position;

const CHANNEL: &str = "eventlog_head";

/// Between two notifications.
const QUIET: Duration = Duration::from_millis(20);

/// How late a reader may be when a notification is lost.
const POLL_FLOOR: Duration = Duration::from_millis(250);

const RECONNECT: Duration = Duration::from_millis(500);

#[derive(Debug)]
pub(super) struct Bell {
    connector: Connector,
    /// The head as this process's appender leaves it: what others want to know.
    committed: watch::Receiver<Position>,
    /// The head as far as anybody has told: what readers here wait on.
    head: Arc<watch::Sender<Position>>,
}

/// Moves the head that readers wait on; never back.
pub(super) fn advance(head: &watch::Sender<Position>, to: Position) {
    head.send_if_modified(|head| {
        let ahead = to > *head;
        *head = to.max(*head);
        ahead
    });
}

impl Bell {
    pub(super) fn new(
        connector: Connector,
        committed: watch::Receiver<Position>,
        head: Arc<watch::Sender<Position>>,
    ) -> Self {
        Self { connector, committed, head }
    }

    /// Until the task is aborted.
    pub(super) async fn run(mut self) {
        loop {
            if let Err(error) = self.ring().await {
                tracing::warn!(%error, "the event log lost the connection that wakes its readers, connecting again");
            }
            tokio::time::sleep(RECONNECT).await;
        }
    }

    async fn ring(&mut self) -> Result<(), Error> {
        let (client, connection) = self.connector.open("bell").await?;
        // ends with the client
        tokio::spawn(listen(connection, Arc::clone(&self.head)));
        client.batch_execute(&format!("LISTEN {CHANNEL}")).await?;
        let announce = client.prepare(statements::ANNOUNCE).await?;
        loop {
            match timeout(POLL_FLOOR, self.committed.changed()).await {
                Ok(Ok(())) => {
                    let position = *self.committed.borrow_and_update();
                    advance(&self.head, position);
                    client.execute(&announce, &[&position.to_string()]).await?;
                    tokio::time::sleep(QUIET).await;
                }
                // no appender any more: only look
                Ok(Err(_)) => {
                    tokio::time::sleep(POLL_FLOOR).await;
                    self.poll(&client).await?;
                }
                Err(_) => self.poll(&client).await?,
            }
        }
    }

    async fn poll(&self, client: &Client) -> Result<(), Error> {
        let row = client.query_one(statements::HEAD, &[]).await?;
        let position: i64 = row.try_get(0)?;
        advance(&self.head, Position::of_number(position.unsigned_abs()));
        Ok(())
    }
}

async fn listen(mut connection: Connection<Watched, TlsStream>, head: Arc<watch::Sender<Position>>) {
    while let Some(Ok(message)) = poll_fn(|context| connection.poll_message(context)).await {
        if let AsyncMessage::Notification(notification) = message
            && let Ok(position) = notification.payload().parse()
        {
            advance(&head, position);
        }
    }
}
