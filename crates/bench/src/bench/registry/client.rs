//! A client of either registry, as lean as a load driver needs it: one connection, one request at a time (RFC 9112). Bodies
//! that come are counted and thrown away, those that go may be larger than memory.

use std::net::SocketAddr;

use anyhow::{Context, Result, bail, ensure};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::BOTH_REPOSITORIES;
use super::content::{Blob, Large};

/// What is read at once.
const BUFFER: usize = 256 * 1024;
pub(super) const IMAGE: &str = "application/vnd.oci.image.manifest.v1+json";

pub(super) struct Client {
    stream: TcpStream,
    buffer: Vec<u8>,
    /// what of the buffer was received and not looked at yet
    filled: usize,
    token: String,
}

#[derive(Clone, Copy)]
enum Body<'a> {
    None,
    Bytes(&'a [u8]),
    Large(&'a Large),
}

#[derive(Debug)]
struct Head {
    end: usize,
    status: u16,
    length: u64,
    location: Option<String>,
}

impl Client {
    pub(super) async fn open(address: SocketAddr, token: &str) -> Result<Self> {
        let stream = TcpStream::connect(address).await.with_context(|| format!("cannot connect to {address}"))?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: vec![0; BUFFER], filled: 0, token: token.to_owned() })
    }

    /// Bytes of the manifest.
    pub(super) async fn manifest(&mut self, reference: &str) -> Result<u64> {
        self.get("GET", &format!("manifests/{reference}")).await
    }

    pub(super) async fn head_manifest(&mut self, reference: &str) -> Result<u64> {
        self.get("HEAD", &format!("manifests/{reference}")).await
    }

    /// Bytes of the blob.
    pub(super) async fn blob(&mut self, digest: &str) -> Result<u64> {
        self.get("GET", &format!("blobs/{digest}")).await
    }

    /// Begun, all of it in one request, and finished in a third: as Docker and skopeo do.
    pub(super) async fn push_in_steps(&mut self, blob: &Large) -> Result<()> {
        let place = self.begin().await?;
        let head = self.send("PATCH", &place, "", Body::Large(blob)).await?;
        let place = expect(head, 202)?.context("an upload goes on somewhere")?;
        let head = self.send("PUT", &with_digest(&place, blob.digest()), "", Body::None).await?;
        expect(head, 201).map(drop)
    }

    /// Begun, and finished with all of it: as containerd and BuildKit do.
    pub(super) async fn push(&mut self, blob: &Blob) -> Result<()> {
        let place = self.begin().await?;
        let head = self.send("PUT", &with_digest(&place, &blob.digest), "", Body::Bytes(&blob.bytes)).await?;
        expect(head, 201).map(drop)
    }

    pub(super) async fn put_manifest(&mut self, tag: &str, manifest: &[u8]) -> Result<()> {
        let path = format!("/v2/{BOTH_REPOSITORIES}/manifests/{tag}");
        let media_type = format!("content-type: {IMAGE}\r\n");
        let head = self.send("PUT", &path, &media_type, Body::Bytes(manifest)).await?;
        expect(head, 201).map(drop)
    }

    async fn begin(&mut self) -> Result<String> {
        let path = format!("/v2/{BOTH_REPOSITORIES}/blobs/uploads/");
        expect(self.send("POST", &path, "", Body::None).await?, 202)?.context("an upload is somewhere")
    }

    async fn get(&mut self, method: &str, what: &str) -> Result<u64> {
        let accept = format!("accept: {IMAGE}\r\n");
        let head = self.send(method, &format!("/v2/{BOTH_REPOSITORIES}/{what}"), &accept, Body::None).await?;
        ensure!(head.status == 200, "{method} {what} is answered with {}", head.status);
        Ok(head.length)
    }

    /// Sends a request, and returns when all of the answer is there.
    async fn send(&mut self, method: &str, path: &str, headers: &str, body: Body<'_>) -> Result<Head> {
        let length = match body {
            Body::None => 0,
            Body::Bytes(bytes) => bytes.len() as u64,
            Body::Large(large) => large.size(),
        };
        let token = &self.token;
        let mut request = format!(
            "{method} {path} HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {token}\r\n{headers}\
             content-length: {length}\r\n\r\n"
        )
        .into_bytes();
        match body {
            Body::Large(large) => {
                self.stream.write_all(&request).await?;
                for part in large.parts() {
                    self.stream.write_all(part).await.context("cannot send all of a blob")?;
                }
            }
            Body::Bytes(bytes) => {
                request.extend_from_slice(bytes);
                self.stream.write_all(&request).await?;
            }
            Body::None => self.stream.write_all(&request).await?,
        }
        self.receive(method).await
    }

    async fn receive(&mut self, method: &str) -> Result<Head> {
        let head = loop {
            if let Some(head) = head(&self.buffer[..self.filled])? {
                break head;
            }
            ensure!(self.filled < self.buffer.len(), "the head of an answer is too long");
            self.filled += self.fill(self.filled).await?;
        };
        let mut rest = if method == "HEAD" { 0 } else { head.length };
        let there = (self.filled - head.end) as u64;
        if there >= rest {
            let used = head.end + rest as usize;
            self.buffer.copy_within(used..self.filled, 0);
            self.filled -= used;
            return Ok(head);
        }
        rest -= there;
        self.filled = 0;
        while rest > 0 {
            let read = self.fill(0).await? as u64;
            ensure!(read <= rest, "more came than the answer has");
            rest -= read;
        }
        Ok(head)
    }

    async fn fill(&mut self, from: usize) -> Result<usize> {
        match self.stream.read(&mut self.buffer[from..]).await.context("cannot receive an answer")? {
            0 => bail!("the connection ended before the answer did"),
            read => Ok(read),
        }
    }
}

/// Where it goes on, if the answer says so.
fn expect(head: Head, status: u16) -> Result<Option<String>> {
    ensure!(head.status == status, "a push is answered with {} and not {status}", head.status);
    Ok(head.location)
}

fn with_digest(place: &str, digest: &str) -> String {
    let joint = if place.contains('?') { '&' } else { '?' };
    format!("{place}{joint}digest={digest}")
}

/// Once all of it is there.
fn head(received: &[u8]) -> Result<Option<Head>> {
    let Some(end) = received.windows(4).position(|window| window == b"\r\n\r\n") else {
        return Ok(None);
    };
    let text = std::str::from_utf8(&received[..end]).context("an answer's head is text")?;
    let mut lines = text.split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).context("an answer begins with a status")?;
    let mut head = Head { end: end + 4, status: status.parse()?, length: 0, location: None };
    for (name, value) in lines.filter_map(|line| line.split_once(':')) {
        match name {
            _ if name.eq_ignore_ascii_case("content-length") => head.length = value.trim().parse()?,
            _ if name.eq_ignore_ascii_case("location") => head.location = Some(path(value.trim())),
            _ => {}
        }
    }
    Ok(Some(head))
}

/// Of an address, which may have a scheme and a host.
fn path(location: &str) -> String {
    match location.split_once("://") {
        Some((_, rest)) => format!("/{}", rest.split_once('/').map_or("", |(_, path)| path)),
        None => location.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_location_is_a_path_whoever_names_the_host() {
        let answer = b"HTTP/1.1 202 Accepted\r\nLocation: http://bench/v2/a/blobs/uploads/1?_state=x\r\n\r\nrest";
        let head = head(answer).unwrap().unwrap();
        assert_eq!((head.status, head.length, head.end), (202, 0, answer.len() - 4));
        assert_eq!(with_digest(&head.location.unwrap(), "d"), "/v2/a/blobs/uploads/1?_state=x&digest=d");
        assert_eq!(with_digest(&path("/v2/a"), "d"), "/v2/a?digest=d");
    }
}
