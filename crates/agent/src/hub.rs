//! The hub's agent routes, as the agent calls them. The credential goes in a header; redirects are not followed with it.

use std::error::Error;
use std::time::Duration;

use distr_domain::agent::{
    AgentError, EnrolRequest, EnrolResponse, HeartbeatRequest, HeartbeatResponse, RotateResponse,
};
use reqwest::{Client, Response, StatusCode, Url, redirect};
use serde::de::DeserializeOwned;

use crate::secret::Secret;

pub const AGENT_VERSION: &str = env!("CARGO_PKG_VERSION");

#[derive(Debug, Clone)]
pub struct Hub {
    http: Client,
    base: String,
}

#[derive(Debug, thiserror::Error)]
pub enum HubFault {
    #[error("{url:?} is not the URL of a hub: use http://HOST or https://HOST, without user and password")]
    BadUrl { url: String },
    #[error("cannot set up the connection to the hub: {0}")]
    Client(reqwest::Error),
    #[error("cannot reach the hub: {0}")]
    Unreachable(String),
    #[error("the hub refused: {message} ({code}, HTTP {status})")]
    Refused { status: u16, code: String, message: String },
    #[error("the hub's answer is not understood: {0}")]
    Garbled(String),
}

impl HubFault {
    /// The same body would be refused again.
    pub fn refuses_the_body(&self) -> bool {
        matches!(self, Self::Refused { status: 400 | 413 | 422, .. })
    }
}

impl Hub {
    pub fn try_new(base: &str) -> Result<Self, HubFault> {
        let bad = || HubFault::BadUrl { url: base.split('@').next_back().unwrap_or_default().to_owned() };
        let url = Url::parse(base).map_err(|_| bad())?;
        let plain = url.username().is_empty() && url.password().is_none() && url.query().is_none();
        if !matches!(url.scheme(), "http" | "https") || !url.has_host() || !plain {
            return Err(bad());
        }
        let http = Client::builder()
            .user_agent(concat!("distr-agent/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(Duration::from_secs(10))
            .timeout(Duration::from_secs(60))
            .redirect(redirect::Policy::none())
            .build()
            .map_err(HubFault::Client)?;
        Ok(Self { http, base: base.trim_end_matches('/').to_owned() })
    }

    pub fn base(&self) -> &str {
        &self.base
    }

    pub async fn enrol(&self, token: &Secret, nonce: &str) -> Result<EnrolResponse, HubFault> {
        let request = EnrolRequest { agent_version: AGENT_VERSION.to_owned(), nonce: Some(nonce.to_owned()) };
        self.post("enrol", token, Some(&request)).await
    }

    pub async fn rotate(&self, secret: &Secret) -> Result<RotateResponse, HubFault> {
        self.post("credential", secret, None::<&()>).await
    }

    pub async fn heartbeat(&self, secret: &Secret, request: &HeartbeatRequest) -> Result<HeartbeatResponse, HubFault> {
        self.post("heartbeats", secret, Some(request)).await
    }

    async fn post<T: DeserializeOwned>(
        &self,
        route: &str,
        secret: &Secret,
        body: Option<&impl serde::Serialize>,
    ) -> Result<T, HubFault> {
        let mut request = self.http.post(format!("{}/agent/v1/{route}", self.base)).bearer_auth(secret.expose());
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = request.send().await.map_err(|error| HubFault::Unreachable(causes(&error)))?;
        match response.status().is_success() {
            true => read(response).await,
            false => Err(refusal(response).await),
        }
    }
}

async fn read<T: DeserializeOwned>(response: Response) -> Result<T, HubFault> {
    let bytes = response.bytes().await.map_err(|error| HubFault::Unreachable(causes(&error)))?;
    serde_json::from_slice(&bytes).map_err(|error| HubFault::Garbled(error.to_string()))
}

async fn refusal(response: Response) -> HubFault {
    let status = response.status();
    let said = response.json::<AgentError>().await;
    let unsaid = |_| AgentError { code: "http".to_owned(), message: reason(status).to_owned() };
    let AgentError { code, message } = said.unwrap_or_else(unsaid);
    HubFault::Refused { status: status.as_u16(), code, message }
}

fn reason(status: StatusCode) -> &'static str {
    status.canonical_reason().unwrap_or("no reason given")
}

/// reqwest's own text stops at "error sending request".
fn causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hub_is_named_by_a_plain_url() {
        for bad in ["", "hub.example", "ftp://hub.example", "https://user:hunter2@hub.example", "https://h?x=1"] {
            let fault = Hub::try_new(bad).unwrap_err();
            assert!(!fault.to_string().contains("hunter2"), "{fault}");
        }
    }
}
