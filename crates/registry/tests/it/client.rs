//! A registry client as the specifications describe one: asks, is challenged, gets a token, asks again.

use std::sync::Mutex;

use reqwest::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use reqwest::{Method, RequestBuilder, Response};
use serde_json::Value;

use crate::world::SECRET;

pub(crate) struct Client {
    http: reqwest::Client,
    base: String,
    username: &'static str,
    token: Mutex<Option<String>>,
}

/// A request under way: its parts, so that it can be sent again with a token.
pub(crate) struct Request<'a> {
    client: &'a Client,
    method: Method,
    url: String,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Client {
    pub(crate) fn new(address: &str, username: &'static str) -> Self {
        // a connection that waits is closed by the server at a moment of its own
        let http = reqwest::Client::builder().no_proxy().pool_max_idle_per_host(0).build().expect("a client");
        Self { http, base: format!("http://{address}"), username, token: Mutex::default() }
    }

    /// `path`: from the root, or absolute.
    pub(crate) fn request(&self, method: Method, path: &str) -> Request<'_> {
        let url = if path.starts_with('/') { format!("{}{path}", self.base) } else { path.to_owned() };
        Request { client: self, method, url, headers: vec![], body: vec![] }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.request(Method::GET, path).send().await
    }

    pub(crate) async fn head(&self, path: &str) -> Answer {
        self.request(Method::HEAD, path).send().await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.request(Method::DELETE, path).send().await
    }

    pub(crate) async fn post(&self, path: &str, body: impl Into<Vec<u8>>) -> Answer {
        self.request(Method::POST, path).body(body).send().await
    }

    pub(crate) async fn put(&self, path: &str, body: impl Into<Vec<u8>>) -> Answer {
        self.request(Method::PUT, path).body(body).send().await
    }

    /// Gets a token for these scopes, and keeps it.
    pub(crate) async fn log_in(&self, scopes: &[&str]) {
        let query: Vec<_> = scopes.iter().map(|scope| ("scope", *scope)).collect();
        let request = self.http.get(format!("{}/token", self.base)).query(&query);
        self.keep_token(request).await;
    }

    /// The token that it got last, for requests that are written by hand.
    pub(crate) fn token(&self) -> String {
        self.token.lock().expect("the lock").clone().expect("a token")
    }

    async fn keep_token(&self, request: RequestBuilder) {
        let answer = request.basic_auth(self.username, Some(SECRET)).send().await.expect("an answer");
        let json: Value = answer.json().await.expect("a token as JSON");
        *self.token.lock().expect("the lock") = json["token"].as_str().map(str::to_owned);
    }

    /// Does what a challenge says; none: nothing to be done about it.
    async fn answer_challenge(&self, answer: &Response) -> Option<()> {
        let challenge = answer.headers().get(WWW_AUTHENTICATE)?.to_str().ok()?.strip_prefix("Bearer ")?;
        let parameter = |name: &str| {
            let begin = challenge.find(&format!("{name}=\""))? + name.len() + 2;
            challenge[begin..].split('"').next()
        };
        let query: Vec<_> =
            ["service", "scope"].into_iter().filter_map(|name| Some((name, parameter(name)?))).collect();
        self.keep_token(self.http.get(parameter("realm")?).query(&query)).await;
        Some(())
    }
}

impl Request<'_> {
    pub(crate) fn header(mut self, name: &'static str, value: impl ToString) -> Self {
        self.headers.push((name, value.to_string()));
        self
    }

    pub(crate) fn body(self, body: impl Into<Vec<u8>>) -> Self {
        Self { body: body.into(), ..self }
    }

    pub(crate) async fn send(self) -> Answer {
        let mut answer = self.once().await;
        if answer.status() == 401 && self.client.answer_challenge(&answer).await.is_some() {
            answer = self.once().await;
        }
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let body = answer.bytes().await.expect("a whole body").to_vec();
        Answer { status, headers, body }
    }

    async fn once(&self) -> Response {
        let mut request = self.client.http.request(self.method.clone(), &self.url).body(self.body.clone());
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        let token = self.client.token.lock().expect("the lock").clone();
        if let Some(token) = token {
            request = request.header(AUTHORIZATION, format!("Bearer {token}"));
        }
        request.send().await.expect("an answer")
    }
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|_| panic!("JSON, not {:?}", String::from_utf8_lossy(&self.body)))
    }

    /// `<status> <code>: <message>` of a refusal.
    pub(crate) fn error(&self) -> String {
        let json = self.json();
        let error = &json["errors"][0];
        format!("{} {}: {}", self.status, error["code"].as_str().unwrap(), error["message"].as_str().unwrap())
    }
}
