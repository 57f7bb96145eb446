//! The main job, with real parts: an image is pushed with the stock Docker client, a release is published and promoted, a
//! customer licensed, an agent enrolled; it runs the release, moves to the next, rolls a bad one back, repairs drift; and
//! when the license ends, the next pull and the next deployment are refused with a reason.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use distr_tests::docker::Docker;
use distr_tests::hub::{Answer, HubProcess};
use distr_tests::ports::free_port;
use distr_tests::{binary, root, wait};
use serde_json::{Value, json};

/// Long enough for a release that never gets healthy to be given up.
const LIMIT: Duration = Duration::from_secs(180);

struct Line {
    hub: HubProcess,
    docker: Docker,
    owner: String,
    work: tempfile::TempDir,
    port: u16,
    /// like no other: what an agent deploys has its name by it, and others may be at work on this engine
    target: String,
    agent: Option<Child>,
}

impl Line {
    async fn start() -> Self {
        let hub = HubProcess::start().await;
        let owner = hub.sign_in("acme").await;
        let work = tempfile::tempdir().expect("a temporary directory can be made");
        let target = format!("t-{}", uuid::Uuid::now_v7().simple());
        Self { hub, docker: Docker::new(), owner, work, port: free_port(), target, agent: None }
    }

    async fn run(&self, mutation: &str) -> Value {
        self.ask("mutation", mutation).await.data()
    }

    async fn ask(&self, kind: &str, document: &str) -> Answer {
        self.hub.graphql(Some(&self.owner), &format!("{kind} {{ {document} }}"), json!({})).await
    }

    /// Builds an image and its compose file, and pushes the image. It is like no other and taken off the engine, which is
    /// the vendor's and the customer's at once: an engine does not ask for what it has seen before.
    fn push(&self, version: &str, arguments: &[&str]) {
        let built = Command::new(root().join("examples/hello/build"))
            .args([version, &format!("{}/acme", self.hub.registry())])
            .arg(self.work.path())
            .args(arguments)
            .env("GREETING", format!("hello from {}", self.work.path().display()))
            .output()
            .expect("examples/hello/build can be started");
        assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
        self.docker.ok(&["push", &self.image(version)]);
        self.docker.ok(&["rmi", &self.image(version)]);
    }

    fn image(&self, version: &str) -> String {
        format!("{}/acme/hello:{version}", self.hub.registry())
    }

    async fn publish(&self, version: &str) {
        let path = self.work.path().join(format!("compose-{version}.yaml"));
        let compose = std::fs::read_to_string(path).expect("the compose file was made");
        let publish = "mutation ($version: Version!, $compose: String!) {
            releasePublish(application: \"hello\", version: $version, packages: [{ compose: { file: $compose } }]) { changed }
        }";
        let variables = json!({ "version": version, "compose": compose });
        self.hub.graphql(Some(&self.owner), publish, variables).await.data();
        self.run(&format!(
            "channelPromote(application: \"hello\", name: \"stable\", version: \"{version}\") {{ changed }}"
        ))
        .await;
    }

    async fn deploy(&self, version: &str) -> Answer {
        let deploy = format!(
            "deploymentSetRelease(customer: \"globex\", target: \"{}\", application: \"hello\",
                version: \"{version}\", config: [{{ key: \"HELLO_PORT\", value: \"{}\" }}]) {{
                deployment {{ generation }}
            }}",
            self.target, self.port
        );
        self.ask("mutation", &deploy).await
    }

    fn start_agent(&mut self, token: &str) {
        let log = std::fs::File::create(self.work.path().join("agent.log")).expect("own directory");
        let agent = Command::new(binary("distr-agent"))
            .args(["run", "--hub", &self.hub.url(""), "--data-dir"])
            .arg(self.work.path().join("agent"))
            .env("DISTR_ENROLMENT_TOKEN", token)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("distr-agent can be started");
        self.agent = Some(agent);
    }

    fn agent_log(&self) -> String {
        std::fs::read_to_string(self.work.path().join("agent.log")).unwrap_or_default()
    }

    async fn target(&self) -> Value {
        let fields = "state
            deployments { desiredVersion runningVersion phase health drift error { category text } generation }";
        let target = format!("target(customer: \"globex\", name: \"{}\") {{ {fields} }}", self.target);
        self.ask("query", &target).await.data()["target"].clone()
    }

    /// Waits until the target is as `wanted` says.
    async fn until(&self, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        wait::until(what, LIMIT, async || {
            let target = self.target().await;
            match wanted(&target) {
                true => Ok(target),
                false => Err(format!("{target:#}\n{}", self.agent_log())),
            }
        })
        .await
    }

    async fn until_runs(&self, version: &str) {
        self.until(&format!("hello {version}"), |target| {
            let deployment = &target["deployments"][0];
            target["state"] == "OK" && deployment["phase"] == "HEALTHY" && deployment["runningVersion"] == version
        })
        .await;
        let served = self.serves().await;
        assert!(served.contains(version), "{served}");
    }

    async fn serves(&self) -> String {
        let response = reqwest::get(format!("http://127.0.0.1:{}/", self.port)).await.expect("the sample answers");
        response.text().await.expect("a page")
    }

    /// The one container that runs.
    fn container(&self) -> String {
        let id = self.docker.ok(&["ps", "-q", "--filter", &format!("publish={}", self.port)]);
        assert!(!id.is_empty(), "nothing runs");
        id
    }

    async fn event_types(&self) -> Vec<String> {
        let data =
            self.ask("query", "events(first: 1000) { events { type actor correlation causation } }").await.data();
        let events = data["events"]["events"].as_array().expect("events").clone();
        for event in &events {
            assert!(event["type"] == "Access" || event["correlation"].is_string(), "{event}");
            assert!(event["actor"].is_string(), "{event}");
        }
        let observed = events.iter().find(|event| event["type"] == "DeploymentHealthy").expect("a healthy deployment");
        assert_eq!(observed["actor"], "policy:observation");
        assert!(observed["causation"].is_string(), "{observed}");
        events.iter().map(|event| event["type"].as_str().expect("a type").to_owned()).collect()
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if let Some(mut agent) = self.agent.take() {
            let _ = agent.kill();
            let _ = agent.wait();
        }
        for id in self.docker.ok(&["ps", "-aq", "--filter", &format!("publish={}", self.port)]).lines() {
            self.docker.run(&["rm", "-f", id]);
        }
    }
}

/// From a push to what runs: the vendor publishes 1.0.0, and the customer's agent brings it about.
async fn first_release() -> Line {
    let mut line = Line::start().await;

    // the vendor's side
    for mutation in [
        "applicationCreate(name: \"hello\") { changed }",
        "channelCreate(application: \"hello\", name: \"stable\") { changed }",
        "customerCreate(name: \"globex\") { changed }",
        "licenseIssue(customer: \"globex\", application: \"hello\", name: \"hello-2026\",
            terms: { versions: [\"1.x\"], channels: [\"stable\"], seats: 1 }) { changed }",
    ] {
        line.run(mutation).await;
    }
    let token = line.run("tokenIssue(label: \"ci\", scopes: [PULL, PUSH]) { secret }").await;
    let secret = token["tokenIssue"]["secret"].as_str().expect("a secret");
    let login = line.docker.login(&line.hub.registry(), secret);
    assert!(login.status.success(), "{login:?}");
    line.push("1.0.0", &[]);
    line.publish("1.0.0").await;

    // the customer's side
    let named = format!("customer: \"globex\", name: \"{}\"", line.target);
    let register = format!("targetRegister({named}) {{ enrolment {{ token }} target {{ state }} }}");
    let registered = line.run(&register).await["targetRegister"].clone();
    assert_eq!(registered["target"]["state"], "UNKNOWN");
    line.start_agent(registered["enrolment"]["token"].as_str().expect("a token"));
    line.until("the agent's enrolment", |target| target["state"] == "OK").await;
    line.deploy("1.0.0").await.data();
    line.until_runs("1.0.0").await;
    line
}

#[tokio::test]
async fn a_rollout_brings_a_release_and_one_that_never_gets_healthy_halts() {
    let line = first_release().await;
    let rules = "waves: [{ name: \"all\", rest: true }], limits: { inFlight: 1 }, gate: { maxFailures: 0 }";
    line.run(&format!("rolloutPolicySet(name: \"all\", policy: {{ {rules} }}) {{ changed }}")).await;
    let roll_out = async |version: &str| {
        let wanted = format!("application: \"hello\", version: \"{version}\", policyName: \"all\"");
        line.run(&format!("rolloutStart({wanted}) {{ changed }}")).await;
    };
    let ends = async |name: &str, state: &str| {
        let fields = "state haltedBecause members { nodes { state reason hop } }";
        let rollout = format!("rollout(application: \"hello\", name: \"{name}\") {{ {fields} }}");
        wait::until("the end of the rollout", LIMIT, async || {
            let seen = line.ask("query", &rollout).await.data()["rollout"].clone();
            if seen["state"] == state { Ok(seen) } else { Err(format!("{seen:#}\n{}", line.agent_log())) }
        })
        .await
    };

    line.push("1.1.0", &[]);
    line.publish("1.1.0").await;
    roll_out("1.1.0").await;
    line.until_runs("1.1.0").await;
    let rollout = ends("1-1-0", "COMPLETED").await;
    assert_eq!(rollout["members"]["nodes"][0]["state"], "SUCCEEDED", "{rollout:#}");

    let before = line.container();
    line.push("1.2.0", &["--never-healthy"]);
    line.publish("1.2.0").await;
    roll_out("1.2.0").await;
    let rollout = ends("1-2-0", "HALTED").await;
    let member = &rollout["members"]["nodes"][0];
    assert_eq!((&member["state"], &member["hop"]), (&json!("FAILED"), &json!("1.2.0")), "{rollout:#}");
    assert!(member["reason"].as_str().is_some_and(|reason| reason.contains("web")), "{rollout:#}");
    assert!(line.serves().await.contains("1.1.0"));
    assert_eq!(line.container(), before, "the old release was never stopped");
}

#[tokio::test]
async fn from_a_push_to_a_refusal() {
    let line = first_release().await;

    // the next release
    line.push("1.1.0", &[]);
    line.publish("1.1.0").await;
    line.deploy("1.1.0").await.data();
    line.until_runs("1.1.0").await;

    // one that never gets healthy
    let before = line.container();
    line.push("1.2.0", &["--never-healthy"]);
    line.publish("1.2.0").await;
    line.deploy("1.2.0").await.data();
    let failed = line.until("a rollback", |target| target["deployments"][0]["phase"] == "FAILED").await;
    let deployment = &failed["deployments"][0];
    assert_eq!((&failed["state"], &deployment["runningVersion"]), (&json!("FAILED"), &json!("1.1.0")), "{failed:#}");
    assert_eq!(deployment["error"]["category"], "UNHEALTHY", "{failed:#}");
    assert!(deployment["error"]["text"].as_str().unwrap_or_default().contains("web"), "{failed:#}");
    assert!(line.serves().await.contains("1.1.0"));
    assert_eq!(line.container(), before, "the old release was never stopped");

    // back to what is good, then a hand in the machine
    line.deploy("1.1.0").await.data();
    line.until_runs("1.1.0").await;
    line.docker.ok(&["rm", "-f", &line.container()]);
    wait::until("drift and its repair", LIMIT, async || {
        let types = line.event_types().await;
        match types.iter().any(|event| event == "DriftRepaired") {
            true => Ok(()),
            false => Err(format!("{types:?}\n{}", line.agent_log())),
        }
    })
    .await;
    line.until_runs("1.1.0").await;

    // the customer's own pulls, until the license ends
    let robot = "robotAdd(name: \"ops\", role: CUSTOMER_ADMIN, customer: \"globex\") { member { id } }";
    let robot = line.run(robot).await["robotAdd"]["member"]["id"].clone();
    let issue = format!("tokenIssue(label: \"pull\", scopes: [PULL], member: {robot}) {{ secret }}");
    let issued = line.run(&issue).await;
    let customer = Docker::new();
    customer.login(&line.hub.registry(), issued["tokenIssue"]["secret"].as_str().expect("a secret"));
    customer.ok(&["pull", &line.image("1.0.0")]);
    line.run("licenseRevoke(customer: \"globex\", name: \"hello-2026\", reason: \"contract ended\") { changed }").await;
    let reason = "license \"hello-2026\" was revoked: contract ended";
    let refused = customer.run(&["pull", &line.image("1.1.0")]);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && said.contains(reason), "{said}");
    let refused = line.deploy("1.0.0").await;
    assert_eq!(refused.code(), Some("entitlement.revoked"));
    assert!(refused.message().contains(reason), "{}", refused.message());
    assert!(line.serves().await.contains("1.1.0"), "what runs goes on running");

    // removal, and the seat that comes free with it
    let named = format!("customer: \"globex\", target: \"{}\"", line.target);
    line.run(&format!("deploymentRemove({named}, application: \"hello\") {{ changed }}")).await;
    wait::until("the end of the deployment", LIMIT, async || {
        let types = line.event_types().await;
        match types.iter().any(|event| event == "SeatReleased") {
            true => Ok(()),
            false => Err(format!("{types:?}\n{}", line.agent_log())),
        }
    })
    .await;
    assert_eq!(line.docker.ok(&["ps", "-q", "--filter", &format!("publish={}", line.port)]), "");

    // the whole story, in order
    let types = line.event_types().await;
    let mut story = types.iter();
    for told in [
        "LicenseIssued",
        "ManifestPushed",
        "ReleasePublished",
        "ReleasePromoted",
        "TargetEnrolled",
        "SeatTaken",
        "DesiredReleaseSet",
        "DeploymentHealthy",
        "DesiredReleaseSet",
        "DeploymentHealthy",
        "DeploymentFailed",
        "DriftDetected",
        "DriftRepaired",
        "LicenseRevoked",
        "Access",
        "RemovalRequested",
        "DeploymentRemoved",
        "SeatReleased",
    ] {
        assert!(story.any(|event| event == told), "{told} is missing or out of order in {types:#?}");
    }
    let audit = "licenseAudit(first: 500) { nodes { kind reason } }";
    let audit = line.ask("query", audit).await.data()["licenseAudit"]["nodes"].clone();
    for kind in ["ISSUED", "DEPLOY_GRANTED", "PULL_GRANTED", "REVOKED", "PULL_REFUSED", "DEPLOY_REFUSED"] {
        assert!(audit.as_array().expect("nodes").iter().any(|entry| entry["kind"] == kind), "{kind}: {audit:#}");
    }
}
