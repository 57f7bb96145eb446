//! Before each change of a document its caller is looked at again, and before each of its facts: what came before it, or whoever else is at
//! work, may have taken away what it came in with.

use std::sync::Arc;

use async_graphql::extensions::{Extension, ExtensionContext, ExtensionFactory, NextResolve, ResolveInfo};
use async_graphql::{PathSegment, ServerResult, Value, async_trait};

use super::schema::ENDINGS;
use super::{RequestContext, limits};
use crate::auth::{MemberCaller, Sessions, presence};
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
        let change = (info.parent_type == "Mutation").then(|| caller(ctx)).flatten();
        let Some((sessions, caller)) = change else { return next.run(ctx, info).await };
        if let Err(failure) = sessions.check_again(caller).await {
            let field = PathSegment::Field(info.alias.unwrap_or(info.name).to_owned());
            return Err(limits::coded(failure).with_path(vec![field]));
        }
        // some end what their own author came in with, and have more to do after that
        match ENDINGS.contains(&info.name) {
            true => next.run(ctx, info).await,
            false => {
                let right = presence::In { sessions: sessions.clone(), caller: caller.clone() };
                presence::within(Arc::new(right), next.run(ctx, info)).await
            }
        }
    }
}

fn caller<'a>(ctx: &'a ExtensionContext<'_>) -> Option<(&'a Arc<Sessions>, &'a MemberCaller)> {
    let RequestContext { caller, .. } = ctx.data_opt()?;
    Some((&ctx.data_unchecked::<Arc<Hub>>().sessions, caller.as_ref()?))
}
