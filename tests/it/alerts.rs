//! Alerts as people find them: they are there for as long as something is so, can be put off with a reason by those who look after
//! customers, and come back when their time is over or the thing happens anew.

use chrono::TimeDelta;
use distr_tests::clock::now;
use distr_tests::hub::HubProcess;
use serde_json::{Value, json};

const LIST: &str = "query ($putOff: Boolean!) { alerts(putOff: $putOff) { nodes {
    id kind since dueAt reason customer target application license token putOff { until reason by }
} } }";

struct Desk {
    hub: HubProcess,
    owner: String,
}

impl Desk {
    async fn start() -> Self {
        let hub = HubProcess::start().await;
        let owner = hub.sign_in("acme").await;
        let desk = Self { hub, owner };
        desk.change("customerCreate(name: \"globex\") { changed }").await;
        desk.change("applicationCreate(name: \"hello\") { changed }").await;
        desk
    }

    async fn change(&self, mutation: &str) -> Value {
        self.hub.graphql(Some(&self.owner), &format!("mutation {{ {mutation} }}"), json!({})).await.data()
    }

    async fn license(&self, name: &str, days: i64) {
        let end = (now() + TimeDelta::days(days)).to_rfc3339();
        let terms = format!("terms: {{ expiresAt: \"{end}\" }}");
        let issue = "licenseIssue(customer: \"globex\", application: \"hello\", name:";
        self.change(&format!("{issue} \"{name}\", {terms}) {{ changed }}")).await;
    }

    async fn alerts(&self, who: &str, put_off: bool) -> Vec<Value> {
        let answer = self.hub.graphql(Some(who), LIST, json!({ "putOff": put_off })).await.data();
        answer["alerts"]["nodes"].as_array().expect("a list").clone()
    }

    async fn put_off(&self, who: &str, id: &Value, days: i64) -> distr_tests::hub::Answer {
        let query = "mutation ($id: ID!, $until: DateTime!) {
            alertPutOff(id: $id, until: $until, reason: \"they renew in spring\") { changed alert { putOff { reason } } }
        }";
        let until = (now() + TimeDelta::days(days)).to_rfc3339();
        self.hub.graphql(Some(who), query, json!({ "id": id, "until": until })).await
    }
}

fn kinds(alerts: &[Value]) -> Vec<&str> {
    alerts.iter().map(|alert| alert["kind"].as_str().expect("a kind")).collect()
}

#[tokio::test]
async fn what_ends_soon_is_an_alert_and_what_ends_later_is_none() {
    let desk = Desk::start().await;
    assert!(desk.alerts(&desk.owner, false).await.is_empty());
    desk.license("soon", 12).await;
    desk.license("later", 40).await;
    let end = (now() + TimeDelta::days(3)).to_rfc3339();
    desk.change(&format!("tokenIssue(label: \"laptop\", scopes: [READ], expiresAt: \"{end}\") {{ changed }}")).await;
    let alerts = desk.alerts(&desk.owner, false).await;
    assert_eq!(kinds(&alerts), ["LICENSE_ENDS", "TOKEN_ENDS"]);
    assert_eq!((&alerts[0]["license"], &alerts[0]["customer"]), (&json!("soon"), &json!("globex")));
    assert_eq!(alerts[1]["token"], "laptop");

    // settled: it is gone by itself
    desk.change("licenseRevoke(customer: \"globex\", name: \"soon\", reason: \"ended\") { changed }").await;
    assert_eq!(kinds(&desk.alerts(&desk.owner, false).await), ["TOKEN_ENDS"]);
}

#[tokio::test]
async fn what_is_put_off_waits_and_comes_back_when_it_happens_anew() {
    let desk = Desk::start().await;
    desk.license("hello-2026", 12).await;
    let [alert] = desk.alerts(&desk.owner, false).await.try_into().expect("one alert");
    let put_off = desk.put_off(&desk.owner, &alert["id"], 5).await.data();
    assert_eq!(put_off["alertPutOff"]["changed"], true);
    assert_eq!(put_off["alertPutOff"]["alert"]["putOff"]["reason"], "they renew in spring");
    assert!(desk.alerts(&desk.owner, false).await.is_empty());
    let [waiting] = desk.alerts(&desk.owner, true).await.try_into().expect("one alert");
    assert!(waiting["putOff"]["by"].as_str().is_some_and(|by| by.starts_with("member:")), "{waiting}");

    // the same contract with another end is another alert
    let end = (now() + TimeDelta::days(20)).to_rfc3339();
    let amend = format!("licenseAmend(customer: \"globex\", name: \"hello-2026\", terms: {{ expiresAt: \"{end}\" }})");
    desk.change(&format!("{amend} {{ changed }}")).await;
    let [anew] = desk.alerts(&desk.owner, false).await.try_into().expect("one alert");
    assert_ne!(anew["id"], alert["id"]);

    // one may also be taken up before its time, and time itself ends what was put off
    desk.put_off(&desk.owner, &anew["id"], 5).await.data();
    let take_up = format!("alertTakeUp(id: {}) {{ changed }}", anew["id"]);
    assert_eq!(desk.change(&take_up).await["alertTakeUp"]["changed"], true);
    assert_eq!(desk.change(&take_up).await["alertTakeUp"]["changed"], false);
    assert_eq!(desk.alerts(&desk.owner, false).await.len(), 1);
    desk.put_off(&desk.owner, &anew["id"], 1).await.data();
    assert!(desk.alerts(&desk.owner, false).await.is_empty());
    desk.hub.later(TimeDelta::days(2));
    let owner = desk.hub.sign_in("acme").await;
    assert_eq!(desk.alerts(&owner, false).await.len(), 1);
}

#[tokio::test]
async fn a_customer_sees_its_own_alerts_and_puts_none_off() {
    let desk = Desk::start().await;
    desk.license("hello-2026", 12).await;
    desk.change("customerCreate(name: \"initech\") { changed }").await;
    let end = (now() + TimeDelta::days(3)).to_rfc3339();
    desk.change(&format!("tokenIssue(label: \"laptop\", scopes: [READ], expiresAt: \"{end}\") {{ changed }}")).await;
    let [alert, _token] = desk.alerts(&desk.owner, false).await.try_into().expect("two alerts");
    desk.put_off(&desk.owner, &alert["id"], 5).await.data();

    let role = |customer: &str| format!("role: CUSTOMER_ADMIN, customer: \"{customer}\"");
    let globex = desk.hub.join(&desk.owner, "kim@globex.example", &role("globex"), "a password of hers").await;
    let initech = desk.hub.join(&desk.owner, "pat@initech.example", &role("initech"), "a password of hers").await;
    let own = desk.alerts(&globex, false).await;
    assert_eq!(kinds(&own), ["LICENSE_ENDS"], "what the vendor puts off, its customer sees all the same");
    assert_eq!(own[0]["putOff"], Value::Null);
    assert!(desk.alerts(&globex, true).await.is_empty());
    assert!(desk.alerts(&initech, false).await.is_empty());
    assert_eq!(desk.put_off(&globex, &alert["id"], 1).await.code(), Some("forbidden"));

    for (id, days, code) in [(&json!("license_ends/none"), 1, "not_found"), (&alert["id"], 400, "bad_input")] {
        assert_eq!(desk.put_off(&desk.owner, id, days).await.code(), Some(code), "{id}");
    }
}
