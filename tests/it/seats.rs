//! Who sits on a license's seats: never more than were agreed on, and nobody who does not need one.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use distr_domain::decider::{Category, Decider};
use distr_domain::deployment::{Deployment, DeploymentCommand, Desired};
use distr_domain::ids::{ApplicationId, CustomerId, DeploymentId, LicenseId, OrganizationId, SeatId, TargetId};
use distr_domain::license::LicenseEvent;
use distr_domain::names::Slug;
use distr_domain::seat::{Seat, SeatChange, SeatCommand};
use distr_eventlog::{Actor, Append, Context, EventLog, Expected, NewEvent, PostgresLog, StreamName, execute};
use distr_tests::clock::now;
use distr_tests::hub::{Answer, HubProcess};
use distr_tests::psql::Psql;
use distr_tests::wait;
use reqwest::Client;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use uuid::Uuid;

use crate::observation::until_there;
use crate::two_hubs::{TAKEN_OVER_WITHIN, released};

/// A customer with the targets `x`, `y` and `z`, and two licenses with one seat each.
async fn hub_with_two_seats(environment: &[(&str, &str)]) -> (HubProcess, String) {
    let hub = HubProcess::start_with(environment).await;
    let owner = hub.sign_in("acme").await;
    released(&hub, &owner).await;
    for license in ["b", "a"] {
        let named = format!("customer: \"globex\", application: \"hello\", name: \"{license}\"");
        change(&hub, &owner, &format!("licenseIssue({named}, terms: {{ seats: 1 }}) {{ changed }}")).await.data();
    }
    for target in ["x", "y", "z"] {
        let register = format!("targetRegister(customer: \"globex\", name: \"{target}\") {{ changed }}");
        change(&hub, &owner, &register).await.data();
    }
    (hub, owner)
}

async fn change(hub: &HubProcess, owner: &str, mutation: &str) -> Answer {
    hub.graphql(Some(owner), &format!("mutation {{ {mutation} }}"), json!({})).await
}

fn deployment(target: &str) -> String {
    format!(
        "deploymentSetRelease(customer: \"globex\", target: \"{target}\", application: \"hello\",
            version: \"1.0.0\") {{ changed }}"
    )
}

async fn deploy(hub: &HubProcess, owner: &str, target: &str) -> Answer {
    change(hub, owner, &deployment(target)).await
}

/// Of the licenses `a` and `b`.
async fn taken(hub: &HubProcess, owner: &str) -> [u64; 2] {
    let query = "{ licenses { nodes { name seatsTaken } } }";
    let data = hub.graphql(Some(owner), query, json!({})).await.data();
    ["a", "b"].map(|name| {
        let nodes = data["licenses"]["nodes"].as_array().expect("licenses");
        let license = nodes.iter().find(|license| license["name"] == name).expect("the license");
        license["seatsTaken"].as_u64().expect("a number")
    })
}

async fn until_taken(hub: &HubProcess, owner: &str, wanted: [u64; 2]) {
    wait::until("seats", TAKEN_OVER_WITHIN, async || match taken(hub, owner).await {
        found if found == wanted => Ok(()),
        found => Err(format!("{found:?}, not {wanted:?}")),
    })
    .await;
}

#[tokio::test]
async fn a_full_license_leaves_it_to_the_next() {
    let (hub, owner) = hub_with_two_seats(&[]).await;
    deploy(&hub, &owner, "x").await.data();
    assert_eq!(taken(&hub, &owner).await, [1, 0]);
    deploy(&hub, &owner, "y").await.data();
    assert_eq!(taken(&hub, &owner).await, [1, 1]);
    let refused = deploy(&hub, &owner, "z").await;
    assert_eq!(refused.code(), Some("license.seats_exhausted"));
    assert!(refused.message().contains("\"a\" has no free seat (1 of 1 taken)"), "{}", refused.message());

    // who sits on `b` stays there, though `a` comes free
    change(&hub, &owner, "targetRetire(customer: \"globex\", name: \"x\", reason: \"sold\") { changed }").await.data();
    until_taken(&hub, &owner, [0, 1]).await;
    let again = deploy(&hub, &owner, "y").await.data();
    assert_eq!(again["deploymentSetRelease"]["changed"], false);
    assert_eq!(taken(&hub, &owner).await, [0, 1]);
    deploy(&hub, &owner, "z").await.data();
    assert_eq!(taken(&hub, &owner).await, [1, 1]);

    // when its license ends, it moves on; the seat goes back
    change(&hub, &owner, "targetRetire(customer: \"globex\", name: \"z\", reason: \"sold\") { changed }").await.data();
    until_taken(&hub, &owner, [0, 1]).await;
    let revoke = "licenseRevoke(customer: \"globex\", name: \"b\", reason: \"ended\") { changed }";
    change(&hub, &owner, revoke).await.data();
    assert_eq!(deploy(&hub, &owner, "y").await.data()["deploymentSetRelease"]["changed"], true);
    until_taken(&hub, &owner, [1, 0]).await;
}

/// The hub is killed with a seat taken and no wish yet. The same request again finds its seat, and no other is taken.
#[tokio::test]
async fn a_request_that_was_cut_off_finds_its_seat_again() {
    let folder = tempfile::tempdir().expect("a temporary directory can be made");
    let file = folder.path().join("paused");
    let path = file.to_str().expect("a path in UTF-8");
    let pause = [("DISTR_HUB_PAUSE_AT", "deploy.seat_taken"), ("DISTR_HUB_PAUSE_FILE", path)];
    let (mut hub, owner) = hub_with_two_seats(&pause).await;
    let request = |hub: &HubProcess| {
        let request = Client::new().post(hub.url("/graphql")).bearer_auth(&owner).header("Idempotency-Key", "once");
        request.json(&json!({ "query": format!("mutation {{ {} }}", deployment("x")) })).send()
    };
    let cut_off = tokio::spawn(request(&hub));
    until_there(&file).await;
    hub.kill();
    assert!(cut_off.await.expect("a task").is_err(), "nobody answered");
    hub.run("acme").await;
    assert_eq!(taken(&hub, &owner).await, [1, 0]);
    let answer: Value = request(&hub).await.expect("an answer").json().await.expect("JSON");
    assert_eq!(answer["data"]["deploymentSetRelease"]["changed"], true, "{answer}");
    assert_eq!(taken(&hub, &owner).await, [1, 0]);
    deploy(&hub, &owner, "y").await.data();
    assert_eq!(taken(&hub, &owner).await, [1, 1]);
}

fn slug(text: &str) -> Slug {
    text.parse().expect("a name")
}

async fn run<D: Decider>(log: &PostgresLog, stream: Uuid, command: D::Command, at: DateTime<Utc>) {
    let organization = OrganizationId::of(&slug("acme"));
    let (correlation, command_id) = (Uuid::new_v4(), Uuid::new_v4());
    let actor = Actor::Operator;
    let context = Context { organization, actor, causation: None, correlation, command: command_id, at };
    if let Err(error) = execute::<D>(log, stream, &command, &context).await {
        panic!("{error}");
    }
}

async fn log_of(hub: &HubProcess) -> PostgresLog {
    let url = distr_embedded_postgres::url_of_running(&hub.data.path().join("hub/postgres"), "distr");
    PostgresLog::connect(&url.expect("the hub's Postgres")).await.expect("the hub's log")
}

async fn take(log: &PostgresLog, license: LicenseId, target: TargetId, at: DateTime<Utc>) {
    let command = SeatCommand { license, target, of_old: false, change: SeatChange::Take };
    run::<Seat>(log, SeatId::of(license, target).0, command, at).await;
}

/// Twelve ask at once for three seats, over and over.
#[tokio::test]
async fn the_last_seats_of_a_race_have_one_winner_each() {
    let (hub, owner) = hub_with_two_seats(&[]).await;
    for license in ["a", "b"] {
        let revoke =
            format!("licenseRevoke(customer: \"globex\", name: \"{license}\", reason: \"ended\") {{ changed }}");
        change(&hub, &owner, &revoke).await.data();
    }
    for round in 0..3 {
        let named = format!("customer: \"globex\", application: \"hello\", name: \"race-{round}\"");
        change(&hub, &owner, &format!("licenseIssue({named}, terms: {{ seats: 3 }}) {{ changed }}")).await.data();
        let targets: Vec<String> = (0..12).map(|number| format!("r{round}-{number}")).collect();
        for target in &targets {
            let register = format!("targetRegister(customer: \"globex\", name: \"{target}\") {{ changed }}");
            change(&hub, &owner, &register).await.data();
        }
        // a busy machine may have no connection free in time, and says so
        let ask = async |target: &String| loop {
            let answer = deploy(&hub, &owner, target).await;
            if answer.code() != Some("unavailable") {
                break answer;
            }
        };
        let asked = futures_util::future::join_all(targets.iter().map(ask)).await;
        let refused: Vec<_> = asked.iter().filter_map(Answer::code).collect();
        assert_eq!(refused, ["license.seats_exhausted"; 9]);
        let query = format!("{{ license(customer: \"globex\", name: \"race-{round}\") {{ seatsTaken }} }}");
        assert_eq!(hub.graphql(Some(&owner), &query, json!({})).await.data()["license"]["seatsTaken"], 3);
        let revoke =
            format!("licenseRevoke(customer: \"globex\", name: \"race-{round}\", reason: \"over\") {{ changed }}");
        change(&hub, &owner, &revoke).await.data();
    }
}

/// Seats were facts of the license before they had streams of their own.
#[tokio::test]
async fn a_seat_that_an_earlier_version_gave_is_kept_and_given_back() {
    let (hub, owner) = hub_with_two_seats(&[]).await;
    let log = log_of(&hub).await;
    let organization = OrganizationId::of(&slug("acme"));
    let customer = CustomerId::of(organization, &slug("globex"));
    let (license, target) = (LicenseId::of(customer, &slug("a")), TargetId::of(customer, &slug("x")));
    let fact = serde_json::to_value(LicenseEvent::LicenseSeatTaken { target }).expect("an event is JSON");
    let fact = NewEvent {
        id: Uuid::new_v4(),
        event_type: "LicenseSeatTaken".into(),
        schema_version: 1,
        payload: fact["data"].to_string().into(),
    };
    let append = Append {
        stream: StreamName { category: Category::License, id: license.0 },
        organization,
        expected: Expected::Revision(0),
        events: vec![fact],
        actor: Actor::Operator,
        causation: None,
        correlation: Uuid::new_v4(),
        recorded_at: now(),
    };
    log.append(append).await.expect("the fact of an earlier version");
    log.close().await;
    until_taken(&hub, &owner, [1, 0]).await;
    deploy(&hub, &owner, "x").await.data();
    assert_eq!(taken(&hub, &owner).await, [1, 0]);
    deploy(&hub, &owner, "y").await.data();
    assert_eq!(taken(&hub, &owner).await, [1, 1]);
    change(&hub, &owner, "targetRetire(customer: \"globex\", name: \"x\", reason: \"sold\") { changed }").await.data();
    until_taken(&hub, &owner, [0, 1]).await;
    deploy(&hub, &owner, "z").await.data();
    assert_eq!(taken(&hub, &owner).await, [1, 1]);
}

/// Seats as requests leave them that were cut off and never came again.
#[tokio::test]
async fn a_seat_whose_wish_never_came_is_given_back_after_a_while() {
    let (hub, owner) = hub_with_two_seats(&[]).await;
    let log = log_of(&hub).await;
    let organization = OrganizationId::of(&slug("acme"));
    let customer = CustomerId::of(organization, &slug("globex"));
    let application = ApplicationId::of(organization, &slug("hello"));
    let [x, y] = ["x", "y"].map(|name| TargetId::of(customer, &slug(name)));
    let [a, b] = ["a", "b"].map(|name| LicenseId::of(customer, &slug(name)));
    let long_ago = now() - TimeDelta::hours(1);

    // one that is not needed, and then one that is: when that is shown, so was the other; then one that may be needed in a moment
    take(&log, a, y, long_ago).await;
    let desired = Desired {
        customer,
        target: x,
        application,
        version: "1.0.0".parse().expect("a version"),
        license: b,
        features: vec![],
        config: [].into(),
        secrets: Default::default(),
        asked_by: Default::default(),
        channel: None,
        values: Default::default(),
        namespace: None,
    };
    let wish = DeploymentCommand::SetDesired { desired, heard: 0, downgrade: None, origin: None };
    run::<Deployment>(&log, DeploymentId::of(x, application).0, wish, long_ago).await;
    take(&log, b, x, long_ago).await;
    until_taken(&hub, &owner, [0, 1]).await;
    take(&log, a, y, now()).await;

    // what comes later is looked at later; by then the first two were
    until_taken(&hub, &owner, [1, 1]).await;
    hub.later(TimeDelta::minutes(4));
    let refused = deploy(&hub, &owner, "z").await;
    assert_eq!(refused.code(), Some("license.seats_exhausted"), "{}", refused.message());
    assert_eq!(taken(&hub, &owner).await, [1, 1]);
    hub.later(TimeDelta::minutes(6));
    until_taken(&hub, &owner, [0, 1]).await;

    // by a hub whose clock is a day ahead
    take(&log, a, y, now() + TimeDelta::days(1)).await;
    log.close().await;
    until_taken(&hub, &owner, [1, 1]).await;
    // the policy looks at it each second
    tokio::time::sleep(Duration::from_secs(3)).await;
    hub.later(TimeDelta::minutes(13));
    until_taken(&hub, &owner, [0, 1]).await;
}

/// What a license's audit says of deployments, and where, the oldest first.
async fn audited(hub: &HubProcess, owner: &str) -> Vec<(String, String)> {
    let query = "{ licenseAudit(customer: \"globex\", first: 100) { nodes { kind position } } }";
    let data = hub.graphql(Some(owner), query, json!({})).await.data();
    let nodes = data["licenseAudit"]["nodes"].as_array().expect("a list");
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let mut all: Vec<_> = nodes.iter().map(|node| (text(&node["kind"]), text(&node["position"]))).collect();
    all.retain(|(kind, _)| kind.starts_with("DEPLOY"));
    all.sort_by_key(|(_, position)| position.parse::<u64>().expect("a number"));
    all
}

/// A client that hangs up does not choose how many steps of its change are taken.
#[tokio::test]
async fn a_change_is_whole_though_nobody_waits_for_it() {
    let folder = tempfile::tempdir().expect("a temporary directory can be made");
    let file = folder.path().join("paused");
    let path = file.to_str().expect("a path in UTF-8");
    let pause = [("DISTR_HUB_PAUSE_AT", "deploy.seat_taken"), ("DISTR_HUB_PAUSE_FILE", path)];
    let (hub, owner) = hub_with_two_seats(&pause).await;
    let body = json!({ "query": format!("mutation {{ {} }}", deployment("x")) }).to_string();
    let address = hub.url("").trim_start_matches("http://").to_owned();
    let head = format!(
        "POST /graphql HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {owner}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n",
        body.len()
    );
    let mut connection = TcpStream::connect(&address).await.expect("the hub listens");
    connection.write_all(format!("{head}{body}").as_bytes()).await.expect("the hub reads");
    until_there(&file).await;
    // the hub hears of it at once
    connection.set_zero_linger().expect("an open connection");
    drop(connection);
    tokio::time::sleep(Duration::from_millis(200)).await;
    std::fs::remove_file(&file).expect("the pause has a file");
    wait::until("the record of the wish", TAKEN_OVER_WITHIN, async || match audited(&hub, &owner).await {
        all if all.iter().map(|(kind, _)| kind.as_str()).eq(["DEPLOY_GRANTED"]) => Ok(()),
        all => Err(format!("{all:?}")),
    })
    .await;
    assert_eq!(taken(&hub, &owner).await, [1, 0]);
}

/// What was refused was refused each time; what was granted was granted once, and then.
#[tokio::test]
async fn what_is_asked_again_hides_nothing_of_what_was_answered_before() {
    let (hub, owner) = hub_with_two_seats(&[]).await;
    for target in ["x", "y"] {
        deploy(&hub, &owner, target).await.data();
    }
    let ask = async |key: &str, target: &str| {
        let body = json!({ "query": format!("mutation {{ {} }}", deployment(target)) });
        let request = Client::new().post(hub.url("/graphql")).bearer_auth(&owner).header("Idempotency-Key", key);
        request.json(&body).send().await.expect("an answer").json::<Value>().await.expect("JSON")
    };
    for _ in 0..2 {
        let refused = ask("refused", "z").await;
        assert_eq!(refused["errors"][0]["extensions"]["code"], "license.seats_exhausted", "{refused}");
    }
    let retire = "targetRetire(customer: \"globex\", name: \"x\", reason: \"sold\") { changed }";
    change(&hub, &owner, retire).await.data();
    until_taken(&hub, &owner, [0, 1]).await;
    let until = async |wanted: &[&str]| {
        wait::until("records", TAKEN_OVER_WITHIN, async || match audited(&hub, &owner).await {
            all if all.iter().map(|(kind, _)| kind.as_str()).eq(wanted.iter().copied()) => Ok(all),
            all => Err(format!("{all:?}")),
        })
        .await
    };
    let expected = ["DEPLOY_GRANTED", "DEPLOY_GRANTED", "DEPLOY_REFUSED", "DEPLOY_REFUSED", "DEPLOY_GRANTED"];
    ask("granted", "z").await;
    let first = until(&expected).await;
    ask("granted", "z").await;
    let sql = "SELECT position = (SELECT position FROM eventlog.head) FROM read.checkpoint WHERE group_name = 'audit'";
    Psql::of(&hub).until(sql, "t").await;
    assert_eq!(audited(&hub, &owner).await, first);
}
