//! The hub over HTTP: one operation, one answer; lists page by page to their end.

use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use distr_domain::image::names_this_machine;
use graphql_client::{GraphQLQuery, Response};
use reqwest::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;

use crate::exit::Failure;

const CONNECT: Duration = Duration::from_secs(10);
/// An operation that changes something may wait for its read model.
const ANSWER: Duration = Duration::from_secs(60);
/// Bytes of an answer; a hub makes none that is larger than a quarter of it.
const LARGEST_ANSWER: usize = 64 << 20;
pub(crate) const PAGE: i64 = 200;

pub(crate) struct Hub {
    http: reqwest::Client,
    base: Url,
    token: Option<String>,
}

/// What the hub says outside GraphQL.
#[derive(Deserialize)]
struct Refusal {
    code: String,
    message: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Transport {
    /// https, or plain HTTP to this machine
    Secure,
    AnyHttp,
}

/// Every connection that this program makes: through the proxies that the environment names, to whom the system's authorities or
/// those of `SSL_CERT_FILE` vouch for. What is for this machine stays on it.
fn connections(to: &Url) -> reqwest::ClientBuilder {
    let builder = reqwest::Client::builder();
    let builder = if names_this_machine(to.authority()) { builder.no_proxy() } else { builder };
    builder
        .connect_timeout(CONNECT)
        .user_agent(concat!("distr/", env!("CARGO_PKG_VERSION")))
        // a token must not follow a redirect to somewhere else
        .redirect(reqwest::redirect::Policy::none())
}

impl Hub {
    pub(crate) fn try_new(base: &str, token: Option<String>, transport: Transport) -> Result<Self> {
        let base: Url = base.parse().map_err(|_| Failure::Usage(format!("{base:?} is no URL of a hub")))?;
        if !matches!(base.scheme(), "http" | "https") || base.host_str().is_none() {
            return Err(Failure::Usage(format!("{base} is no URL of a hub; it begins with http:// or https://")).into());
        }
        if base.scheme() == "http" && transport == Transport::Secure && !names_this_machine(base.authority()) {
            return Err(Failure::Usage(format!(
                "{base} has no encryption, so anybody between could read passwords and tokens: use https://, or \
                 --allow-insecure (DISTR_ALLOW_INSECURE=1) if you accept that"
            ))
            .into());
        }
        Ok(Self { http: connections(&base).timeout(ANSWER).build()?, base, token })
    }

    /// As it is written in profiles: without a slash at its end.
    pub(crate) fn address(&self) -> String {
        self.base.as_str().trim_end_matches('/').to_owned()
    }

    pub(crate) fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// A request for a socket of GraphQL, which is asked for in HTTP/1.1 and lasts.
    pub(crate) fn socket(&self) -> Result<reqwest::RequestBuilder> {
        Ok(connections(&self.base).http1_only().build()?.get(self.graphql()?))
    }

    fn graphql(&self) -> Result<Url> {
        Ok(format!("{}/graphql", self.address()).parse()?)
    }

    pub(crate) async fn ask<Q: GraphQLQuery>(&self, variables: Q::Variables) -> Result<Q::ResponseData> {
        let mut request = self.http.post(self.graphql()?).json(&Q::build_query(variables));
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        let answer = request.send().await.map_err(|error| self.unreachable(error))?;
        let status = answer.status();
        let body = self.body(answer).await?;
        if status != StatusCode::OK {
            return Err(refused(status, &body, &self.address()).into());
        }
        let answer: Response<Q::ResponseData> =
            serde_json::from_slice(&body).with_context(|| format!("reading the answer of {}", self.address()))?;
        match (answer.data, answer.errors.unwrap_or_default().into_iter().next()) {
            (_, Some(error)) => Err(failure(error).into()),
            (Some(data), None) => Ok(data),
            (None, None) => Err(anyhow!("the hub's answer is empty")),
        }
    }

    /// A file of the hub at an address of its own.
    pub(crate) async fn get(&self, path: &str) -> Result<Vec<u8>> {
        let mut request = self.http.get(format!("{}/{path}", self.address()));
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        let answer = request.send().await.map_err(|error| self.unreachable(error))?;
        let status = answer.status();
        let body = self.body(answer).await?;
        match status {
            StatusCode::OK => Ok(body),
            _ => Err(refused(status, &body, &self.address()).into()),
        }
    }

    /// Not more than the largest answer of a hub, whatever this one sends.
    async fn body(&self, mut answer: reqwest::Response) -> Result<Vec<u8>> {
        let mut body = vec![];
        while let Some(chunk) = answer.chunk().await.map_err(|error| self.unreachable(error))? {
            if body.len() + chunk.len() > LARGEST_ANSWER {
                return Err(anyhow!("the answer of {} has more than {LARGEST_ANSWER} bytes", self.address()));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    /// All of a connection, which lies in the answer at the JSON pointer `at`. The closure gets the cursor.
    pub(crate) async fn list<Q>(
        &self,
        at: &str,
        variables: impl Fn(Option<String>) -> Q::Variables,
    ) -> Result<Vec<Value>>
    where
        Q: GraphQLQuery<ResponseData: Serialize>,
    {
        self.list_up_to::<Q>(usize::MAX, at, variables).await
    }

    /// No more than the first `limit` of a connection.
    pub(crate) async fn list_up_to<Q>(
        &self,
        limit: usize,
        at: &str,
        variables: impl Fn(Option<String>) -> Q::Variables,
    ) -> Result<Vec<Value>>
    where
        Q: GraphQLQuery<ResponseData: Serialize>,
    {
        let (mut items, mut cursor) = (vec![], None);
        loop {
            let mut answer = serde_json::to_value(self.ask::<Q>(variables(cursor)).await?)?;
            let page = answer.pointer_mut(at).with_context(|| format!("the answer has no {at}"))?;
            if let Some(Value::Array(nodes)) = page.get_mut("nodes") {
                items.append(nodes);
            }
            if items.len() >= limit {
                items.truncate(limit);
                return Ok(items);
            }
            match page.pointer("/pageInfo/endCursor").and_then(Value::as_str) {
                Some(end) if page.pointer("/pageInfo/hasNextPage") == Some(&Value::Bool(true)) => {
                    cursor = Some(end.to_owned());
                }
                _ => return Ok(items),
            }
        }
    }

    /// The refusal in an answer that is not the one that was asked for.
    pub(crate) async fn refusal(&self, answer: reqwest::Response) -> Result<Failure> {
        let status = answer.status();
        Ok(refused(status, &self.body(answer).await?, &self.address()))
    }

    pub(crate) fn unreachable(&self, error: reqwest::Error) -> Failure {
        let mut cause: &dyn std::error::Error = &error;
        while let Some(source) = cause.source() {
            cause = source;
        }
        let cause = if error.is_timeout() { "it did not answer in time".to_owned() } else { plain(&cause.to_string()) };
        Failure::Unreachable { hub: self.address(), cause }
    }
}

/// The cause of a failed connection in words that say what to do, where the library's own do not.
pub(crate) fn plain(cause: &str) -> String {
    const CAUSES: [(&str, &str); 4] = [
        (
            "CaUsedAsEndEntity",
            "its certificate is an authority's own, as `openssl req -x509` makes it, and not a server's; let an authority \
             sign one for the server",
        ),
        (
            "UnknownIssuer",
            "this machine does not know the authority of its certificate; SSL_CERT_FILE names a file with the \
             authority's certificate",
        ),
        ("invalid HTTP version parsed", "it does not answer in plain HTTP; does it speak https?"),
        ("InvalidContentType", "it does not answer in TLS; does it speak http?"),
    ];
    let known = CAUSES.iter().find(|(word, _)| cause.contains(word));
    known.map_or_else(|| cause.to_owned(), |(_, text)| (*text).to_owned())
}

fn refused(status: StatusCode, body: &[u8], hub: &str) -> Failure {
    match serde_json::from_slice::<Refusal>(body) {
        Ok(refusal) => coded(refusal.code, refusal.message),
        Err(_) => {
            Failure::Unreachable { hub: hub.to_owned(), cause: format!("what answers there ({status}) is no hub") }
        }
    }
}

pub(crate) fn failure(error: graphql_client::Error) -> Failure {
    let extensions = error.extensions.unwrap_or_default();
    let code = extensions.get("code").and_then(Value::as_str).unwrap_or("unknown");
    coded(code.to_owned(), error.message)
}

fn coded(code: String, message: String) -> Failure {
    match code.as_str() {
        "unauthenticated" => Failure::NotSignedIn("the hub does not know this session or token any more".into()),
        _ => Failure::Refused { code, message },
    }
}
