//! The hub behind a reverse proxy: nginx and Caddy with the files of `deploy/`, whose clients are told apart; and a proxy that
//! nobody trusts, which is one client.

use std::time::Duration;

use distr_tests::authority::Authority;
use distr_tests::hub::{HubProcess, OWNER, PASSWORD};
use distr_tests::ports::free_port;
use distr_tests::reverse_proxy::{ReverseProxy, client};
use distr_tests::wait;
use futures_util::{SinkExt, StreamExt};
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

const LIMIT: Duration = Duration::from_secs(60);
const SIGN_IN: &str = "mutation ($e: String!, $p: String!) {
    sessionCreate(organization: \"acme\", email: $e, password: $p) { token }
}";

async fn ask(client: &Client, url: &str, secret: Option<&str>, query: &str, variables: Value) -> Value {
    let request = client.post(format!("{url}/graphql")).json(&json!({ "query": query, "variables": variables }));
    let request = match secret {
        Some(secret) => request.bearer_auth(secret),
        None => request,
    };
    request.send().await.expect("an answer").json().await.expect("JSON")
}

async fn sign_in(client: &Client, url: &str, password: &str) -> Value {
    ask(client, url, None, SIGN_IN, json!({ "e": OWNER, "p": password })).await
}

fn secret(answer: &Value) -> String {
    answer["data"]["sessionCreate"]["token"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
}

/// The addresses in the newest records of sign-ins.
async fn addresses_of_sign_ins(hub: &HubProcess, owner: &str, count: usize) -> Vec<String> {
    let query = "{ events(telemetry: [ACCESS], first: 200) { events { type data } } }";
    wait::until("the records of the sign-ins", LIMIT, async || {
        let events = hub.graphql(Some(owner), query, json!({})).await.data()["events"]["events"].clone();
        let data = events.as_array().expect("events").iter().map(|event| event["data"].clone());
        let records = data.map(|data| match data {
            Value::String(text) => serde_json::from_str(&text).unwrap_or_default(),
            other => other,
        });
        let found: Vec<String> = records
            .filter(|record: &Value| record["action"] == "sign_in")
            .map(|record| record["address"].as_str().unwrap_or_default().to_owned())
            .collect();
        if found.len() >= count { Ok(found) } else { Err(events.to_string()) }
    })
    .await
}

/// Everything that goes through a proxy: documents, a socket, a large blob, the reports of an agent.
async fn all_goes_through(hub: &HubProcess, proxy: &ReverseProxy, authority: &Authority) {
    let (client, url) = (client(authority), proxy.url(""));
    // what the client makes up about itself is not believed
    let body = json!({ "query": SIGN_IN, "variables": { "e": OWNER, "p": PASSWORD } });
    let lies = client.post(proxy.url("/graphql")).header("X-Forwarded-For", "203.0.113.77").json(&body);
    let answer: Value = lies.send().await.expect("an answer").json().await.expect("JSON");
    let owner = secret(&answer);
    let addresses = addresses_of_sign_ins(hub, &owner, 1).await;
    assert!(
        addresses.iter().all(|address| address == "127.0.0.1" || address == "::1"),
        "{addresses:?}\n{}",
        proxy.log()
    );

    let answer = client.get(proxy.url("/healthz")).send().await.expect("an answer");
    assert!(answer.headers().contains_key("strict-transport-security"), "{answer:?}");
    assert_eq!(answer.headers()["x-frame-options"], "DENY");

    let mut request = proxy.url("/graphql").replace("https", "wss").into_client_request().expect("a good URL");
    request.headers_mut().insert("Sec-WebSocket-Protocol", "graphql-transport-ws".parse().expect("a good header"));
    let connector = distr_tests::reverse_proxy::connector(authority);
    let opened = tokio_tungstenite::connect_async_tls_with_config(request, None, false, Some(connector)).await;
    let (mut socket, _) = opened.expect("the proxy takes the socket");
    let init = json!({ "type": "connection_init", "payload": { "authorization": format!("Bearer {owner}") } });
    let subscribe = json!({
        "type": "subscribe", "id": "1", "payload": { "query": "subscription { targetChanged { name } }" },
    });
    for message in [init, subscribe] {
        socket.send(Message::text(message.to_string())).await.expect("an open socket");
    }
    let ack = socket.next().await.expect("a message").expect("an open socket").to_string();
    assert!(ack.contains("connection_ack"), "{ack}");

    let create = "mutation { customerCreate(name: \"globex\") { changed } }";
    assert!(ask(&client, &url, Some(&owner), create, json!({})).await["errors"].is_null());
    let register = "mutation { targetRegister(customer: \"globex\", name: \"t\") { enrolment { token command } } }";
    let registered = ask(&client, &url, Some(&owner), register, json!({})).await;
    let enrolment = &registered["data"]["targetRegister"]["enrolment"];
    assert!(enrolment["command"].as_str().is_some_and(|command| command.contains(&url)), "{registered}");
    let told = tokio::time::timeout(LIMIT, socket.next()).await.expect("a message in time");
    assert!(told.expect("a message").expect("an open socket").to_string().contains("\"t\""));

    let token = enrolment["token"].as_str().expect("a token");
    let enrol = client.post(proxy.url("/agent/v1/enrol")).bearer_auth(token).json(&json!({ "agent_version": "1" }));
    let enrolled: Value = enrol.send().await.expect("an answer").json().await.expect("JSON");
    let credential = enrolled["secret"].as_str().unwrap_or_else(|| panic!("{enrolled}"));
    let reports =
        client.post(proxy.url("/agent/v1/heartbeats")).bearer_auth(credential).json(&json!({ "reports": [] }));
    assert_eq!(reports.send().await.expect("an answer").status(), StatusCode::OK);

    large_blob(&client, proxy, &owner).await;
}

/// 48 MiB up and down again.
async fn large_blob(client: &Client, proxy: &ReverseProxy, owner: &str) {
    let scope = [("scope", "repository:acme/large:pull,push"), ("service", "distr")];
    let asked = client.get(proxy.url("/token")).query(&scope).basic_auth("o", Some(owner)).send().await;
    let token: Value = asked.expect("an answer").json().await.expect("JSON");
    let token = token["token"].as_str().expect("a token");
    let begun = client.post(proxy.url("/v2/acme/large/blobs/uploads/")).bearer_auth(token).send().await;
    let begun = begun.expect("an answer");
    assert_eq!(begun.status(), StatusCode::ACCEPTED);
    let location = begun.headers()["location"].to_str().expect("text").to_owned();
    let location = if location.starts_with('/') { proxy.url(&location) } else { location };
    let blob: Vec<u8> = (0..48_u32 << 20).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &blob);
    let digest = format!("sha256:{}", hex::encode(digest));
    let separator = if location.contains('?') { '&' } else { '?' };
    let put = client.put(format!("{location}{separator}digest={digest}")).bearer_auth(token).body(blob.clone());
    let put = put.send().await.expect("an answer");
    assert_eq!(put.status(), StatusCode::CREATED, "{}", proxy.log());
    let got = client.get(proxy.url(&format!("/v2/acme/large/blobs/{digest}"))).bearer_auth(token).send().await;
    let got = got.expect("an answer");
    assert_eq!(got.status(), StatusCode::OK);
    assert!(got.bytes().await.expect("the whole blob") == blob, "what comes back is what went");
}

async fn hub_behind(public_url: &str) -> HubProcess {
    HubProcess::start_with(&[("DISTR_PUBLIC_URL", public_url), ("DISTR_TRUSTED_PROXIES", "127.0.0.1")]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn all_goes_through_nginx_with_the_file_of_deploy() {
    let authority = Authority::new("ours");
    // the proxy's port is known when it runs, and the hub's address before
    let front = free_port();
    let hub = hub_behind(&format!("https://localhost:{front}")).await;
    let proxy = ReverseProxy::nginx(front, hub.port, &authority, |site| site).await;
    all_goes_through(&hub, &proxy, &authority).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn all_goes_through_caddy_with_the_file_of_deploy() {
    let authority = Authority::new("ours");
    let front = free_port();
    let hub = hub_behind(&format!("https://localhost:{front}")).await;
    let proxy = ReverseProxy::caddy(front, hub.port, &authority, |site| site).await;
    all_goes_through(&hub, &proxy, &authority).await;
}

/// A proxy with other things on the same host: it keeps the hub's path, or strips it.
#[tokio::test(flavor = "multi_thread")]
async fn the_hub_has_a_path_of_its_own_which_the_proxy_keeps_or_strips() {
    let authority = Authority::new("ours");
    let front = free_port();
    let hub = hub_behind(&format!("https://localhost:{front}/distr/")).await;
    let keeps = |site: String| {
        let registry = site[site.find("    location / {").expect("a location")..].replace("}\n}", "}");
        let registry = registry.replacen("location /", "location /v2/", 1);
        site.replacen("location /", "location /distr/", 1).trim_end().trim_end_matches('}').to_owned() + &registry + "}"
    };
    let strips =
        |site: String| keeps(site).replacen("proxy_pass http://distr_hub;", "proxy_pass http://distr_hub/;", 1);
    for strip in [false, true] {
        let change = |site: String| if strip { strips(site) } else { keeps(site) };
        // the health of the proxy is asked for at the root, which is not the hub's here
        let health = |site: String| {
            change(site).replacen("location /distr/", "location = /healthz { return 200; }\nlocation /distr/", 1)
        };
        let proxy = ReverseProxy::nginx(front, hub.port, &authority, health).await;
        let client = client(&authority);
        let owner = secret(&sign_in(&client, &proxy.url("/distr"), PASSWORD).await);
        let create = format!("mutation {{ customerCreate(name: \"c{}\") {{ changed }} }}", u8::from(strip));
        assert!(ask(&client, &proxy.url("/distr"), Some(&owner), &create, json!({})).await["errors"].is_null());
        let script = client.get(proxy.url("/distr/install-agent")).send().await.expect("an answer");
        assert!(script.text().await.expect("text").contains(&format!("hub=\"{}\"", proxy.url("/distr"))));
        let asked = client.get(proxy.url("/v2/")).send().await.expect("an answer");
        assert_eq!(asked.status(), StatusCode::UNAUTHORIZED);
        let challenge = asked.headers()["www-authenticate"].to_str().expect("text").to_owned();
        assert!(challenge.contains(&format!("realm=\"{}/token\"", proxy.url("/distr"))), "{challenge}");
        let token = client.get(proxy.url("/distr/token")).basic_auth("o", Some(&owner)).send().await;
        assert_eq!(token.expect("an answer").status(), StatusCode::OK);
    }
}

/// As a proxy would send them, from an address that is trusted and from one that is not.
async fn sign_in_from(hub: &HubProcess, forwarded: &str) -> Value {
    let body = json!({ "query": SIGN_IN, "variables": { "e": OWNER, "p": PASSWORD } });
    let request = Client::new().post(hub.url("/graphql")).header("X-Forwarded-For", forwarded).json(&body);
    request.send().await.expect("an answer").json().await.expect("JSON")
}

#[tokio::test]
async fn who_is_behind_a_trusted_proxy_is_recorded_and_who_only_says_so_is_not() {
    let hub = HubProcess::start_with(&[("DISTR_TRUSTED_PROXIES", "127.0.0.0/8, 10.0.0.0/8")]).await;
    let owner = secret(&sign_in_from(&hub, "1.1.1.1, 2001:db8::7, 10.0.0.3").await);
    sign_in_from(&hub, "garbage, 10.0.0.3").await;
    let mut addresses = addresses_of_sign_ins(&hub, &owner, 2).await;
    addresses.sort_unstable();
    assert_eq!(addresses, ["127.0.0.1", "2001:db8::7"]);

    let plain = HubProcess::start().await;
    let owner = secret(&sign_in_from(&plain, "203.0.113.9").await);
    assert_eq!(addresses_of_sign_ins(&plain, &owner, 1).await, ["127.0.0.1"]);
    assert!(plain.log().contains("DISTR_TRUSTED_PROXIES"), "{}", plain.log());
}

/// One client of a proxy that asks too much is told so; another is not.
#[tokio::test]
async fn clients_of_a_proxy_are_counted_one_by_one() {
    let settings = [("DISTR_TRUSTED_PROXIES", "127.0.0.1"), ("DISTR_RATE_LIMIT", "5")];
    let hub = HubProcess::start_with(&settings).await;
    let client = Client::new();
    let from = async |address: &str| {
        let request = client.get(hub.url("/healthz")).header("X-Forwarded-For", address);
        request.send().await.expect("an answer").status()
    };
    let mut refused = false;
    for n in 0..500 {
        // one network of IPv6
        refused |= from(&format!("2001:db8::{n:x}")).await == StatusCode::TOO_MANY_REQUESTS;
    }
    assert!(refused);
    assert_eq!(from("2001:db8:0:1::1").await, StatusCode::OK);
}

#[tokio::test]
async fn every_answer_tells_browsers_to_show_nothing() {
    let hub = HubProcess::start().await;
    let client = Client::new();
    for path in ["/healthz", "/", "/nonsense", "/install-agent", "/v2/", "/token", "/agent/v1/openapi.yaml", "/graphql"]
    {
        let answer = client.get(hub.url(path)).send().await.expect("an answer");
        let header = |name: &str| answer.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        assert_eq!(header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(header("x-frame-options"), "DENY", "{path}");
        assert_eq!(header("referrer-policy"), "no-referrer", "{path}");
        let policy = header("content-security-policy");
        // the portal's page runs, and nothing else does
        let is_shut = match path {
            "/" => policy.contains("script-src 'self'; style-src 'self'") && policy.contains("trusted-types 'none'"),
            _ => policy.contains("sandbox"),
        };
        assert!(policy.contains("frame-ancestors 'none'") && is_shut, "{path}: {policy}");
        assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe-eval"), "{path}: {policy}");
        assert_eq!(header("strict-transport-security"), "", "{path}: this connection has no TLS");
    }
    let packed = client.post(hub.url("/graphql")).header("content-encoding", "gzip").body("x").send().await;
    assert!(packed.expect("an answer").headers().contains_key("x-frame-options"), "also of what is refused early");
}
