//! The schema as the edges use it: each request is narrowed and checked before the library sees it.

use std::sync::Arc;

use async_graphql::{Data, Executor, Request, Response, ServerError};
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};

use super::{Mutation, Query, RequestContext, Subscription, limits};

#[derive(Clone)]
pub struct Schema(pub(super) async_graphql::Schema<Query, Mutation, Subscription>);

impl Schema {
    pub async fn answer(&self, request: Request) -> Response {
        match limits::narrow(request) {
            Ok(request) => self.0.execute(request).await,
            Err(error) => refused(error, "bad_request"),
        }
    }
}

impl Executor for Schema {
    async fn execute(&self, request: Request) -> Response {
        self.answer(request).await
    }

    /// On a socket.
    fn execute_stream(&self, request: Request, session: Option<Arc<Data>>) -> BoxStream<'static, Response> {
        let socket = session.as_ref().and_then(|data| {
            let context = data.get(&std::any::TypeId::of::<RequestContext>())?.downcast_ref::<RequestContext>()?;
            context.socket.clone()
        });
        let subscribed = socket.map(|socket| socket.subscribe());
        if let Some(None) = subscribed {
            let error = ServerError::new("this socket has as many subscriptions as it may have; end one", None);
            return stream::iter([refused(error, "too_many_subscriptions")]).boxed();
        }
        match limits::narrow(request) {
            Ok(request) => {
                let responses = self.0.execute_stream_with_session_data(request, session.unwrap_or_default());
                // as long as it runs, it counts
                responses.inspect(move |_| _ = &subscribed).boxed()
            }
            Err(error) => stream::iter([refused(error, "bad_request")]).boxed(),
        }
    }
}

fn refused(mut error: ServerError, code: &str) -> Response {
    error.extensions.get_or_insert_default().set("code", code);
    Response::from_errors(vec![error])
}
