//! Puts `extensions.code` on every error of an answer, and faults into the hub's log.

use std::sync::Arc;

use async_graphql::extensions::{Extension, ExtensionContext, ExtensionFactory, NextExecute, NextRequest};
use async_graphql::{ErrorExtensionValues, Response, ServerError, async_trait};

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

    /// Each item of a subscription.
    async fn execute(
        &self,
        ctx: &ExtensionContext<'_>,
        operation_name: Option<&str>,
        next: NextExecute<'_>,
    ) -> Response {
        with_codes(next.run(ctx, operation_name).await)
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
            source.code()
        }
        // of the query itself: its syntax, its types, its limits
        None => "bad_request",
    };
    values.set("code", code);
}
