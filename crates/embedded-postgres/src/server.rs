//! The running server: start it, wait until it is ready, hand out its address, stop it. The keeper stands between owner and
//! server, so that the server ends with its owner even when that is killed.

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::time::{Instant, interval, sleep, timeout};
use tokio_postgres::NoTls;
use tokio_postgres::error::SqlState;

use crate::access::SUPERUSER;
use crate::access::{self, Password};
use crate::cluster::{CHILDREN_GONE_WITHIN, Cluster, PidFile, STOPPED_WITHIN, is_served_by};
use crate::error::file;
use crate::keeper::{Charge, Keeper};
use crate::place::Place;
use crate::{Error, Options};

/// Long enough for the recovery of all that `max_wal_size` lets pile up.
const READY_WITHIN: Duration = Duration::from_secs(300);
const POLL: Duration = Duration::from_millis(20);

/// A private Postgres. Dropping it stops the server without waiting for the end of that; `stop` waits.
#[derive(Debug)]
pub struct EmbeddedPostgres {
    // first, so that it is dropped first: the place stays locked until the server was told to stop
    keeper: Keeper,
    socket_dir: PathBuf,
    port: u16,
    cluster: Cluster,
    place: Place,
}

/// Starts the server on `options.data_dir` and waits until it takes connections.
pub async fn start(options: Options) -> Result<EmbeddedPostgres, Error> {
    let began = Instant::now();
    let place = Place::take(&options.data_dir)?;
    let postgres = start_at(place, &options, None).await?;
    tracing::info!(
        data_dir = %postgres.place.dir.display(), pid = postgres.pid(), took_ms = began.elapsed().as_millis() as u64,
        "embedded Postgres is ready"
    );
    Ok(postgres)
}

/// Starts an undurable server in a new directory below the system's temporary one. The directory is removed when the
/// server ends. For tests.
pub async fn start_temporary() -> Result<EmbeddedPostgres, Error> {
    let data_dir = std::env::temp_dir().join(format!("distr-pg-{:016x}", rand::random::<u64>()));
    let options = Options { durable: false, ..Options::new(&data_dir) };
    let place = Place::take(&data_dir)?;
    place.give_away()?;
    let started = start_at(place, &options, Some(&data_dir)).await;
    if started.is_err() {
        // the keeper may have done it already, or may never have been started
        let _ = fs::remove_dir_all(&data_dir);
    }
    started
}

/// The address of a server that another process owns, as `EmbeddedPostgres::url` gives it; nothing if none is ready there.
/// Whoever may read the superuser's password in the data directory gets in.
pub fn url_of_running(data_dir: &Path, database: &str) -> Option<String> {
    let place = fs::canonicalize(data_dir).ok()?;
    let cluster = place.join("cluster");
    let note = PidFile::of(&cluster).filter(|note| note.is_ready() && is_served_by(&cluster, note.pid))?;
    let (port, socket_dir) = note.socket()?;
    Some(url(Password::of(&place).as_ref(), &socket_dir, port, database))
}

fn url(password: Option<&Password>, socket_dir: &Path, port: u16, database: &str) -> String {
    let host = percent_encoded(socket_dir.as_os_str().as_bytes());
    let password = password.map(|password| format!(":{}", password.expose())).unwrap_or_default();
    format!("postgres://{SUPERUSER}{password}@{host}:{port}/{}", percent_encoded(database.as_bytes()))
}

impl EmbeddedPostgres {
    /// A connection string for tokio-postgres, as the superuser, over the socket. It holds the password.
    pub fn url(&self, database: &str) -> String {
        url(Some(&self.cluster.password), &self.socket_dir, self.port, database)
    }

    pub fn socket_dir(&self) -> &Path {
        &self.socket_dir
    }

    /// Where everything really lies, which for root may be elsewhere than was asked for (see the README).
    pub fn data_dir(&self) -> &Path {
        &self.place.dir
    }

    /// The server's process, while it runs.
    pub fn pid(&self) -> Option<u32> {
        self.cluster.pid_file().map(|file| file.pid)
    }

    /// Creates the database if it is not there yet.
    pub async fn create_database(&self, name: &str) -> Result<(), Error> {
        let statement = format!("CREATE DATABASE \"{}\"", name.replace('"', "\"\""));
        match self.execute(&statement).await {
            Err(error) if error.code() != Some(&SqlState::DUPLICATE_DATABASE) => {
                Err(Error::CreateDatabase { database: name.to_owned(), source: error })
            }
            _ => Ok(()),
        }
    }

    /// Resolves when the server has ended without being asked to, with the reason that it gave.
    pub async fn exited(&self) -> Error {
        self.keeper.ended().await;
        let (data_dir, log) = (self.place.dir.clone(), self.place.log());
        Error::Ended { data_dir, said: self.keeper.how_it_ended(), log }
    }

    /// Stops the server as Postgres' fast shutdown does: open transactions are rolled back, what was committed is written.
    pub async fn stop(mut self) -> Result<(), Error> {
        self.keeper.let_go();
        if timeout(STOPPED_WITHIN, self.keeper.ended()).await.is_ok() {
            return Ok(());
        }
        self.cluster.stop_server(&self.place, "immediate", STOPPED_WITHIN).await?;
        let (data_dir, log) = (self.place.dir.clone(), self.place.log());
        Err(Error::DoesNotStop { data_dir, seconds: STOPPED_WITHIN.as_secs(), log })
    }

    async fn execute(&self, statement: &str) -> Result<(), tokio_postgres::Error> {
        let (client, connection) = tokio_postgres::connect(&self.url("postgres"), NoTls).await?;
        let connection = tokio::spawn(connection);
        let result = client.batch_execute(statement).await;
        connection.abort();
        result
    }
}

/// `leftover`: what the keeper removes in the end.
async fn start_at(place: Place, options: &Options, leftover: Option<&Path>) -> Result<EmbeddedPostgres, Error> {
    let cluster = Cluster::prepare(&place, options.durable).await?;
    let mut settings = options.all_settings();
    let compression = if cluster.compresses_with_lz4(&place).await { "lz4" } else { "on" };
    settings.insert(0, ("wal_compression".into(), compression.into()));
    let socket_dir = place.socket_dir()?;
    settings.push(("unix_socket_directories".into(), socket_dir.display().to_string()));
    settings.push(("hba_file".into(), access::write_rules(&place.dir)?.display().to_string()));
    let port = options.socket_port();
    let give_up = Instant::now() + CHILDREN_GONE_WITHIN;
    loop {
        match launch(&place, &cluster, &settings, leftover).await {
            Ok(keeper) => {
                return Ok(EmbeddedPostgres { keeper, socket_dir, port, cluster, place });
            }
            Err(Error::Ended { said, .. }) if said.contains("still in use") && Instant::now() < give_up => {
                sleep(POLL).await;
            }
            Err(Error::Ended { data_dir, said, .. }) if said.starts_with("could not bind") => {
                return Err(Error::Port { data_dir, port, reason: said });
            }
            Err(error) => return Err(error),
        }
    }
}

async fn launch(
    place: &Place,
    cluster: &Cluster,
    settings: &[(String, String)],
    leftover: Option<&Path>,
) -> Result<Keeper, Error> {
    let before = cluster.pid_file();
    let log = place.open_log()?;
    let log_start = log.metadata().map_err(file("read", &place.log()))?.len();
    let program = cluster.binaries.program("postgres");
    let mut command = vec![program.display().to_string(), "-D".to_owned(), cluster.dir.display().to_string()];
    command.extend(settings.iter().flat_map(|(name, value)| ["-c".to_owned(), format!("{name}={value}")]));
    let charge = Charge { command, account: place.account.as_ref(), working_dir: &place.dir, log, leftover };
    let keeper = Keeper::start(charge).map_err(|source| Error::Run { program, source })?;
    wait_until_ready(place, cluster, &keeper, before, log_start).await?;
    Ok(keeper)
}

/// Waits for the server that replaces the one of `before` in `postmaster.pid`.
async fn wait_until_ready(
    place: &Place,
    cluster: &Cluster,
    keeper: &Keeper,
    before: Option<PidFile>,
    log_start: u64,
) -> Result<(), Error> {
    let deadline = Instant::now() + READY_WITHIN;
    let mut poll = interval(POLL);
    while Instant::now() < deadline {
        poll.tick().await;
        if keeper.has_ended() {
            let log = place.log();
            let said = last_words(&log, log_start).unwrap_or_else(|| keeper.how_it_ended());
            return Err(Error::Ended { data_dir: place.dir.clone(), said, log });
        }
        let now = cluster.pid_file();
        if now != before && now.is_some_and(|file| file.is_ready()) {
            return Ok(());
        }
    }
    Err(Error::NotReady { data_dir: place.dir.clone(), seconds: READY_WITHIN.as_secs(), log: place.log() })
}

/// The reasons at the end of the log, without their time stamps.
fn last_words(log: &Path, start: u64) -> Option<String> {
    const ENOUGH: u64 = 16 * 1024;
    let mut file = File::open(log).ok()?;
    let length = file.metadata().ok()?.len();
    file.seek(SeekFrom::Start(start.max(length.saturating_sub(ENOUGH)))).ok()?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).ok()?;
    let text = String::from_utf8_lossy(&bytes);
    let reasons: Vec<&str> = text.lines().filter_map(reason).collect();
    if reasons.is_empty() {
        // before its log is open, the server just says it
        return text
            .lines()
            .rfind(|line| !line.trim().is_empty() && !line.contains("LOG: "))
            .map(|line| line.trim().to_owned());
    }
    Some(reasons[reasons.len().saturating_sub(2)..].join("; "))
}

/// What went wrong, if the line says so. Some failures are told in a `LOG` line before the `FATAL` one.
fn reason(line: &str) -> Option<&str> {
    let after = |level: &str| line.split_once(level).map(|(_, text)| text.trim());
    after("FATAL: ")
        .or_else(|| after("PANIC: "))
        .or_else(|| after("LOG: ").filter(|text| text.starts_with("could not")))
}

/// Everything but RFC 3986's unreserved characters, the slash included: tokio-postgres takes a host that starts with an
/// encoded slash for a socket's directory.
fn percent_encoded(bytes: &[u8]) -> String {
    let encode = |&byte: &u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    bytes.iter().map(encode).collect()
}

#[cfg(test)]
mod tests {
    use super::{percent_encoded, reason};

    #[test]
    fn a_directory_is_encoded_whole() {
        assert_eq!(percent_encoded("/tmp/a b/ä-1".as_bytes()), "%2Ftmp%2Fa%20b%2F%C3%A4-1");
    }

    #[test]
    fn reasons_are_told_from_chatter() {
        let bind =
            "2026-01-01 00:00:00.000 UTC [7] LOG:  could not bind IPv4 address \"127.0.0.1\": Address already in use";
        assert_eq!(reason(bind), Some("could not bind IPv4 address \"127.0.0.1\": Address already in use"));
        assert_eq!(reason("2026-01-01 00:00:00.000 UTC [7] FATAL:  no space"), Some("no space"));
        assert_eq!(reason("2026-01-01 00:00:00.000 UTC [7] LOG:  checkpoint starting: time"), None);
    }
}
