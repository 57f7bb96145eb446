//! What an operator reads: every metric that the runbook explains is there, each one that is there is explained, and none
//! tells a tenant's name.

use std::collections::BTreeSet;
use std::time::Duration;

use distr_tests::hub::HubProcess;
use distr_tests::ports::free_port;
use distr_tests::socket::Subscription;
use distr_tests::{root, wait};
use reqwest::{Client, StatusCode};
use serde_json::json;

pub(crate) async fn scraped(port: u16) -> String {
    let answer = reqwest::get(format!("http://127.0.0.1:{port}/metrics")).await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::OK);
    answer.text().await.expect("text")
}

/// The value of a sample by its name and labels, as they are written.
pub(crate) fn value(text: &str, sample: &str) -> Option<f64> {
    text.lines().find_map(|line| line.strip_prefix(sample)?.strip_prefix(' ')?.parse().ok())
}

fn there(text: &str) -> BTreeSet<&str> {
    let types = text.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    types.filter_map(|line| line.split_whitespace().next()).collect()
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The first column of the runbook's table of metrics.
fn documented(runbook: &str) -> BTreeSet<&str> {
    let rows = runbook.lines().filter_map(|line| line.strip_prefix("| `distr_"));
    rows.map(|row| &row[..row.find(['`', '{']).expect("a closing quote")]).collect()
}

#[tokio::test]
async fn every_metric_is_explained_and_every_explained_one_is_there() {
    let port = free_port();
    let hub = HubProcess::start_with(&[("DISTR_METRICS_LISTEN", &format!("127.0.0.1:{port}"))]).await;
    let owner = hub.sign_in("acme").await;
    let wrong =
        "mutation { sessionCreate(organization: \"acme\", email: \"x@example.com\", password: \"x\") { token } }";
    assert!(hub.graphql(None, wrong, json!({})).await.code().is_some());
    hub.graphql(Some(&owner), "mutation { customerCreate(name: \"globex\") { changed } }", json!({})).await.data();
    let register = "mutation { targetRegister(customer: \"globex\", name: \"factory\") { enrolment { token } } }";
    let data = hub.graphql(Some(&owner), register, json!({})).await.data();
    let token = data["targetRegister"]["enrolment"]["token"].as_str().expect("a token").to_owned();
    let post = async |path: &str, secret: &str, body: serde_json::Value| {
        let request = Client::new().post(hub.url(path)).bearer_auth(secret).json(&body);
        request.send().await.expect("an answer").json::<serde_json::Value>().await.expect("JSON")
    };
    let enrolled = post("/agent/v1/enrol", &token, json!({ "agent_version": "1" })).await;
    let report = json!({
        "id": uuid::Uuid::now_v7(), "boot": uuid::Uuid::nil(), "sequence": 1, "at": "2026-01-01T00:00:00Z",
        "agent_version": "1", "deployments": [],
    });
    post("/agent/v1/heartbeats", enrolled["secret"].as_str().expect("a secret"), json!({ "reports": [report] })).await;
    let mut subscription =
        Subscription::open(&hub, Some(&owner), "subscription { eventAppended(after: \"0\") { position } }", json!({}))
            .await;
    subscription.next().await;

    let text = wait::until("read models without a lag", Duration::from_secs(20), async || {
        let text = scraped(port).await;
        let lags = ["core", "fleet", "audit"]
            .map(|group| value(&text, &format!("distr_projection_lag_positions{{group=\"{group}\"}}")));
        match lags == [Some(0.0); 3] && value(&text, "distr_targets{state=\"online\"}") == Some(1.0) {
            true => Ok(text),
            false => Err(format!("{lags:?}")),
        }
    })
    .await;
    for (sample, wanted) in [
        ("distr_heartbeats_total", 1.0),
        ("distr_sign_ins_total{outcome=\"ok\"}", 1.0),
        ("distr_sign_ins_total{outcome=\"refused\"}", 1.0),
        ("distr_graphql_subscriptions", 1.0),
        ("distr_database_up", 1.0),
        ("distr_deployments_held", 0.0),
        ("distr_lease_held{kind=\"projection\",name=\"core\"}", 1.0),
        ("distr_lease_held{kind=\"policy\",name=\"observation\"}", 1.0),
        ("distr_log_append_conflicts_total", 0.0),
    ] {
        assert_eq!(value(&text, sample), Some(wanted), "{sample}\n{text}");
    }
    let of_mutation =
        "distr_graphql_operation_seconds_count{kind=\"mutation\",field=\"customerCreate\",outcome=\"ok\"}";
    assert_eq!(value(&text, of_mutation), Some(1.0), "{text}");
    let of_heartbeat =
        "distr_http_request_seconds_count{method=\"POST\",route=\"/agent/v1/heartbeats\",status=\"200\"}";
    assert_eq!(value(&text, of_heartbeat), Some(1.0), "{text}");

    let runbook = read("deploy/README.md");
    let (there, mut documented) = (there(&text), documented(&runbook));
    // a hub with a certificate has them: `tls.rs` looks
    documented.retain(|name| !name.starts_with("tls_"));
    let there: BTreeSet<&str> = there.iter().map(|name| name.strip_prefix("distr_").expect("ours")).collect();
    assert_eq!(there, documented, "the runbook's table and /metrics differ");
    for name in ["acme", "globex", "factory", "example.com"] {
        assert!(!text.contains(name), "/metrics tells {name:?}");
    }
    let public = reqwest::get(hub.url("/metrics")).await.expect("an answer");
    assert_eq!(public.status(), StatusCode::NOT_FOUND, "the public address serves metrics");
}

#[test]
fn every_alert_rests_on_metrics_that_exist_and_is_explained() {
    let (rules, runbook) = (read("deploy/alerts.yaml"), read("deploy/README.md"));
    let documented = documented(&runbook);
    let words = rules.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
    let used: BTreeSet<&str> = words.filter_map(|word| word.strip_prefix("distr_")).collect();
    assert!(used.len() > 10, "{used:?}");
    for name in used {
        let base = ["_bucket", "_count", "_sum"].into_iter().find_map(|suffix| name.strip_suffix(suffix));
        assert!(documented.contains(name) || base.is_some_and(|base| documented.contains(base)), "no metric {name}");
    }
    let alerts: Vec<&str> = rules.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")).collect();
    assert!(alerts.len() > 10, "{alerts:?}");
    for alert in alerts {
        assert!(runbook.contains(&format!("| `{alert}` |")), "the runbook does not say what {alert} means");
    }
}
