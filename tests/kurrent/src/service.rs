//! The services of a node.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio_stream::Stream;
use tonic::{Request, Response, Status, Streaming};

use crate::Shared;
use crate::faults::Faults;
use crate::proto::event_store::client::server_features::server_features_server::{
    ServerFeatures, ServerFeaturesServer,
};
use crate::proto::event_store::client::server_features::{SupportedMethod, SupportedMethods};
use crate::proto::event_store::client::streams::streams_server::{Streams, StreamsServer};
use crate::proto::event_store::client::streams::{
    AppendReq, AppendResp, BatchAppendReq, BatchAppendResp, DeleteReq, DeleteResp, ReadReq, ReadResp, TombstoneReq,
    TombstoneResp,
};
use crate::store::{Limits, Store};
use crate::{reading, writing};

/// The largest message that a server takes, whatever an append may hold.
const MESSAGE: usize = 17 * 1024 * 1024;

pub(crate) type Answers<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

#[derive(Clone)]
pub(crate) struct Node {
    store: Shared<Store>,
    pub(crate) faults: Faults,
    pub(crate) limits: Limits,
}

impl Node {
    pub(crate) fn new(limits: Limits) -> Self {
        Self { store: Arc::new(Mutex::new(Store::new())), faults: Faults::default(), limits }
    }

    pub(crate) fn store(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn streams(&self) -> StreamsServer<Self> {
        StreamsServer::new(self.clone()).max_decoding_message_size(MESSAGE)
    }

    pub(crate) fn features(&self) -> ServerFeaturesServer<Self> {
        ServerFeaturesServer::new(self.clone())
    }
}

#[tonic::async_trait]
impl Streams for Node {
    type ReadStream = Answers<ReadResp>;
    type BatchAppendStream = Answers<BatchAppendResp>;

    async fn read(&self, request: Request<ReadReq>) -> Result<Response<Self::ReadStream>, Status> {
        let options = request.into_inner().options.ok_or_else(|| Status::invalid_argument("no options"))?;
        Ok(Response::new(reading::read(self, options)?))
    }

    async fn append(&self, request: Request<Streaming<AppendReq>>) -> Result<Response<AppendResp>, Status> {
        writing::append(self, request.into_inner()).await.map(Response::new)
    }

    async fn delete(&self, _: Request<DeleteReq>) -> Result<Response<DeleteResp>, Status> {
        Err(Status::unimplemented("nothing here deletes streams"))
    }

    async fn tombstone(&self, _: Request<TombstoneReq>) -> Result<Response<TombstoneResp>, Status> {
        Err(Status::unimplemented("nothing here deletes streams"))
    }

    async fn batch_append(
        &self,
        _: Request<Streaming<BatchAppendReq>>,
    ) -> Result<Response<Self::BatchAppendStream>, Status> {
        Err(Status::unimplemented("nothing here appends in batches"))
    }
}

#[tonic::async_trait]
impl ServerFeatures for Node {
    async fn get_supported_methods(&self, _: Request<()>) -> Result<Response<SupportedMethods>, Status> {
        let method = |name: &str| SupportedMethod {
            method_name: name.to_owned(),
            service_name: "event_store.client.streams.streams".to_owned(),
            features: vec![],
        };
        let methods = ["read", "append"].map(method).to_vec();
        Ok(Response::new(SupportedMethods { methods, event_store_server_version: "24.10.0".to_owned() }))
    }
}
