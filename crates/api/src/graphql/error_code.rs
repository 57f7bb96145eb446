//! What GraphQL answers in place of what was asked: `extensions.code` on every error, and faults into the hub's log.

use std::sync::Arc;

use async_graphql::extensions::{Extension, ExtensionContext, ExtensionFactory, NextRequest, NextSubscribe};
use async_graphql::{ErrorExtensionValues, ErrorExtensions, Response, ServerError, async_trait};
use futures_util::StreamExt;
use futures_util::stream::BoxStream;

use crate::failure::Failure;
use crate::feed::Delivery;

pub(super) struct ErrorCodes;

impl ExtensionFactory for ErrorCodes {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(ErrorCodes)
    }
}

#[async_trait::async_trait]
impl Extension for ErrorCodes {
    /// Over HTTP: what was refused before it was executed, too.
    async fn request(&self, ctx: &ExtensionContext<'_>, next: NextRequest<'_>) -> Response {
        with_codes(next.run(ctx).await)
    }

    /// Each item of a subscription, and its refusal.
    fn subscribe<'s>(
        &self,
        ctx: &ExtensionContext<'_>,
        stream: BoxStream<'s, Response>,
        next: NextSubscribe<'_>,
    ) -> BoxStream<'s, Response> {
        next.run(ctx, stream).map(with_codes).boxed()
    }
}

/// What a subscriber gets of what was seen.
pub(super) fn told<T>(seen: Delivery<T>) -> async_graphql::Result<T> {
    match seen {
        Delivery::Changed(item) => Ok(item?),
        Delivery::Missed(missed) => {
            let error = async_graphql::Error::new(format!("{missed} changes were missed; read the list again"));
            Err(error.extend_with(|_, values| values.set("code", "subscription.resync")))
        }
    }
}

fn with_codes(mut response: Response) -> Response {
    for error in &mut response.errors {
        add_code(error);
    }
    response
}

fn add_code(error: &mut ServerError) {
    let values = error.extensions.get_or_insert_with(ErrorExtensionValues::default);
    if values.get("code").is_some() {
        return;
    }
    let code = match error.source.as_ref().map(|source| source.downcast_ref::<Failure>()) {
        Some(Some(failure)) => {
            failure.log();
            if let Failure::TooMany { seconds } = failure {
                values.set("retryAfter", *seconds);
            }
            failure.code()
        }
        // every resolver answers with a `Failure`, so that this one is a mistake of ours
        Some(None) => {
            tracing::error!(error = error.message, "a resolver answered with what has no code");
            "internal"
        }
        // of the query itself: its syntax, its types, its limits
        None => "bad_request",
    };
    values.set("code", code);
}
