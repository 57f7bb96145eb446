//! `distr-agent doctor`: what is wrong around an agent is told, with what to do, by the agent's own program.

use std::process::Command;
use std::time::Duration;

use distr_tests::agent::{AgentProcess, register, target};
use distr_tests::hub::HubProcess;
use distr_tests::{binary, wait};

struct Told {
    code: Option<i32>,
    lines: Vec<String>,
}

impl Told {
    #[track_caller]
    fn says(&self, verdict: &str, subject: &str, text: &str) {
        let begins = format!("{verdict:8} {subject:15} ");
        let found = self.lines.iter().any(|line| line.starts_with(&begins) && line.contains(text));
        assert!(found, "no {verdict} {subject} {text:?} in {:#?}", self.lines);
    }
}

fn doctor(agent: &AgentProcess, environment: &[(&str, &str)]) -> Told {
    let mut command = Command::new(binary("distr-agent"));
    command.arg("doctor").arg("--data-dir").arg(agent.folder()).envs(environment.iter().copied());
    let output = command.output().expect("distr-agent can be started");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    Told { code: output.status.code(), lines: text.lines().map(str::to_owned).collect() }
}

#[tokio::test]
async fn what_is_wrong_around_an_agent_is_told() {
    let mut hub = HubProcess::start().await;
    let owner = hub.sign_in("acme").await;
    let token = register(&hub, &owner).await;
    let agent = AgentProcess::start(&hub, &token);
    wait::until("the agent", Duration::from_secs(60), async || {
        match target(&hub, &owner, "state").await["state"] == "OK" {
            true => Ok(()),
            false => Err(agent.log()),
        }
    })
    .await;

    let told = doctor(&agent, &[]);
    assert_eq!(told.code, Some(0), "{:#?}", told.lines);
    for (subject, text) in [
        ("policy", "the default"),
        ("engine", "API 1."),
        ("compose plugin", "2."),
        ("hub", &hub.url("")),
        ("clock", "as the hub's"),
        ("credential", "of target"),
        ("registry", &hub.registry()),
    ] {
        told.says("ok", subject, text.trim_end_matches('/'));
    }
    doctor(&agent, &[("PATH", "/nonexistent")]).says("bad", "compose plugin", "docker is not installed");
    let away = doctor(&agent, &[("DOCKER_HOST", "unix:///nonexistent/docker.sock")]);
    away.says("bad", "engine", "check that it runs");

    let retire = "mutation { targetRetire(customer: \"globex\", name: \"factory\", reason: \"old\") { changed } }";
    hub.graphql(Some(&owner), retire, serde_json::json!({})).await.data();
    let told = doctor(&agent, &[]);
    assert_eq!(told.code, Some(1));
    told.says("bad", "credential", "enrol again");
    hub.stop().await;
    doctor(&agent, &[]).says("bad", "hub", "cannot reach the hub");
}
