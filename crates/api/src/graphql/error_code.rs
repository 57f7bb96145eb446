//! Puts `extensions.code` on every error of an answer, and faults into the hub's log.

use std::sync::Arc;

use async_graphql::extensions::{Extension, ExtensionContext, ExtensionFactory, NextRequest, NextSubscribe};
use async_graphql::{ErrorExtensionValues, Response, ServerError, async_trait};
use futures_util::StreamExt;
use futures_util::stream::BoxStream;

use crate::error::ApiError;

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
    let code = match error.source.as_ref().and_then(|source| source.downcast_ref::<ApiError>()) {
        Some(source) => {
            source.log();
            if let ApiError::TooMany { seconds } = source {
                values.set("retryAfter", *seconds);
            }
            source.code()
        }
        // of the query itself: its syntax, its types, its limits
        None => "bad_request",
    };
    values.set("code", code);
}
