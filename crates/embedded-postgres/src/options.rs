//! What the owner may choose, and the settings that the server gets for it. Settings go onto the server's command line, so
//! that a cluster made by an older version gets today's.

use std::path::PathBuf;

/// How to run the server.
#[derive(Debug, Clone)]
pub struct Options {
    /// Holds the cluster, its log and its socket; created when absent. One owner at a time.
    pub data_dir: PathBuf,
    /// A port on 127.0.0.1 for roles with a password. `None`: the Unix socket only.
    pub port: Option<u16>,
    /// Settings by name, as in `postgresql.conf`; they win over the defaults.
    pub settings: Vec<(String, String)>,
    /// `false` is quicker, and may lose the newest commits when the server is killed (not when its owner is), and
    /// everything in a power cut. For tests.
    pub durable: bool,
}

impl Options {
    /// A durable server without a port, on the defaults.
    pub fn new(data_dir: impl Into<PathBuf>) -> Self {
        Self { data_dir: data_dir.into(), port: None, settings: Vec::new(), durable: true }
    }

    /// Names the socket's file, also when nothing listens on it.
    pub(crate) fn socket_port(&self) -> u16 {
        self.port.unwrap_or(5432)
    }

    /// All settings in the order of rising precedence, but for those that name directories.
    pub(crate) fn all_settings(&self) -> Vec<(String, String)> {
        let port = self.socket_port().to_string();
        let listen = if self.port.is_some() { "127.0.0.1" } else { "" };
        let defaults = [
            ("listen_addresses", listen),
            ("port", &port),
            ("unix_socket_permissions", "0700"),
            ("max_connections", "200"),
            ("shared_buffers", "256MB"),
            ("max_wal_size", "4GB"),
            ("checkpoint_timeout", "15min"),
            // the queries are short: compiling them costs more than it saves
            ("jit", "off"),
            ("idle_in_transaction_session_timeout", "60s"),
            ("timezone", "UTC"),
            ("log_timezone", "UTC"),
        ];
        let durability: &[(&str, &str)] = if self.durable {
            &[("synchronous_commit", "on")]
        } else {
            // the tests of a process share a server
            &[("fsync", "off"), ("full_page_writes", "off"), ("synchronous_commit", "off"), ("max_connections", "500")]
        };
        let mut all: Vec<_> =
            defaults.iter().chain(durability).map(|&(name, value)| (name.to_owned(), value.to_owned())).collect();
        all.extend(self.settings.iter().cloned());
        all
    }
}
