//! Counts and times operations, and ends those whose answer grows too large. They go by the field that they ask for, which
//! the schema bounds; the name that a client gives its operation is the client's.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use async_graphql::extensions::{
    Extension, ExtensionContext, ExtensionFactory, NextExecute, NextParseQuery, NextResolve, NextSubscribe, ResolveInfo,
};
use async_graphql::parser::types::{ExecutableDocument, OperationType, Selection};
use async_graphql::{Response, ServerError, ServerResult, Value, Variables, async_trait};
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use metrics::gauge;

use crate::hub::Hub;

/// Bytes of one answer, or of one item of a subscription. The largest page of releases with their compose files fits.
const MAX_ANSWER: usize = 16 * 1024 * 1024;

pub(super) struct Measure;

/// Of one request.
#[derive(Default)]
struct Measured {
    operation: OnceLock<(&'static str, String)>,
    /// of the answer so far, as JSON
    bytes: AtomicUsize,
}

impl ExtensionFactory for Measure {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Measured::default())
    }
}

#[async_trait::async_trait]
impl Extension for Measured {
    async fn parse_query(
        &self,
        ctx: &ExtensionContext<'_>,
        query: &str,
        variables: &Variables,
        next: NextParseQuery<'_>,
    ) -> ServerResult<ExecutableDocument> {
        let document = next.run(ctx, query, variables).await?;
        if let Some(operation) = asked(&document) {
            let _ = self.operation.set(operation);
        }
        Ok(document)
    }

    /// Only what the schema knows gets here.
    async fn execute(
        &self,
        ctx: &ExtensionContext<'_>,
        operation_name: Option<&str>,
        next: NextExecute<'_>,
    ) -> Response {
        let begun = Instant::now();
        // each item of a subscription comes by here
        self.bytes.store(0, Ordering::Relaxed);
        let mut response = next.run(ctx, operation_name).await;
        if self.is_too_large() {
            response = too_large();
        }
        if let Some((kind, field)) = self.operation.get() {
            let outcome = outcome(&response);
            ctx.data_unchecked::<Arc<Hub>>().traces.operation(kind, field, response.is_ok(), begun.elapsed());
            metrics::histogram!(
                "distr_graphql_operation_seconds", "kind" => *kind, "field" => field.clone(), "outcome" => outcome
            )
            .record(begun.elapsed().as_secs_f64());
        }
        response
    }

    /// Once an answer is too large, what it still asks for is left out, but for changes: it is thrown away as a whole.
    async fn resolve(
        &self,
        ctx: &ExtensionContext<'_>,
        info: ResolveInfo<'_>,
        next: NextResolve<'_>,
    ) -> ServerResult<Option<Value>> {
        let is_change = info.parent_type == "Mutation";
        if self.is_too_large() && !is_change {
            // and not nothing: an item of a list has to be something
            return Ok(Some(Value::Null));
        }
        let name = info.alias.unwrap_or(info.name).len() + 4;
        let bytes = if info.field.selection_set.node.items.is_empty() { all_bytes } else { own_bytes };
        let value = next.run(ctx, info).await?;
        self.bytes.fetch_add(name + value.as_ref().map_or(4, bytes), Ordering::Relaxed);
        Ok(value)
    }

    fn subscribe<'s>(
        &self,
        ctx: &ExtensionContext<'_>,
        stream: BoxStream<'s, Response>,
        next: NextSubscribe<'_>,
    ) -> BoxStream<'s, Response> {
        let open = Open::new();
        let counted = move |response| {
            let _open = &open;
            response
        };
        next.run(ctx, stream).map(counted).boxed()
    }
}

impl Measured {
    fn is_too_large(&self) -> bool {
        self.bytes.load(Ordering::Relaxed) > MAX_ANSWER
    }
}

fn too_large() -> Response {
    let message = format!("the answer is larger than {} MiB; ask for smaller pages or fewer fields", MAX_ANSWER >> 20);
    let mut error = ServerError::new(message, None);
    error.extensions.get_or_insert_default().set("code", "answer_too_large");
    Response::from_errors(vec![error])
}

/// The bytes of a value as JSON, but for those of the fields within it, which were counted when they were made.
fn own_bytes(value: &Value) -> usize {
    match value {
        Value::String(text) => 2 + text.bytes().map(escaped).sum::<usize>(),
        Value::List(items) => items.iter().map(|item| 1 + own_bytes(item)).sum::<usize>() + 2,
        Value::Object(_) => 2,
        Value::Binary(bytes) => bytes.len() * 4,
        Value::Number(_) => 8,
        Value::Null | Value::Boolean(_) | Value::Enum(_) => 5,
    }
}

/// The same of a scalar, which may hold any JSON.
fn all_bytes(value: &Value) -> usize {
    match value {
        Value::List(items) => items.iter().map(|item| 1 + all_bytes(item)).sum::<usize>() + 2,
        Value::Object(fields) => {
            fields.iter().map(|(name, value)| name.len() + 4 + all_bytes(value)).sum::<usize>() + 2
        }
        scalar => own_bytes(scalar),
    }
}

const fn escaped(byte: u8) -> usize {
    match byte {
        b'"' | b'\\' | b'\n' | b'\r' | b'\t' => 2,
        0..0x20 => 6,
        _ => 1,
    }
}

/// Counts a subscription for as long as its stream lives.
struct Open;

impl Open {
    fn new() -> Self {
        gauge!("distr_graphql_subscriptions").increment(1.0);
        Self
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        gauge!("distr_graphql_subscriptions").decrement(1.0);
    }
}

/// The kind of the first operation, and the first field that it asks for.
fn asked(document: &ExecutableDocument) -> Option<(&'static str, String)> {
    let (_, operation) = document.operations.iter().next()?;
    let kind = match operation.node.ty {
        OperationType::Query => "query",
        OperationType::Mutation => "mutation",
        OperationType::Subscription => "subscription",
    };
    let first = operation.node.selection_set.node.items.first()?;
    match &first.node {
        Selection::Field(field) => Some((kind, field.node.name.node.to_string())),
        _ => Some((kind, "fragment".to_owned())),
    }
}

/// Whether all was answered, and if not, whose fault it is.
fn outcome(response: &Response) -> &'static str {
    let code = |error: &ServerError| error.extensions.as_ref().and_then(|extensions| extensions.get("code").cloned());
    match response.errors.iter().any(|error| code(error) == Some(Value::from("internal"))) {
        _ if response.is_ok() => "ok",
        true => "fault",
        false => "refused",
    }
}
