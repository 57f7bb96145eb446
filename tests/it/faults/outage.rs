//! The hub is away for a while: what the agents reported meanwhile arrives afterwards, once, and with its own time.

use std::time::Duration;

use distr_tests::agent::{AgentProcess, register, target};
use distr_tests::hub::HubProcess;
use distr_tests::wait;
use serde_json::Value;

const LIMIT: Duration = Duration::from_secs(120);
const REPORTS: &str = "state lastHeartbeatAt
    lastReport { at receivedAt clockOffsetSeconds boot sequence reports missing error { text } }
    heartbeats { nodes { hour reports missing firstAt lastAt } }";

struct Fleet {
    hub: HubProcess,
    owner: String,
    token: String,
    agent: AgentProcess,
}

impl Fleet {
    async fn start(environment: &[(&str, &str)]) -> Self {
        let hub = HubProcess::start_with(environment).await;
        let owner = hub.sign_in("acme").await;
        let token = register(&hub, &owner).await;
        let agent = AgentProcess::start(&hub, &token);
        Self { hub, owner, token, agent }
    }

    async fn until(&self, what: &str, is: impl Fn(&Value) -> bool) -> Value {
        wait::until(what, LIMIT, async || {
            let target = target(&self.hub, &self.owner, REPORTS).await;
            match is(&target) {
                true => Ok(target),
                false => Err(format!("{target:#}\n{}", self.agent.log())),
            }
        })
        .await
    }

    /// How far the agent's present incarnation came while the hub was away: from its journal.
    async fn journal_reaches(&self, lines: usize) -> Vec<Value> {
        wait::until("reports in the journal", LIMIT, async || {
            let reports = journal(&std::fs::read(self.agent.folder().join("journal")).unwrap_or_default());
            match reports.len() >= lines {
                true => Ok(reports),
                false => Err(format!("{} reports\n{}", reports.len(), self.agent.log())),
            }
        })
        .await
    }
}

/// The reports in the lines of a journal, acknowledged or not.
fn journal(content: &[u8]) -> Vec<Value> {
    let mut reports = vec![];
    let mut rest = content;
    while let Some((head, tail)) = rest.split_at_checked(8) {
        let length = u32::from_le_bytes(head[..4].try_into().expect("four bytes")) as usize;
        let Some((line, after)) = tail.split_at_checked(length) else { break };
        let line: Value = serde_json::from_slice(line).expect("a line is JSON");
        reports.extend(line.get("report").map(|line| line["report"].clone()));
        rest = after;
    }
    reports
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| panic!("{value} is a number"))
}

fn sum(target: &Value) -> u64 {
    let hours = target["heartbeats"]["nodes"].as_array().expect("hours");
    hours.iter().map(|hour| number(&hour["reports"])).sum()
}

#[tokio::test]
async fn what_was_reported_while_the_hub_was_away_arrives_once_and_with_its_own_time() {
    let mut fleet = Fleet::start(&[]).await;
    fleet.until("the first reports", |target| target["lastReport"]["reports"].as_u64() >= Some(3)).await;
    fleet.hub.kill();
    let before = fleet.journal_reaches(0).await.len();
    // the agent is killed in the outage, too
    let first = fleet.journal_reaches(before + 6).await;
    fleet.agent.kill();
    let first = fleet.journal_reaches(first.len()).await;
    fleet.agent.run(&fleet.hub, &fleet.token);
    fleet.journal_reaches(first.len() + 4).await;

    fleet.hub.run("acme").await;
    let boot = first[0]["boot"].clone();
    fleet.until("the backlog is in", |target| target["state"] == "OK" && target["lastReport"]["boot"] != boot).await;
    fleet.agent.stop().await;
    let made = |target: &Value| first.len() as u64 + number(&target["lastReport"]["sequence"]);
    let target = fleet
        .until("each is counted", |target| {
            number(&target["lastReport"]["reports"]) == made(target) && sum(target) == made(target)
        })
        .await;
    assert_eq!(target["lastReport"]["missing"], 0);
    let hours = target["heartbeats"]["nodes"].as_array().expect("hours");
    let of_first = &hours.last().expect("an hour")["firstAt"];
    let instant = |text: &Value| text.as_str().expect("a time")[..23].trim_end_matches('Z').to_owned();
    assert_eq!(instant(of_first), instant(&first[0]["at"]), "the agent's own time");

    // the same journal comes back with an old snapshot of the machine
    let snapshot = tempfile::tempdir().expect("a temporary directory can be made");
    copy(&fleet.agent.folder(), snapshot.path());
    fleet.agent.run(&fleet.hub, &fleet.token);
    let again = fleet.until("it goes on", |now| number(&now["lastReport"]["reports"]) > made(&target) + 2).await;
    fleet.agent.kill();
    std::fs::remove_dir_all(fleet.agent.folder()).expect("own directory");
    copy(snapshot.path(), &fleet.agent.folder());
    fleet.agent.run(&fleet.hub, &fleet.token);
    let restored = |now: &Value| now["lastReport"]["boot"] != again["lastReport"]["boot"];
    fleet
        .until("it goes on after the snapshot", |now| restored(now) && number(&now["lastReport"]["sequence"]) > 2)
        .await;
    fleet.agent.stop().await;
    let end = fleet.until("all in the hours", |now| sum(now) == number(&now["lastReport"]["reports"])).await;
    let more = number(&end["lastReport"]["reports"]) - number(&again["lastReport"]["reports"]);
    let own = number(&end["lastReport"]["sequence"]);
    // the killed one may have made a report or two after it was looked at
    assert!((own..=own + 5).contains(&more), "{more} more than before the snapshot, of which it made {own}");
}

fn copy(from: &std::path::Path, to: &std::path::Path) {
    std::fs::create_dir_all(to).expect("own directory");
    for entry in std::fs::read_dir(from).expect("own directory") {
        let path = entry.expect("a readable folder").path();
        let name = path.file_name().expect("a name");
        match path.is_dir() {
            true => copy(&path, &to.join(name)),
            false => drop(std::fs::copy(&path, to.join(name)).expect("own directory")),
        }
    }
}

#[tokio::test]
async fn an_agent_rotates_its_credential_at_an_age_without_being_locked_out() {
    let fleet = Fleet::start(&[("DISTR_CREDENTIAL_SECONDS", "2")]).await;
    let credential = || {
        let text = std::fs::read_to_string(fleet.agent.folder().join("identity.json")).unwrap_or_default();
        serde_json::from_str::<Value>(&text).map_or(Value::Null, |identity| identity["credential"].clone())
    };
    let mut seen = vec![];
    wait::until("three credentials", LIMIT, async || {
        let now = credential();
        if !now.is_null() && !seen.contains(&now) {
            seen.push(now);
        }
        match seen.len() >= 3 {
            true => Ok(()),
            false => Err(fleet.agent.log()),
        }
    })
    .await;
    let log = fleet.agent.log();
    assert!(!log.contains("unauthenticated"), "{log}");
    let reports = number(&target(&fleet.hub, &fleet.owner, REPORTS).await["lastReport"]["reports"]);
    fleet
        .until("it goes on", |target| target["state"] == "OK" && number(&target["lastReport"]["reports"]) > reports)
        .await;
}
