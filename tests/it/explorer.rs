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
    assert!(text.contains("Put in a token") && !text.contains("<script>"), "{text}");
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
async fn a_page_without_an_origin_asks_with_a_secret_of_its_own_or_not_at_all() {
    let hub = HubProcess::start().await;
    let owner = hub.sign_in("acme").await;
    let ask = async |hub: &HubProcess, method: Method, origin: Option<&str>, secret: Option<&str>| {
        let request =
            Client::new().request(method, hub.url("/graphql")).json(&json!({ "query": "{ viewer { role } }" }));
        let asked = if secret.is_some() { "authorization,content-type" } else { "content-type" };
        let request = request.header("access-control-request-headers", asked);
        let request = origin.iter().fold(request, |request, origin| request.header("origin", *origin));
        let request = secret.iter().fold(request, |request, secret| request.bearer_auth(secret));
        request.send().await.expect("an answer")
    };
    let (opaque, secret) = (Some("null"), Some(owner.as_str()));
    for (method, status) in [(Method::OPTIONS, StatusCode::NO_CONTENT), (Method::POST, StatusCode::OK)] {
        let answer = ask(&hub, method.clone(), opaque, secret).await;
        assert_eq!(answer.status(), status, "{method}");
        assert_eq!(answer.headers()["access-control-allow-origin"], "null");
        assert!(!answer.headers().contains_key("access-control-allow-credentials"));
        // the page of a stranger, in the browser of whoever has this address
        assert_eq!(ask(&hub, method.clone(), opaque, None).await.status(), StatusCode::FORBIDDEN, "{method}");
        for origin in [None, Some("https://evil.example"), Some("file://")] {
            let answer = ask(&hub, method.clone(), origin, secret).await;
            assert!(!answer.headers().contains_key("access-control-allow-origin"), "{origin:?}");
        }
    }
    let closed = HubProcess::start_with(&[("DISTR_INTROSPECTION", "false")]).await;
    assert_eq!(ask(&closed, Method::OPTIONS, opaque, secret).await.status(), StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn without_introspection_there_is_no_explorer() {
    let hub = HubProcess::start_with(&[("DISTR_INTROSPECTION", "false")]).await;
    for path in ["/graphql", "/graphql/explorer/graphiql.min.js"] {
        let answer = Client::new().get(hub.url(path)).send().await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{path}");
    }
}
