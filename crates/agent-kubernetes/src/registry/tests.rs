use super::*;
use distr_agent::hub::Transport;
use distr_agent::secret::Secret;

fn registry(hub: &str) -> Registry {
    Registry::try_new(&Hub::try_new(hub, Transport::AnyHttp).unwrap(), CurrentSecret::new(Secret::new("s"))).unwrap()
}

#[test]
fn plain_http_goes_to_this_machine_and_to_a_hub_that_is_asked_like_that() {
    for (hub, authority, scheme) in [
        ("https://hub.example", "hub.example", "https"),
        ("https://hub.example", "127.0.0.1:5000", "http"),
        ("http://hub.example", "hub.example", "http"),
        ("http://hub.example", "hub.example:5000", "https"),
        ("https://localhost:8080", "localhost:8080", "https"),
    ] {
        assert_eq!(registry(hub).scheme(authority), scheme, "{hub} {authority}");
    }
}

#[test]
fn a_registry_is_a_host_and_no_address() {
    let registry = registry("https://hub.example");
    assert_eq!(registry.url("hub.example", "a/b").unwrap().as_str(), "https://hub.example/v2/a/b");
    for bad in ["hub.example/x", "user@hub.example", "hub.example?x=", "", "a b"] {
        assert!(registry.url(bad, "a/b").is_err(), "{bad}");
    }
}

#[tokio::test]
async fn the_credential_goes_to_the_registry_and_its_hub_alone() {
    let registry = registry("https://hub.example");
    for realm in ["https://evil.example/token", "http://hub.example/token", "https://x@hub.example/token", "/token"] {
        let refused = registry.token("hub.example", realm, [("service", None), ("scope", None)]).await.unwrap_err();
        assert!(refused.text.contains("goes nowhere else"), "{realm}: {}", refused.text);
    }
}

#[test]
fn a_refusal_is_about_the_release_if_the_registry_says_why() {
    let of = |status: u16, reason: Option<&str>| {
        let status = StatusCode::from_u16(status).unwrap();
        let failure = of_refusal("image x", "hub.example", status, reason.map(str::to_owned));
        (failure.blame, failure.category, failure.text)
    };
    let (generation, passing) = (Blame::Generation, Blame::Surroundings);
    let (entitlement, network) = (ErrorCategory::Entitlement, ErrorCategory::Network);
    for (status, reason, blame, category, text) in [
        (403, Some("license l is revoked"), generation, entitlement, "image x: license l is revoked"),
        (404, Some("manifest unknown"), generation, entitlement, "image x: manifest unknown"),
        (401, Some("x"), passing, entitlement, "image x: the registry does not know the agent's credential"),
        (429, None, passing, network, "image x: hub.example answers with HTTP 429"),
        (503, Some("busy"), passing, network, "image x: hub.example answers with HTTP 503: busy"),
    ] {
        assert_eq!(of(status, reason), (blame, category, text.to_owned()));
    }
    assert_eq!(of(404, None).1, network);
    assert_eq!(reason(&serde_json::json!({"errors": [{"code": "DENIED", "message": "no\nway"}]})).unwrap(), "no way");
}
