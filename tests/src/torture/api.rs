//! The hubs as a client sees them that may lose its connection at any moment.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use rand::RngExt;
use reqwest::Client;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::hub::{OWNER, PASSWORD};

/// Longer than a hub waits for its database.
const TIMEOUT: Duration = Duration::from_secs(45);

/// These leave open what happened, or say that it may work in a moment.
const UNSETTLED: [&str; 7] =
    ["internal", "not_ready", "not_yet_visible", "conflict", "too_many_requests", "unavailable", "outcome_unknown"];

#[derive(Clone)]
pub(crate) struct Api {
    http: Client,
    urls: Arc<Vec<String>>,
    /// how many of the hubs run
    count: Arc<AtomicUsize>,
    secret: Option<String>,
}

#[derive(Debug)]
pub(crate) enum Answer {
    Data(Value),
    Refused {
        code: String,
        message: String,
    },
    /// nobody knows; ask again
    Unknown(String),
}

/// One mutation, whose field is called `it`.
pub(crate) struct Mutation {
    pub(crate) key: Uuid,
    pub(crate) correlation: Uuid,
    pub(crate) document: String,
    pub(crate) variables: Value,
}

impl Api {
    pub(crate) fn new(urls: Vec<String>) -> Self {
        let http = Client::builder().timeout(TIMEOUT).connect_timeout(Duration::from_secs(5)).build();
        Self { http: http.expect("a client"), urls: Arc::new(urls), count: Arc::new(AtomicUsize::new(1)), secret: None }
    }

    pub(crate) fn with_secret(&self, secret: &str) -> Self {
        Self { secret: Some(secret.to_owned()), ..self.clone() }
    }

    pub(crate) fn secret(&self) -> &str {
        self.secret.as_deref().unwrap_or_default()
    }

    pub(crate) fn set_count(&self, count: usize) {
        self.count.store(count, Ordering::SeqCst);
    }

    /// Any hub of those that run.
    pub(crate) fn url(&self) -> &str {
        &self.urls[rand::rng().random_range(0..self.count.load(Ordering::SeqCst))]
    }

    /// Whether the path answers with success.
    pub(crate) async fn get(url: &str) -> Result<(), String> {
        let client = Client::builder().timeout(Duration::from_secs(5)).build().expect("a client");
        let response = client.get(url).send().await.map_err(|error| error.to_string())?;
        match response.status().is_success() {
            true => Ok(()),
            false => Err(response.status().to_string()),
        }
    }

    pub(crate) async fn mutate(&self, mutation: &Mutation) -> Answer {
        let request = self
            .http
            .post(format!("{}/graphql", self.url()))
            .bearer_auth(self.secret())
            .header("Idempotency-Key", mutation.key.to_string())
            .header("X-Correlation-Id", mutation.correlation.to_string())
            .json(&json!({ "query": mutation.document, "variables": mutation.variables }));
        settle(request).await
    }

    pub(crate) async fn query(&self, document: &str, variables: Value) -> Answer {
        let mut request = self
            .http
            .post(format!("{}/graphql", self.url()))
            .json(&json!({ "query": document, "variables": variables }));
        if let Some(secret) = &self.secret {
            request = request.bearer_auth(secret);
        }
        settle(request).await
    }

    /// Of `/agent/v1`.
    pub(crate) async fn agent(&self, path: &str, secret: &str, body: &Value) -> Answer {
        settle(self.http.post(format!("{}/agent/v1/{path}", self.url())).bearer_auth(secret).json(body)).await
    }

    /// A session of the owner.
    pub(crate) async fn sign_in(&self) -> anyhow::Result<Self> {
        let document = "mutation ($o: Name!, $e: String!, $p: String!) {
            sessionCreate(organization: $o, email: $e, password: $p) { token }
        }";
        let variables = json!({ "o": "acme", "e": OWNER, "p": PASSWORD });
        let data = self.query(document, variables).await.data()?;
        Ok(self.with_secret(data["sessionCreate"]["token"].as_str().unwrap_or_default()))
    }
}

impl Answer {
    pub(crate) fn data(self) -> anyhow::Result<Value> {
        match self {
            Answer::Data(data) => Ok(data),
            other => Err(anyhow::anyhow!("{other:?}")),
        }
    }
}

async fn settle(request: reqwest::RequestBuilder) -> Answer {
    let response = match request.send().await {
        Ok(response) => response,
        Err(error) => return Answer::Unknown(error.to_string()),
    };
    let status = response.status();
    let body: Value = match response.json().await {
        Ok(body) => body,
        Err(error) => return Answer::Unknown(format!("{status}: {error}")),
    };
    let error = match body["errors"].get(0) {
        Some(error) => Some((&error["extensions"]["code"], &error["message"])),
        None if !status.is_success() => Some((&body["code"], &body["message"])),
        None => None,
    };
    let Some((code, message)) = error else {
        return Answer::Data(body.get("data").cloned().unwrap_or(body));
    };
    let (code, message) = (code.as_str().unwrap_or_default().to_owned(), message.to_string());
    match code.is_empty() || UNSETTLED.contains(&code.as_str()) {
        true => Answer::Unknown(format!("{status} {code}: {message}")),
        false => Answer::Refused { code, message },
    }
}
