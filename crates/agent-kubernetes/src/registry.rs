//! The hub's registry, as far as the agent of a cluster needs it. The agent's credential goes to the registry and its hub alone, and is left
//! behind where either of them leads elsewhere.

use std::time::Duration;

use async_trait::async_trait;
use distr_agent::fault::{Blame, Failure};
use distr_agent::hub::{AddressFault, Hub};
use distr_agent::secret::CurrentSecret;
use distr_domain::agent::{ChartSource, ErrorCategory, PinnedImage};
use distr_domain::fault::causes;
use distr_domain::image::names_this_machine;
use distr_domain::oci::Descriptor;
use reqwest::header::{ACCEPT, LOCATION, WWW_AUTHENTICATE};
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode, Url, redirect};
use serde_json::Value;

use crate::challenge::{self, Challenge};
use crate::charts::{Charts, MAX_ARCHIVE, is_archive, is_of};

/// The user name of every agent; the secret says which.
const USER: &str = "agent";
/// Kinds of manifests that an image may be.
const MANIFESTS: &str = "application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json, \
     application/vnd.docker.distribution.manifest.v2+json, application/vnd.docker.distribution.manifest.list.v2+json";
/// Bytes of a manifest, which registries keep to.
const LARGEST_MANIFEST: u64 = 4 << 20;
/// Bytes of a token's answer, or of a reason why something is refused.
const LARGEST_WORDS: u64 = 64 << 10;
/// Characters of a reason that are told.
const LONGEST_REASON: usize = 600;
/// Other places that a blob may be at, one after another.
const MOST_PLACES: usize = 3;
/// For a connection, and for a registry to go on sending.
const SILENCE: Duration = Duration::from_secs(60);

/// A client of the hub's registry.
#[derive(Debug, Clone)]
pub struct Registry {
    /// `host[:port]`, with how it is spoken to
    hub: (String, &'static str),
    secret: CurrentSecret,
    /// through a proxy, if there is one
    outside: Client,
    /// what is for this machine stays on it
    here: Client,
}

impl Registry {
    pub fn try_new(hub: &Hub, secret: CurrentSecret) -> Result<Self, AddressFault> {
        let client = || {
            Client::builder()
                .user_agent(concat!("distr-agent/", env!("CARGO_PKG_VERSION")))
                .connect_timeout(Duration::from_secs(10))
                .read_timeout(SILENCE)
                .redirect(redirect::Policy::none())
        };
        let scheme = if hub.base().starts_with("http:") { "http" } else { "https" };
        Ok(Self {
            hub: (hub.authority(), scheme),
            secret,
            outside: client().build().map_err(AddressFault::Client)?,
            here: client().no_proxy().build().map_err(AddressFault::Client)?,
        })
    }

    /// Plain HTTP where the hub itself is spoken to like that, and on this machine.
    fn scheme(&self, authority: &str) -> &'static str {
        match &self.hub {
            (hub, scheme) if hub == authority => scheme,
            _ if names_this_machine(authority) => "http",
            _ => "https",
        }
    }

    fn url(&self, registry: &str, path: &str) -> Result<Url, Failure> {
        let url = Url::parse(&format!("{}://{registry}/v2/{path}", self.scheme(registry))).ok();
        // a hub may name a host, and no address in it
        url.filter(|url| is_of_host(url, registry)).ok_or_else(|| {
            Failure::passing(ErrorCategory::Network, format!("{registry:?} is no registry's HOST or HOST:PORT"))
        })
    }

    fn request(&self, method: Method, url: &Url) -> RequestBuilder {
        let client = if names_this_machine(url.authority()) { &self.here } else { &self.outside };
        client.request(method, url.clone())
    }

    /// The answer to a request that asked again with the credential if it had to.
    async fn ask(&self, method: Method, registry: &str, path: &str) -> Result<Response, Failure> {
        let url = self.url(registry, path)?;
        let request = || self.request(method.clone(), &url).header(ACCEPT, MANIFESTS);
        let answer = send(request(), registry).await?;
        if answer.status() != StatusCode::UNAUTHORIZED {
            return Ok(answer);
        }
        let header = answer.headers().get(WWW_AUTHENTICATE).and_then(|header| header.to_str().ok());
        match header.and_then(challenge::read) {
            Some(Challenge::Basic) => {
                send(request().basic_auth(USER, Some(self.secret.get().expose())), registry).await
            }
            Some(Challenge::Bearer { realm, service, scope }) => {
                let token = self.token(registry, &realm, [("service", service), ("scope", scope)]).await?;
                send(request().bearer_auth(token), registry).await
            }
            None => Ok(answer),
        }
    }

    async fn token(
        &self,
        registry: &str,
        realm: &str,
        parameters: [(&str, Option<String>); 2],
    ) -> Result<String, Failure> {
        let elsewhere = || {
            let text = format!(
                "registry {registry} sends for a token to {realm:?}, which is neither the registry nor the hub: the agent's \
                 credential goes nowhere else"
            );
            Failure::passing(ErrorCategory::Network, text)
        };
        let url = Url::parse(realm).ok().filter(|url| {
            let is_known = is_of_host(url, registry) || is_of_host(url, &self.hub.0);
            is_known && url.scheme() == self.scheme(url.authority())
        });
        let url = url.ok_or_else(elsewhere)?;
        let parameters = parameters.into_iter().filter_map(|(name, value)| Some((name, value?)));
        let request = self.request(Method::GET, &url).query(&parameters.collect::<Vec<_>>());
        let answer = send(request.basic_auth(USER, Some(self.secret.get().expose())), registry).await?;
        if !answer.status().is_success() {
            return Err(refused("a token for the registry", answer).await);
        }
        let answer: Value = serde_json::from_slice(&body(answer, LARGEST_WORDS, registry).await?).unwrap_or_default();
        let token = ["token", "access_token"].into_iter().find_map(|name| answer[name].as_str());
        let none = || Failure::passing(ErrorCategory::Network, format!("registry {registry} gave no token"));
        token.map(str::to_owned).ok_or_else(none)
    }

    /// The archive, wherever the registry keeps it. The credential stays behind.
    async fn blob(&self, registry: &str, chart: &ChartSource) -> Result<Response, Failure> {
        let path = format!("{}/blobs/{}", chart.repository, chart.archive);
        let (mut url, mut answer) = (self.url(registry, &path)?, self.ask(Method::GET, registry, &path).await?);
        for _ in 0..MOST_PLACES {
            if !answer.status().is_redirection() {
                break;
            }
            let location = answer.headers().get(LOCATION).and_then(|location| location.to_str().ok());
            let next = location.and_then(|location| url.join(location).ok());
            url = next.filter(|next| next.scheme() == "https" || url.scheme() == "http").ok_or_else(|| {
                let text = format!("registry {registry} leads to no place from which the chart can be fetched safely");
                Failure::passing(ErrorCategory::Network, text)
            })?;
            answer = send(self.request(Method::GET, &url), url.authority()).await?;
        }
        Ok(answer)
    }
}

#[async_trait]
impl Charts for Registry {
    async fn archive(&self, registry: &str, chart: &ChartSource) -> Result<Vec<u8>, Failure> {
        let name = format!("chart {registry}/{}@{}", chart.repository, chart.digest);
        tracing::info!(chart = name, "fetch");
        if chart.size > MAX_ARCHIVE {
            return Err(broken(
                &name,
                format!("its archive has {} bytes; at most {MAX_ARCHIVE} are taken", chart.size),
            ));
        }
        let path = format!("{}/manifests/{}", chart.repository, chart.digest);
        let answer = self.ask(Method::GET, registry, &path).await?;
        if !answer.status().is_success() {
            return Err(refused(&name, answer).await);
        }
        let manifest = body(answer, LARGEST_MANIFEST, registry).await?;
        if !is_of(&manifest, &chart.digest) {
            return Err(other_bytes(&name, "its manifest"));
        }
        if !layers(&manifest).iter().any(|layer| (&layer.digest, layer.size) == (&chart.archive, chart.size)) {
            return Err(broken(&name, "its manifest does not name the archive that the release has".to_owned()));
        }
        let answer = self.blob(registry, chart).await?;
        if !answer.status().is_success() {
            return Err(refused(&name, answer).await);
        }
        let archive = body(answer, chart.size, registry).await?;
        match is_archive(&archive, chart) {
            true => Ok(archive),
            false => Err(other_bytes(&name, "its archive")),
        }
    }

    async fn check(&self, registry: &str, image: &PinnedImage) -> Result<(), Failure> {
        let path = format!("{}/manifests/{}", image.repository, image.digest);
        if self.ask(Method::HEAD, registry, &path).await?.status().is_success() {
            return Ok(());
        }
        // the same once more, as an answer to that has no words
        let answer = self.ask(Method::GET, registry, &path).await?;
        match answer.status().is_success() {
            true => Ok(()),
            false => Err(refused(&format!("image {registry}/{}@{}", image.repository, image.digest), answer).await),
        }
    }
}

fn is_of_host(url: &Url, authority: &str) -> bool {
    url.authority() == authority && url.username().is_empty() && url.password().is_none()
}

/// The layers that a manifest names; none if it is no manifest of an image.
fn layers(manifest: &[u8]) -> Vec<Descriptor> {
    let manifest: Value = serde_json::from_slice(manifest).unwrap_or_default();
    let layer = |layer: &Value| {
        let (digest, media_type) = (layer["digest"].as_str()?.parse().ok()?, layer["mediaType"].as_str()?.to_owned());
        Some(Descriptor { digest, size: layer["size"].as_u64()?, media_type })
    };
    manifest["layers"].as_array().into_iter().flatten().filter_map(layer).collect()
}

async fn send(request: RequestBuilder, host: &str) -> Result<Response, Failure> {
    request.send().await.map_err(|error| unreachable(host, &error))
}

/// The body, of which no more than `limit` bytes are read.
async fn body(mut answer: Response, limit: u64, host: &str) -> Result<Vec<u8>, Failure> {
    let mut body = vec![];
    while let Some(chunk) = answer.chunk().await.map_err(|error| unreachable(host, &error))? {
        if (body.len() + chunk.len()) as u64 > limit {
            let text = format!("{host} sends more than the {limit} bytes that it should");
            return Err(Failure::passing(ErrorCategory::Network, text));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn unreachable(host: &str, error: &reqwest::Error) -> Failure {
    Failure::passing(ErrorCategory::Network, format!("cannot reach {host}: {}", causes(error)))
}

/// What the registry says of the release is the release's; whatever else keeps it from answering passes.
async fn refused(what: &str, answer: Response) -> Failure {
    let (status, host) = (answer.status(), answer.url().authority().to_owned());
    let words = body(answer, LARGEST_WORDS, &host).await.unwrap_or_default();
    let said: Option<Value> = serde_json::from_slice(&words).ok();
    of_refusal(what, &host, status, said.as_ref().and_then(reason))
}

/// The first reason, as registries tell them.
fn reason(said: &Value) -> Option<String> {
    let message = said["errors"][0]["message"].as_str().or(said["errors"][0]["code"].as_str())?;
    let visible = |c: char| if c.is_control() { ' ' } else { c };
    Some(message.chars().map(visible).take(LONGEST_REASON).collect())
}

fn of_refusal(what: &str, host: &str, status: StatusCode, reason: Option<String>) -> Failure {
    let (blame, category, text) = match (status, reason) {
        (StatusCode::UNAUTHORIZED, _) => (
            Blame::Surroundings,
            ErrorCategory::Entitlement,
            "the registry does not know the agent's credential".to_owned(),
        ),
        (StatusCode::FORBIDDEN | StatusCode::NOT_FOUND, Some(reason)) => {
            (Blame::Generation, ErrorCategory::Entitlement, reason)
        }
        (StatusCode::FORBIDDEN | StatusCode::NOT_FOUND, None) => (
            Blame::Surroundings,
            ErrorCategory::Network,
            format!("something between this cluster and the registry answers in its place (HTTP {})", status.as_u16()),
        ),
        (_, reason) => (
            Blame::Surroundings,
            ErrorCategory::Network,
            format!(
                "{host} answers with HTTP {}{}",
                status.as_u16(),
                reason.map_or(String::new(), |of| format!(": {of}"))
            ),
        ),
    };
    Failure { blame, ..Failure::passing(category, format!("{what}: {text}")) }
}

fn broken(name: &str, why: String) -> Failure {
    Failure::bad(ErrorCategory::Config, format!("{name}: {why}"))
}

/// Perhaps of somebody between; the next try may find the right ones.
fn other_bytes(name: &str, what: &str) -> Failure {
    Failure::passing(ErrorCategory::Network, format!("{name}: {what} came with other bytes than its digest is of"))
}

#[cfg(test)]
mod tests;
