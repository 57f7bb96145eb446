//! The read models are disposable: made anew from the log, they say the same.

use std::collections::BTreeMap;

use distr_tests::hub::HubProcess;
use serde_json::{Value, json};

const EVERYTHING: &str = "{
    customers { nodes { id name displayName createdAt } }
    applications { nodes { id name channels { name current versions } } }
    licenses { nodes { id status reason seats versions customer { name } } }
    targets { nodes { id name state lastHeartbeatAt agentVersion enrolledAt } }
    members { nodes { id role kind tokens { label revokedAt } } }
    licenseAudit { nodes { position kind actor reason detail } }
}";

async fn shown(hub: &HubProcess) -> Value {
    let owner = hub.sign_in("acme").await;
    let mut data = hub.graphql(Some(&owner), EVERYTHING, json!({})).await.data();
    // goes with the clock
    for target in data["targets"]["nodes"].as_array_mut().expect("nodes") {
        target["state"] = Value::Null;
    }
    data
}

#[tokio::test]
async fn rebuilt_read_models_say_the_same() {
    let mut hub = HubProcess::start().await;
    let owner = hub.sign_in("acme").await;
    let mutations = [
        "customerCreate(name: \"globex\") { changed }",
        "customerRename(name: \"globex\", displayName: \"Globex Corp.\") { changed }",
        "applicationCreate(name: \"hello\") { changed }",
        "channelCreate(application: \"hello\", name: \"stable\") { changed }",
        "licenseIssue(customer: \"globex\", application: \"hello\", name: \"l\", terms: { seats: 3 }) { changed }",
        "licenseSuspend(customer: \"globex\", name: \"l\", reason: \"unpaid\") { changed }",
        "robotAdd(name: \"ci\", role: PUBLISHER) { changed }",
        "tokenIssue(label: \"t\", scopes: [READ]) { changed }",
    ];
    for mutation in mutations {
        hub.graphql(Some(&owner), &format!("mutation {{ {mutation} }}"), json!({})).await.data();
    }
    let before = shown(&hub).await;
    hub.stop().await;

    let output = hub.command(&["rebuild"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    let groups: BTreeMap<_, _> = printed.lines().filter_map(|line| line.split_once(": ")).collect();
    assert_eq!(groups.get("core"), Some(&"10 entries"), "{printed}");

    hub.run("acme").await;
    assert_eq!(shown(&hub).await, before);
}
