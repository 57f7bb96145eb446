//! The database's primary is lost in the middle of work, and its standby takes over: what was acknowledged is there, once, and
//! the hub goes on by itself.

use std::collections::BTreeSet;
use std::time::Duration;

use distr_tests::hub::HubProcess;
use distr_tests::nodes::Nodes;
use distr_tests::wait;
use reqwest::Client;
use serde_json::{Value, json};

use crate::two_hubs::KEY;

/// The hub gives up a silent server after 15 s and looks for another each second; the rest is for a busy machine.
const LIMIT: Duration = Duration::from_secs(120);
/// Changes before and after.
const SOME: usize = 15;

/// Makes a customer, and says the same again until it is acknowledged.
async fn create(hub: &HubProcess, owner: &str, name: &str) {
    let body = json!({ "query": format!("mutation {{ customerCreate(name: \"{name}\") {{ changed }} }}") });
    wait::until(name, LIMIT, async || {
        let request = Client::new()
            .post(hub.url("/graphql"))
            .bearer_auth(owner)
            .header("idempotency-key", name)
            .timeout(Duration::from_secs(30))
            .json(&body);
        let answer: Value = match request.send().await {
            Ok(answer) => answer.json().await.map_err(|error| error.to_string())?,
            Err(error) => return Err(error.to_string()),
        };
        match answer.get("errors").or(answer.get("code")) {
            None => Ok(()),
            Some(error) => Err(format!("{error}\n{}", hub.log())),
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_standby_takes_over_under_load_and_nothing_that_was_acknowledged_is_lost() {
    let nodes = tokio::task::spawn_blocking(Nodes::start).await.expect("the servers");
    let hub = HubProcess::start_with(&[("DATABASE_URL", &nodes.url()), ("DISTR_MASTER_KEY", KEY)]).await;
    let owner = hub.sign_in("acme").await;
    let (hub_ref, owner_ref) = (&hub, owner.as_str());
    // several at once, so that some are under way when it happens
    let write = async |writer: usize, range: std::ops::Range<usize>| {
        for number in range {
            create(hub_ref, owner_ref, &format!("c{writer}-{number}")).await;
        }
    };
    tokio::join!(write(0, 0..SOME), write(1, 0..SOME), write(2, 0..SOME));
    let under_load =
        async { tokio::join!(write(0, SOME..3 * SOME), write(1, SOME..3 * SOME), write(2, SOME..3 * SOME)) };
    let taking_over = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        tokio::task::block_in_place(|| {
            nodes.primary.crash();
            nodes.standby.promote();
        });
    };
    tokio::join!(under_load, taking_over);

    let expected: BTreeSet<String> =
        (0..3).flat_map(|writer| (0..3 * SOME).map(move |number| format!("c{writer}-{number}"))).collect();
    let list = "{ customers(first: 200) { nodes { name } } }";
    let shown = hub.graphql(Some(&owner), list, json!({})).await.data();
    let shown: Vec<String> = shown["customers"]["nodes"]
        .as_array()
        .expect("customers")
        .iter()
        .map(|customer| customer["name"].as_str().expect("a name").to_owned())
        .collect();
    assert_eq!(shown.len(), expected.len());
    assert_eq!(shown.into_iter().collect::<BTreeSet<_>>(), expected);
    assert_eq!(crate::two_hubs::count(&hub, &owner, "CustomerCreated").await, expected.len(), "each once");
    wait::until("a hub that is ready", LIMIT, async || {
        let answer = reqwest::get(hub.url("/readyz")).await.map_err(|error| error.to_string())?;
        if answer.status() == 200 { Ok(()) } else { Err(answer.text().await.unwrap_or_default()) }
    })
    .await;
}
