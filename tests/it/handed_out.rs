//! What a member handed out is void once the member is gone or may hand it out no more; and what a token made can do no more than
//! whoever has that token.

use std::time::Duration;

use distr_tests::hub::{Answer, HubProcess};
use distr_tests::wait;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::two_hubs::post;

const PASSWORD: &str = "a password of some length";

async fn ask(hub: &HubProcess, secret: &str, mutation: &str) -> Answer {
    hub.graphql(Some(secret), &format!("mutation {{ {mutation} }}"), json!({})).await
}

async fn text(hub: &HubProcess, secret: &str, mutation: &str, pointer: &str) -> String {
    let data = ask(hub, secret, mutation).await.data();
    let found = data.pointer(pointer).and_then(Value::as_str);
    found.unwrap_or_else(|| panic!("{pointer} is not in {data}")).to_owned()
}

async fn id(hub: &HubProcess, secret: &str) -> String {
    let data = hub.graphql(Some(secret), "{ viewer { memberId } }", json!({})).await.data();
    data["viewer"]["memberId"].as_str().expect("an id").to_owned()
}

async fn change_role(hub: &HubProcess, owner: &str, member: &str, role: &str) {
    ask(hub, owner, &format!("memberChangeRole(id: \"{member}\", role: {role}) {{ changed }}")).await.data();
}

async fn offer(hub: &HubProcess, secret: &str) -> String {
    let offer = "targetOfferEnrolment(customer: \"globex\", name: \"factory\") { enrolment { token } }";
    text(hub, secret, offer, "/targetOfferEnrolment/enrolment/token").await
}

async fn enrols(hub: &HubProcess, token: &str) -> bool {
    let (status, answer) = post(hub, "/agent/v1/enrol", token, json!({ "agent_version": "1" })).await;
    assert!(status == StatusCode::OK || answer["code"] == "target.enrolment_spent", "{answer}");
    status == StatusCode::OK
}

/// With customer globex and its target factory.
async fn start() -> (HubProcess, String) {
    let hub = HubProcess::start().await;
    let owner = hub.sign_in("acme").await;
    ask(&hub, &owner, "customerCreate(name: \"globex\") { changed }").await.data();
    ask(&hub, &owner, "targetRegister(customer: \"globex\", name: \"factory\") { changed }").await.data();
    (hub, owner)
}

#[tokio::test]
async fn what_was_handed_out_in_a_session_ends_with_the_member() {
    let (hub, owner) = start().await;
    let support = hub.join(&owner, "sam@acme.example", "role: SUPPORT", PASSWORD).await;
    let sam = id(&hub, &support).await;
    let token = offer(&hub, &support).await;
    change_role(&hub, &owner, &sam, "AUDITOR").await;
    assert!(!enrols(&hub, &token).await, "whoever offered it may offer nothing any more");
    change_role(&hub, &owner, &sam, "SUPPORT").await;
    assert!(enrols(&hub, &token).await, "and may do so again");

    let other = hub.join(&owner, "pat@acme.example", "role: OWNER", PASSWORD).await;
    let pat = id(&hub, &other).await;
    let invite = "memberInvite(email: \"new@acme.example\", role: OWNER) { code }";
    let invitation = text(&hub, &other, invite, "/memberInvite/code").await;
    let reset = format!("memberResetPassword(id: \"{sam}\") {{ code }}");
    let reset = text(&hub, &other, &reset, "/memberResetPassword/code").await;
    ask(&hub, &owner, &format!("memberRemove(id: \"{pat}\") {{ changed }}")).await.data();
    let accept = "mutation ($c: String!) { invitationAccept(code: $c, password: \"a password of some length\", name: \"N\") { token } }";
    let accepted = hub.graphql(None, accept, json!({ "c": invitation })).await;
    assert_eq!(accepted.code(), Some("member.code_void"), "{accepted:?}");
    let use_reset =
        "mutation ($c: String!) { passwordReset(code: $c, password: \"a password of some length\") { token } }";
    let used = hub.graphql(None, use_reset, json!({ "c": reset })).await;
    assert_eq!(used.code(), Some("member.code_void"), "{used:?}");
    // another owner's codes are good
    let reset = format!("memberResetPassword(id: \"{sam}\") {{ code }}");
    let reset = text(&hub, &owner, &reset, "/memberResetPassword/code").await;
    hub.graphql(None, use_reset, json!({ "c": reset })).await.data();
}

/// Between the look at whoever handed it out and the fact, that right ends.
#[tokio::test]
async fn what_was_handed_out_is_asked_about_once_more_before_its_use_becomes_a_fact() {
    let folder = tempfile::tempdir().expect("a temporary directory can be made");
    let file = folder.path().join("paused");
    let path = file.to_str().expect("a path in UTF-8");
    let pause = [("DISTR_HUB_PAUSE_AT", "handed_out.looked_at"), ("DISTR_HUB_PAUSE_FILE", path)];
    let hub = HubProcess::start_with(&pause).await;
    let owner = hub.sign_in("acme").await;
    ask(&hub, &owner, "customerCreate(name: \"globex\") { changed }").await.data();
    ask(&hub, &owner, "targetRegister(customer: \"globex\", name: \"factory\") { changed }").await.data();
    let issue = "tokenIssue(label: \"t\", scopes: [READ, WRITE, ADMIN]) { secret token { id } }";
    let issued = ask(&hub, &owner, issue).await.data();
    let [secret, id] = ["/tokenIssue/secret", "/tokenIssue/token/id"]
        .map(|at| issued.pointer(at).and_then(Value::as_str).expect("a text").to_owned());
    let offered = offer(&hub, &secret).await;
    let revoking = async {
        wait::until("the use to wait", Duration::from_secs(60), async || match file.exists() {
            true => Ok(()),
            false => Err("no file".to_owned()),
        })
        .await;
        ask(&hub, &owner, &format!("tokenRevoke(id: \"{id}\") {{ changed }}")).await.data();
        // longer than an answer about the right is good for
        tokio::time::sleep(Duration::from_millis(200)).await;
        std::fs::remove_file(&file).expect("own file");
    };
    let (enrolled, ()) = tokio::join!(enrols(&hub, &offered), revoking);
    assert!(!enrolled);
    let events = hub.graphql(Some(&owner), "{ events(first: 500) { events { type } } }", json!({})).await.data();
    assert!(!events.to_string().contains("TargetEnrolled"), "{events}");
}

#[tokio::test]
async fn a_token_that_a_token_made_can_do_no_more_than_whoever_has_that() {
    let (hub, owner) = start().await;
    let other = hub.join(&owner, "pat@acme.example", "role: OWNER", PASSWORD).await;
    let pat = id(&hub, &other).await;
    let issue = "tokenIssue(label: \"t\", scopes: [READ, WRITE, ADMIN, PULL, PUSH]) { secret }";
    let token = text(&hub, &other, issue, "/tokenIssue/secret").await;
    let robot = "robotAdd(name: \"r\", role: SUPPORT) { member { id } }";
    let robot = text(&hub, &token, robot, "/robotAdd/member/id").await;
    let issue =
        format!("tokenIssue(label: \"c\", scopes: [READ, WRITE, ADMIN, PULL], member: \"{robot}\") {{ secret }}");
    let made = text(&hub, &token, &issue, "/tokenIssue/secret").await;
    let offered = offer(&hub, &made).await;

    let catalog = async || {
        let pulls = reqwest::Client::new()
            .get(hub.url(&format!("/token?service={}&scope=repository:acme/web:pull", hub.registry())));
        let answer = pulls.basic_auth("t", Some(&made)).send().await.expect("an answer");
        let answer: Value = answer.json().await.expect("JSON");
        let token = answer["token"].as_str().expect("a token").to_owned();
        let tags = reqwest::Client::new().get(hub.url("/v2/acme/web/tags/list")).bearer_auth(token);
        tags.send().await.expect("an answer").status()
    };
    assert_eq!(catalog().await, StatusCode::NOT_FOUND, "it may pull what is not there");
    change_role(&hub, &owner, &pat, "AUDITOR").await;
    let refused = ask(&hub, &made, "targetOfferEnrolment(customer: \"globex\", name: \"factory\") { changed }").await;
    assert_eq!(refused.code(), Some("forbidden"), "{refused:?}");
    assert!(refused.message().contains("whoever made your token"), "{}", refused.message());
    assert!(!enrols(&hub, &offered).await);
    assert_ne!(catalog().await, StatusCode::NOT_FOUND, "an auditor pulls nothing");
    let read = hub.graphql(Some(&made), "{ targets { nodes { name } } }", json!({})).await.data();
    assert_eq!(read["targets"]["nodes"][0]["name"], "factory", "an auditor sees targets");
}
