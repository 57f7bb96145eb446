//! What nobody sends in good faith: each gets its clear answer, and others get theirs meanwhile.

use std::time::Duration;

use distr_tests::hub::HubProcess;
use distr_tests::socket::Subscription;
use distr_tests::wait;
use futures_util::future::join_all;
use reqwest::RequestBuilder;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

async fn answer(request: RequestBuilder) -> (u16, String, String) {
    let response = request.send().await.expect("an answer");
    let status = response.status().as_u16();
    let body: Value = response.json().await.expect("an answer in JSON");
    let error = if body["errors"].is_array() { &body["errors"][0] } else { &body };
    let code = error["extensions"]["code"].as_str().or(error["code"].as_str()).unwrap_or_default();
    (status, code.to_owned(), error["message"].as_str().unwrap_or_default().to_owned())
}

#[tokio::test]
async fn documents_that_ask_for_too_much_are_refused_in_words() {
    let hub = HubProcess::start().await;
    let owner = hub.sign_in("acme").await;
    let many = |count: usize, field: &str| (0..count).map(|n| format!("a{n}: {field} ")).collect::<String>();
    let cases = [
        ("nested", "{a".repeat(100_000), "nested 100000 deep"),
        ("lists", format!("{{ a(b: {}) }}", "[".repeat(100_000)), "nested"),
        ("long", format!("{{ viewer {{ role }} }} # {}", "x".repeat(300_000)), "variables"),
        ("aliases", format!("{{ {} }}", many(40, "members(first: 500) { nodes { id role name } }")), "complex"),
        (
            "contents",
            "{ application(name: \"a\") { releases(first: 50) { nodes { packages { ... on ComposePackage { file files { content } } } } } } }"
                .to_owned(),
            "complex",
        ),
        (
            "depth",
            format!("{{ {} role {} }}", "viewer { organization { id } } x: viewer {".repeat(20), "}".repeat(20)),
            "",
        ),
        ("syntax", format!("{{ viewer {{ role }} {} ]", " ".repeat(200_000)), "expected"),
        ("name", format!("{{ {} }}", "x".repeat(200_000)), "at most 100"),
        ("changes", format!("mutation {{ {} }}", many(51, "sessionEnd { changed }")), "51 changes"),
        ("circle", "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }".to_owned(), "itself"),
        ("roots", format!("{{ {} }}", many(101, "viewer { role }")), "101 root fields"),
        (
            "introspection",
            "{ __schema { types { fields { type { fields { type { fields { type { fields { name } } } } } } } } } }"
                .to_owned(),
            "fields within fields",
        ),
        ("id", "{ member(id: \"no id\") { id } }".to_owned(), "no id"),
        ("number", "{ members(first: 99999999999999999999) { nodes { id } } }".to_owned(), ""),
        ("page", "{ members(first: 60000) { nodes { id } } }".to_owned(), ""),
        ("cursor", "{ licenseAudit(after: \"AAAA\") { nodes { kind } } }".to_owned(), "cursor"),
        ("nul", "{ customer(name: \"a\\u0000b\") { id } }".to_owned(), "U+0000"),
        ("position", "{ events(after: \"99999999999999999999\") { scannedTo } }".to_owned(), "position"),
        ("beyond", "{ events(after: \"9223372036854775807\") { scannedTo } }".to_owned(), ""),
        ("year", "{ events(from: \"+262142-01-01T00:00:00Z\") { scannedTo } }".to_owned(), ""),
        (
            "token's year",
            "mutation { tokenIssue(label: \"t\", scopes: [READ], expiresAt: \"+262142-01-01T00:00:00Z\") { secret } }"
                .to_owned(),
            "",
        ),
    ];
    for (name, document, says) in cases {
        let Value::Object(body) = hub.graphql(Some(&owner), &document, json!({})).await.0 else { panic!("{name}") };
        let error = &body.get("errors").unwrap_or_else(|| panic!("{name} is answered"))[0];
        let (code, message) = (error["extensions"]["code"].as_str().unwrap_or_default(), error["message"].to_string());
        assert!(matches!(code, "bad_request" | "bad_input"), "{name}: {error}");
        assert!(message.to_lowercase().contains(&says.to_lowercase()), "{name}: {message}");
        assert!(message.len() < 2_000 && !message.contains("SELECT"), "{name}: {message}");
    }
    // of several operations, the one that is asked for alone counts
    let several =
        format!("query Small {{ viewer {{ role }} }} query Large($x: Int!) {{ {} }}", many(9_000, "viewer { role }"));
    let body = json!({ "query": several, "operationName": "Small" });
    let client = reqwest::Client::new();
    let one = client.post(hub.url("/graphql")).bearer_auth(&owner).json(&body).send().await.expect("an answer");
    let one: Value = one.json().await.expect("JSON");
    assert_eq!(one["data"]["viewer"]["role"], "OWNER", "{one}");
    // what could have stopped the read models has not
    hub.graphql(Some(&owner), "mutation { customerCreate(name: \"later\") { changed } }", json!({})).await.data();
}

#[tokio::test]
async fn bodies_that_are_broken_are_refused_in_words() {
    let hub = HubProcess::start().await;
    let owner = hub.sign_in("acme").await;
    let client = reqwest::Client::new();
    let post = |path: &str, body: Vec<u8>| {
        client.post(hub.url(path)).bearer_auth(&owner).header("content-type", "application/json").body(body)
    };
    let utf16: Vec<u8> = "{\"query\":\"{ head }\"}".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let cases: [(&str, Vec<u8>); 10] = [
        ("huge", format!("{{\"query\":\"{}\"}}", "x".repeat(5 << 20)).into_bytes()),
        ("deep", format!("{{\"query\":\"{{ head }}\",\"variables\":{}", "{\"a\":".repeat(100_000)).into_bytes()),
        ("deep lists", "[".repeat(1_000_000).into_bytes()),
        ("cut off", b"{\"query\":\"{ head".to_vec()),
        ("repeated", b"{\"query\":\"{ head }\",\"query\":\"{ head }\"}".to_vec()),
        ("UTF-16", utf16),
        ("not UTF-8", b"{\"query\":\"\xff\xfe\"}".to_vec()),
        ("a batch", b"[{\"query\":\"{ head }\"},{\"query\":\"{ head }\"}]".to_vec()),
        ("an empty batch", b"[]".to_vec()),
        ("empty", vec![]),
    ];
    for (name, body) in cases {
        let (status, code, message) = answer(post("/graphql", body)).await;
        assert_eq!((status, code.as_str()), (400, "bad_input"), "{name}: {message}");
        assert!(message.starts_with("the body is not what this path takes"), "{name}: {message}");
    }
    let packed = post("/graphql", b"\x1f\x8b\x08".to_vec()).header("content-encoding", "gzip");
    let (status, code, message) = answer(packed).await;
    assert_eq!((status, code.as_str()), (415, "unsupported"), "{message}");
}

/// Unknown fields are passed over, so that agents may be newer than their hub; all else must fit.
#[tokio::test]
async fn reports_that_do_not_fit_are_refused_in_words() {
    let hub = HubProcess::start().await;
    let owner = hub.sign_in("acme").await;
    hub.graphql(Some(&owner), "mutation { customerCreate(name: \"globex\") { changed } }", json!({})).await.data();
    let register = "mutation { targetRegister(customer: \"globex\", name: \"t\") { enrolment { token } } }";
    let registered = hub.graphql(Some(&owner), register, json!({})).await.data();
    let token = registered["targetRegister"]["enrolment"]["token"].as_str().expect("a token").to_owned();
    let client = reqwest::Client::new();
    let enrol = client.post(hub.url("/agent/v1/enrol")).bearer_auth(&token).json(&json!({ "agent_version": "1" }));
    let enrolled: Value = enrol.send().await.expect("an answer").json().await.expect("JSON");
    let agent = enrolled["secret"].as_str().expect("a credential").to_owned();
    let report = |change: &dyn Fn(&mut Value)| {
        let mut report = json!({
            "id": "01920000-0000-7000-8000-000000000001", "boot": "01920000-0000-7000-8000-000000000002",
            "sequence": 1, "at": "2026-11-23T12:00:00Z", "agent_version": "1",
            "deployments": [{
                "deployment": "01920000-0000-7000-8000-000000000003", "generation": 1, "step": "applied", "health": "ok",
                "running": { "generation": 1, "version": "1.0.0" }, "drift": "a file"
            }],
        });
        change(&mut report);
        json!({ "reports": [report] })
    };
    let send = |body: Value| client.post(hub.url("/agent/v1/heartbeats")).bearer_auth(&agent).json(&body);
    let newer =
        send(report(&|report| report["mood"] = json!({ "of": ["the", "future"] }))).send().await.expect("an answer");
    assert_eq!(newer.status(), 200, "an unknown field is passed over");
    type Change<'a> = &'a dyn Fn(&mut Value);
    let bad: [(&str, Change<'_>); 10] = [
        ("a sequence out of range", &|report| report["sequence"] = json!(u64::MAX)),
        ("a generation out of range", &|report| report["deployments"][0]["generation"] = json!(u64::MAX)),
        ("a running generation out of range", &|report| {
            report["deployments"][0]["running"]["generation"] = json!(u64::MAX)
        }),
        ("a negative number", &|report| report["sequence"] = json!(-1)),
        ("an id of another kind", &|report| report["id"] = json!(7)),
        ("a year that no database holds", &|report| report["at"] = json!("+262142-01-01T00:00:00Z")),
        ("a character that no text holds", &|report| report["deployments"][0]["drift"] = json!("a\u{0}b")),
        ("a version like a novel", &|report| report["agent_version"] = json!("x".repeat(5_000))),
        ("a text like a novel", &|report| report["deployments"][0]["drift"] = json!("x".repeat(5_000))),
        ("an unknown step", &|report| report["deployments"][0]["step"] = json!("dancing")),
    ];
    for (name, change) in bad {
        let (status, code, message) = answer(send(report(change))).await;
        assert_eq!((status, code.as_str()), (400, "bad_input"), "{name}: {message}");
        assert!(message.len() < 500, "{name}: {message}");
    }
    let target = "{ target(customer: \"globex\", name: \"t\") { lastHeartbeatAt } }";
    wait::until("the report that fitted", Duration::from_secs(20), async || {
        let seen = hub.graphql(Some(&owner), target, json!({})).await.data();
        if seen["target"]["lastHeartbeatAt"].is_string() { Ok(()) } else { Err(seen.to_string()) }
    })
    .await;
}

/// Heads and bodies that do not come are given up on.
#[tokio::test]
async fn slow_clients_are_let_go() {
    let hub = HubProcess::start().await;
    let slow = async |begin: &'static str| {
        let mut stream = TcpStream::connect(("127.0.0.1", hub.port)).await.expect("the hub listens");
        stream.write_all(begin.as_bytes()).await.expect("an open connection");
        let mut answer = vec![];
        let ended = tokio::time::timeout(Duration::from_secs(80), stream.read_to_end(&mut answer)).await;
        assert!(ended.is_ok(), "the connection stays open after {begin:?}");
        String::from_utf8_lossy(&answer).into_owned()
    };
    let head = "POST /graphql HTTP/1.1\r\nHost: x\r\nX-Slow: ";
    let body =
        "POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{\"que";
    let (head, body, nothing) = tokio::join!(slow(head), slow(body), slow(""));
    assert!(head.is_empty() || head.starts_with("HTTP/1.1 408"), "{head}");
    assert!(nothing.is_empty() || nothing.starts_with("HTTP/1.1 408"), "{nothing}");
    assert!(body.starts_with("HTTP/1.1 400") && body.contains("in time"), "{body}");
}

/// Many who do nothing cost little, and nobody else anything. A socket that nobody introduced is let go, as is one of too
/// many subscriptions' worth.
#[tokio::test]
async fn ten_thousand_idle_sockets_disturb_nobody() {
    let hub = HubProcess::start_with(&[("DISTR_CONNECTIONS_PER_ADDRESS", "20000")]).await;
    let owner = hub.sign_in("acme").await;
    let before = hub.resident_mib();
    let files = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    let raised = rustix::process::Rlimit { current: files.maximum, ..files };
    rustix::process::setrlimit(rustix::process::Resource::Nofile, raised).expect("up to the hard limit");
    let mut sockets = vec![];
    for _ in 0..20 {
        let some = (0..100)
            .map(|_| Subscription::open(&hub, Some(&owner), "subscription { targetChanged { id } }", json!({})));
        sockets.extend(join_all(some).await);
    }
    let mut idle = vec![];
    for _ in 0..80 {
        let some = (0..100).map(|_| TcpStream::connect(("127.0.0.1", hub.port)));
        idle.extend(join_all(some).await.into_iter().map(|stream| stream.expect("the hub listens")));
    }
    assert_eq!(sockets.len() + idle.len(), 10_000);
    let answered =
        tokio::time::timeout(Duration::from_secs(20), hub.graphql(Some(&owner), "{ viewer { role } }", json!({})));
    answered.await.expect("others are answered").data();
    let grown = hub.resident_mib().saturating_sub(before);
    eprintln!("10 000 idle connections, 2 000 of them sockets with a subscription: {grown} MiB");
    assert!(grown < 600, "{grown} MiB for 10 000 idle connections");
}

#[tokio::test]
async fn a_socket_has_only_so_many_subscriptions() {
    let hub = HubProcess::start().await;
    let owner = hub.sign_in("acme").await;
    let mut socket = Subscription::open(&hub, Some(&owner), "subscription { targetChanged { id } }", json!({})).await;
    for id in 0..100 {
        socket.subscribe(&format!("more-{id}"), "subscription { targetChanged { id } }").await;
    }
    let refused = socket.next().await;
    let error = if refused.is_array() { &refused[0] } else { &refused["errors"][0] };
    assert_eq!(error["extensions"]["code"], "too_many_subscriptions", "{refused}");
}
