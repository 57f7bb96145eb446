//! Rollouts with a real hub and agents over the wire, as people plan, start and steer them: waves come one after the other, a gate halts,
//! nobody is moved against a license, a floor or a window, and a hub that dies is replaced by another.

mod campaign;
mod command_line;
mod sites;
mod steered;
mod verified;

use chrono::{TimeDelta, Utc};
use distr_embedded_postgres::start_temporary;
use distr_tests::clock::now;
use distr_tests::hub::HubProcess;
use distr_tests::psql::Psql;
use distr_tests::wait;
use serde_json::{Value, json};

use crate::two_hubs::KEY;
use crate::upgrade_path::three_releases;
use crate::withheld::change;
use campaign::{CAREFUL, Campaign, WITHIN, codes, is_in, member, plan, set_policy, start};
use sites::Site;

/// A hub with three releases of `app`.
async fn vendor() -> (HubProcess, String) {
    let hub = HubProcess::start().await;
    let owner = hub.sign_in("acme").await;
    three_releases(&hub, &owner).await;
    (hub, owner)
}

/// Targets of the customer globex that run 1.0.0, each with whether it is early.
async fn sites(hub: &HubProcess, owner: &str, named: &[(&str, bool)]) -> Vec<Site> {
    let mut sites = vec![];
    for (name, is_early) in named {
        sites.push(Site::new(hub, owner, "globex", name, *is_early).await);
    }
    sites
}

/// All facts, the oldest first.
async fn facts(hub: &HubProcess, owner: &str) -> Vec<Value> {
    let query = "{ events(first: 500, telemetry: []) { events { type data position stream } } }";
    let data = hub.graphql(Some(owner), query, json!({})).await.data();
    data["events"]["events"].as_array().expect("events").clone()
}

/// The versions that a rollout asked a deployment for, each with where its wish is among the facts.
fn wishes(facts: &[Value], site: &Site) -> Vec<(usize, String)> {
    let is_own = |fact: &Value| {
        fact["type"] == "DesiredReleaseSet"
            && fact["stream"].as_str().is_some_and(|stream| stream.contains(&site.deployment.0.to_string()))
            && fact["data"]["origin"].is_object()
    };
    let wishes = facts.iter().enumerate().filter(|(_, fact)| is_own(fact));
    wishes
        .map(|(index, fact)| (index, fact["data"]["desired"]["version"].as_str().expect("a version").to_owned()))
        .collect()
}

fn index_of(facts: &[Value], kind: &str, wave: u32) -> usize {
    let found = facts.iter().position(|fact| fact["type"] == kind && fact["data"]["wave"] == wave);
    found.unwrap_or_else(|| panic!("no {kind} of wave {wave}"))
}

#[tokio::test]
async fn waves_come_one_after_the_other_and_no_floor_is_passed_over() {
    let (hub, owner) = vendor().await;
    change(&hub, &owner, "releaseRequire(application: \"app\", version: \"2.0.0\", reason: \"schema\") { changed }")
        .await;
    // one whose license ends below the release
    change(&hub, &owner, "customerCreate(name: \"initech\") { changed }").await;
    let license = "licenseIssue(customer: \"initech\", application: \"app\", name: \"l\", terms: { versions: [\"1.x\"] }) { changed }";
    change(&hub, &owner, license).await;
    let mut sites = sites(&hub, &owner, &[("early", true), ("x", false), ("y", false)]).await;
    sites.push(Site::new(&hub, &owner, "initech", "z", false).await);
    let campaign = Campaign::start(&hub, &owner, CAREFUL).await;
    let rollout = campaign.until("the end of the last wave", &mut sites, is_in("TAILING")).await;

    for (site, name) in sites.iter().zip(["early", "x", "y"]) {
        assert_eq!(member(&rollout, name)["state"], "SUCCEEDED");
        assert_eq!(site.running.1, "3.0.0");
    }
    // the license may be amended while the rollout is open, so that nothing is said of it before the end
    let held = member(&rollout, "z");
    assert_eq!((&held["state"], &held["holds"][0]["code"]), (&json!("WAITING"), &json!("entitlement.version_outside")));
    assert_eq!(sites[3].running.1, "1.0.0");
    let facts = facts(&hub, &owner).await;
    let passed = index_of(&facts, "WavePassed", 1);
    for site in &sites[..3] {
        let asked = wishes(&facts, site);
        let versions: Vec<&str> = asked.iter().map(|(_, version)| version.as_str()).collect();
        assert_eq!(versions, ["2.0.0", "3.0.0"]);
        let is_early = site.target == sites[0].target;
        assert!(asked.iter().all(|(index, _)| (*index < passed) == is_early), "{asked:?}, passed at {passed}");
    }
    assert_eq!(wishes(&facts, &sites[3]), []);

    change(&hub, &owner, "licenseAmend(customer: \"initech\", name: \"l\", terms: {}) { changed }").await;
    let rollout = campaign.until("the last one", &mut sites, is_in("COMPLETED")).await;
    assert_eq!(member(&rollout, "z")["state"], "SUCCEEDED");
    let shown = "SELECT phase, targets, succeeded, failed FROM analytics.rollouts";
    wait::until("the view", WITHIN, async || {
        let seen = Psql::of(&hub).ok(shown);
        if seen.trim() == "completed|4|4|0" { Ok(()) } else { Err(seen) }
    })
    .await;
}

#[tokio::test]
async fn a_first_wave_that_fails_halts_the_rollout_and_what_nobody_has_begun_goes_back() {
    let (hub, owner) = vendor().await;
    let mut sites = sites(&hub, &owner, &[("early", true), ("idle", true), ("x", false)]).await;
    sites[0].is_broken = true;
    sites[1].is_idle = true;
    let campaign = Campaign::start(&hub, &owner, CAREFUL).await;
    let is_taken_back = |rollout: &Value| rollout["state"] == "HALTED" && member(rollout, "idle")["state"] == "WAITING";
    let rollout = campaign.until("the halt", &mut sites, is_taken_back).await;
    let failed = member(&rollout, "early");
    assert_eq!((&failed["state"], &failed["reason"]), (&json!("FAILED"), &json!("it never became healthy")));
    let because = rollout["haltedBecause"].as_str().expect("a sentence");
    assert!(because.contains("1 targets failed") && because.contains("maxFailures"), "{because}");
    assert_eq!(codes(member(&rollout, "x")), ["rollout.halted", "wave.earlier"]);
    // the deployment says the same
    let query =
        "{ deployment(customer: \"globex\", target: \"x\", application: \"app\") { generation holds { code } } }";
    let shown = hub.graphql(Some(&owner), query, json!({})).await.data()["deployment"].clone();
    assert_eq!((&shown["generation"], codes(&shown)[0]), (&json!(1), "rollout.halted"));
    // when its agent looks again, nothing is left of the halted release
    wait::until("the wish to go back", WITHIN, async || {
        let seen = Psql::of(&hub).ok("SELECT d.generation, d.desired ->> 'version' FROM read.deployment d JOIN read.target t ON t.id = d.target WHERE t.name = 'idle'");
        if seen.trim() == "3|1.0.0" { Ok(()) } else { Err(seen) }
    })
    .await;
    sites[1].is_idle = false;
    for _ in 0..3 {
        sites[1].beat(&hub).await;
    }
    assert_eq!(sites[1].running, (3, "1.0.0".to_owned()));

    campaign.steer("rolloutAbort", ", reason: \"it is broken\"").await;
    let rollout = campaign.shown().await;
    assert_eq!((&rollout["state"], &rollout["reason"]), (&json!("ABORTED"), &json!("it is broken")));
    assert_eq!(member(&rollout, "x")["state"], "CANCELLED");
    assert_eq!(wishes(&facts(&hub, &owner).await, &sites[2]), []);
    wait::until("the view", WITHIN, async || {
        let seen = Psql::of(&hub).ok("SELECT target, state FROM analytics.rollout_targets ORDER BY target");
        if seen.trim() == "early|failed\nidle|cancelled\nx|cancelled" { Ok(()) } else { Err(seen) }
    })
    .await;
}

#[tokio::test]
async fn a_pause_opens_nothing_and_nobody_starts_before_the_window() {
    let (hub, owner) = vendor().await;
    let mut sites = sites(&hub, &owner, &[("early", true), ("x", false)]).await;
    let today = now().with_timezone(&Utc).date_naive();
    let (from, to) = (today - TimeDelta::days(1), today + TimeDelta::days(1));
    let windows = format!("{CAREFUL}, windows: {{ zone: \"UTC\", blackouts: [{{ from: \"{from}\", to: \"{to}\" }}] }}");
    let campaign = Campaign::start(&hub, &owner, &windows).await;
    let is_closed = |rollout: &Value| codes(rollout).contains(&"window.closed");
    let rollout = campaign.until("the closed window", &mut sites, is_closed).await;
    assert!(rollout["waves"].as_array().expect("waves").iter().all(|wave| wave["waiting"] == wave["members"]));

    campaign.steer("rolloutPause", ", reason: \"lunch\"").await;
    // which outlasts the session
    let issue = "tokenIssue(label: \"t\", scopes: [READ, WRITE]) { secret }";
    let token = change(&hub, &owner, issue).await["tokenIssue"]["secret"].as_str().expect("a secret").to_owned();
    let campaign = Campaign { secret: &token, ..campaign };
    hub.later(TimeDelta::days(3));
    // the window is open by now, and nobody starts
    let is_open = |rollout: &Value| codes(rollout) == ["rollout.paused"];
    let rollout = campaign.until("the open window", &mut sites, is_open).await;
    assert!(rollout["waves"].as_array().expect("waves").iter().all(|wave| wave["waiting"] == wave["members"]));
    assert_eq!((&rollout["state"], &rollout["reason"]), (&json!("PAUSED"), &json!("lunch")));
    campaign.steer("rolloutResume", ", reason: \"back\"").await;
    let rollout = campaign.until("the end", &mut sites, is_in("COMPLETED")).await;
    assert!(["early", "x"].iter().all(|name| member(&rollout, name)["state"] == "SUCCEEDED"));
}

#[tokio::test]
async fn a_hub_that_dies_in_a_wave_is_replaced_and_nobody_is_asked_twice() {
    let postgres = start_temporary().await.expect("a Postgres");
    postgres.create_database("distr").await.expect("a database");
    let url = postgres.url("distr");
    let pause = tempfile::tempdir().expect("a temporary directory can be made");
    let file = pause.path().join("pause");
    let file = file.to_str().expect("a path in UTF-8");
    let environment = [
        ("DATABASE_URL", url.as_str()),
        ("DISTR_MASTER_KEY", KEY),
        ("DISTR_HUB_PAUSE_AT", "rollouts.wish"),
        ("DISTR_HUB_PAUSE_FILE", file),
    ];
    let mut first = HubProcess::start_with(&environment).await;
    let owner = first.sign_in("acme").await;
    three_releases(&first, &owner).await;
    let mut sites = sites(&first, &owner, &[("a", false), ("b", false), ("c", false), ("d", false)]).await;
    let all = "waves: [{ name: \"all\", rest: true }], limits: { inFlight: 2 }";
    let name = Campaign::start(&first, &owner, all).await.name;
    // two are released in its stream, and none of their deployments was asked
    wait::until("the first wish", WITHIN, async || {
        if std::fs::exists(file).expect("own directory") { Ok(()) } else { Err("no pause".to_owned()) }
    })
    .await;
    let second = HubProcess::start_with(&environment[..2]).await;
    let campaign = Campaign { hub: &second, secret: &owner, name };
    let is_released = |rollout: &Value| rollout["waves"][0]["inFlight"] == 2;
    campaign.until("two in flight", &mut [], is_released).await;
    first.kill();
    let rollout = campaign.until("the end", &mut sites, is_in("COMPLETED")).await;
    assert_eq!(rollout["waves"][0]["state"], "PASSED");
    let facts = facts(&second, &owner).await;
    for (site, name) in sites.iter().zip(["a", "b", "c", "d"]) {
        assert_eq!(member(&rollout, name)["state"], "SUCCEEDED");
        assert_eq!(wishes(&facts, site).len(), 1);
    }
}
