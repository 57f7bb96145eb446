//! What people see before a start, and what they may do to a rollout that is open.

use serde_json::Value;

use super::*;

/// The names of the targets of each wave.
fn placed(waves: &Value, targets: fn(&Value) -> &Value) -> Vec<Vec<String>> {
    let names = |wave: &Value| {
        let nodes = targets(wave)["nodes"].as_array().expect("targets").iter();
        let mut names: Vec<String> =
            nodes.map(|node| node["target"]["name"].as_str().expect("a name").to_owned()).collect();
        names.sort();
        names
    };
    waves.as_array().expect("waves").iter().map(names).collect()
}

async fn robot(hub: &HubProcess, owner: &str, role: &str, customer: &str) -> String {
    let add = format!("robotAdd(name: \"robot\", role: {role}{customer}) {{ member {{ id }} }}");
    let member = change(hub, owner, &add).await["robotAdd"]["member"]["id"].clone();
    let issue = format!("tokenIssue(label: \"t\", scopes: [READ, WRITE], member: {member}) {{ secret }}");
    change(hub, owner, &issue).await["tokenIssue"]["secret"].as_str().expect("a secret").to_owned()
}

#[tokio::test]
async fn what_was_planned_is_what_starts_and_a_plan_of_yesterday_is_refused() {
    let (hub, owner) = vendor().await;
    let names = [("a", true), ("b", false), ("c", false), ("d", false), ("e", false)];
    let mut all = sites(&hub, &owner, &names).await;
    let rules = "waves: [{ name: \"early\", labels: [{ key: \"ring\", value: \"early\" }] },
        { name: \"half\", percent: 50 }, { name: \"all\", rest: true }], limits: { inFlight: 5 }";
    set_policy(&hub, &owner, rules).await;
    let planned = plan(&hub, &owner).await;
    assert_eq!((&planned["members"], &planned["name"], &planned["unmatched"]), (&json!(5), &json!("3-0-0"), &json!(0)));
    let waves = placed(&planned["waves"], |wave| &wave["targets"]);
    assert_eq!(waves.iter().map(Vec::len).collect::<Vec<_>>(), [1, 2, 2]);
    assert_eq!(waves[0], ["a"]);
    let warnings = planned["warnings"].as_array().expect("warnings");
    assert!(warnings.iter().any(|warning| warning.as_str().is_some_and(|text| text.contains("one success"))));
    // a plan writes nothing
    let none = hub.graphql(Some(&owner), "{ rollouts { nodes { name } } }", json!({})).await.data();
    assert_eq!(none["rollouts"]["nodes"], json!([]));

    all.push(Site::new(&hub, &owner, "globex", "f", false).await);
    let seen = format!(", plan: {}", planned["digest"]);
    assert_eq!(start(&hub, &owner, &seen).await, Err("rollout.plan_changed".to_owned()));
    let planned = plan(&hub, &owner).await;
    let expected = placed(&planned["waves"], |wave| &wave["targets"]);
    let started = start(&hub, &owner, &format!(", plan: {}", planned["digest"])).await.expect("it starts");
    assert_eq!((&started["rollout"]["digest"], &started["rollout"]["state"]), (&planned["digest"], &json!("RUNNING")));
    let campaign = Campaign { hub: &hub, secret: &owner, name: "3-0-0".to_owned() };
    let rollout = campaign.until("the end", &mut all, is_in("COMPLETED")).await;
    let members = rollout["members"]["nodes"].as_array().expect("members");
    for (names, number) in expected.iter().zip(1..) {
        let mut placed: Vec<&str> = members
            .iter()
            .filter(|member| member["wave"] == number)
            .map(|member| member["target"]["name"].as_str().expect("a name"))
            .collect();
        placed.sort_unstable();
        assert_eq!(placed, *names);
    }
    // nobody is left to come to the release
    assert_eq!(start(&hub, &owner, "").await, Err("rollout.empty".to_owned()));
}

#[tokio::test]
async fn a_wave_that_failed_opens_the_next_one_only_if_somebody_skips_it() {
    let (hub, owner) = vendor().await;
    let mut all = sites(&hub, &owner, &[("early", true), ("x", false)]).await;
    all[0].is_broken = true;
    let campaign = Campaign::start(&hub, &owner, CAREFUL).await;
    campaign.until("the halt", &mut all, is_in("HALTED")).await;
    campaign.steer("rolloutResume", ", reason: \"it was the disk\"").await;
    let is_held = |rollout: &Value| rollout["state"] == "RUNNING" && codes(rollout) == ["gate.success"];
    let rollout = campaign.until("the gate", &mut all, is_held).await;
    assert_eq!(member(&rollout, "x")["state"], "WAITING");
    assert_eq!(campaign.refused(&owner, "rolloutSkipWave", ", wave: 2, reason: \"r\"").await, "rollout.wave_closed");
    campaign.steer("rolloutAdjust", ", limits: { inFlight: 1 }").await;
    campaign.steer("rolloutSkipWave", ", wave: 1, reason: \"its disk is new\"").await;
    let rollout = campaign.until("the end", &mut all, is_in("COMPLETED")).await;
    assert_eq!(
        (&rollout["waves"][0]["state"], &member(&rollout, "x")["state"]),
        (&json!("SKIPPED"), &json!("SUCCEEDED"))
    );
    assert_eq!(campaign.refused(&owner, "rolloutPause", ", reason: \"r\"").await, "rollout.final");

    // what it brought goes back, and what runs elsewhere stays
    let back = format!(
        "rolloutRollBack(application: \"app\", name: \"{}\", reason: \"r\") {{ rollout {{ name }} }}",
        campaign.name
    );
    let back = change(&hub, &owner, &back).await["rolloutRollBack"]["rollout"]["name"].clone();
    let campaign = Campaign { name: back.as_str().expect("a name").to_owned(), ..campaign };
    assert_eq!(campaign.name, "3-0-0-back");
    let rollout = campaign.until("the way back", &mut all, is_in("COMPLETED")).await;
    assert_eq!(rollout["members"]["nodes"].as_array().expect("members").len(), 1);
    assert_eq!((&member(&rollout, "x")["state"], &all[1].running.1), (&json!("ROLLED_BACK"), &"1.0.0".to_owned()));
}

#[tokio::test]
async fn whoever_starts_does_not_approve_and_support_may_only_stop() {
    let (hub, owner) = vendor().await;
    let mut all = sites(&hub, &owner, &[("x", false)]).await;
    let publisher = hub.join(&owner, "pat@acme.example", "role: PUBLISHER", "a good password").await;
    let support = hub.join(&owner, "sam@acme.example", "role: SUPPORT", "a good password").await;
    let of_the_owner = robot(&hub, &owner, "OWNER", "").await;
    let rules = "waves: [{ name: \"all\", rest: true }], limits: { inFlight: 1 }, approve: { roles: [OWNER, SUPPORT] }";
    set_policy(&hub, &owner, rules).await;
    let started = start(&hub, &publisher, "").await.expect("it is planned");
    assert_eq!(started["rollout"]["state"], "PLANNED");
    let campaign = Campaign { hub: &hub, secret: &owner, name: "3-0-0".to_owned() };
    assert_eq!(codes(&campaign.shown().await), ["rollout.not_approved"]);
    let approve = format!(", stage: 0, plan: {}", started["rollout"]["digest"]);
    assert_eq!(campaign.refused(&publisher, "rolloutApprove", &approve).await, "rollout.own_approval");
    assert_eq!(
        campaign.refused(&of_the_owner, "rolloutApprove", &approve).await,
        "rollout.not_a_person",
        "it may be the owner's second self"
    );
    let more = ", limits: { inFlight: 2 }";
    for nobody in [&publisher, &of_the_owner] {
        assert_eq!(campaign.refused(nobody, "rolloutAdjust", more).await, "rollout.limits_approved");
    }
    let other = ", stage: 0, plan: \"00000000-0000-0000-0000-000000000000\"";
    assert_eq!(campaign.refused(&support, "rolloutApprove", other).await, "rollout.approval_stale");
    let campaign = Campaign { secret: &support, ..campaign };
    campaign.steer("rolloutApprove", &approve).await;
    campaign.until("the start", &mut all, |rollout| rollout["state"] != "PLANNED").await;
    campaign.steer("rolloutHalt", ", reason: \"wait\"").await;
    assert_eq!(campaign.refused(&support, "rolloutResume", ", reason: \"r\"").await, "forbidden");
}

#[tokio::test]
async fn an_approval_lapses_with_its_giver() {
    let (hub, owner) = vendor().await;
    let mut all = sites(&hub, &owner, &[("x", false)]).await;
    let publisher = hub.join(&owner, "pat@acme.example", "role: PUBLISHER", "a good password").await;
    let support = hub.join(&owner, "sam@acme.example", "role: SUPPORT", "a good password").await;
    let rules = "waves: [{ name: \"all\", rest: true }], limits: { inFlight: 1 }, approve: { roles: [OWNER, SUPPORT], count: 2 }";
    set_policy(&hub, &owner, rules).await;
    let started = start(&hub, &publisher, "").await.expect("it is planned");
    let approve = format!(", stage: 0, plan: {}", started["rollout"]["digest"]);
    let campaign = Campaign { hub: &hub, secret: &support, name: "3-0-0".to_owned() };
    campaign.steer("rolloutApprove", &approve).await;
    let me =
        hub.graphql(Some(&support), "{ viewer { memberId } }", json!({})).await.data()["viewer"]["memberId"].clone();
    change(&hub, &owner, &format!("memberRemove(id: {me}) {{ changed }}")).await;
    let campaign = Campaign { secret: &owner, ..campaign };
    let lapsed = "SELECT count(*) FROM eventlog.event WHERE event_type = 'RolloutApprovalLapsed'";
    Psql::of(&hub).until(lapsed, "1").await;
    campaign.steer("rolloutApprove", &approve).await;
    assert_eq!(codes(&campaign.shown().await), ["rollout.not_approved"], "two of three would be enough");
    let third = hub.join(&owner, "kim@acme.example", "role: SUPPORT", "a good password").await;
    let campaign = Campaign { secret: &third, ..campaign };
    campaign.steer("rolloutApprove", &approve).await;
    campaign.until("the start", &mut all, |rollout| rollout["state"] != "PLANNED").await;
}

#[tokio::test]
async fn a_license_that_ends_holds_a_target_and_its_customer_sees_itself_alone() {
    let (hub, owner) = vendor().await;
    change(&hub, &owner, "customerCreate(name: \"initech\") { changed }").await;
    let license = "licenseIssue(customer: \"initech\", application: \"app\", name: \"l\", terms: {}) { changed }";
    change(&hub, &owner, license).await;
    let mut all = sites(&hub, &owner, &[("early", true), ("secretly", false)]).await;
    all.push(Site::new(&hub, &owner, "initech", "z", false).await);
    let reader = robot(&hub, &owner, "CUSTOMER_VIEWER", ", customer: \"initech\"").await;
    let campaign = Campaign::start(&hub, &owner, CAREFUL).await;
    let suspend = "licenseSuspend(customer: \"initech\", name: \"l\", reason: \"unpaid\") { changed }";
    change(&hub, &owner, suspend).await;
    let rollout = campaign.until("the end of the last wave", &mut all, is_in("TAILING")).await;
    assert_eq!(codes(member(&rollout, "z")), ["entitlement.suspended"]);

    let own = campaign.shown_to(&hub, &reader).await;
    assert_eq!(codes(member(&own, "z")), ["entitlement.suspended"]);
    assert_eq!(own["members"]["nodes"].as_array().expect("members").len(), 1);
    assert_eq!(own["waves"].as_array().expect("waves").len(), 1, "{own:#}");
    assert_eq!((&own["waves"][0]["members"], &own["digest"], &own["holds"]), (&json!(1), &Value::Null, &json!([])));
    let told = own.to_string();
    assert!(!["early", "secretly", "globex"].iter().any(|name| told.contains(name)), "{told}");

    change(&hub, &owner, "licenseResume(customer: \"initech\", name: \"l\") { changed }").await;
    let rollout = campaign.until("the last one", &mut all, is_in("COMPLETED")).await;
    assert_eq!(member(&rollout, "z")["state"], "SUCCEEDED");
}
