//! Connections to the log's database, each named after its purpose.

use std::time::Duration;

use deadpool_postgres::Pool;
use distr_postgres::{Address, TlsStream, Watched};
use tokio::runtime::Handle;
use tokio_postgres::{Client, Config, Connection, Error};

/// Settings that every statement here relies on: all go by an index (a plan that was made while the tables were empty must
/// not stay a scan), a commit is durable when it returns, and nobody holds the head row's lock for ever.
const SETTINGS: &str = "-c jit=off -c enable_seqscan=off -c synchronous_commit=on \
                        -c idle_in_transaction_session_timeout=10s";

/// All are short.
const STATEMENT: Duration = Duration::from_secs(30);

/// Makes connections whose tasks run where the log was opened, whoever asks: the caller's runtime may end before them.
#[derive(Debug, Clone)]
pub(super) struct Connector {
    address: Address,
    runtime: Handle,
}

impl Connector {
    /// Within a runtime.
    pub(super) fn new(address: Address) -> Self {
        let address = address.with(|config| {
            let options = config.get_options().map_or(SETTINGS.to_owned(), |given| format!("{given} {SETTINGS}"));
            config.options(options);
        });
        Self { address, runtime: Handle::current() }
    }

    pub(super) async fn connect(&self, purpose: &str) -> Result<Client, Error> {
        let (client, connection) = self.open(purpose).await?;
        self.drive(connection);
        Ok(client)
    }

    /// For what may take hours.
    pub(super) async fn connect_for_job(&self, purpose: &str) -> Result<Client, Error> {
        let (client, connection) = self.address.with(named(purpose)).open().await?;
        self.drive(connection);
        Ok(client)
    }

    /// The caller drives the connection, and so sees its messages.
    pub(super) async fn open(&self, purpose: &str) -> Result<(Client, Connection<Watched, TlsStream>), Error> {
        self.address.with(named(purpose)).limited(STATEMENT).open().await
    }

    pub(super) fn pool(&self, purpose: &str, size: usize) -> Pool {
        self.address.with(named(purpose)).limited(STATEMENT).pool_on(size, self.runtime.clone())
    }

    fn drive(&self, connection: Connection<Watched, TlsStream>) {
        self.runtime.spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection of the event log ended");
            }
        });
    }
}

fn named(purpose: &str) -> impl FnOnce(&mut Config) {
    let name = format!("distr-eventlog {purpose}");
    |config| {
        config.application_name(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_commit_is_durable_whatever_the_server_is_set_to() {
        let server = distr_embedded_postgres::start_temporary().await.unwrap();
        let mut config: Config = server.url("postgres").parse().unwrap();
        config.options("-c synchronous_commit=off -c work_mem=1234kB");
        let client = Connector::new(config.into()).connect("test").await.unwrap();
        for (setting, value) in [("synchronous_commit", "on"), ("work_mem", "1234kB"), ("jit", "off")] {
            let row = client.query_one(&format!("SHOW {setting}"), &[]).await.unwrap();
            assert_eq!(row.get::<_, &str>(0), value, "{setting}");
        }
        server.stop().await.unwrap();
    }
}
