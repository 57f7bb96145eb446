//! Charts in releases: packed, pushed, rendered and locked by `distr` with the real Helm; what the hub keeps of them; and what a
//! cluster is told.

use std::collections::BTreeMap;
use std::process::{Command, Output};

use distr_tests::hub::{Answer, HubProcess};
use distr_tests::{binary, client};
use serde_json::{Value, json};

use crate::access::registry::push;

mod agent;
mod rights;

const CHART: &str = "apiVersion: v2\nname: hello\nversion: 1.0.0\nkubeVersion: '>=1.20-0'\n";
const VALUES: &str =
    "global: {registry: ''}\nreplicas: 1\nanalytics: {enabled: false}\ndatabase: {existingSecret: ''}\n";
const SCHEMA: &str = r#"{"properties": {"replicas": {"type": "integer", "maximum": 5}}}"#;
const SETTINGS: &str = "schema: distr.sh/chart/v1
features: {analytics: {values: {analytics.enabled: true}, otherwise: {analytics.enabled: false}}}
config: {REPLICAS: {path: replicas, type: integer}}
secrets: {DB_PASSWORD: {existingSecret: database.existingSecret, key: {name: password}}}
images: {registry: global.registry}
timeout: 5m
";
const TEMPLATE: &str = r#"apiVersion: apps/v1
kind: Deployment
metadata: {name: "{{ .Release.Name }}"}
spec:
  replicas: {{ .Values.replicas }}
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - {name: web, image: "{{ .Values.global.registry }}/acme/web:{{ .Values.tag | default "1" }}"}
      {{- if .Values.analytics.enabled }}
      - {name: analytics, image: "{{ .Values.global.registry }}/acme/analytics:1"}
      {{- end }}
"#;

const AGENT_IMAGE: &str = "hub.example/distr/agent:0.2.0";

struct Vendor {
    hub: HubProcess,
    owner: String,
    folder: tempfile::TempDir,
}

impl Vendor {
    /// With application hello, a customer with a license that has no features, and both images of the chart.
    async fn start() -> Self {
        let hub = HubProcess::start_with(&[("DISTR_KUBERNETES_AGENT_IMAGE", AGENT_IMAGE)]).await;
        let owner = hub.sign_in("acme").await;
        let folder = tempfile::tempdir().expect("a temporary directory can be made");
        let vendor = Self { hub, owner, folder };
        for made in [
            "applicationCreate(name: \"hello\") { changed }",
            "customerCreate(name: \"globex\") { changed }",
            "licenseIssue(customer: \"globex\", application: \"hello\", name: \"l\", terms: {}) { changed }",
        ] {
            vendor.ask(made).await.data();
        }
        let token = vendor.ask("tokenIssue(label: \"ci\", scopes: [PULL, PUSH]) { secret }").await.data();
        let secret = token["tokenIssue"]["secret"].as_str().expect("a secret");
        push(&vendor.hub, secret, "acme/web", "1", "web").await;
        push(&vendor.hub, secret, "acme/analytics", "1", "analytics").await;
        for (name, content) in [
            ("Chart.yaml", CHART),
            ("values.yaml", VALUES),
            ("values.schema.json", SCHEMA),
            ("distr.yaml", SETTINGS),
            ("templates/web.yaml", TEMPLATE),
        ] {
            vendor.write(name, content);
        }
        vendor
    }

    fn write(&self, name: &str, content: &str) {
        let path = self.folder.path().join("chart").join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("own directory");
        std::fs::write(path, content).expect("own directory");
    }

    async fn ask(&self, mutation: &str) -> Answer {
        self.hub.graphql(Some(&self.owner), &format!("mutation {{ {mutation} }}"), json!({})).await
    }

    async fn query(&self, query: &str) -> Value {
        self.hub.graphql(Some(&self.owner), query, json!({})).await.data()
    }

    fn publish(&self, version: &str, more: &[&str]) -> Output {
        let arguments = ["release", "publish", "--app", "hello", "--version", version, "--chart", "chart"];
        Command::new(binary("distr"))
            .args(["--hub", &self.hub.url("")])
            .args(arguments)
            .args(more)
            .current_dir(self.folder.path())
            .env("XDG_CONFIG_HOME", self.folder.path())
            .env("DISTR_TOKEN", &self.owner)
            .env("DISTR_HELM", client::find("helm"))
            .output()
            .expect("distr can be started")
    }

    fn published(&self, version: &str, more: &[&str]) {
        let output = self.publish(version, more);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    fn refused(&self, version: &str, more: &[&str]) -> String {
        let output = self.publish(version, more);
        assert!(!output.status.success());
        String::from_utf8_lossy(&output.stderr).into_owned()
    }

    /// A cluster of the customer, and the credential of its agent.
    async fn cluster(&self) -> String {
        let (token, _) = self.registered().await;
        let enrolled = self.post("enrol", &token, json!({ "agent_version": "0.2.0" })).await;
        enrolled["secret"].as_str().expect("a secret").to_owned()
    }

    /// A cluster of the customer: the token and the command with which its agent enrols.
    async fn registered(&self) -> (String, String) {
        let register = "targetRegister(customer: \"globex\", name: \"cluster\", runtime: KUBERNETES,
            namespaces: [\"shop\", \"shop-jobs\"]) { enrolment { token command } }";
        let registered = self.ask(register).await.data()["targetRegister"]["enrolment"].take();
        let text = |name: &str| registered[name].as_str().expect("a text").to_owned();
        (text("token"), text("command"))
    }

    async fn post(&self, path: &str, secret: &str, body: Value) -> Value {
        let request = reqwest::Client::new().post(self.hub.url(&format!("/agent/v1/{path}")));
        let answer = request.bearer_auth(secret).json(&body).send().await.expect("the hub answers");
        answer.json().await.expect("JSON")
    }

    async fn deploy(&self, target: &str, version: &str, more: &str) -> Answer {
        let deployment = "generation namespace values config { key value }";
        self.ask(&format!(
            "deploymentSetRelease(customer: \"globex\", target: \"{target}\", application: \"hello\", version: \"{version}\" \
             {more}) {{ changed deployment {{ {deployment} }} }}"
        ))
        .await
    }
}

const PACKAGE: &str = "{ release(application: \"hello\", version: \"1.0.0\") {
    images { package service repository feature }
    packages { ... on HelmPackage { name version kubeVersion values schema minutes tool cases features lockDigest
        variables { name path kind isSecret } images { reference repository digest found } kinds { resource namespaced } } }
} }";

#[tokio::test]
async fn a_chart_is_rendered_in_all_cases_and_locked() {
    let vendor = Vendor::start().await;
    vendor.published("1.0.0", &[]);
    let release = vendor.query(PACKAGE).await["release"].clone();
    let images: Vec<_> = release["images"]
        .as_array()
        .expect("images")
        .iter()
        .map(|image| format!("{} {} {} {}", image["package"], image["service"], image["repository"], image["feature"]))
        .collect();
    assert_eq!(
        images.join("\n").replace('"', ""),
        "HELM chart charts/hello null\n\
         HELM Deployment/hello/analytics analytics analytics\n\
         HELM Deployment/hello/web web null"
    );
    let chart = &release["packages"][0];
    assert_eq!(
        (&chart["name"], &chart["version"], &chart["kubeVersion"]),
        (&json!("hello"), &json!("1.0.0"), &json!(">=1.20-0"))
    );
    assert_eq!((&chart["minutes"], &chart["cases"], &chart["features"]), (&json!(5), &json!(2), &json!(["analytics"])));
    assert!(chart["tool"].as_str().is_some_and(|tool| tool.starts_with("helm v4.")), "{chart}");
    assert_eq!(
        (&chart["values"]["replicas"], &chart["schema"]["properties"]["replicas"]["maximum"]),
        (&json!(1), &json!(5))
    );
    assert_eq!(chart["kinds"], json!([{ "resource": "deployments", "namespaced": true }]));
    assert_eq!(chart["images"][1]["reference"], "acme/web:1");
    assert_eq!(chart["images"][1]["found"], json!(["Deployment/hello/web"]));
    let variables = json!([
        { "name": "REPLICAS", "path": "replicas", "kind": "INTEGER", "isSecret": false },
        { "name": "DB_PASSWORD", "path": "database.existingSecret", "kind": "STRING", "isSecret": true },
    ]);
    assert_eq!(chart["variables"], variables);
    // the same once more: nothing changes, whatever Helm packs anew
    vendor.published("1.0.0", &[]);
    let events = vendor.query("{ events(first: 1000) { events { type } } }").await.to_string();
    assert_eq!(events.matches("ReleaseDrafted").count(), 1);
}

#[tokio::test]
async fn a_chart_that_no_release_can_be_made_of_is_refused_in_words() {
    let vendor = Vendor::start().await;
    // an image that nobody pushed, found by a case of the author's own
    std::fs::write(vendor.folder.path().join("next.yaml"), "tag: '2'\n").expect("own directory");
    let said = vendor.refused("1.0.0", &["--values-case", "next.yaml"]);
    assert!(
        said.contains("Deployment/hello/web: image") && said.contains("acme/web:2\" is not in the registry"),
        "{said}"
    );
    vendor.write("distr.yaml", &SETTINGS.replace("timeout: 5m", "timeout: never"));
    let said = vendor.refused("1.0.0", &[]);
    assert!(said.contains("distr.yaml: timeout is \"never\"; write minutes"), "{said}");
    vendor.write("distr.yaml", SETTINGS);
    vendor.write("templates/web.yaml", "{{ fail \"nothing\" }}");
    let said = vendor.refused("1.0.0", &[]);
    assert!(said.contains("rendering the chart without features") && said.contains("nothing"), "{said}");
    vendor
        .write("templates/web.yaml", &TEMPLATE.replace("{{ .Values.global.registry }}/acme/web", "docker.io/acme/web"));
    let said = vendor.refused("1.0.0", &[]);
    assert!(said.contains("is in another registry and not pinned"), "{said}");
    // what is no chart, by its name in the registry
    let package = "[{ helm: { chart: \"HOST/acme/web:1\", images: [], kinds: [], cases: 1, tool: \"by hand\" } }]";
    let package = package.replace("HOST", &vendor.hub.registry());
    let draft = format!("releaseDraft(application: \"hello\", version: \"1.0.0\", packages: {package}) {{ changed }}");
    let answer = vendor.ask(&draft).await;
    assert_eq!(answer.code(), Some("release.invalid_chart"));
    assert!(answer.message().contains("is no chart"), "{}", answer.message());
    let events = vendor.query("{ events(first: 1000) { events { type } } }").await.to_string();
    assert!(!events.contains("ReleaseDrafted"), "nothing is half-written");
}

#[tokio::test]
async fn a_cluster_is_told_the_chart_its_lock_and_values_without_a_secret_in_them() {
    let vendor = Vendor::start().await;
    vendor.published("1.0.0", &[]);
    let secret = vendor.cluster().await;
    vendor.ask("secretSet(customer: \"globex\", name: \"DB\", value: \"planted\") { changed }").await.data();
    let config = "config: [{ key: \"REPLICAS\", value: \"3\" }, { key: \"DB_PASSWORD\", value: \"${secret:DB}!\" }]";
    let asked =
        vendor.deploy("cluster", "1.0.0", &format!("{config} values: {{ extra: {{ on: true }} }}")).await.data();
    let deployment = &asked["deploymentSetRelease"]["deployment"];
    assert_eq!(
        (&deployment["namespace"], &deployment["values"]),
        (&json!("shop"), &json!({ "extra": { "on": true } }))
    );
    let answer = vendor.post("heartbeats", &secret, json!({ "reports": [] })).await;
    let wish = &answer["desired"]["deployments"][0];
    assert_eq!((&wish["instruction"], &wish["namespace"]), (&json!("run_chart"), &json!("shop")));
    let values = json!({ "replicas": 3, "extra": { "on": true }, "analytics": { "enabled": false } });
    assert_eq!(wish["values"], values);
    assert_eq!(wish["secrets"], json!({ "DB_PASSWORD": "planted!" }));
    assert_eq!(wish["chart"]["repository"], "acme/charts/hello");
    assert_eq!(wish["lock"]["images"][1]["reference"], "acme/web:1");
    assert_eq!(wish["images"].as_array().map(Vec::len), Some(3));
    let events = vendor.query("{ events(first: 1000) { events { data } } }").await.to_string();
    assert!(!events.contains("planted"));
    // what it may not be
    let mut codes = BTreeMap::new();
    for (name, more) in [
        ("schema", "config: [{ key: \"REPLICAS\", value: \"9\" }]"),
        ("variable", "config: [{ key: \"WORKERS\", value: \"9\" }]"),
        ("secret", "values: { url: \"${secret:DB}\" }"),
        ("reserved", "values: { analytics: { enabled: true } }"),
        ("namespace", "namespace: \"other\""),
        ("moved", "namespace: \"shop-jobs\""),
    ] {
        codes.insert(name, vendor.deploy("cluster", "1.0.0", more).await.code().map(str::to_owned));
    }
    let expected = BTreeMap::from([
        ("schema", "deployment.values_invalid"),
        ("variable", "deployment.variable_unknown"),
        ("secret", "deployment.secret_in_values"),
        ("reserved", "deployment.value_reserved"),
        ("namespace", "deployment.namespace_unknown"),
        ("moved", "deployment.namespace_fixed"),
    ]);
    assert_eq!(codes, expected.into_iter().map(|(name, code)| (name, Some(code.to_owned()))).collect());
}

#[tokio::test]
async fn a_target_takes_the_package_of_its_runtime() {
    let vendor = Vendor::start().await;
    let compose = format!("services: {{ web: {{ image: \"{}/acme/web:1\" }} }}", vendor.hub.registry());
    std::fs::write(vendor.folder.path().join("compose.yaml"), compose).expect("own directory");
    vendor.published("1.0.0", &[]);
    vendor.published("1.1.0", &["--compose", "compose.yaml"]);
    vendor.ask("targetRegister(customer: \"globex\", name: \"host\") { changed }").await.data();
    let answer = vendor.deploy("host", "1.0.0", "").await;
    assert_eq!(answer.code(), Some("deployment.no_package"));
    assert!(answer.message().contains("release hello 1.0.0 has no compose package"), "{}", answer.message());
    assert_eq!(vendor.deploy("host", "1.1.0", "namespace: \"shop\"").await.code(), Some("deployment.of_clusters"));
    vendor.deploy("host", "1.1.0", "").await.data();
    let offer = "targetOfferEnrolment(customer: \"globex\", name: \"host\") { enrolment { token } }";
    let offered = vendor.ask(offer).await.data();
    let token = offered["targetOfferEnrolment"]["enrolment"]["token"].as_str().expect("a token").to_owned();
    let enrolled = vendor.post("enrol", &token, json!({ "agent_version": "0.2.0" })).await;
    let secret = enrolled["secret"].as_str().expect("a secret");
    let answer = vendor.post("heartbeats", secret, json!({ "reports": [] })).await;
    let wish = &answer["desired"]["deployments"][0];
    assert_eq!((&wish["instruction"], wish["images"].as_array().map(Vec::len)), (&json!("run"), Some(1)));
}

#[tokio::test]
async fn a_hub_without_an_image_of_the_agent_registers_no_cluster() {
    let hub = HubProcess::start().await;
    let owner = hub.sign_in("acme").await;
    hub.graphql(Some(&owner), "mutation { customerCreate(name: \"globex\") { changed } }", json!({})).await.data();
    let cluster = "mutation { targetRegister(customer: \"globex\", name: \"k\", runtime: KUBERNETES, namespaces: [\"a\"]) { changed } }";
    let answer = hub.graphql(Some(&owner), cluster, json!({})).await;
    assert_eq!(answer.code(), Some("target.no_agent_image"));
    assert!(answer.message().contains("DISTR_KUBERNETES_AGENT_IMAGE"), "{}", answer.message());
    let targets = hub.graphql(Some(&owner), "{ targets { nodes { name } } }", json!({})).await.data();
    assert_eq!(targets["targets"]["nodes"], json!([]), "nothing is left of it");
}

/// What the command gives to kubectl.
fn manifests(command: &str) -> Vec<Value> {
    let yaml = command.strip_prefix("kubectl apply -f - <<'DISTR'\n").and_then(|rest| rest.strip_suffix("DISTR"));
    let yaml = yaml.unwrap_or_else(|| panic!("{command}"));
    yaml.split("---\n").map(|document| serde_saphyr::from_str(document).expect("YAML")).collect()
}

#[tokio::test]
async fn an_agent_of_a_cluster_is_installed_with_the_rights_of_what_it_may_install_and_no_others() {
    let vendor = Vendor::start().await;
    vendor.published("1.0.0", &[]);
    let (token, command) = vendor.registered().await;
    let manifests = manifests(&command);
    let of = |kind: &'static str| manifests.iter().filter(move |manifest| manifest["kind"] == kind);
    let named = |manifest: &Value| format!("{}/{}", manifest["metadata"]["namespace"], manifest["metadata"]["name"]);
    let namespaces: Vec<_> = of("Namespace").map(|namespace| namespace["metadata"]["name"].clone()).collect();
    assert_eq!(namespaces, ["distr-agent", "shop", "shop-jobs"]);
    let bound: Vec<String> = of("RoleBinding").map(named).collect();
    assert_eq!(of("Role").map(named).collect::<Vec<_>>(), bound);
    assert_eq!(bound.len(), 3);
    assert!(!command.contains('*'), "no right is for everything: {command}");
    let rights = |resource: &'static str| {
        let rules = of("Role").filter(|role| role["metadata"]["namespace"] == "shop");
        let rules = rules.flat_map(|role| role["rules"].as_array().expect("rules"));
        let rules = rules.filter(|rule| rule["resources"].to_string().contains(&format!("\"{resource}\"")));
        rules.flat_map(|rule| rule["verbs"].as_array().expect("verbs")).count()
    };
    assert_eq!(["deployments", "secrets", "pods", "ingresses"].map(rights), [7, 7, 3, 0]);
    // the token is in a Secret alone
    assert_eq!(command.matches(&token).count(), 1);
    let secret = of("Secret").next().expect("a Secret");
    assert_eq!(secret["stringData"]["token"], json!(token));
    let pod = &of("Deployment").next().expect("a Deployment")["spec"]["template"]["spec"];
    assert_eq!(pod["containers"][0]["image"], json!(AGENT_IMAGE));
    assert_eq!(pod["securityContext"]["runAsNonRoot"], json!(true));

    // what a later release needs more is told, and what nobody licensed is not
    let roles =
        vendor.query("{ target(customer: \"globex\", name: \"cluster\") { roles } }").await["target"]["roles"].clone();
    assert!(roles.as_str().expect("YAML").contains("deployments"), "{roles}");
    vendor.ask("licenseRevoke(customer: \"globex\", name: \"l\", reason: \"over\") { changed }").await.data();
    let roles =
        vendor.query("{ target(customer: \"globex\", name: \"cluster\") { roles } }").await["target"]["roles"].clone();
    assert!(!roles.as_str().expect("YAML").contains("deployments"), "{roles}");
}
