//! What one connection may hold over HTTP/2: requests, answers that nobody reads, and headers that are many or never end.

use std::sync::Arc;
use std::time::Duration;

use distr_tests::reverse_proxy::{client_with, config};
use distr_tests::wait;
use futures_util::stream::{FuturesUnordered, StreamExt};
use rustls::pki_types::ServerName;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::tls::Secure;

impl Secure {
    /// The answer to a request whose body never comes.
    async fn held(&self) -> u16 {
        let body = reqwest::Body::wrap_stream(futures_util::stream::pending::<Result<Vec<u8>, std::io::Error>>());
        let request = self.client.post(self.url("/graphql")).header("content-type", "application/json").body(body);
        let answer = request.send().await.expect("an answer");
        assert_eq!(answer.version(), reqwest::Version::HTTP_2);
        answer.status().as_u16()
    }
}

/// What a hub grants to one connection.
const MOST: usize = 256;

/// Its connections carry the requests of many clients.
#[tokio::test]
async fn a_trusted_proxy_has_as_many_requests_under_way_as_it_likes() {
    let hub = Secure::start(&[("DISTR_TRUSTED_PROXIES", "127.0.0.0/8,::1")]).await;
    let answers: FuturesUnordered<_> = (0..MOST + 10).map(|_| hub.held()).collect();
    assert_eq!(answers.collect::<Vec<u16>>().await, vec![400; MOST + 10], "in the end");
}

/// Over HTTP/2 one connection carries many requests. It carries no more than it may, and those whose bodies never come end.
#[tokio::test]
async fn a_connection_has_only_so_many_requests_under_way() {
    let hub = Secure::start(&[]).await;
    let mut answers: FuturesUnordered<_> = (0..MOST + 10).map(|_| hub.held()).collect();
    for _ in 0..10 {
        assert_eq!(answers.next().await, Some(429), "at once");
    }
    let late: Vec<u16> = answers.collect().await;
    assert_eq!(late, vec![400; MOST], "in the end");
    let answer = hub.client.get(hub.url("/healthz")).send().await.expect("an answer");
    assert_eq!((answer.version(), answer.status().as_u16()), (reqwest::Version::HTTP_2, 200));
}

/// A client that asks and asks, and reads no answer: its connection ends, and what it held is free.
#[tokio::test]
async fn a_connection_whose_answers_nobody_reads_is_ended() {
    let hub = Secure::start(&[]).await;
    let unread = client_with(&hub.authority, |builder| builder.http2_initial_stream_window_size(0));
    let ask = async || unread.get(hub.url("/healthz")).send().await.map(|answer| (answer.status().as_u16(), answer));
    let mut answers: FuturesUnordered<_> = (0..400).map(|_| ask()).collect();
    let (mut held, mut ended) = (vec![], 0);
    while let Some(answer) = answers.next().await {
        match answer {
            Ok(answer) => held.push(answer),
            Err(_) => ended += 1,
        }
    }
    assert!(ended > 0, "{} answers are held", held.len());
    assert!(held.len() < 300, "{} answers are held", held.len());
    let answer = hub.client.get(hub.url("/healthz")).send().await.expect("an answer");
    assert_eq!(answer.status().as_u16(), 200);
}

/// Who asks and reads nothing holds a file of the registry's, and only so many: of the client that its proxy names.
#[tokio::test]
async fn a_client_has_only_so_many_requests_under_way_at_the_registry() {
    let hub =
        Secure::start(&[("DISTR_TRUSTED_PROXIES", "127.0.0.0/8,::1"), ("DISTR_CONNECTIONS_PER_ADDRESS", "4")]).await;
    let unread = client_with(&hub.authority, |builder| builder.http2_initial_stream_window_size(0));
    let ask = async |client: &str| {
        let request = unread.get(hub.url("/v2/")).header("x-forwarded-for", client);
        let answer = request.send().await.expect("an answer");
        (answer.status().as_u16(), answer)
    };
    let mut held = vec![];
    for expected in [401, 401, 401, 401, 429, 429] {
        let (status, answer) = ask("192.0.2.1").await;
        assert_eq!(status, expected, "after {} requests", held.len());
        held.push(answer);
    }
    assert_eq!(ask("192.0.2.2").await.0, 401, "another client");
    drop(held);
    wait::until("room for the client", LATE, async || match ask("192.0.2.1").await.0 {
        401 => Ok(()),
        status => Err(status.to_string()),
    })
    .await;
}

/// The agent's binary is in memory once, whoever fetches it.
#[tokio::test]
async fn those_who_fetch_the_agent_and_read_nothing_hold_no_file() {
    let hub = Secure::start(&[]).await;
    let unread = client_with(&hub.authority, |builder| builder.http2_initial_stream_window_size(0));
    let ask = async || unread.get(hub.url("/agent/v1/binary")).send().await.expect("an answer");
    let mut held = vec![ask().await];
    assert_eq!(held[0].status(), 200);
    let (files, memory) = (hub.hub.open_files(), hub.hub.resident_mib());
    for _ in 0..100 {
        held.push(ask().await);
    }
    let (more_files, more_memory) =
        (hub.hub.open_files().saturating_sub(files), hub.hub.resident_mib().saturating_sub(memory));
    assert!(more_files < 20 && more_memory < 10, "{more_files} files and {more_memory} MiB for 100");
}

const HEADERS: u8 = 1;
const CONTINUATION: u8 = 9;
const END_HEADERS: u8 = 4;
const END_STREAM: u8 = 1;
/// `GET https://localhost/healthz`, as a header block has it.
const HEALTHZ: &[u8] = b"\x82\x87\x04\x08/healthz\x01\x09localhost";
/// Those of a block that has begun must have come by then, and a little more.
const LATE: Duration = Duration::from_secs(20);

/// A connection to which frames are written by hand.
struct Raw(TlsStream<TcpStream>);

impl Raw {
    async fn open(hub: &Secure) -> Self {
        let mut config = config(&hub.authority);
        config.alpn_protocols = vec![b"h2".to_vec()];
        let stream = TcpStream::connect(("127.0.0.1", hub.hub.port)).await.expect("a connection");
        let name = ServerName::try_from("localhost").expect("a name");
        let mut stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await.expect("TLS");
        stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await.expect("written");
        Self(stream)
    }

    /// What is written to a connection that has ended is lost.
    async fn write(&mut self, kind: u8, flags: u8, payload: &[u8]) {
        let length = u32::try_from(payload.len()).expect("short").to_be_bytes();
        let frame = [&length[1..], &[kind, flags, 0, 0, 0, 1], payload].concat();
        let _ = self.0.write_all(&frame).await;
        let _ = self.0.flush().await;
    }

    /// Everything until the hub ends the connection.
    async fn read_to_end(&mut self, limit: Duration) -> Option<Vec<u8>> {
        let mut read = vec![];
        let _ = tokio::time::timeout(limit, self.0.read_to_end(&mut read)).await.ok()?;
        Some(read)
    }

    /// Whether a frame of headers comes: an answer.
    async fn is_answered(&mut self) -> bool {
        loop {
            let mut head = [0; 9];
            if self.0.read_exact(&mut head).await.is_err() {
                return false;
            }
            let mut payload = vec![0; u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize];
            if self.0.read_exact(&mut payload).await.is_err() || head[3] == HEADERS {
                return head[3] == HEADERS;
            }
        }
    }
}

/// `name: ` with no value.
fn field(name: &str) -> Vec<u8> {
    [&[0, name.len() as u8], name.as_bytes(), &[0]].concat()
}

/// One byte may stand for a field, and each is memory until the block ends.
#[tokio::test]
async fn a_connection_ends_whose_headers_are_more_than_any_client_has() {
    let hub = Secure::start(&[]).await;
    let mut fine = Raw::open(&hub).await;
    fine.write(HEADERS, END_STREAM, HEALTHZ).await;
    fine.write(CONTINUATION, END_HEADERS, &[0xa0; 80]).await;
    assert!(fine.is_answered().await, "in two frames");

    let indexed = vec![0xa0; 16_000];
    let distinct = (0..1000).flat_map(|n| field(&format!("x{n:05}"))).collect();
    let long = [&[0, 1, b'x', 0x7f, 0x81, 0xff, 0x7f][..], &[b'x'; 16_000]].concat();
    for block in [indexed, distinct, long] {
        let mut raw = Raw::open(&hub).await;
        raw.write(HEADERS, END_STREAM, HEALTHZ).await;
        for _ in 0..6 {
            raw.write(CONTINUATION, 0, &block).await;
        }
        let ended = raw.read_to_end(LATE / 4).await;
        assert!(ended.is_some(), "a connection is open that sent {} bytes of {:?}", 6 * block.len(), &block[..8]);
    }
    assert!(!hub.hub.log().contains("panicked"), "{}", hub.hub.log());
    assert_eq!(hub.client.get(hub.url("/healthz")).send().await.expect("an answer").status(), 200);
}

#[tokio::test]
async fn a_connection_ends_whose_headers_do_not() {
    let hub = Secure::start(&[]).await;
    let mut raw = Raw::open(&hub).await;
    raw.write(HEADERS, END_STREAM, HEALTHZ).await;
    raw.write(CONTINUATION, 0, b"\xa0").await;
    assert!(raw.read_to_end(LATE).await.is_some(), "it is still open");
}
