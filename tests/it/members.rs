//! People, robots, sessions and tokens.

use std::time::Duration;

use distr_tests::hub::{HubProcess, OWNER, PASSWORD};
use distr_tests::psql::Psql;
use distr_tests::wait;
use futures_util::future::join_all;
use serde_json::json;

const VIEWER: &str = "{ viewer { role email } }";

#[tokio::test]
async fn a_session_opens_and_ends() {
    let hub = HubProcess::start().await;
    let session = hub.sign_in("acme").await;
    let viewer = hub.graphql(Some(&session), VIEWER, json!({})).await.data();
    assert_eq!(viewer["viewer"], json!({ "role": "OWNER", "email": OWNER }));

    hub.graphql(Some(&session), "mutation { sessionEnd { changed } }", json!({})).await.data();
    assert_eq!(hub.graphql(Some(&session), VIEWER, json!({})).await.code(), Some("unauthenticated"));
}

#[tokio::test]
async fn every_wrong_sign_in_gets_the_same_answer_and_many_are_throttled() {
    let hub = HubProcess::start().await;
    let query = "mutation ($o: Name!, $e: String!, $p: String!) {
        sessionCreate(organization: $o, email: $e, password: $p) { token }
    }";
    let attempt = |organization: &'static str, email: &'static str, password: &'static str| {
        let variables = json!({ "o": organization, "e": email, "p": password });
        hub.graphql(None, query, variables)
    };
    let wrong_password = attempt("acme", OWNER, "not the password").await;
    let nobody = attempt("acme", "nobody@example.com", PASSWORD).await;
    let elsewhere = attempt("globex", OWNER, PASSWORD).await;
    assert_eq!(wrong_password.code(), Some("forbidden"));
    for other in [nobody, elsewhere] {
        assert_eq!((other.code(), other.message()), (wrong_password.code(), wrong_password.message()));
    }
    // at once: each wait is over some day, and a busy machine may take that long from one to the next
    let many = join_all((0..24).map(|_| attempt("acme", OWNER, "not the password"))).await;
    let throttled = many.iter().filter(|answer| answer.code() == Some("too_many_requests")).count();
    assert!(throttled > 0, "{:?}", many.iter().map(|answer| answer.code()).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_token_does_what_its_scopes_say_until_it_is_revoked() {
    let hub = HubProcess::start().await;
    let session = hub.sign_in("acme").await;
    let issue = "mutation { tokenIssue(label: \"ci\", scopes: [READ]) { secret token { id scopes } } }";
    let issued = hub.graphql(Some(&session), issue, json!({})).await.data()["tokenIssue"].clone();
    let secret = issued["secret"].as_str().expect("the secret is shown once");

    assert_eq!(hub.graphql(Some(secret), VIEWER, json!({})).await.data()["viewer"]["role"], "OWNER");
    let create = "mutation { customerCreate(name: \"globex\") { changed } }";
    assert_eq!(hub.graphql(Some(secret), create, json!({})).await.code(), Some("forbidden"));
    let more = "mutation { tokenIssue(label: \"more\", scopes: [WRITE]) { secret } }";
    assert_eq!(hub.graphql(Some(secret), more, json!({})).await.code(), Some("forbidden"));

    let revoke = "mutation ($id: ID!) { tokenRevoke(id: $id) { changed } }";
    hub.graphql(Some(&session), revoke, json!({ "id": issued["token"]["id"] })).await.data();
    assert_eq!(hub.graphql(Some(secret), VIEWER, json!({})).await.code(), Some("unauthenticated"));
}

#[tokio::test]
async fn a_member_that_is_removed_is_out_at_once_and_forgotten() {
    let hub = HubProcess::start().await;
    let owner = hub.sign_in("acme").await;
    let add = "mutation {
        memberAdd(email: \"pat@example.com\", name: \"Pat\", password: \"a long password\", role: PUBLISHER) {
            member { id name email role }
        }
    }";
    let member = hub.graphql(Some(&owner), add, json!({})).await.data()["memberAdd"]["member"].clone();
    assert_eq!(member["email"], "pat@example.com");
    assert_eq!(hub.graphql(Some(&owner), add, json!({})).await.code(), Some("member.email_taken"));

    let sign_in = "mutation {
        sessionCreate(organization: \"acme\", email: \"pat@example.com\", password: \"a long password\") { token }
    }";
    let session = hub.graphql(None, sign_in, json!({})).await.data()["sessionCreate"]["token"].clone();
    let session = session.as_str().expect("a token");
    assert_eq!(hub.graphql(Some(session), VIEWER, json!({})).await.data()["viewer"]["role"], "PUBLISHER");

    let remove = "mutation ($id: ID!) { memberRemove(id: $id) { member { name email } } }";
    let removed = hub.graphql(Some(&owner), remove, json!({ "id": member["id"] })).await.data();
    assert_eq!(removed["memberRemove"]["member"], json!({ "name": null, "email": null }));
    assert_eq!(hub.graphql(Some(session), VIEWER, json!({})).await.code(), Some("unauthenticated"));
}

/// The hub is killed between the person, whose address is unique, and the fact that the person is a member.
#[tokio::test]
async fn an_address_is_free_again_when_its_addition_was_cut_off() {
    let folder = tempfile::tempdir().expect("a temporary directory can be made");
    let file = folder.path().join("paused");
    let path = file.to_str().expect("a path in UTF-8");
    // the first addition is the owner's, at the first start
    let mut hub = HubProcess::start().await;
    let session = hub.sign_in("acme").await;
    hub.stop().await;
    hub.set("DISTR_HUB_PAUSE_AT", "member.person");
    hub.set("DISTR_HUB_PAUSE_FILE", path);
    hub.run("acme").await;
    let add = "mutation { memberAdd(email: \"ann@example.com\", name: \"Ann\", password: \"correct horse battery\",
        role: AUDITOR) { member { email } } }";
    {
        let adding = std::pin::pin!(hub.graphql(Some(&session), add, json!({})));
        let paused = wait::until("the hub to pause", Duration::from_secs(60), async || match file.exists() {
            true => Ok(()),
            false => Err("it has not come there".to_owned()),
        });
        tokio::select! {
            answer = adding => panic!("{answer:?}"),
            () = paused => {}
        }
    }
    hub.kill();
    hub.run("acme").await;
    // for a while, somebody may still be at it
    let taken = hub.graphql(Some(&session), add, json!({})).await;
    assert_eq!(taken.code(), Some("member.email_taken"), "{taken:?}");
    let aged = Psql::of(&hub).run("UPDATE ops.person SET created_at = created_at - interval '1 hour'");
    assert!(aged.status.success(), "{aged:?}");
    let added = hub.graphql(Some(&session), add, json!({})).await.data();
    assert_eq!(added["memberAdd"]["member"]["email"], "ann@example.com");
    let taken = hub.graphql(Some(&session), add, json!({})).await;
    assert_eq!(taken.code(), Some("member.email_taken"), "{taken:?}");
}

/// The same, when it is the first owner that is added.
#[tokio::test]
async fn a_first_start_that_was_cut_off_is_gone_on_with() {
    let folder = tempfile::tempdir().expect("a temporary directory can be made");
    let file = folder.path().join("paused");
    let path = file.to_str().expect("a path in UTF-8").to_owned();
    let environment = [("DISTR_HUB_PAUSE_AT", "member.person"), ("DISTR_HUB_PAUSE_FILE", path.as_str())];
    let mut hub = HubProcess::begin(&environment);
    wait::until("the hub to pause", Duration::from_secs(60), async || match file.exists() {
        true => Ok(()),
        false => Err(hub.log()),
    })
    .await;
    hub.kill();
    hub.run("acme").await;
    let session = hub.sign_in("acme").await;
    let viewer = hub.graphql(Some(&session), VIEWER, json!({})).await.data();
    assert_eq!(viewer["viewer"]["role"], "OWNER");
}
