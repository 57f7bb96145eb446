//! Counts and times operations. They go by the field that they ask for, which the schema bounds; the name that a client
//! gives its operation is the client's.

use std::sync::{Arc, OnceLock};
use std::time::Instant;

use async_graphql::extensions::{
    Extension, ExtensionContext, ExtensionFactory, NextExecute, NextParseQuery, NextSubscribe,
};
use async_graphql::parser::types::{ExecutableDocument, OperationType, Selection};
use async_graphql::{Response, ServerResult, Variables, async_trait};
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use metrics::gauge;

use crate::hub::Hub;

pub(super) struct Measure;

/// Of one request.
#[derive(Default)]
struct Measured {
    operation: OnceLock<(&'static str, String)>,
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
        let response = next.run(ctx, operation_name).await;
        if let Some((kind, field)) = self.operation.get() {
            let outcome = if response.is_ok() { "ok" } else { "refused" };
            ctx.data_unchecked::<Arc<Hub>>().traces.operation(kind, field, response.is_ok(), begun.elapsed());
            metrics::histogram!(
                "distr_graphql_operation_seconds", "kind" => *kind, "field" => field.clone(), "outcome" => outcome
            )
            .record(begun.elapsed().as_secs_f64());
        }
        response
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
