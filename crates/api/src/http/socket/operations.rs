//! Which operations a socket has under way. The protocol wants a socket closed whose client uses an id that is in use.

use std::collections::HashSet;
use std::sync::Mutex;

use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Default)]
pub(super) struct Operations(Mutex<HashSet<String>>);

/// A result of an operation, as far as it may be a refusal of the whole operation.
#[derive(Deserialize)]
struct Answer {
    id: String,
    payload: Payload,
}

#[derive(Deserialize)]
struct Payload {
    #[serde(default)]
    errors: Vec<Value>,
}

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

    /// A message to the client, as the protocol has it: the library sends the refusal of an operation that never began as a result,
    /// and its end after it. Takes note of what ends an operation. Nothing: the client knows it already.
    pub(super) fn said(&self, message: String) -> Option<String> {
        // the type stands first; results with data are not read
        if message.starts_with("{\"type\":\"next\"") {
            return Some(self.refusal(&message).unwrap_or(message));
        }
        let ends = ["{\"type\":\"complete\"", "{\"type\":\"error\""].iter().any(|start| message.starts_with(start));
        match ends.then(|| read(message.as_bytes())).flatten() {
            Some((_, id)) => self.0.lock().expect("nobody panics with it").remove(&id).then_some(message),
            None => Some(message),
        }
    }

    /// An operation that was not begun has errors that no field of it made.
    fn refusal(&self, message: &str) -> Option<String> {
        if !message.contains("\"payload\":{\"data\":null") {
            return None;
        }
        let Answer { id, payload: Payload { errors } } = serde_json::from_str(message).ok()?;
        let of_field = |error: &Value| error.get("path").and_then(Value::as_array).is_some_and(|path| !path.is_empty());
        if errors.is_empty() || errors.iter().any(of_field) {
            return None;
        }
        self.0.lock().expect("nobody panics with it").remove(&id);
        Some(json!({ "type": "error", "id": id, "payload": errors }).to_string())
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

    #[tokio::test]
    async fn an_operation_that_never_began_is_refused_as_one() {
        use async_graphql::http::{WebSocket, WebSocketProtocols};
        let subscribe = br#"{"type":"subscribe","id":"a","payload":{"query":"subscription { nothing }"}}"#;
        let operations = Operations::default();
        assert_eq!(operations.begin(subscribe), Ok(()));
        let said = [br#"{"type":"connection_init"}"#.to_vec(), subscribe.to_vec()];
        let client = futures_util::stream::iter(said).chain(futures_util::stream::pending());
        let schema = Schema::new(Query, EmptyMutation, Once);
        let mut socket = std::pin::pin!(WebSocket::new(schema, client, WebSocketProtocols::GraphQLWS));
        let mut told = vec![];
        for _ in 0..3 {
            let Some(WsMessage::Text(text)) = socket.next().await else { panic!("it ended") };
            told.push(operations.said(text));
        }
        let error: Value = serde_json::from_str(told[1].as_ref().expect("a refusal")).expect("JSON");
        assert_eq!((&error["type"], &error["id"]), (&json!("error"), &json!("a")));
        assert!(error["payload"][0]["message"].as_str().is_some_and(|text| text.contains("nothing")), "{error}");
        assert_eq!(told[2], None, "after an error no complete follows");
        assert_eq!(operations.begin(subscribe), Ok(()));
        let of_field = r#"{"type":"next","id":"a","payload":{"data":null,"errors":[{"message":"x","path":["once"]}]}}"#;
        assert_eq!(operations.said(of_field.to_owned()).as_deref(), Some(of_field));
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
            assert_eq!(operations.said(text.clone()), Some(text));
        }
        assert_eq!(operations.begin(subscribe), Ok(()));
        let start = br#"{"type":"start","id":"b","payload":{"query":"subscription { once }"}}"#;
        assert_eq!(operations.begin(start), Err(Refused::Unknown("start".to_owned())));
        assert_eq!(operations.begin(br#"{"type":"complete","id":"a"}"#), Ok(()));
        assert_eq!(operations.begin(subscribe), Ok(()));
    }
}
