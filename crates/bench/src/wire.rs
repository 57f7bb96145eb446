//! HTTP/1.1 as lean as a load driver needs it, which shares two cores with what it drives: one connection, one request
//! at a time, answers with a content length (RFC 9112).

use std::net::SocketAddr;

use anyhow::{Context, Result, bail, ensure};
use bytes::{Buf, BytesMut};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

#[derive(Debug)]
pub struct Connection {
    stream: TcpStream,
    received: BytesMut,
}

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub body: BytesMut,
}

impl Connection {
    pub async fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).await.with_context(|| format!("cannot connect to {address}"))?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, received: BytesMut::with_capacity(16 * 1024) })
    }

    pub async fn get(&mut self, path: &str) -> Result<Answer> {
        self.exchange(format!("GET {path} HTTP/1.1\r\nhost: bench\r\n\r\n").as_bytes()).await
    }

    /// `secret` as the bearer token.
    pub async fn post(&mut self, path: &str, secret: Option<&str>, body: &[u8]) -> Result<Answer> {
        let mut request = Vec::with_capacity(256 + body.len());
        put_head(&mut request, path, secret, body.len());
        request.extend_from_slice(body);
        self.exchange(&request).await
    }

    /// Sends the bytes of a whole request and waits for the whole answer.
    pub async fn exchange(&mut self, request: &[u8]) -> Result<Answer> {
        self.stream.write_all(request).await.context("cannot send a request")?;
        loop {
            if let Some((head, status, length)) = head(&self.received)?
                && self.received.len() >= head + length
            {
                self.received.advance(head);
                return Ok(Answer { status, body: self.received.split_to(length) });
            }
            if self.stream.read_buf(&mut self.received).await.context("cannot receive an answer")? == 0 {
                bail!("the connection ended before the answer did");
            }
        }
    }
}

impl Answer {
    pub fn json(&self) -> Result<Value> {
        let text = || String::from_utf8_lossy(&self.body).chars().take(500).collect::<String>();
        ensure!(self.status == 200, "the answer is {}: {}", self.status, text());
        serde_json::from_slice(&self.body).with_context(|| format!("not JSON: {}", text()))
    }
}

/// The head of a POST with a JSON body.
pub fn put_head(request: &mut Vec<u8>, path: &str, secret: Option<&str>, length: usize) {
    let authorization = secret.map(|secret| format!("authorization: Bearer {secret}\r\n")).unwrap_or_default();
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: bench\r\n{authorization}content-type: application/json\r\n\
         content-length: {length}\r\n\r\n"
    );
    request.extend_from_slice(head.as_bytes());
}

/// The length of the head, the status and the length of the body, once the head is there.
fn head(received: &[u8]) -> Result<Option<(usize, u16, usize)>> {
    let Some(end) = received.windows(4).position(|window| window == b"\r\n\r\n") else {
        return Ok(None);
    };
    let head = std::str::from_utf8(&received[..end]).context("an answer's head is text")?;
    let mut lines = head.split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).context("an answer begins with a status")?;
    let length = lines.filter_map(|line| line.split_once(':')).find_map(|(name, value)| {
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse()).and_then(Result::ok)
    });
    Ok(Some((end + 4, status.parse().context("a status is a number")?, length.context("the answer has no length")?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_read_once_it_is_whole() {
        let answer = b"HTTP/1.1 429 Too Many Requests\r\nContent-Length: 2\r\nx: y\r\n\r\n{}";
        assert!(head(&answer[..40]).unwrap().is_none());
        assert_eq!(head(answer).unwrap(), Some((answer.len() - 2, 429, 2)));
        assert!(head(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
    }
}
