//! How many requests may be under way. Over HTTP/2, of one connection and of one network: a client sends as many at once as it
//! likes, and each holds memory until its answer is read. Trusted proxies have as many as they like: they are many clients.
//! A connection that goes on after refusals is ended. Requests to the registry hold a file or a connection to a bucket each:
//! they count by client, over every version of HTTP.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;

use actix_web::body::{BoxBody, EitherBody, MessageBody};
use actix_web::dev::{Extensions, ResponseHead, ServiceRequest, ServiceResponse};
use actix_web::http::Version;
use actix_web::middleware::Next;
use actix_web::{Error, ResponseError, web};
use distr_registry::Client;

use super::accept::Accepted;
use super::answer::Answer;
use super::ending::Ending;
use super::{Edge, connections};
use crate::error::ApiError;
use crate::failure::Failure;

/// Requests of one connection: more than browsers and registry clients have.
const MOST: usize = 256;
/// Refusals of one connection that nobody has read yet.
const MOST_REFUSED: usize = 16;

/// Requests under way on one connection.
struct Streams {
    open: Rc<Cell<usize>>,
    refused: Rc<Cell<usize>>,
    ending: Arc<Ending>,
}

impl Streams {
    fn refuse(&self) -> Held {
        let stream = Stream::enter(&self.refused, MOST_REFUSED, None);
        if stream.is_none() {
            self.ending.end();
        }
        Held { stream, file: None }
    }
}

/// One of them; it counts until it is dropped.
struct Stream {
    open: Rc<Cell<usize>>,
    _of_network: Option<connections::Counted>,
}

impl Stream {
    fn enter(open: &Rc<Cell<usize>>, most: usize, of_network: Option<connections::Counted>) -> Option<Self> {
        (open.get() < most).then(|| {
            open.set(open.get() + 1);
            Self { open: open.clone(), _of_network: of_network }
        })
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.open.set(self.open.get() - 1);
    }
}

/// Begins to count, for each connection.
pub(crate) fn count(io: &Accepted, connection: &mut Extensions) {
    let streams = Streams { open: Rc::default(), refused: Rc::default(), ending: io.ending.clone() };
    connection.insert(streams);
}

/// What a request counts for until its answer is read.
#[derive(Default)]
pub(crate) struct Held {
    stream: Option<Stream>,
    file: Option<connections::Counted>,
}

type Answered<B> = ServiceResponse<EitherBody<Answer<B, Held>, Answer<BoxBody, Held>>>;

/// Refuses a request when there are too many.
pub(crate) async fn limit<B: MessageBody>(request: ServiceRequest, next: Next<B>) -> Result<Answered<B>, Error> {
    let is_shared = request.version() == Version::HTTP_2 && is_of_proxy(&request);
    let ending = request.conn_data::<Streams>().filter(|_| !is_shared).map(|streams| streams.ending.clone());
    match admit(&request) {
        Ok(held) => {
            let response = next.call(request).await?;
            let body = |head: &mut ResponseHead, body| Answer::new(head.status, body, held, ending.as_ref());
            Ok(response.map_body(body).map_into_left_body())
        }
        Err(held) => {
            let refused = ApiError::from(Failure::TooMany { seconds: 1 }).error_response();
            let response = request.into_response(refused);
            let body = |head: &mut ResponseHead, body| Answer::new(head.status, body, held, None);
            Ok(response.map_body(body).map_into_right_body())
        }
    }
}

/// What an admitted request holds, or a refused one.
fn admit(request: &ServiceRequest) -> Result<Held, Held> {
    let edge = edge(request);
    let is_counted = request.version() == Version::HTTP_2 && !is_of_proxy(request);
    let streams = request.conn_data::<Streams>().filter(|_| is_counted);
    let mut held = Held::default();
    if let Some(streams) = streams {
        let of_network = edge.requests.enter(request.peer_addr().map(|peer| peer.ip()));
        held.stream = of_network.and_then(|of_network| Stream::enter(&streams.open, MOST, Some(of_network)));
        if held.stream.is_none() {
            return Err(streams.refuse());
        }
    }
    // as routes read it: raw, an escaped letter would be another path here than there
    if request.match_info().as_str().starts_with("/v2/") {
        held.file = edge.files.enter(Client::of(request.request()).address);
        if held.file.is_none() {
            return Err(streams.map_or_else(Held::default, Streams::refuse));
        }
    }
    Ok(held)
}

fn is_of_proxy(request: &ServiceRequest) -> bool {
    request.peer_addr().is_some_and(|peer| edge(request).proxies.contains(peer.ip()))
}

fn edge(request: &ServiceRequest) -> &Edge {
    request.app_data::<web::Data<Edge>>().expect("the app has an edge")
}
