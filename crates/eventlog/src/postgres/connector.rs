//! Connections to the log's database, each named after its purpose.

use std::time::Duration;

use distr_postgres::{Address, TlsStream};
use futures_util::future::{BoxFuture, FutureExt};
use tokio::{runtime::Handle, task::JoinHandle};
use tokio_postgres::{Client, Config, Connection, Error, Socket};

/// Settings that every statement here relies on: all are short and go by an index (a plan that was made while the
/// tables were empty must not stay a scan), a commit is durable when it returns, and nobody holds the head row's lock
/// or a connection for ever.
const SETTINGS: &str = "-c jit=off -c enable_seqscan=off -c synchronous_commit=on -c statement_timeout=30s \
                        -c idle_in_transaction_session_timeout=10s";

/// Makes connections whose tasks run where the log was opened, whoever asks: the caller's runtime may end before them.
#[derive(Debug, Clone)]
pub(super) struct Connector {
    address: Address,
    runtime: Handle,
}

impl Connector {
    /// Within a runtime.
    pub(super) fn new(address: Address) -> Self {
        let address = address.with(prepare);
        Self { address, runtime: Handle::current() }
    }

    /// The configuration for connections that serve this purpose.
    pub(super) fn config(&self, purpose: &str) -> Config {
        let mut config = self.address.config().clone();
        config.application_name(format!("distr-eventlog {purpose}"));
        config
    }

    pub(super) async fn connect(&self, purpose: &str) -> Result<Client, Error> {
        let (client, connection) = self.open(purpose).await?;
        drop(self.drive(connection));
        Ok(client)
    }

    /// The caller drives the connection, and so sees its messages.
    pub(super) async fn open(&self, purpose: &str) -> Result<(Client, Connection<Socket, TlsStream>), Error> {
        self.address.open_as(&self.config(purpose)).await
    }

    fn drive(&self, connection: Connection<Socket, TlsStream>) -> JoinHandle<()> {
        self.runtime.spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection of the event log ended");
            }
        })
    }
}

fn prepare(config: &mut Config) {
    let options = config.get_options().map_or(SETTINGS.to_owned(), |given| format!("{given} {SETTINGS}"));
    config.options(options);
    // a server that has gone silent is noticed within half a minute, whichever side waits
    config.connect_timeout(Duration::from_secs(10));
    config.keepalives_idle(Duration::from_secs(10)).keepalives_interval(Duration::from_secs(5)).keepalives_retries(3);
    config.tcp_user_timeout(Duration::from_secs(25));
}

impl deadpool_postgres::Connect for Connector {
    fn connect(&self, config: &Config) -> BoxFuture<'_, Result<(Client, JoinHandle<()>), Error>> {
        let config = config.clone();
        async move {
            let (client, connection) = self.address.open_as(&config).await?;
            Ok((client, self.drive(connection)))
        }
        .boxed()
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
