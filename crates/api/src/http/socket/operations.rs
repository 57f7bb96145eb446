//! Which operations a socket has under way. The protocol wants a socket closed whose client uses an id that is in use.

use std::collections::HashSet;
use std::sync::Mutex;

use serde::Deserialize;

#[derive(Default)]
pub(super) struct Operations(Mutex<HashSet<String>>);

/// A message in either direction, as far as its operation goes.
#[derive(Deserialize)]
struct Message {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    id: Option<String>,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// the id
    InUse(String),
    /// the type of a message
    Unknown(String),
}

impl Operations {
    /// What the protocol does not take of a client: an id that is in use, or the words of the protocol before it, which the library
    /// takes as well.
    pub(super) fn begin(&self, message: &[u8]) -> Result<(), Refused> {
        let Ok(Message { kind, id }) = serde_json::from_slice(message) else { return Ok(()) };
        if ["start", "stop", "connection_terminate"].contains(&kind.as_str()) {
            return Err(Refused::Unknown(kind));
        }
        let Some(id) = id else { return Ok(()) };
        let mut open = self.0.lock().expect("nobody panics with it");
        match kind.as_str() {
            "subscribe" if !open.insert(id.clone()) => Err(Refused::InUse(id)),
            "complete" => {
                open.remove(&id);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Takes note of what ends an operation among the messages to the client.
    pub(super) fn end(&self, message: &str) {
        // the type stands first; results are not read
        let ends = ["{\"type\":\"complete\"", "{\"type\":\"error\""].iter().any(|start| message.starts_with(start));
        if let Some((_, id)) = ends.then(|| read(message.as_bytes())).flatten() {
            self.0.lock().expect("nobody panics with it").remove(&id);
        }
    }
}

fn read(message: &[u8]) -> Option<(String, String)> {
    let Message { kind, id } = serde_json::from_slice(message).ok()?;
    Some((kind, id?))
}

#[cfg(test)]
mod tests {
    use async_graphql::http::WsMessage;
    use async_graphql::{EmptyMutation, Object, Schema, Subscription};
    use futures_util::StreamExt;

    use super::*;

    struct Query;

    #[Object]
    impl Query {
        async fn one(&self) -> i32 {
            1
        }
    }

    struct Once;

    #[Subscription]
    impl Once {
        async fn once(&self) -> impl futures_util::Stream<Item = i32> {
            futures_util::stream::iter([1])
        }
    }

    /// In the words of the library that writes the messages.
    #[tokio::test]
    async fn an_id_is_free_again_when_its_operation_has_ended() {
        use async_graphql::http::{WebSocket, WebSocketProtocols};
        let subscribe = br#"{"type":"subscribe","id":"a","payload":{"query":"subscription { once }"}}"#;
        let operations = Operations::default();
        assert_eq!(operations.begin(subscribe), Ok(()));
        assert_eq!(operations.begin(subscribe), Err(Refused::InUse("a".to_owned())));
        let schema = Schema::new(Query, EmptyMutation, Once);
        let said = [br#"{"type":"connection_init"}"#.to_vec(), subscribe.to_vec()];
        // the end of the client's words would end the socket
        let client = futures_util::stream::iter(said).chain(futures_util::stream::pending());
        let mut socket = std::pin::pin!(WebSocket::new(schema, client, WebSocketProtocols::GraphQLWS));
        for kind in ["connection_ack", "next", "complete"] {
            let Some(WsMessage::Text(text)) = socket.next().await else { panic!("no {kind}") };
            assert!(text.contains(kind), "{text}");
            assert_eq!(operations.begin(subscribe), Err(Refused::InUse("a".to_owned())), "before the end");
            operations.end(&text);
        }
        assert_eq!(operations.begin(subscribe), Ok(()));
        let start = br#"{"type":"start","id":"b","payload":{"query":"subscription { once }"}}"#;
        assert_eq!(operations.begin(start), Err(Refused::Unknown("start".to_owned())));
        assert_eq!(operations.begin(br#"{"type":"complete","id":"a"}"#), Ok(()));
        assert_eq!(operations.begin(subscribe), Ok(()));
    }
}
