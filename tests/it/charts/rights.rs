//! The rights that an agent of a cluster needs for charts: which charts, and what a lock may ask for.

use distr_tests::hub::Answer;
use serde_json::{Value, json};

use super::Vendor;

/// A rule of a Role that names these resources.
fn rule(resources: &[&str]) -> Value {
    json!({ "apiGroups": [""], "resources": resources, "verbs": ["get"] })
}

impl Vendor {
    /// A release of an application, with the chart that was pushed before and rules of its own.
    async fn release(&self, application: &str, version: &str, rules: Value) -> Answer {
        let publish = "mutation ($a: Name!, $v: Version!, $p: [PackageInput!]!) {
            releasePublish(application: $a, version: $v, packages: $p) { changed }
        }";
        let chart = format!("{}/acme/charts/hello:1.0.0", self.hub.registry());
        let package =
            json!({ "chart": chart, "images": [], "kinds": [], "rules": rules, "cases": 1, "tool": "by hand" });
        let variables = json!({ "a": application, "v": version, "p": [{ "helm": package }] });
        self.hub.graphql(Some(&self.owner), publish, variables).await
    }

    async fn roles(&self) -> String {
        let query = "{ target(customer: \"globex\", name: \"cluster\") { roles } }";
        self.query(query).await["target"]["roles"].as_str().expect("YAML").to_owned()
    }
}

#[tokio::test]
async fn roles_are_those_of_the_newest_chart_of_each_application_that_the_customer_may_have() {
    let vendor = Vendor::start().await;
    vendor.published("1.0.0", &[]);
    for application in ["shop", "other"] {
        vendor.ask(&format!("applicationCreate(name: \"{application}\") {{ changed }}")).await.data();
    }
    let license = "licenseIssue(customer: \"globex\", application: \"shop\", name: \"s\", terms: {}) { changed }";
    vendor.ask(license).await.data();
    for (application, version, resource) in
        [("hello", "1.1.0", "hellos"), ("shop", "1.0.0", "shops"), ("other", "9.0.0", "others")]
    {
        vendor.release(application, version, json!([rule(&[resource])])).await.data();
    }
    let (_, command) = vendor.registered().await;
    for roles in [vendor.roles().await, command] {
        let has = ["hellos", "shops", "others", "deployments"].map(|resource| roles.contains(resource));
        assert_eq!(has, [true, true, false, false], "{roles}");
    }
}

#[tokio::test]
async fn a_lock_holds_no_rule_that_kubernetes_would_refuse_or_nobody_should_have() {
    let vendor = Vendor::start().await;
    vendor.published("1.0.0", &[]);
    let wide: Vec<String> = (0..201).map(|number| format!("r{number}")).collect();
    let wide: Vec<&str> = wide.iter().map(String::as_str).collect();
    for (rules, says) in [
        (json!([rule(&["pods\u{7f}"])]), "is no name of Kubernetes' API"),
        (json!([rule(&["pods\u{fffe}"])]), "is no name of Kubernetes' API"),
        (json!([rule(&[])]), "has no resources, without which Kubernetes takes no rule"),
        (json!([rule(&["services/proxy"])]), "allows services/proxy, which no agent may hand on"),
        (json!([rule(&["pods/portforward"])]), "allows pods/portforward, which no agent may hand on"),
        (json!([rule(&wide)]), "use at most 200 in a rule"),
        (json!(vec![rule(&wide[..190]); 100]), "bytes; use at most 65536"),
        (json!(vec![rule(&["pods"]); 501]), "501 rules of Roles; use at most 500"),
    ] {
        let answer = vendor.release("hello", "2.0.0", rules).await;
        assert_eq!(answer.code(), Some("release.invalid_chart"), "{says}");
        assert!(answer.message().contains(says), "{says}: {}", answer.message());
    }
    vendor.release("hello", "2.0.0", json!([rule(&["pods", "pods/log"])])).await.data();
}

#[tokio::test]
async fn packages_are_read_for_who_asks_for_them_alone() {
    let vendor = Vendor::start().await;
    vendor.published("1.0.0", &[]);
    // from now on whoever reads packages of a release fails
    let folder = vendor.hub.data.path().join("hub/postgres");
    let url = distr_embedded_postgres::url_of_running(&folder, "distr").expect("it runs");
    let (client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls).await.expect("a connection");
    tokio::spawn(connection);
    let spoil = "UPDATE read.release SET packages = '[{\"kind\": \"nothing\"}]'";
    assert_eq!(client.execute(spoil, &[]).await.expect("the row is changed"), 1);
    let release = "release(application: \"hello\", version: \"1.0.0\")";
    let many: String = (0..90).map(|number| format!("a{number}: {release} {{ version }} ")).collect();
    let answer = vendor.query(&format!("{{ {many} }}")).await;
    assert_eq!(answer["a89"]["version"], "1.0.0");
    let query = format!("{{ {release} {{ packages {{ __typename }} }} }}");
    let failed = vendor.hub.graphql(Some(&vendor.owner), &query, json!({})).await;
    assert!(failed.code().is_some(), "they cannot be read");
}
