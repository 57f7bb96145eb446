//! The explorer comes from the hub alone, runs in a sandbox, and may do nothing but speak to the hub.

use distr_tests::hub::HubProcess;
use reqwest::{Client, Method, StatusCode};
use serde_json::json;

/// What the page loads; it has no icon.
fn references(page: &str) -> Vec<&str> {
    let quoted = |attribute: &'static str| page.split(attribute).skip(1).filter_map(|rest| rest.split('"').next());
    quoted(" src=\"").chain(quoted(" href=\"")).filter(|reference| *reference != "data:,").collect()
}

#[tokio::test]
async fn the_explorer_comes_from_the_hub_alone_under_a_strict_policy() {
    let hub = HubProcess::start().await;
    let page = Client::new().get(hub.url("/graphql")).send().await.expect("an answer");
    let policy = page.headers()["content-security-policy"].to_str().expect("text").to_owned();
    for part in ["default-src 'none'", "script-src 'self'", "connect-src 'self'", "frame-ancestors 'none'", "sandbox "]
    {
        assert!(policy.contains(part), "{part}: {policy}");
    }
    for part in ["unsafe-eval", "http:", "https:", "*", "allow-top-navigation", "allow-popups", "allow-same-origin"] {
        assert!(!policy.contains(part), "{part}: {policy}");
    }
    let scripts = policy.split(';').find(|part| part.trim_start().starts_with("script-src")).expect("a policy");
    assert!(!scripts.contains("unsafe-inline"), "{policy}");
    assert_eq!(page.headers()["x-frame-options"], "DENY");
    let text = page.text().await.expect("text");
    assert!(text.contains("Sign in") && !text.contains("<script>"), "{text}");
    let references = references(&text);
    assert!(references.len() >= 5, "{references:?}");
    for reference in references {
        assert!(reference.starts_with("graphql/explorer/"), "{reference} is elsewhere");
        let file = Client::new().get(hub.url(&format!("/{reference}"))).send().await.expect("an answer");
        assert_eq!(file.status(), StatusCode::OK, "{reference}");
        assert_eq!(file.headers()["x-content-type-options"], "nosniff");
        let content = file.text().await.expect("text");
        assert!(!content.contains("sourceMappingURL"), "{reference}");
    }
    let foreign = Client::new().get(hub.url("/graphql/explorer/..%2f..%2fmaster.key")).send().await.expect("an answer");
    assert_eq!(foreign.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_page_without_an_origin_reads_what_its_own_secret_gets_and_no_other_page_does() {
    let hub = HubProcess::start().await;
    let ask = |method: Method, origin: Option<&str>| {
        let request =
            Client::new().request(method, hub.url("/graphql")).json(&json!({ "query": "{ hub { version } }" }));
        let request = request.header("access-control-request-headers", "authorization, content-type");
        let request = origin.iter().fold(request, |request, origin| request.header("origin", *origin));
        async { request.send().await.expect("an answer") }
    };
    let preflight = ask(Method::OPTIONS, Some("null")).await;
    assert_eq!(preflight.status(), StatusCode::NO_CONTENT);
    assert_eq!(preflight.headers()["access-control-allow-headers"], "authorization, content-type");
    for answer in [preflight, ask(Method::POST, Some("null")).await] {
        assert_eq!(answer.headers()["access-control-allow-origin"], "null");
        assert!(!answer.headers().contains_key("access-control-allow-credentials"));
    }
    for origin in [None, Some("https://evil.example"), Some("file://")] {
        for method in [Method::OPTIONS, Method::POST] {
            let answer = ask(method, origin).await;
            assert!(!answer.headers().contains_key("access-control-allow-origin"), "{origin:?}");
        }
    }
}

#[tokio::test]
async fn without_introspection_there_is_no_explorer() {
    let hub = HubProcess::start_with(&[("DISTR_INTROSPECTION", "false")]).await;
    for path in ["/graphql", "/graphql/explorer/graphiql.min.js"] {
        let answer = Client::new().get(hub.url(path)).send().await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{path}");
    }
}
