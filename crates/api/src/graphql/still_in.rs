//! Before each change of a document its caller is looked at again: what came before it, or whoever else is at work, may have taken away
//! what it came in with.

use std::sync::Arc;

use async_graphql::extensions::{Extension, ExtensionContext, ExtensionFactory, NextResolve, ResolveInfo};
use async_graphql::{PathSegment, ServerResult, Value, async_trait};

use super::{RequestContext, limits};
use crate::failure::Failure;
use crate::hub::Hub;

pub(super) struct StillIn;

impl ExtensionFactory for StillIn {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Self)
    }
}

#[async_trait::async_trait]
impl Extension for StillIn {
    async fn resolve(
        &self,
        ctx: &ExtensionContext<'_>,
        info: ResolveInfo<'_>,
        next: NextResolve<'_>,
    ) -> ServerResult<Option<Value>> {
        if info.parent_type == "Mutation"
            && let Err(failure) = check(ctx).await
        {
            let field = PathSegment::Field(info.alias.unwrap_or(info.name).to_owned());
            return Err(limits::coded(failure).with_path(vec![field]));
        }
        next.run(ctx, info).await
    }
}

async fn check(ctx: &ExtensionContext<'_>) -> Result<(), Failure> {
    let Some(RequestContext { caller: Some(caller), .. }) = ctx.data_opt() else { return Ok(()) };
    ctx.data_unchecked::<Arc<Hub>>().sessions.check_again(caller).await
}
