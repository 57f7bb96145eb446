//! Where connections come in: how many there may be, TLS, who is behind a proxy, the path below which the hub is found, and
//! what browsers are told of every answer. It leaves the `Client` with each request; all limits and records go by it.

mod accept;
mod answer;
mod base;
mod connections;
mod ending;
mod fields;
mod frames;
mod headers;
mod networks;
mod proxies;
pub(crate) mod streams;
mod tls;

use std::sync::{Arc, Once};
use std::time::Duration;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, web};

pub(crate) use accept::accept;
pub use base::BasePath;
pub use connections::{Connections, Counted};
pub use networks::{InvalidProxies, TrustedProxies};
pub use tls::{Tls, TlsError, TlsFiles};

/// For the head of a request, from its first byte or the opening of the connection on.
pub(crate) const REQUEST_HEAD: Duration = Duration::from_secs(10);

/// What the hub was told about its place in the network.
#[derive(Clone)]
pub struct Edge {
    pub proxies: TrustedProxies,
    pub base: BasePath,
    pub tls: Option<Tls>,
    pub connections: Arc<Connections>,
    /// GraphQL sockets, which a proxy's clients have through its connections
    pub sockets: Arc<Connections>,
    /// requests under way over HTTP/2
    pub requests: Arc<Connections>,
    /// requests under way that hold a file
    pub files: Arc<Connections>,
}

/// Goes around everything else.
pub(crate) async fn edge(
    mut request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let edge = request.app_data::<web::Data<Edge>>().expect("the app has an edge").clone();
    let peer = request.peer_addr().map(|peer| peer.ip().to_canonical());
    let client = edge.proxies.client(peer, edge.tls.is_some(), request.headers());
    if let Some(peer) = peer.filter(|peer| !edge.proxies.contains(*peer))
        && request.headers().contains_key(proxies::FORWARDED_FOR)
    {
        say_untrusted(peer);
    }
    request.extensions_mut().insert(client);
    edge.base.strip(&mut request);
    let mut response = next.call(request).await?;
    headers::add(response.headers_mut(), client.is_secure);
    Ok(response)
}

/// Once, as anybody may send the header.
fn say_untrusted(peer: std::net::IpAddr) {
    static SAID: Once = Once::new();
    SAID.call_once(|| {
        tracing::warn!(
            %peer,
            "a request came with X-Forwarded-For from an address that DISTR_TRUSTED_PROXIES does not name; if it is a reverse \
             proxy of yours, name it there, or all its clients count as one"
        );
    });
}
