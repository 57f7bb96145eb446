//! The one way of Helm to the API server: a proxy on this machine's loopback, within the agent. Helm keeps its records in the release's namespace,
//! where others may write, and believes whatever it finds there. Here a record is vouched for when Helm writes it, and one that is not vouched for is
//! not there when Helm reads. Beside that, a Helm gets to no other namespace than its release's, holds no credential of the cluster, and gets nowhere
//! any more once its agent is gone.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::header::{ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HOST};
use http::response::Parts;
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use kube::Client;
use kube::client::Body;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use uuid::Uuid;

use crate::release::Release;
use crate::revision::HELMS_PREFIX;
use crate::seals::Seals;
use crate::tenure::Tenure;

/// Bytes of a request: Kubernetes takes objects of 3 MiB.
const LARGEST_REQUEST: usize = 8 << 20;
/// Bytes of Secrets in an answer: Helm's history is ten records of up to 1 MiB.
const LARGEST_ANSWER: usize = 64 << 20;

/// Ends with its last owner.
#[derive(Debug)]
pub struct Gateway {
    address: SocketAddr,
    sessions: Arc<Sessions>,
    server: JoinHandle<()>,
}

struct Sessions {
    client: Client,
    seals: Seals,
    tenure: Option<Arc<Tenure>>,
    /// how addresses begin, by the namespaces that they lead to: Helm sends no credential without TLS
    open: Mutex<BTreeMap<String, String>>,
}

impl std::fmt::Debug for Sessions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sessions").finish_non_exhaustive()
    }
}

impl Gateway {
    /// Listens, and passes on as whoever the client is.
    pub async fn open(client: Client, seals: Seals, tenure: Option<Arc<Tenure>>) -> io::Result<Self> {
        let listener = TcpListener::bind((std::net::Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let sessions = Arc::new(Sessions { client, seals, tenure, open: Mutex::default() });
        let server = tokio::spawn(serve(listener, Arc::clone(&sessions)));
        Ok(Self { address, sessions, server })
    }

    /// The address of the API server for the Helm of a release, such as `http://127.0.0.1:41234/0d6f1c2e…`; the same each time, as Helm keeps by it
    /// which kinds the cluster has.
    pub fn url(&self, release: &Release) -> String {
        let mut open = self.sessions.open();
        let key = open.entry(release.namespace.clone()).or_insert_with(|| Uuid::new_v4().simple().to_string());
        format!("http://{}/{key}", self.address)
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn serve(listener: TcpListener, sessions: Arc<Sessions>) {
    // they end with this task
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            Ok((stream, _)) = listener.accept() => {
                connections.spawn(connection(stream, Arc::clone(&sessions)));
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn connection(stream: TcpStream, sessions: Arc<Sessions>) {
    let service = service_fn(|request| {
        let sessions = Arc::clone(&sessions);
        async move { Ok::<_, Infallible>(sessions.answer(request).await) }
    });
    if let Err(error) = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await {
        tracing::debug!(%error, "a connection of Helm's ended early");
    }
}

impl Sessions {
    fn open(&self) -> MutexGuard<'_, BTreeMap<String, String>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn answer(&self, request: Request<Incoming>) -> Response<Body> {
        let uri = request.uri().path_and_query().map_or("/", |uri| uri.as_str()).to_owned();
        let (key, rest) = uri.trim_start_matches('/').split_once('/').unwrap_or_default();
        let namespace = self.open().iter().find(|(_, of)| *of == key).map(|(namespace, _)| namespace.clone());
        let (Some(namespace), Ok(rest)) = (namespace, format!("/{rest}").parse()) else {
            return refusal(StatusCode::UNAUTHORIZED, "Unauthorized", "this way is for the agent's Helm alone");
        };
        let (mut head, body) = request.into_parts();
        head.uri = rest;
        let request = Request::from_parts(head, body);
        match self.pass(request, &namespace).await {
            Ok(answer) => answer,
            Err(error) => {
                refusal(StatusCode::BAD_GATEWAY, "InternalError", &format!("the cluster does not answer: {error}"))
            }
        }
    }

    async fn pass(&self, request: Request<Incoming>, namespace: &str) -> Result<Response<Body>, Fault> {
        let method = request.method().clone();
        let Some(place) = Place::of(request.uri().path()) else {
            let text = "a path is spelled as Helm spells it: no escapes, no empty or dotted steps, no old way to watch";
            return Ok(refusal(StatusCode::BAD_REQUEST, "BadRequest", text));
        };
        if place.namespace.is_some_and(|other| other != namespace) || (place.namespace.is_none() && place.is_secrets) {
            let text = format!("a release of namespace {namespace} gets to no other");
            return Ok(refusal(StatusCode::FORBIDDEN, "Forbidden", &text));
        }
        let is_write = !matches!(method, Method::GET | Method::HEAD | Method::OPTIONS);
        if let Some(Err(failure)) = self.tenure.as_ref().filter(|_| is_write).map(|tenure| tenure.check()) {
            return Ok(refusal(StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailable", &failure.text));
        }
        let (is_secrets, name) = (place.is_secrets, place.name.map(str::to_owned));
        let (mut head, body) = request.into_parts();
        let body = Limited::new(body, LARGEST_REQUEST).collect().await?.to_bytes();
        if is_secrets && method == Method::PATCH && name.is_some_and(|name| name.starts_with(HELMS_PREFIX)) {
            return Ok(refusal(StatusCode::FORBIDDEN, "Forbidden", "Helm does not patch its records"));
        }
        let is_watch = head
            .uri
            .query()
            .is_some_and(|query| query.split('&').any(|part| part == "watch=true" || part == "watch=1"));
        for name in [AUTHORIZATION, HOST, CONNECTION, CONTENT_LENGTH, ACCEPT_ENCODING] {
            head.headers.remove(name);
        }
        if is_secrets {
            head.headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        }
        let answer = self.client.send(Request::from_parts(head, Body::from(body.to_vec()))).await?;
        if !is_secrets || is_watch || !answer.status().is_success() {
            return Ok(answer);
        }
        match method {
            Method::GET => self.read(namespace, answer).await,
            Method::POST | Method::PUT => self.written(namespace, answer).await,
            _ => Ok(answer),
        }
    }

    /// Vouches for the record that was written, as the cluster answers that it was.
    async fn written(&self, namespace: &str, answer: Response<Body>) -> Result<Response<Body>, Fault> {
        let (head, bytes) = whole(answer).await?;
        let secret: Value = serde_json::from_slice(&bytes)?;
        if is_record(&secret) {
            self.seals.seal(namespace, &secret).await?;
        }
        Ok(Response::from_parts(head, Body::from(bytes)))
    }

    /// The answer without the records that nobody vouches for.
    async fn read(&self, namespace: &str, answer: Response<Body>) -> Result<Response<Body>, Fault> {
        let (head, bytes) = whole(answer).await?;
        let mut json: Value = serde_json::from_slice(&bytes)?;
        if let Some(items) = json["items"].as_array_mut() {
            let mut kept = vec![];
            for item in std::mem::take(items) {
                if self.may_see(namespace, &item).await {
                    kept.push(item);
                }
            }
            *items = kept;
        } else if !self.may_see(namespace, &json).await {
            let name = json["metadata"]["name"].as_str().unwrap_or_default();
            return Ok(refusal(StatusCode::NOT_FOUND, "NotFound", &format!("secrets \"{name}\" not found")));
        }
        Ok(Response::from_parts(head, Body::from(serde_json::to_vec(&json)?)))
    }

    async fn may_see(&self, namespace: &str, secret: &Value) -> bool {
        !is_record(secret) || self.seals.vouch_for(namespace, secret).await
    }
}

type Fault = Box<dyn std::error::Error + Send + Sync>;

/// An answer with its whole body, whose length may change.
async fn whole(answer: Response<Body>) -> Result<(Parts, Vec<u8>), Fault> {
    let (mut head, body) = answer.into_parts();
    head.headers.remove(CONTENT_LENGTH);
    Ok((head, Limited::new(body, LARGEST_ANSWER).collect().await?.to_bytes().to_vec()))
}

/// Helm takes for a record what has this label, whatever it is called.
fn is_record(secret: &Value) -> bool {
    let is_named = secret["metadata"]["name"].as_str().is_some_and(|name| name.starts_with(HELMS_PREFIX));
    is_named || secret["metadata"]["labels"]["owner"] == "helm"
}

/// Where a path of the API leads.
#[derive(Debug, PartialEq, Eq)]
struct Place<'a> {
    /// nothing if it is in none
    namespace: Option<&'a str>,
    is_secrets: bool,
    name: Option<&'a str>,
}

impl<'a> Place<'a> {
    /// Nothing for a path that the API server may read otherwise than it stands here.
    fn of(path: &'a str) -> Option<Self> {
        let path = path.strip_prefix('/')?;
        let mut steps = path.strip_suffix('/').unwrap_or(path).split('/');
        let is_plain = |step: &str| !matches!(step, "" | "." | "..") && !step.contains(['%', '\\', ';']);
        if !path.is_empty() && !steps.clone().all(is_plain) {
            return None;
        }
        let is_core = steps.next() == Some("api");
        // the version, or the group and the version
        let skipped = if is_core { 1 } else { 2 };
        let rest: Vec<&str> = steps.skip(skipped).collect();
        Some(match *rest.as_slice() {
            ["watch" | "proxy", ..] => return None,
            // the namespace itself
            ["namespaces", namespace] => Self { namespace: Some(namespace), is_secrets: false, name: None },
            ["namespaces", namespace, resource, ref more @ ..] => {
                let is_secrets = is_core && resource == "secrets";
                Self { namespace: Some(namespace), is_secrets, name: more.first().copied() }
            }
            [resource, ref more @ ..] => {
                Self { namespace: None, is_secrets: is_core && resource == "secrets", name: more.first().copied() }
            }
            [] => Self { namespace: None, is_secrets: false, name: None },
        })
    }
}

/// An answer as the API server gives it.
fn refusal(status: StatusCode, reason: &str, message: &str) -> Response<Body> {
    let body = json!({
        "kind": "Status", "apiVersion": "v1", "status": "Failure", "code": status.as_u16(), "reason": reason, "message": message,
    });
    let mut answer = Response::new(Body::from(body.to_string().into_bytes()));
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_told_apart() {
        let at = |namespace, is_secrets, name| Place { namespace, is_secrets, name };
        for (path, place) in [
            ("/api/v1/namespaces/shop/secrets", at(Some("shop"), true, None)),
            ("/api/v1/namespaces/shop/secrets/a", at(Some("shop"), true, Some("a"))),
            ("/api/v1/namespaces/shop/secrets/a/", at(Some("shop"), true, Some("a"))),
            ("/api/v1/namespaces/shop", at(Some("shop"), false, None)),
            ("/api/v1/secrets", at(None, true, None)),
            ("/apis/apps/v1/namespaces/shop/deployments/web/status", at(Some("shop"), false, Some("web"))),
            ("/apis/example.com/v1/namespaces/shop/secrets/a", at(Some("shop"), false, Some("a"))),
            ("/apis/rbac.authorization.k8s.io/v1/clusterroles/a", at(None, false, Some("a"))),
            ("/apis/apps/v1", at(None, false, None)),
            ("/apis/rbac.authorization.k8s.io/v1/clusterroles/system:node", at(None, false, Some("system:node"))),
            ("/openapi/v3", at(None, false, None)),
            ("/version", at(None, false, None)),
            ("/", at(None, false, None)),
        ] {
            assert_eq!(Place::of(path), Some(place), "{path}");
        }
        for path in [
            "/api/v1/namespaces/shop/%73ecrets",
            "/api/v1/namespaces/%6bube-system/secrets",
            "/api/v1/namespaces/shop/../kube-system/secrets",
            "/api/v1/namespaces/shop/./secrets",
            "//api/v1//namespaces/shop/secrets",
            "/api/v1/watch/secrets",
            "/api/v1/watch/namespaces/shop/secrets",
            "/api/v1/proxy/nodes/one",
            "api/v1/secrets",
        ] {
            assert_eq!(Place::of(path), None, "{path}");
        }
    }
}
