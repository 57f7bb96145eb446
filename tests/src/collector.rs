//! A collector of traces on loopback: takes OTLP over HTTP and decodes it as any collector would.

use std::sync::{Arc, Mutex, MutexGuard};

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value::Value};
use prost::Message;

pub use opentelemetry_proto::tonic::trace::v1::Span;

use crate::loopback::{Request, Response, serve};

/// What has come so far.
#[derive(Default)]
pub struct Taken {
    pub spans: Vec<Span>,
    /// `service.name` of each request
    pub services: Vec<String>,
    /// of each request
    pub headers: Vec<Vec<(String, String)>>,
    pub bodies: Vec<Vec<u8>>,
}

pub struct Collector {
    port: u16,
    taken: Arc<Mutex<Taken>>,
}

impl Collector {
    pub async fn start() -> Self {
        let taken: Arc<Mutex<Taken>> = Arc::default();
        let of_all = taken.clone();
        let port = serve(move |request| {
            let status = take(&of_all, request);
            async move { Response { status, content_type: "application/x-protobuf".to_owned(), body: vec![] } }
        });
        Self { port: port.await, taken }
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().expect("nobody panics with it")
    }

    /// The spans of a trace, by its id in hexadecimal digits.
    pub fn trace(&self, id: &str) -> Vec<Span> {
        self.taken().spans.iter().filter(|span| hex::encode(&span.trace_id) == id).cloned().collect()
    }
}

/// The status of the answer.
fn take(taken: &Mutex<Taken>, request: Request) -> u16 {
    let is_ours = (request.method.as_str(), request.path.as_str()) == ("POST", "/v1/traces")
        && request.header("content-type") == Some("application/x-protobuf");
    let Ok(decoded) = ExportTraceServiceRequest::decode(request.body.as_slice()) else { return 400 };
    if !is_ours {
        return 404;
    }
    let mut taken = taken.lock().expect("nobody panics with it");
    for of_resource in decoded.resource_spans {
        let attributes = of_resource.resource.map(|resource| resource.attributes).unwrap_or_default();
        taken.services.extend(text(&attributes, "service.name"));
        taken.spans.extend(of_resource.scope_spans.into_iter().flat_map(|of_scope| of_scope.spans));
    }
    taken.headers.push(request.headers);
    taken.bodies.push(request.body);
    200
}

/// An attribute that is a text.
pub fn text(attributes: &[KeyValue], key: &str) -> Option<String> {
    let found = attributes.iter().find(|attribute| attribute.key == key)?;
    match &found.value {
        Some(AnyValue { value: Some(Value::StringValue(text)) }) => Some(text.clone()),
        _ => None,
    }
}
