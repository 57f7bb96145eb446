//! Rollouts with a real hub and agents over the wire: waves come one after the other, a gate halts, nobody is moved against a license, a
//! floor or a window, and a hub that dies is replaced by another.

mod sites;

use std::time::Duration;

use chrono::{TimeDelta, Utc};
use distr_domain::ids::{ApplicationId, OrganizationId, RolloutId, TargetId};
use distr_domain::rollout::policy::{Amount, Gate, Limits, OnHalt, Policy, Selector, WavePolicy};
use distr_domain::rollout::{
    Class, Kind, MemberState, Phase, PlanDigest, Planned, Rollout, RolloutCommand, Scope, Stamp, WavePhase,
};
use distr_domain::window::{Blackout, Windows};
use distr_embedded_postgres::start_temporary;
use distr_eventlog::{Actor, Context, PostgresLog, execute, load};
use distr_tests::clock::now;
use distr_tests::hub::HubProcess;
use distr_tests::psql::Psql;
use distr_tests::wait;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::two_hubs::KEY;
use crate::upgrade_path::three_releases;
use crate::withheld::change;
use sites::{Site, slug};

/// For a busy machine; each wait ends when what it waits for is there.
const WITHIN: Duration = Duration::from_secs(120);

fn organization() -> OrganizationId {
    OrganizationId::of(&slug("acme"))
}

fn application() -> ApplicationId {
    ApplicationId::of(organization(), &slug("app"))
}

fn wave(name: &str, select: Selector) -> WavePolicy {
    WavePolicy { name: slug(name), select, soak_minutes: 0, approve: None }
}

/// Those of ring `early` first, then the rest; the first failure halts.
fn careful() -> Policy {
    let early = [("ring".parse().expect("a key"), "early".parse().expect("a value"))].into();
    Policy {
        waves: vec![wave("early", Selector::Labels(early)), wave("rest", Selector::Rest)],
        limits: Limits {
            in_flight: Amount::Count(2),
            per_customer: None,
            per_label: None,
            starts_per_minute: None,
            egress: None,
        },
        gate: Gate { max_failures: Some(0), ..Gate::default() },
        timeout_minutes: 60,
        unhealthy_grace_minutes: 5,
        retries: 0,
        lead_minutes: 5,
        on_halt: OnHalt::Withdraw,
        tail_days: 1,
        approve: None,
        windows: None,
        keep_together: None,
        sticky: false,
        closed: false,
    }
}

/// A rollout of 3.0.0, by its own stream.
struct Campaign {
    log: PostgresLog,
    id: RolloutId,
}

impl Campaign {
    async fn start(url: &str, members: u32, policy: Policy) -> Self {
        let log = PostgresLog::connect(url).await.expect("the hub's log");
        let campaign = Self { log, id: RolloutId::of(application(), &slug("3-0-0")) };
        let plan = Planned {
            application: application(),
            name: slug("3-0-0"),
            version: "3.0.0".parse().expect("a version"),
            kind: Kind::Upgrade,
            policy,
            scope: Scope::default(),
            seed: campaign.id.0,
            members,
            // the hub plans it anew by what it sees
            digest: PlanDigest(Uuid::nil()),
            by: None,
            not_before: None,
        };
        campaign.command(RolloutCommand::Plan { plan: Box::new(plan), stamp: stamp() }).await;
        campaign
    }

    async fn command(&self, command: RolloutCommand) {
        let context = Context {
            organization: organization(),
            actor: Actor::Operator,
            causation: None,
            correlation: self.id.0,
            command: Uuid::new_v4(),
            at: now(),
        };
        if let Err(error) = execute::<Rollout>(&self.log, self.id.0, &command, &context).await {
            panic!("{error}");
        }
    }

    async fn state(&self) -> Rollout {
        load::<Rollout>(&self.log, self.id.0).await.expect("the rollout").0
    }

    /// The agents report until the rollout is as it is waited for.
    async fn until(
        &self,
        what: &str,
        hub: &HubProcess,
        sites: &mut [Site],
        is_so: impl Fn(&Rollout) -> bool,
    ) -> Rollout {
        wait::until(what, WITHIN, async || {
            for site in sites.iter_mut() {
                site.beat(hub).await;
            }
            let rollout = self.state().await;
            let seen = format!("{:?} {:?} {:?}", rollout.phase, rollout.waves, rollout.members.values());
            if is_so(&rollout) { Ok(rollout) } else { Err(seen) }
        })
        .await
    }
}

fn stamp() -> Stamp {
    Stamp { seen: 0, at: now() }
}

fn class(rollout: &Rollout, target: TargetId) -> Option<Class> {
    match rollout.members.get(&target)?.state {
        MemberState::Settled(class) => Some(class),
        _ => None,
    }
}

fn url(hub: &HubProcess) -> String {
    let url = distr_embedded_postgres::url_of_running(&hub.data.path().join("hub/postgres"), "distr");
    url.expect("the hub's Postgres")
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
    let hub = HubProcess::start().await;
    let owner = hub.sign_in("acme").await;
    three_releases(&hub, &owner).await;
    change(&hub, &owner, "releaseRequire(application: \"app\", version: \"2.0.0\", reason: \"schema\") { changed }")
        .await;
    // one whose license ends below the release
    change(&hub, &owner, "customerCreate(name: \"initech\") { changed }").await;
    let license = "licenseIssue(customer: \"initech\", application: \"app\", name: \"l\", terms: { versions: [\"1.x\"] }) { changed }";
    change(&hub, &owner, license).await;
    let mut sites = vec![];
    for (name, is_early) in [("early", true), ("x", false), ("y", false)] {
        sites.push(Site::new(&hub, &owner, "globex", name, is_early).await);
    }
    sites.push(Site::new(&hub, &owner, "initech", "z", false).await);
    let campaign = Campaign::start(&url(&hub), 4, careful()).await;
    let rollout = campaign
        .until("the end of the last wave", &hub, &mut sites, |rollout| {
            matches!(rollout.phase, Phase::Tailing | Phase::Completed)
        })
        .await;

    for site in &sites[..3] {
        assert_eq!(class(&rollout, site.target), Some(Class::Succeeded));
        assert_eq!(site.running.1, "3.0.0");
    }
    // the license may be amended while the rollout is open, so that nothing is said of it before the end
    assert_eq!(class(&rollout, sites[3].target), None);
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
    let rollout = campaign.until("the last one", &hub, &mut sites, |rollout| rollout.phase == Phase::Completed).await;
    assert_eq!(class(&rollout, sites[3].target), Some(Class::Succeeded));
    let shown = "SELECT phase, targets, succeeded, failed FROM analytics.rollouts";
    wait::until("the view", WITHIN, async || {
        let seen = Psql::of(&hub).ok(shown);
        if seen.trim() == "completed|4|4|0" { Ok(()) } else { Err(seen) }
    })
    .await;
}

#[tokio::test]
async fn a_first_wave_that_fails_halts_the_rollout_and_what_nobody_has_begun_goes_back() {
    let hub = HubProcess::start().await;
    let owner = hub.sign_in("acme").await;
    three_releases(&hub, &owner).await;
    let mut sites = vec![];
    for (name, is_early) in [("early", true), ("idle", true), ("x", false)] {
        sites.push(Site::new(&hub, &owner, "globex", name, is_early).await);
    }
    sites[0].is_broken = true;
    sites[1].is_idle = true;
    let campaign = Campaign::start(&url(&hub), 3, careful()).await;
    let idle = sites[1].target;
    let rollout = campaign
        .until("the halt", &hub, &mut sites, |rollout| {
            rollout.phase == Phase::Halted && rollout.members[&idle].state == MemberState::Waiting
        })
        .await;
    assert_eq!(class(&rollout, sites[0].target), Some(Class::Failed));
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

    let stop = RolloutCommand::Abort { reason: "it is broken".to_owned(), stamp: stamp() };
    campaign.command(stop).await;
    let rollout = campaign.state().await;
    assert_eq!(class(&rollout, sites[2].target), Some(Class::Cancelled));
    let facts = facts(&hub, &owner).await;
    assert_eq!(wishes(&facts, &sites[2]), []);
    wait::until("the view", WITHIN, async || {
        let seen = Psql::of(&hub).ok("SELECT target, state FROM analytics.rollout_targets ORDER BY target");
        if seen.trim() == "early|failed\nidle|cancelled\nx|cancelled" { Ok(()) } else { Err(seen) }
    })
    .await;
}

#[tokio::test]
async fn a_pause_opens_nothing_and_nobody_starts_before_the_window() {
    let hub = HubProcess::start().await;
    let owner = hub.sign_in("acme").await;
    three_releases(&hub, &owner).await;
    let mut sites = vec![Site::new(&hub, &owner, "globex", "early", true).await];
    sites.push(Site::new(&hub, &owner, "globex", "x", false).await);
    let today = now().with_timezone(&Utc).date_naive();
    let (from, to) = (today - TimeDelta::days(1), today + TimeDelta::days(1));
    let windows =
        Windows { zone: "UTC".parse().expect("a zone"), allow: vec![], blackouts: vec![Blackout { from, to }] };
    let campaign = Campaign::start(&url(&hub), 2, Policy { windows: Some(windows), ..careful() }).await;
    let rollout = campaign
        .until("the closed window", &hub, &mut sites, |rollout| {
            rollout.waves.first().is_some_and(|wave| wave.holds.contains("window.closed"))
        })
        .await;
    assert_eq!((rollout.total().waiting, rollout.total().in_flight), (2, 0));

    let reason = || "lunch".to_owned();
    campaign.command(RolloutCommand::Pause { reason: reason(), stamp: stamp() }).await;
    hub.later(TimeDelta::days(3));
    // the window is open by now, and what was looked at behind the pause is seen in the read models
    wait::until("a look", WITHIN, async || {
        for site in &mut sites {
            site.beat(&hub).await;
        }
        let seen = Psql::of(&hub).ok("SELECT phase FROM analytics.rollouts");
        if seen.trim() == "paused" { Ok(()) } else { Err(seen) }
    })
    .await;
    let rollout = campaign.state().await;
    assert_eq!((rollout.total().waiting, rollout.total().in_flight), (2, 0));
    campaign.command(RolloutCommand::Resume { reason: reason(), stamp: stamp() }).await;
    let rollout = campaign.until("the end", &hub, &mut sites, |rollout| rollout.phase == Phase::Completed).await;
    assert!(sites.iter().all(|site| class(&rollout, site.target) == Some(Class::Succeeded)));
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
    let mut sites = vec![];
    for name in ["a", "b", "c", "d"] {
        sites.push(Site::new(&first, &owner, "globex", name, false).await);
    }
    let all = Policy { waves: vec![wave("all", Selector::Rest)], ..careful() };
    let campaign = Campaign::start(&url, 4, all).await;
    // two are released in its stream, and none of their deployments was asked
    wait::until("the first wish", WITHIN, async || {
        if std::fs::exists(file).expect("own directory") { Ok(()) } else { Err("no pause".to_owned()) }
    })
    .await;
    assert_eq!(campaign.state().await.total().in_flight, 2);
    let second = HubProcess::start_with(&environment[..2]).await;
    first.kill();
    let rollout = campaign.until("the end", &second, &mut sites, |rollout| rollout.phase == Phase::Completed).await;
    assert_eq!(rollout.waves[0].phase, WavePhase::Passed);
    let facts = facts(&second, &owner).await;
    for site in &sites {
        assert_eq!(class(&rollout, site.target), Some(Class::Succeeded));
        assert_eq!(wishes(&facts, site).len(), 1);
    }
}
