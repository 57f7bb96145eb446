//! Traces, as a collector gets them from the real hub: one shows a change from the request to what is told of it; none shows a
//! secret or a name; and a collector that is away disturbs nobody.

use std::process::Command;
use std::time::Duration;

use distr_tests::collector::{Collector, Span, text};
use distr_tests::hub::{HubProcess, PASSWORD};
use distr_tests::ports::free_port;
use distr_tests::socket::Subscription;
use distr_tests::{binary, wait};
use serde_json::{Value, json};

const PARENT: &str = "00f067aa0ba902b7";

async fn hub(collector: &Collector) -> HubProcess {
    let url = collector.url();
    let environment = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", url.as_str()),
        ("OTEL_EXPORTER_OTLP_HEADERS", "x-planted=header"),
        ("OTEL_BSP_SCHEDULE_DELAY", "50"),
    ];
    HubProcess::start_with(&environment).await
}

/// Asks as a caller that is in a trace; the answer and its correlation id.
async fn ask(hub: &HubProcess, secret: &str, query: &str, headers: &[(&str, &str)]) -> (Value, String) {
    let request = reqwest::Client::new().post(hub.url("/graphql")).bearer_auth(secret).json(&json!({ "query": query }));
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    let response = request.send().await.expect("an answer");
    let correlation = response.headers()["x-correlation-id"].to_str().expect("an id").replace('-', "");
    let answer: Value = response.json().await.expect("JSON");
    assert!(answer.get("errors").is_none(), "{answer:#}");
    (answer["data"].clone(), correlation)
}

/// Returns when all of these are in the trace.
async fn spans(collector: &Collector, trace: &str, names: &[&str]) -> Vec<Span> {
    wait::until("the spans of a trace", Duration::from_secs(30), async || {
        let spans = collector.trace(trace);
        let seen: Vec<&str> = spans.iter().map(|span| span.name.as_str()).collect();
        match names.iter().all(|name| seen.contains(name)) {
            true => Ok(spans),
            false => Err(format!("{seen:?} of {trace}")),
        }
    })
    .await
}

fn named<'a>(spans: &'a [Span], name: &str) -> &'a Span {
    let mut found = spans.iter().filter(|span| span.name == name);
    let span = found.next().unwrap_or_else(|| panic!("no span {name:?}"));
    assert!(found.next().is_none(), "two spans {name:?}");
    span
}

#[tokio::test]
async fn one_trace_shows_a_change_from_its_request_to_the_read_models_and_those_who_watch() {
    let collector = Collector::start().await;
    let hub = hub(&collector).await;
    let owner = hub.sign_in("acme").await;
    ask(&hub, &owner, "mutation { customerCreate(name: \"globex\") { changed } }", &[]).await;
    let mut watching =
        Subscription::open(&hub, Some(&owner), "subscription { targetChanged { name } }", json!({})).await;
    // the socket's subscription is made asynchronously: change until it is heard
    let register = |name: &str| {
        format!("mutation {{ targetRegister(customer: \"globex\", name: \"{name}\") {{ position changed }} }}")
    };
    ask(&hub, &owner, &register("first"), &[]).await;
    watching.next().await;

    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let parent = format!("00-{trace}-{PARENT}-01");
    let (data, correlation) = ask(&hub, &owner, &register("second"), &[("traceparent", &parent)]).await;
    assert_eq!(correlation, trace, "the trace is the correlation id");
    let wanted = [
        "POST /graphql",
        "mutation targetRegister",
        "append TargetRegistered",
        "append EnrolmentOffered",
        "project core",
        "tell subscribers",
    ];
    let spans = spans(&collector, trace, &wanted).await;
    let request = named(&spans, "POST /graphql");
    assert_eq!(hex::encode(&request.parent_span_id), PARENT, "it goes on with its caller's span");
    assert_eq!(text(&request.attributes, "http.route").as_deref(), Some("/graphql"));
    for child in &wanted[1..4] {
        assert_eq!(named(&spans, child).parent_span_id, request.span_id, "{child} is below the request");
    }
    // what follows is below the event that it follows from
    let append = named(&spans, "append TargetRegistered");
    let below = |name: &str| {
        let found = spans.iter().find(|span| span.name == name && span.parent_span_id == append.span_id);
        found.unwrap_or_else(|| panic!("no {name:?} below the append"))
    };
    let (projected, _told) = (below("project core"), below("tell subscribers"));
    let position = text(&append.attributes, "distr.position").expect("a position");
    assert_eq!(text(&projected.attributes, "distr.position"), Some(position.clone()));
    let of = data["targetRegister"]["position"].as_str().and_then(|text| text.parse::<u64>().ok()).expect("a position");
    assert!(position.parse::<u64>().expect("a number") <= of);
    for span in &spans {
        assert!(span.start_time_unix_nano <= span.end_time_unix_nano, "{span:?}");
        assert!(span.start_time_unix_nano >= request.start_time_unix_nano - 1_000_000, "{span:?}");
    }
    // and the log has it
    let events = "{ events(first: 100, telemetry: []) { events { type correlation } } }";
    let (events, _) = ask(&hub, &owner, events, &[]).await;
    let events = events["events"]["events"].as_array().expect("events");
    let event = events.iter().rfind(|event| event["type"] == "TargetRegistered").expect("the event");
    assert_eq!(event["correlation"].as_str().expect("an id").replace('-', ""), trace);
    assert!(collector.taken().services.iter().all(|name| name == "distr-hub"));
}

#[tokio::test]
async fn a_request_without_a_trace_begins_one_and_a_callers_no_is_heard() {
    let collector = Collector::start().await;
    let mut hub = hub(&collector).await;
    let owner = hub.sign_in("acme").await;
    let create = |name: &str| format!("mutation {{ customerCreate(name: \"{name}\") {{ changed }} }}");
    let wanted = ["POST /graphql", "append CustomerCreated", "project core"];

    let unwanted = "11111111111111111111111111111111";
    let header = format!("00-{unwanted}-{PARENT}-00");
    ask(&hub, &owner, &create("unwanted"), &[("traceparent", &header)]).await;
    let (_, own) = ask(&hub, &owner, &create("own"), &[]).await;
    let of_own = spans(&collector, &own, &wanted).await;
    assert!(named(&of_own, "POST /graphql").parent_span_id.is_empty());

    // a caller that chose a correlation id gets that as the trace, with a link to its own
    let (chosen, linked) = ("22222222-2222-2222-2222-222222222222", "33333333333333333333333333333333");
    let parent = format!("00-{linked}-{PARENT}-01");
    let headers = [("x-correlation-id", chosen), ("traceparent", parent.as_str())];
    ask(&hub, &owner, &create("chosen"), &headers).await;
    let of_chosen = spans(&collector, &chosen.replace('-', ""), &wanted).await;
    let request = named(&of_chosen, "POST /graphql");
    assert_eq!(hex::encode(&request.links[0].trace_id), linked);
    ask(&hub, &owner, &create("bad"), &[("traceparent", "00-nonsense")]).await;

    // the end of the hub sends what is left
    hub.stop().await;
    let seen: Vec<String> = collector.taken().spans.iter().map(|span| hex::encode(&span.trace_id)).collect();
    assert!(!seen.iter().any(|trace| trace == unwanted || trace == linked), "{seen:?}");
}

/// A push is a change like another: its fact is in the trace of its request.
#[tokio::test]
async fn a_push_is_traced_to_its_fact() {
    let collector = Collector::start().await;
    let hub = hub(&collector).await;
    let owner = hub.sign_in("acme").await;
    let issue = "mutation { tokenIssue(label: \"t\", scopes: [PULL, PUSH]) { secret } }";
    let (token, _) = ask(&hub, &owner, issue, &[]).await;
    let secret = token["tokenIssue"]["secret"].as_str().expect("a secret");
    let http = reqwest::Client::new();
    let asked = http.get(hub.url("/token?scope=repository:acme/hello:pull,push")).basic_auth("t", Some(secret));
    let asked: Value = asked.send().await.expect("an answer").json().await.expect("JSON");
    let token = asked["token"].as_str().expect("a token");
    let trace = "44444444444444444444444444444444";
    let index = json!({
        "schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": [],
    });
    let push = http.put(hub.url("/v2/acme/hello/manifests/1")).bearer_auth(token);
    let push = push.header("traceparent", format!("00-{trace}-{PARENT}-01"));
    let push = push.header("content-type", "application/vnd.oci.image.index.v1+json").body(index.to_string());
    assert_eq!(push.send().await.expect("an answer").status().as_u16(), 201);
    let request = "PUT /v2/{name:.+}/manifests/{reference:[^/]+}";
    let spans = spans(&collector, trace, &[request, "append ManifestPushed", "append TagMoved", "project core"]).await;
    assert_eq!(named(&spans, "append TagMoved").parent_span_id, named(&spans, request).span_id);
}

/// Nothing of what a request carries goes to the collector but ids, types and numbers.
#[tokio::test]
async fn no_secret_and_no_name_is_in_a_trace() {
    let collector = Collector::start().await;
    let hub = hub(&collector).await;
    let owner = hub.sign_in("acme").await;
    let (token, _) =
        ask(&hub, &owner, "mutation { tokenIssue(label: \"planted-label\", scopes: [PULL, READ]) { secret } }", &[])
            .await;
    let token = token["tokenIssue"]["secret"].as_str().expect("a secret").to_owned();
    ask(&hub, &owner, "mutation { customerCreate(name: \"planted-customer\") { changed } }", &[]).await;
    let set = "mutation { secretSet(customer: \"planted-customer\", name: \"PLANTED\", value: \"planted-value\") { changed } }";
    ask(&hub, &owner, set, &[]).await;
    let http = reqwest::Client::new();
    for path in ["/v2/acme/planted-repository/manifests/1", "/planted-path?token=planted-query", "/agent/v1/planted"] {
        let request = http.get(hub.url(path)).bearer_auth(&token).header("user-agent", "planted-agent");
        request.send().await.expect("an answer");
    }
    let basic = http.get(hub.url("/token?scope=repository:acme/planted:pull")).basic_auth("planted-user", Some(&token));
    let registry: Value = basic.send().await.expect("an answer").json().await.expect("JSON");
    let (_, last) = ask(&hub, &owner, "mutation { customerCreate(name: \"last\") { changed } }", &[]).await;
    spans(&collector, &last, &["POST /graphql", "project core"]).await;

    let taken = collector.taken();
    let has_header = |headers: &Vec<(String, String)>| {
        headers.iter().any(|(name, value)| (name.as_str(), value.as_str()) == ("x-planted", "header"))
    };
    assert!(taken.headers.iter().all(has_header), "the configured header is sent");
    let told = String::from_utf8_lossy(&taken.bodies.concat()).into_owned();
    let registry = registry["token"].as_str().expect("a registry token");
    for secret in [owner.as_str(), &token, registry, PASSWORD, "planted", "Bearer", "dss_", "dst_", "example.com"] {
        assert!(!told.contains(secret), "a trace tells {secret:?}");
    }
    assert!(told.contains("/v2/{name:.+}/manifests/{reference:[^/]+}"), "routes are templates");
}

/// It takes connections and never answers.
#[tokio::test]
async fn a_collector_that_does_not_answer_disturbs_nobody() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
    let endpoint = format!("http://{}/v1/traces", silent.local_addr().expect("a bound socket has an address"));
    let metrics = free_port();
    let listen = format!("127.0.0.1:{metrics}");
    let environment = [
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", endpoint.as_str()),
        ("OTEL_BSP_MAX_QUEUE_SIZE", "8"),
        ("OTEL_BSP_SCHEDULE_DELAY", "50"),
        ("DISTR_METRICS_LISTEN", listen.as_str()),
    ];
    let mut hub = HubProcess::start_with(&environment).await;
    let owner = hub.sign_in("acme").await;
    for number in 0..20 {
        ask(&hub, &owner, &format!("mutation {{ customerCreate(name: \"c{number}\") {{ changed }} }}"), &[]).await;
    }
    let text = reqwest::get(format!("http://{listen}/metrics")).await.expect("an answer").text().await.expect("text");
    let sample = "distr_traces_dropped_total{reason=\"queue\"} ";
    let dropped = text.lines().find_map(|line| line.strip_prefix(sample)?.parse::<f64>().ok());
    assert!(dropped.is_some_and(|dropped| dropped > 0.0), "{text}");
    hub.stop().await;
}

#[test]
fn a_protocol_that_is_not_spoken_stops_the_start_by_name() {
    let output = Command::new(binary("distr-hub"))
        .arg("serve")
        .env("DISTR_DATA_DIR", std::env::temp_dir().join("never-made"))
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4317")
        .env("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")
        .output()
        .expect("distr-hub can be started");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && said.contains("OTEL_EXPORTER_OTLP_PROTOCOL is \"grpc\""), "{said}");
}
