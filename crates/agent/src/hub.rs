//! The hub's agent routes, as the agent calls them. The credential goes in a header; redirects are not followed with it.

use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use distr_domain::agent::{
    AgentError, EnrolRequest, EnrolResponse, HeartbeatRequest, HeartbeatResponse, PullCredentialResponse,
    RotateResponse,
};
use distr_domain::fault::causes;
use distr_domain::image::names_this_machine;
use reqwest::header::DATE;
use reqwest::{Client, Response, StatusCode, Url, redirect};
use serde::de::DeserializeOwned;

use crate::link::{HubLink, LinkFault};
use crate::secret::Secret;

pub const AGENT_VERSION: &str = env!("CARGO_PKG_VERSION");

/// Bytes of an answer: packages and signatures of all deployments of a target, each of which the hub keeps below 10 MiB.
const LARGEST_ANSWER: usize = 64 << 20;
/// Bytes of a reason why the hub refused.
const LARGEST_REFUSAL: usize = 64 << 10;

#[derive(Debug, Clone)]
pub struct Hub {
    http: Client,
    base: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    Secure,
    /// the operator said so
    AnyHttp,
}

/// An address that no agent uses.
#[derive(Debug, thiserror::Error)]
pub enum AddressFault {
    #[error("{url:?} is not the URL of a hub: use http://HOST or https://HOST, without user and password")]
    BadUrl { url: String },
    #[error(
        "{url} has no encryption, so anybody between could read the credential and say what runs here: use https://, or \
         --allow-insecure if you accept that"
    )]
    Insecure { url: String },
    #[error("cannot set up the connection to the hub: {0}")]
    Client(reqwest::Error),
}

impl Hub {
    /// Plain HTTP goes to this machine alone, unless `transport` allows more.
    pub fn try_new(base: &str, transport: Transport) -> Result<Self, AddressFault> {
        let bad = || AddressFault::BadUrl { url: base.split('@').next_back().unwrap_or_default().to_owned() };
        let url = Url::parse(base).map_err(|_| bad())?;
        let plain = url.username().is_empty() && url.password().is_none() && url.query().is_none();
        if !matches!(url.scheme(), "http" | "https") || !url.has_host() || !plain {
            return Err(bad());
        }
        if url.scheme() == "http" && transport == Transport::Secure && !names_this_machine(url.authority()) {
            return Err(AddressFault::Insecure { url: base.to_owned() });
        }
        let builder = Client::builder();
        // what is for this machine stays on it
        let builder = if names_this_machine(url.authority()) { builder.no_proxy() } else { builder };
        let http = builder
            .user_agent(concat!("distr-agent/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(Duration::from_secs(10))
            .timeout(Duration::from_secs(60))
            .redirect(redirect::Policy::none())
            .build()
            .map_err(AddressFault::Client)?;
        Ok(Self { http, base: base.trim_end_matches('/').to_owned() })
    }

    pub fn base(&self) -> &str {
        &self.base
    }

    /// `host[:port]`
    pub fn authority(&self) -> String {
        Url::parse(&self.base).map(|url| url.authority().to_owned()).unwrap_or_default()
    }

    pub async fn enrol(&self, token: &Secret, nonce: &str) -> Result<EnrolResponse, LinkFault> {
        let request = EnrolRequest { agent_version: AGENT_VERSION.to_owned(), nonce: Some(nonce.to_owned()) };
        self.post("enrol", token, Some(&request)).await
    }

    /// Whether the hub answers, and its clock, as far as it says.
    pub async fn look(&self) -> Result<Option<DateTime<Utc>>, LinkFault> {
        let response = self.get(&format!("{}/healthz", self.base)).await?;
        match response.status().is_success() {
            true => {
                let date = response.headers().get(DATE).and_then(|date| date.to_str().ok());
                Ok(date.and_then(|date| DateTime::parse_from_rfc2822(date).ok()).map(|date| date.to_utc()))
            }
            false => Err(refusal(response).await),
        }
    }

    /// Whether a registry answers at `host[:port]`, which asks who one is.
    pub async fn look_at_registry(&self, registry: &str) -> Result<(), LinkFault> {
        // a hub may name a host, and no address in it
        let is_host = Url::parse(&format!("https://{registry}")).is_ok_and(|url| url.authority() == registry);
        if !is_host {
            return Err(LinkFault::Garbled(format!("{registry:?} is no registry's HOST or HOST:PORT")));
        }
        let scheme = if registry == self.authority() && self.base.starts_with("http:") { "http" } else { "https" };
        let response = self.get(&format!("{scheme}://{registry}/v2/")).await?;
        match response.status() {
            StatusCode::OK | StatusCode::UNAUTHORIZED => Ok(()),
            _ => Err(refusal(response).await),
        }
    }

    async fn get(&self, url: &str) -> Result<Response, LinkFault> {
        self.http.get(url).send().await.map_err(|error| LinkFault::Unreachable(causes(&error)))
    }

    async fn post<T: DeserializeOwned>(
        &self,
        route: &str,
        secret: &Secret,
        body: Option<&impl serde::Serialize>,
    ) -> Result<T, LinkFault> {
        let mut request = self.http.post(format!("{}/agent/v1/{route}", self.base)).bearer_auth(secret.expose());
        if let Some(body) = body {
            request = request.json(body);
        }
        // reqwest's own text stops at "error sending request"
        let response = request.send().await.map_err(|error| LinkFault::Unreachable(causes(&error)))?;
        match response.status().is_success() {
            true => read(response).await,
            false => Err(refusal(response).await),
        }
    }
}

#[async_trait]
impl HubLink for Hub {
    async fn heartbeat(&self, secret: &Secret, request: &HeartbeatRequest) -> Result<HeartbeatResponse, LinkFault> {
        self.post("heartbeats", secret, Some(request)).await
    }

    async fn rotate(&self, secret: &Secret) -> Result<RotateResponse, LinkFault> {
        self.post("credential", secret, None::<&()>).await
    }

    async fn pull_credential(&self, secret: &Secret) -> Result<PullCredentialResponse, LinkFault> {
        self.post("pull-credential", secret, None::<&()>).await
    }
}

async fn read<T: DeserializeOwned>(response: Response) -> Result<T, LinkFault> {
    let bytes = body(response, LARGEST_ANSWER).await?;
    serde_json::from_slice(&bytes).map_err(|error| LinkFault::Garbled(error.to_string()))
}

/// The body, of which at most `limit` bytes are read.
async fn body(mut response: Response, limit: usize) -> Result<Vec<u8>, LinkFault> {
    let mut body = vec![];
    while let Some(chunk) = response.chunk().await.map_err(|error| LinkFault::Unreachable(causes(&error)))? {
        if body.len() + chunk.len() > limit {
            return Err(LinkFault::TooLarge { limit });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

async fn refusal(response: Response) -> LinkFault {
    let status = response.status();
    let said = body(response, LARGEST_REFUSAL).await.ok().and_then(|body| serde_json::from_slice(&body).ok());
    let unsaid = || AgentError { code: "http".to_owned(), message: reason(status).to_owned() };
    let AgentError { code, message } = said.unwrap_or_else(unsaid);
    LinkFault::Refused { status: status.as_u16(), code: one_line(&code), message: one_line(&message) }
}

/// What the hub says stands in logs and on terminals beside what this program says, and must not pass for it.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { c.escape_debug().to_string() } else { c.to_string() }).collect()
}

fn reason(status: StatusCode) -> &'static str {
    status.canonical_reason().unwrap_or("no reason given")
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    /// A hub that says `status` and then sends without an end; counts what it got rid of.
    fn endless(status: &'static str) -> (String, Arc<AtomicUsize>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let sent = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&sent);
        std::thread::spawn(move || {
            let (mut caller, _) = listener.accept().unwrap();
            let mut request = [0; 4096];
            let _ = caller.read(&mut request);
            let _ = caller.write_all(format!("HTTP/1.1 {status}\r\nconnection: close\r\n\r\n").as_bytes());
            let piece = vec![b' '; 1 << 20];
            while counted.load(Ordering::SeqCst) < 4 * LARGEST_ANSWER && caller.write_all(&piece).is_ok() {
                counted.fetch_add(piece.len(), Ordering::SeqCst);
            }
        });
        (base, sent)
    }

    #[tokio::test]
    async fn an_answer_without_an_end_is_read_to_a_limit() {
        for (status, limit, said) in [
            ("200 OK", LARGEST_ANSWER, "the hub's answer has more than 67108864 bytes"),
            ("403 Forbidden", LARGEST_REFUSAL, "the hub refused: Forbidden (http, HTTP 403)"),
        ] {
            let (base, sent) = endless(status);
            let hub = Hub::try_new(&base, Transport::Secure).unwrap();
            let fault = hub.rotate(&Secret::new("s")).await.unwrap_err();
            assert!(fault.to_string().contains(said), "{fault}");
            // what lies in buffers between the two comes on top
            assert!(sent.load(Ordering::SeqCst) < limit + (32 << 20), "{status}: {sent:?}");
        }
    }

    #[test]
    fn a_hub_is_named_by_a_plain_url() {
        for bad in ["", "hub.example", "ftp://hub.example", "https://user:hunter2@hub.example", "https://h?x=1"] {
            let fault = Hub::try_new(bad, Transport::AnyHttp).unwrap_err();
            assert!(!fault.to_string().contains("hunter2"), "{fault}");
        }
    }

    #[test]
    fn plain_http_goes_to_this_machine_alone_unless_it_is_allowed() {
        for here in ["http://127.0.0.1:8080", "http://localhost", "http://[::1]:8080", "https://hub.example"] {
            Hub::try_new(here, Transport::Secure).unwrap();
        }
        for there in ["http://hub.example", "http://10.0.0.1:8080", "HTTP://hub.example", "http://localhost.example"] {
            let fault = Hub::try_new(there, Transport::Secure).unwrap_err().to_string();
            assert!(fault.contains("has no encryption") && fault.contains("--allow-insecure"), "{fault}");
            Hub::try_new(there, Transport::AnyHttp).unwrap();
        }
    }
}
