//! From a TCP connection to HTTP: counted first, then, if the hub has a certificate, TLS. A connection ends that sends more
//! headers than any client has, or takes too long for them.

use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_http::Protocol;
use actix_http::error::DispatchError;
use actix_service::{ServiceFactory, fn_service};
use actix_web::rt::net::TcpStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::connections::Counted;
use super::ending::Ending;
use super::frames::Frames;
use super::{Edge, REQUEST_HEAD};

/// For the TLS handshake.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// A connection on which HTTP is spoken.
pub(crate) struct Accepted {
    io: Io,
    /// of HTTP/2
    heads: Option<Heads>,
    pub(super) ending: Arc<Ending>,
    _counted: Counted,
}

/// What its client sends of headers.
struct Heads {
    frames: Frames,
    /// when those that have begun are too late
    late: Option<Pin<Box<Sleep>>>,
}

enum Io {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

/// What comes before the HTTP service.
pub(crate) fn accept(
    edge: Edge,
) -> impl ServiceFactory<
    TcpStream,
    Config = (),
    Response = (Accepted, Protocol, Option<SocketAddr>),
    Error = DispatchError,
    InitError = (),
> {
    fn_service(move |stream: TcpStream| {
        let edge = edge.clone();
        async move {
            let peer = stream.peer_addr().ok();
            let address = peer.map(|peer| peer.ip()).filter(|address| !edge.proxies.contains(*address));
            let too_many = || io::Error::other("too many connections");
            let counted = edge.connections.enter(address).ok_or_else(too_many)?;
            let (io, protocol) = match &edge.tls {
                None => (Io::Plain(stream), Protocol::Http1),
                Some(tls) => secured(stream, tls.acceptor()).await?,
            };
            let heads = (protocol == Protocol::Http2).then(|| Heads { frames: Frames::new(), late: None });
            Ok((Accepted { io, heads, ending: Arc::default(), _counted: counted }, protocol, peer))
        }
    })
}

async fn secured(stream: TcpStream, acceptor: TlsAcceptor) -> io::Result<(Io, Protocol)> {
    // an answer is several records
    stream.set_nodelay(true)?;
    let stream = tokio::time::timeout(HANDSHAKE, acceptor.accept(stream)).await??;
    let protocol = match stream.get_ref().1.alpn_protocol() {
        Some(b"h2") => Protocol::Http2,
        _ => Protocol::Http1,
    };
    Ok((Io::Tls(Box::new(stream)), protocol))
}

impl Heads {
    /// Looks at what has come, and wakes the connection when more of it is too late.
    fn look(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> io::Result<()> {
        self.frames.read(bytes).map_err(io::Error::other)?;
        if !self.frames.is_within_headers() {
            self.late = None;
            return Ok(());
        }
        let late = self.late.get_or_insert_with(|| Box::pin(tokio::time::sleep(REQUEST_HEAD)));
        match late.as_mut().poll(cx) {
            Poll::Ready(()) => Err(io::ErrorKind::TimedOut.into()),
            Poll::Pending => Ok(()),
        }
    }
}

impl AsyncRead for Accepted {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.ending.look(cx)?;
        let before = buffer.filled().len();
        let read = match &mut self.io {
            Io::Plain(stream) => Pin::new(stream).poll_read(cx, buffer),
            Io::Tls(stream) => Pin::new(stream).poll_read(cx, buffer),
        };
        if let Some(heads) = &mut self.heads
            && let Err(error) = heads.look(cx, &buffer.filled()[before..])
        {
            tracing::debug!(error = &error as &dyn std::error::Error, "ends a connection");
            return Poll::Ready(Err(error));
        }
        read
    }
}

impl AsyncWrite for Accepted {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.ending.look(cx)?;
        match &mut self.io {
            Io::Plain(stream) => Pin::new(stream).poll_write(cx, bytes),
            Io::Tls(stream) => Pin::new(stream).poll_write(cx, bytes),
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.ending.look(cx)?;
        match &mut self.io {
            Io::Plain(stream) => Pin::new(stream).poll_write_vectored(cx, slices),
            Io::Tls(stream) => Pin::new(stream).poll_write_vectored(cx, slices),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match &self.io {
            Io::Plain(stream) => stream.is_write_vectored(),
            Io::Tls(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.io {
            Io::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Io::Tls(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.io {
            Io::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Io::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}
