//! The rows of HTTP: every route that the code registers, and how it answers nobody, a member and an agent.

use distr_tests::hub::HubProcess;
use distr_tests::root;
use reqwest::{Method, StatusCode};

struct Route {
    /// as the code registers it
    pattern: &'static str,
    method: &'static str,
    path: &'static str,
    nobody: u16,
    /// the owner's token as bearer
    member: u16,
    agent: u16,
}

const fn row(pattern: &'static str, method: &'static str, path: &'static str, answers: [u16; 3]) -> Route {
    let [nobody, member, agent] = answers;
    Route { pattern, method, path, nobody, member, agent }
}

/// At `/v2` only the registry's own tokens are bearer tokens: others are strangers there. What they may do with theirs is
/// tested in the registry.
const ROUTES: &[Route] = &[
    row("/healthz", "GET", "/healthz", [200, 200, 200]),
    row("/readyz", "GET", "/readyz", [200, 200, 200]),
    row("/install-agent", "GET", "/install-agent", [200, 200, 200]),
    row("/agent/v1/binary", "GET", "/agent/v1/binary", [200, 200, 200]),
    row("/graphql", "GET", "/graphql", [200, 200, 200]),
    row("/graphql", "POST", "/graphql", [200, 200, 403]),
    row("/graphql/explorer/{name}", "GET", "/graphql/explorer/explorer.js", [200, 200, 200]),
    row("/", "GET", "/", [200, 200, 200]),
    row("/assets/{name}", "GET", "/assets/none.js", [404, 404, 404]),
    row("/log/{organization}/checkpoint", "GET", "/log/none/checkpoint", [401, 404, 403]),
    row("/log/{organization}/tile/{path:.+}", "GET", "/log/none/tile/0/000", [401, 404, 403]),
    row("/log/{organization}/entries", "GET", "/log/none/entries?from=0&to=1", [401, 404, 403]),
    row("/log/{organization}/leaves", "GET", "/log/none/leaves?size=1", [401, 404, 403]),
    row("/branding/{name}", "GET", "/branding/none", [404, 404, 404]),
    row("/openapi.yaml", "GET", "/agent/v1/openapi.yaml", [200, 200, 200]),
    row("/enrol", "POST", "/agent/v1/enrol", [401, 409, 409]),
    row("/heartbeats", "POST", "/agent/v1/heartbeats", [401, 403, 200]),
    row("/credential", "POST", "/agent/v1/credential", [401, 403, 200]),
    row("/pull-credential", "POST", "/agent/v1/pull-credential", [401, 403, 200]),
    row("/token", "GET", "/token", [200, 401, 401]),
    row("/token", "POST", "/token", [400, 400, 400]),
    row("/v2", "GET", "/v2", [401, 401, 401]),
    row("/v2/", "GET", "/v2/", [401, 401, 401]),
    row("/v2/_catalog", "GET", "/v2/_catalog", [401, 401, 401]),
    row("/v2/{name:.+}/referrers/{digest:[^/]+}", "GET", "/v2/acme/a/referrers/sha256:x", [401, 401, 401]),
    row("/v2/{name:.+}/tags/list", "GET", "/v2/acme/a/tags/list", [401, 401, 401]),
    row("/v2/{name:.+}/manifests/{reference:[^/]+}", "GET", "/v2/acme/a/manifests/1", [401, 401, 401]),
    row("/v2/{name:.+}/manifests/{reference:[^/]+}", "PUT", "/v2/acme/a/manifests/1", [401, 401, 401]),
    row("/v2/{name:.+}/manifests/{reference:[^/]+}", "DELETE", "/v2/acme/a/manifests/1", [401, 401, 401]),
    row("/v2/{name:.+}/blobs/uploads", "POST", "/v2/acme/a/blobs/uploads", [401, 401, 401]),
    row("/v2/{name:.+}/blobs/uploads/", "POST", "/v2/acme/a/blobs/uploads/", [401, 401, 401]),
    row("/v2/{name:.+}/blobs/uploads/{id:[^/]+}", "PATCH", "/v2/acme/a/blobs/uploads/x", [401, 401, 401]),
    row("/v2/{name:.+}/blobs/{digest:[^/]+}", "GET", "/v2/acme/a/blobs/sha256:x", [401, 401, 401]),
    row("/v2/{name:.+}/blobs/{digest:[^/]+}", "DELETE", "/v2/acme/a/blobs/sha256:x", [401, 401, 401]),
    row("/v2/{rest:.*}", "GET", "/v2/acme", [401, 401, 401]),
];

/// The places where routes are registered.
const SOURCES: [&str; 3] = ["crates/api/src/http.rs", "crates/api/src/agent.rs", "crates/registry/src/http.rs"];

/// All string literals that begin with a slash, but the scope of the agents' paths.
fn registered() -> Vec<String> {
    let mut patterns = vec![];
    for source in SOURCES {
        let text = std::fs::read_to_string(root().join(source)).expect("the source is there");
        let code = text.lines().filter(|line| !line.trim_start().starts_with("//") && !line.contains("const "));
        for line in code {
            let literals = line.split('"').skip(1).step_by(2);
            patterns.extend(literals.filter(|text| text.starts_with('/') && *text != "/agent/v1").map(str::to_owned));
        }
    }
    patterns
}

pub(super) async fn check(hub: &HubProcess, member: &str, agent: &str) {
    for pattern in registered() {
        assert!(ROUTES.iter().any(|route| route.pattern == pattern), "route {pattern:?} has no row");
    }
    let mut wrong = vec![];
    // the rotation of the agent's credential ends the secret: last
    let (rotation, others): (Vec<_>, Vec<_>) = ROUTES.iter().partition(|route| route.pattern == "/credential");
    for route in others.into_iter().chain(rotation) {
        for (who, secret, expected) in [
            ("nobody", None, route.nobody),
            ("a member", Some(member), route.member),
            ("an agent", Some(agent), route.agent),
        ] {
            let status = ask(hub, route, secret).await;
            if status.as_u16() != expected {
                wrong.push(format!("{} {} with {who}: {status}, not {expected}", route.method, route.path));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

async fn ask(hub: &HubProcess, route: &Route, secret: Option<&str>) -> StatusCode {
    let method = Method::from_bytes(route.method.as_bytes()).expect("a method");
    let mut request = reqwest::Client::new().request(method, hub.url(route.path));
    if let Some(secret) = secret {
        request = request.bearer_auth(secret);
    }
    if route.path.starts_with("/agent/v1") && route.method == "POST" {
        let body = serde_json::json!({ "agent_version": "1", "reports": [] });
        request = request.json(&body);
    }
    if route.path == "/graphql" && route.method == "POST" {
        request = request.json(&serde_json::json!({ "query": "{ viewer { role } }" }));
    }
    request.send().await.expect("an answer").status()
}
