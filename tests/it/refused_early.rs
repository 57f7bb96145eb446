//! What could not run on any host is refused, or told, when it is drafted or asked for, and not found out on the customer's machine.

use distr_tests::hub::{Answer, HubProcess};
use serde_json::{Value, json};

use crate::access::registry::{push, push_as};
use crate::withheld::{change, world};

const CHART: [&str; 2] =
    ["application/vnd.cncf.helm.config.v1+json", "application/vnd.cncf.helm.chart.content.v1.tar+gzip"];
const MODEL: [&str; 2] = ["application/vnd.acme.model.config.v1+json", "application/octet-stream"];

async fn draft(hub: &HubProcess, owner: &str, version: &str, compose: &str) -> Answer {
    let mutation = format!(
        "mutation {{ releaseDraft(application: \"app\", version: \"{version}\", packages: [{{ compose: {{ file: {compose:?} }} }}]) \
         {{ warnings }} }}"
    );
    hub.graphql(Some(owner), &mutation, json!({})).await
}

fn sentence(answer: &Answer) -> String {
    answer.0["errors"][0]["message"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn a_service_runs_an_image_and_no_chart_or_other_artifact() {
    let hub = HubProcess::start().await;
    let owner = hub.sign_in("acme").await;
    change(&hub, &owner, "applicationCreate(name: \"app\") { changed }").await;
    push_as(&hub, &owner, ("acme/chart", "1"), "chart", CHART).await;
    push_as(&hub, &owner, ("acme/model", "1"), "model", MODEL).await;
    push(&hub, &owner, "acme/app", "1", "app").await;
    let of = |name: &str| format!("services: {{ web: {{ image: {}/acme/{name}:1 }} }}", hub.registry());
    for (name, words) in [
        ("chart", "is a chart, which Helm installs; publish it with `distr release publish --chart`"),
        ("model", "is no image, but an artifact of type \"application/vnd.acme.model.config.v1+json\""),
    ] {
        let answer = draft(&hub, &owner, "1.0.0", &of(name)).await;
        assert_eq!(answer.code(), Some("release.invalid_compose"));
        let told = sentence(&answer);
        assert!(told.starts_with("service \"web\": ") && told.contains(words), "{told}");
    }
    assert_eq!(draft(&hub, &owner, "1.0.0", &of("app")).await.data()["releaseDraft"]["warnings"], json!([]));
}

#[tokio::test]
async fn a_service_runs_what_the_one_that_it_extends_runs() {
    let hub = HubProcess::start().await;
    let owner = hub.sign_in("acme").await;
    world(&hub, &owner).await;
    let compose = format!(
        "services: {{ base: {{ image: {}/acme/app:1, profiles: [plus] }}, web: {{ extends: base }} }}",
        hub.registry()
    );
    let mutation = format!(
        "releaseDraft(application: \"app\", version: \"9.0.0\", packages: [{{ compose: {{ file: {compose:?} }} }}]) \
         {{ release {{ images {{ service repository feature }} }} }}"
    );
    let images = change(&hub, &owner, &mutation).await["releaseDraft"]["release"]["images"].clone();
    let of = |service: &str| json!({ "service": service, "repository": "app", "feature": "plus" });
    assert_eq!(images, json!([of("base"), of("web")]));
}

#[tokio::test]
async fn what_no_host_would_start_is_told_at_the_draft() {
    let hub = HubProcess::start().await;
    let owner = hub.sign_in("acme").await;
    world(&hub, &owner).await;
    let image = format!("image: {}/acme/app:1", hub.registry());
    for (keys, beside, words) in [
        ("profiles: [extra]", "", "each service has a profile"),
        ("stop_signal: SIGFOO", "", "no engine knows the signal"),
        ("read_only: true, configs: [c]", "configs: {c: {content: x}}", "compose copies a config without a file"),
    ] {
        let compose = format!("services:\n  web: {{ {image}, {keys} }}\n{beside}\n");
        let warnings = draft(&hub, &owner, "9.0.0", &compose).await.data()["releaseDraft"]["warnings"].clone();
        let told: Vec<&str> = warnings.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        assert!(matches!(&told[..], [one] if one.contains(words)), "{keys}: {told:?}");
    }
}

#[tokio::test]
async fn a_deployment_sets_what_the_compose_file_requires() {
    let hub = HubProcess::start().await;
    let owner = hub.sign_in("acme").await;
    world(&hub, &owner).await;
    let compose = format!(
        "services: {{ web: {{ image: {}/acme/app:1, environment: {{ A: \"${{A:?who}}\", B: \"${{B:-b}}\" }} }} }}",
        hub.registry()
    );
    let publish = format!(
        "releasePublish(application: \"app\", version: \"1.1.0\", packages: [{{ compose: {{ file: {compose:?} }} }}]) {{ changed }}"
    );
    change(&hub, &owner, &publish).await;
    let license = "licenseIssue(customer: \"globex\", application: \"app\", name: \"all\", terms: {}) { changed }";
    change(&hub, &owner, license).await;
    change(&hub, &owner, "targetRegister(customer: \"globex\", name: \"factory\") { changed }").await;
    let deploy = async |config: &str| {
        let mutation = format!(
            "mutation {{ deploymentSetRelease(customer: \"globex\", target: \"factory\", application: \"app\", version: \"1.1.0\"\
             {config}) {{ changed }} }}"
        );
        hub.graphql(Some(&owner), &mutation, json!({})).await
    };
    for config in ["", ", config: [{ key: \"A\", value: \"\" }]", ", config: [{ key: \"B\", value: \"x\" }]"] {
        let answer = deploy(config).await;
        assert_eq!(answer.code(), Some("deployment.variable_missing"), "{config}: {}", sentence(&answer));
        let told = "release app 1.1.0 requires A, which the configuration does not set; set it with the deployment";
        assert_eq!(sentence(&answer), told);
    }
    deploy(", config: [{ key: \"A\", value: \"x\" }]").await.data();
    deploy("").await.data();
}

#[tokio::test]
async fn whoever_deploys_what_is_older_than_a_required_release_is_told() {
    let hub = HubProcess::start().await;
    let owner = hub.sign_in("acme").await;
    let customer = world(&hub, &owner).await;
    change(&hub, &owner, "targetRegister(customer: \"globex\", name: \"factory\") { changed }").await;
    let require = "releaseRequire(application: \"app\", version: \"2.0.0\", reason: \"it mends a leak\") { changed }";
    change(&hub, &owner, require).await;
    let deploy = "deploymentSetRelease(target: \"factory\", application: \"app\", version: \"1.0.0\") { warnings }";
    let warnings = change(&hub, &customer, deploy).await["deploymentSetRelease"]["warnings"].clone();
    assert_eq!(warnings, json!(["app 1.0.0 is older than 2.0.0, which is required (it mends a leak); deploy it next"]));
    let fleet = "{ targets { nodes { deployments { release { version outdatedBy { version reason } } } } } }";
    let seen = async |secret: &str| hub.graphql(Some(secret), fleet, json!({})).await.data();
    let outdated = json!({ "version": "1.0.0", "outdatedBy": { "version": "2.0.0", "reason": "it mends a leak" } });
    for secret in [&owner, &customer] {
        assert_eq!(seen(secret).await["targets"]["nodes"][0]["deployments"][0]["release"], outdated);
    }
    let releases = "{ application(name: \"app\") { releases { nodes { version outdatedBy { version } } } } }";
    let releases = hub.graphql(Some(&owner), releases, json!({})).await.data()["application"]["releases"].clone();
    assert_eq!(releases["nodes"][0], json!({ "version": "2.0.0", "outdatedBy": null }));
    change(&hub, &owner, "releaseUnrequire(application: \"app\", version: \"2.0.0\", reason: \"mended\") { changed }")
        .await;
    assert_eq!(seen(&customer).await["targets"]["nodes"][0]["deployments"][0]["release"]["outdatedBy"], json!(null));
}
