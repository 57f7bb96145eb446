//! Somebody between an agent and its hub, who may change what the hub answers.

use std::sync::{Arc, Mutex};

use distr_tests::loopback::{Request, Response, serve};
use serde_json::Value;

type Change = Box<dyn FnMut(&mut Value) + Send>;

pub(super) struct Between {
    change: Mutex<Change>,
}

impl Between {
    /// Hands on what it is told, at this address.
    pub(super) async fn start(hub: String) -> (Arc<Self>, String) {
        let between = Arc::new(Self { change: Mutex::new(Box::new(|_| {})) });
        let port = serve({
            let between = between.clone();
            move |request| {
                let (between, hub) = (between.clone(), hub.clone());
                async move { between.pass(&hub, request).await }
            }
        })
        .await;
        (between, format!("http://127.0.0.1:{port}"))
    }

    /// From now on changes each answer so.
    pub(super) fn changes(&self, change: impl FnMut(&mut Value) + Send + 'static) {
        *self.change.lock().expect("nobody panics with it") = Box::new(change);
    }

    async fn pass(&self, hub: &str, request: Request) -> Response {
        let method = request.method.parse().expect("a method");
        let mut onward = reqwest::Client::new().request(method, format!("{hub}{}", request.path));
        for name in ["authorization", "content-type"] {
            if let Some(value) = request.header(name) {
                onward = onward.header(name, value);
            }
        }
        let answer = onward.body(request.body).send().await.expect("the hub answers");
        let status = answer.status().as_u16();
        let content_type =
            answer.headers().get("content-type").and_then(|value| value.to_str().ok()).map(str::to_owned);
        let mut body = answer.bytes().await.expect("a body").to_vec();
        if let Ok(mut value) = serde_json::from_slice::<Value>(&body) {
            self.change.lock().expect("nobody panics with it")(&mut value);
            body = value.to_string().into_bytes();
        }
        Response { status, content_type: content_type.unwrap_or_default(), body }
    }
}
