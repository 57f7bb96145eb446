//! What nobody sends in good faith: each gets its clear answer, and others get theirs meanwhile.

use std::time::Duration;

use distr_tests::hub::HubProcess;
use distr_tests::socket::Subscription;
use distr_tests::wait;
use reqwest::RequestBuilder;
use serde_json::{Value, json};

async fn answer(request: RequestBuilder) -> (u16, String, String) {
    let response = request.send().await.expect("an answer");
    let status = response.status().as_u16();
    let body: Value = response.json().await.expect("an answer in JSON");
    let error = if body["errors"].is_array() { &body["errors"][0] } else { &body };
    let code = error["extensions"]["code"].as_str().or(error["code"].as_str()).unwrap_or_default();
    (status, code.to_owned(), error["message"].as_str().unwrap_or_default().to_owned())
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
    let cases: [(&str, Vec<u8>); 9] = [
        ("huge", format!("{{\"query\":\"{}\"}}", "x".repeat(5 << 20)).into_bytes()),
        ("deep", format!("{{\"query\":\"{{ head }}\",\"variables\":{}", "{\"a\":".repeat(100_000)).into_bytes()),
        ("deep lists", "[".repeat(1_000_000).into_bytes()),
        ("cut off", b"{\"query\":\"{ head".to_vec()),
        ("repeated", b"{\"query\":\"{ head }\",\"query\":\"{ head }\"}".to_vec()),
        ("UTF-16", utf16),
        ("not UTF-8", b"{\"query\":\"\xff\xfe\"}".to_vec()),
        ("a batch", b"[{\"query\":\"{ head }\"},{\"query\":\"{ head }\"}]".to_vec()),
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
    let bad: [(&str, &dyn Fn(&mut Value)); 10] = [
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
