//! From an address to a connection: its hosts in turn, as tokio-postgres tries them, but over a stream that is watched, and
//! with a limit for all that comes before the first statement.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use rand::seq::SliceRandom;
use socket2::{SockRef, TcpKeepalive};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, UnixStream, lookup_host};
use tokio::time::timeout;
use tokio_postgres::config::{Host, LoadBalanceHosts, SslMode, TargetSessionAttrs};
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres::{Client, Config, Connection, Error, NoTls, SimpleQueryMessage};

use crate::limits::{Limits, OPENING};
use crate::tls::{Tls, TlsStream};
use crate::watched::{Silence, Stream, Watched};

type Opened = (Client, Connection<Watched, TlsStream>);

enum Place {
    /// With the name that its certificate must have.
    Tcp(SocketAddr, String),
    Unix(PathBuf),
}

pub(crate) async fn open(config: &Config, tls: &Tls, limits: Limits, silence: &Silence) -> Result<Opened, Error> {
    let config = limits.config(config);
    let limit = config.get_connect_timeout().copied().unwrap_or(OPENING);
    let places = match timeout(limit, places(&config)).await {
        Ok(Ok(places)) => places,
        Ok(Err(error)) => return Err(failed(&config, error).await),
        Err(_) => return Err(failed(&config, too_late("its name is not resolved", limit)).await),
    };
    let mut last = None;
    for place in places {
        match timeout(limit, open_at(place, &config, tls, limits, silence)).await {
            Ok(Ok(opened)) => return Ok(opened),
            Ok(Err(error)) => last = Some(error),
            Err(_) => last = Some(failed(&config, too_late("it takes no connection", limit)).await),
        }
    }
    match last {
        Some(error) => Err(error),
        None => Err(failed(&config, io::Error::new(io::ErrorKind::NotFound, "its address names no host")).await),
    }
}

async fn places(config: &Config) -> io::Result<Vec<Place>> {
    let (hosts, addresses, ports) = (config.get_hosts(), config.get_hostaddrs(), config.get_ports());
    let (mut places, mut unresolved) = (vec![], None);
    for number in 0..hosts.len().max(addresses.len()) {
        let port = ports.get(number).or(ports.first()).copied().unwrap_or(5432);
        match (hosts.get(number), addresses.get(number)) {
            (Some(Host::Unix(folder)), _) => places.push(Place::Unix(folder.join(format!(".s.PGSQL.{port}")))),
            (Some(Host::Tcp(name)), None) => match lookup_host((name.as_str(), port)).await {
                Ok(found) => places.extend(found.map(|address| Place::Tcp(address, name.clone()))),
                Err(error) => unresolved = Some(error),
            },
            (Some(Host::Tcp(name)), Some(&address)) => places.push(Place::Tcp((address, port).into(), name.clone())),
            (None, Some(&address)) => places.push(Place::Tcp((address, port).into(), address.to_string())),
            (None, None) => {}
        }
    }
    if config.get_load_balance_hosts() == LoadBalanceHosts::Random {
        places.shuffle(&mut rand::rng());
    }
    match unresolved {
        Some(error) if places.is_empty() => Err(error),
        _ => Ok(places),
    }
}

async fn open_at(place: Place, config: &Config, tls: &Tls, limits: Limits, silence: &Silence) -> Result<Opened, Error> {
    let mut config = config.clone();
    let (stream, name) = match place {
        Place::Tcp(address, name) => (tcp(address, &config).await.map(|stream| watched(stream, limits, silence)), name),
        Place::Unix(path) => {
            config.ssl_mode(SslMode::Disable);
            let stream = UnixStream::connect(path).await;
            (stream.map(|stream| watched(stream, limits, silence)), String::new())
        }
    };
    match stream {
        Ok(stream) => {
            let connector = MakeTlsConnect::<Watched>::make_tls_connect(&mut tls.connector(), &name);
            let opened = config.connect_raw(stream, connector.expect("a name is taken as it is")).await?;
            suited(opened, &config).await
        }
        Err(error) => Err(failed(&config, error).await),
    }
}

fn watched(stream: impl Stream + 'static, limits: Limits, silence: &Silence) -> Watched {
    Watched::new(stream, limits.silence, silence.clone())
}

async fn tcp(address: SocketAddr, config: &Config) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let socket = SockRef::from(&stream);
    socket.set_tcp_user_timeout(config.get_tcp_user_timeout().copied())?;
    if config.get_keepalives() {
        let mut keepalive = TcpKeepalive::new().with_time(config.get_keepalives_idle());
        if let Some(interval) = config.get_keepalives_interval() {
            keepalive = keepalive.with_interval(interval);
        }
        if let Some(retries) = config.get_keepalives_retries() {
            keepalive = keepalive.with_retries(retries);
        }
        socket.set_tcp_keepalive(&keepalive)?;
    }
    Ok(stream)
}

/// The connection, if its server is of the kind that `target_session_attrs` asks for.
async fn suited(opened: Opened, config: &Config) -> Result<Opened, Error> {
    let wanted = match config.get_target_session_attrs() {
        TargetSessionAttrs::ReadWrite => "off",
        TargetSessionAttrs::ReadOnly => "on",
        _ => return Ok(opened),
    };
    let (client, mut connection) = opened;
    let rows = tokio::select! {
        rows = client.simple_query("SHOW transaction_read_only") => rows?,
        ended = &mut connection => {
            ended?;
            return Err(failed(config, io::ErrorKind::UnexpectedEof.into()).await);
        }
    };
    let is_wanted = rows.iter().any(|row| matches!(row, SimpleQueryMessage::Row(row) if row.get(0) == Some(wanted)));
    match is_wanted {
        true => Ok((client, connection)),
        false => {
            let text = format!("its transaction_read_only is not {wanted}, as target_session_attrs asks for");
            Err(failed(config, io::Error::new(io::ErrorKind::PermissionDenied, text)).await)
        }
    }
}

fn too_late(what: &str, limit: Duration) -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, format!("{what} within {} s", limit.as_secs_f32()))
}

/// An error of tokio-postgres, which makes them itself: it meets this one at the first byte.
async fn failed(config: &Config, error: io::Error) -> Error {
    let mut config = config.clone();
    config.ssl_mode(SslMode::Disable);
    config.connect_raw(Broken(Some(error)), NoTls).await.err().expect("there is no server")
}

/// What could not be opened.
struct Broken(Option<io::Error>);

impl Broken {
    fn error<T>(&mut self) -> Poll<io::Result<T>> {
        Poll::Ready(Err(self.0.take().unwrap_or_else(|| io::ErrorKind::NotConnected.into())))
    }
}

impl AsyncRead for Broken {
    fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, _: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.error()
    }
}

impl AsyncWrite for Broken {
    fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, _: &[u8]) -> Poll<io::Result<usize>> {
        self.error()
    }

    fn poll_flush(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.error()
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
