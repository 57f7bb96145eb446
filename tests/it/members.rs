//! People, robots, sessions and tokens.

use std::time::Duration;

use distr_tests::hub::{Answer, HubProcess, OWNER, PASSWORD};
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

const LONG: &str = "a long password";

async fn sign_in(hub: &HubProcess, email: &str, password: &str) -> Answer {
    let query = "mutation ($e: String!, $p: String!) {
        sessionCreate(organization: \"acme\", email: $e, password: $p) { token }
    }";
    hub.graphql(None, query, json!({ "e": email, "p": password })).await
}

async fn change(hub: &HubProcess, secret: &str, mutation: &str) -> Answer {
    hub.graphql(Some(secret), &format!("mutation {{ {mutation} }}"), json!({})).await
}

async fn viewer(hub: &HubProcess, secret: &str) -> String {
    let data = hub.graphql(Some(secret), "{ viewer { memberId } }", json!({})).await.data();
    data["viewer"]["memberId"].as_str().expect("an id").to_owned()
}

#[tokio::test]
async fn a_member_that_is_removed_is_out_at_once_and_forgotten() {
    let hub = HubProcess::start().await;
    let owner = hub.sign_in("acme").await;
    let session = hub.join(&owner, "pat@example.com", "role: PUBLISHER", LONG).await;
    assert_eq!(hub.graphql(Some(&session), VIEWER, json!({})).await.data()["viewer"]["role"], "PUBLISHER");
    let again = change(&hub, &owner, "memberInvite(email: \"Pat@example.com\", role: AUDITOR) { code }").await;
    assert_eq!(again.code(), Some("member.email_taken"));
    let id = viewer(&hub, &session).await;
    let removed =
        change(&hub, &owner, &format!("memberRemove(id: \"{id}\") {{ member {{ name email }} }}")).await.data();
    assert_eq!(removed["memberRemove"]["member"], json!({ "name": null, "email": null }));
    assert_eq!(hub.graphql(Some(&session), VIEWER, json!({})).await.code(), Some("unauthenticated"));
}

#[tokio::test]
async fn an_invitation_is_accepted_once_by_whoever_has_the_newest_code() {
    let hub = HubProcess::start().await;
    let owner = hub.sign_in("acme").await;
    let invite = "memberInvite(email: \"pat@example.com\", role: AUDITOR) { code member { id signIn name } }";
    let invited = change(&hub, &owner, invite).await.data()["memberInvite"].clone();
    let id = invited["member"]["id"].as_str().expect("an id");
    assert_eq!(invited["member"], json!({ "id": id, "signIn": "INVITED", "name": null }));
    let renewed = change(&hub, &owner, &format!("memberInviteAgain(id: \"{id}\") {{ code }}")).await.data();
    let accept = async |code: &serde_json::Value, password: &str| {
        let query =
            "mutation ($c: String!, $p: String!) { invitationAccept(code: $c, password: $p, name: \"Pat\") { token } }";
        hub.graphql(None, query, json!({ "c": code, "p": password })).await
    };
    let (first, newest) = (&invited["code"], &renewed["memberInviteAgain"]["code"]);
    assert_eq!(accept(first, LONG).await.code(), Some("member.code_void"), "a newer one took its place");
    assert_eq!(accept(newest, "short").await.code(), Some("bad_input"), "which uses nothing up");
    assert_eq!(sign_in(&hub, "pat@example.com", "*").await.code(), Some("forbidden"));
    let session = accept(newest, LONG).await.data()["invitationAccept"]["token"].clone();
    assert_eq!(accept(newest, "another password").await.code(), Some("member.code_void"));
    sign_in(&hub, "pat@example.com", LONG).await.data();
    let query = format!("{{ member(id: \"{id}\") {{ name signIn codeExpiresAt }} }}");
    let member = hub.graphql(session.as_str(), &query, json!({})).await;
    assert_eq!(member.data()["member"], json!({ "name": "Pat", "signIn": "PASSWORD", "codeExpiresAt": null }));
    let log = hub
        .graphql(Some(&owner), "{ events(first: 1000) { events { type data } } }", json!({}))
        .await
        .data()
        .to_string();
    assert!(log.contains("MemberInvited") && log.contains("InvitationAccepted"));
    assert!(!log.contains("pat@example.com") && !log.contains("Pat\""), "{log}");
    // taken back
    let invite = "memberInvite(email: \"bob@example.com\", role: AUDITOR) { code member { id } }";
    let invited = change(&hub, &owner, invite).await.data()["memberInvite"].clone();
    change(&hub, &owner, &format!("memberRemove(id: {}) {{ changed }}", invited["member"]["id"])).await.data();
    assert_eq!(accept(&invited["code"], LONG).await.code(), Some("member.code_void"));
}

/// Of those who use a code at the same time one is let in, and none only sets the password.
#[tokio::test]
async fn a_code_that_is_used_several_times_at_once_lets_one_in() {
    let hub = HubProcess::start_with(&[("DISTR_RATE_LIMIT", "1000")]).await;
    let owner = hub.sign_in("acme").await;
    for round in 0..20 {
        let invite = format!("memberInvite(email: \"p{round}@example.com\", role: AUDITOR) {{ code }}");
        let code = change(&hub, &owner, &invite).await.data()["memberInvite"]["code"].clone();
        let query =
            "mutation ($c: String!, $p: String!) { invitationAccept(code: $c, password: $p, name: \"P\") { token } }";
        let accept = |n: usize| hub.graphql(None, query, json!({ "c": code, "p": format!("{LONG} {n}") }));
        let answers = join_all((0..6).map(accept)).await;
        let refused = answers.iter().filter(|answer| answer.code() == Some("member.code_void")).count();
        let let_in = answers.iter().position(|answer| answer.code().is_none());
        assert_eq!((refused, let_in.is_some()), (5, true), "round {round}");
        let password = format!("{LONG} {}", let_in.unwrap_or_default());
        sign_in(&hub, &format!("p{round}@example.com"), &password).await.data();
    }
}

#[tokio::test]
async fn no_token_makes_a_person_or_a_password_or_an_owner() {
    let hub = HubProcess::start().await;
    let owner = hub.sign_in("acme").await;
    let session = hub.join(&owner, "pat@example.com", "role: AUDITOR", LONG).await;
    let id = viewer(&hub, &session).await;
    let issue = "tokenIssue(label: \"t\", scopes: [READ, WRITE, PULL, PUSH, DELETE, ADMIN]) { secret }";
    let token = change(&hub, &owner, issue).await.data()["tokenIssue"]["secret"].as_str().expect("a secret").to_owned();
    let second = hub.join(&owner, "second@example.com", "role: OWNER", LONG).await;
    let second = viewer(&hub, &second).await;
    change(&hub, &owner, "customerCreate(name: \"globex\") { changed }").await.data();
    let robot = change(&hub, &token, "robotAdd(name: \"r\", role: AUDITOR) { member { id } }").await.data();
    let robot = robot["robotAdd"]["member"]["id"].as_str().expect("an id").to_owned();
    for mutation in [
        "memberInvite(email: \"x@example.com\", role: OWNER) { code }".to_owned(),
        format!("memberInviteAgain(id: \"{id}\") {{ code }}"),
        format!("memberResetPassword(id: \"{id}\") {{ code }}"),
        format!("memberChangeRole(id: \"{id}\", role: OWNER) {{ changed }}"),
        format!("memberChangeRole(id: \"{robot}\", role: OWNER) {{ changed }}"),
        format!("memberChangeRole(id: \"{second}\", role: AUDITOR) {{ changed }}"),
        format!("memberRemove(id: \"{second}\") {{ changed }}"),
        format!("memberEndSessions(id: \"{second}\") {{ changed }}"),
        "robotAdd(name: \"r\", role: OWNER) { changed }".to_owned(),
        "robotAdd(name: \"r\", role: CUSTOMER_ADMIN, customer: \"globex\") { changed }".to_owned(),
        "passwordChange(current: \"correct horse battery\", new: \"another long one\") { changed }".to_owned(),
    ] {
        assert_eq!(change(&hub, &token, &mutation).await.code(), Some("forbidden"), "{mutation}");
    }
}

#[tokio::test]
async fn a_password_is_changed_and_reset_by_its_person_alone_and_ends_the_other_sessions() {
    let hub = HubProcess::start().await;
    let owner = hub.sign_in("acme").await;
    let first = hub.join(&owner, "pat@example.com", "role: AUDITOR", LONG).await;
    let token = async |answer: Answer| answer.data()["sessionCreate"]["token"].as_str().expect("a session").to_owned();
    let second = token(sign_in(&hub, "pat@example.com", LONG).await).await;
    let lets_in = async |secret: &str| hub.graphql(Some(secret), VIEWER, json!({})).await.code().is_none();
    let wrong =
        change(&hub, &second, "passwordChange(current: \"not this one\", new: \"another long one\") { changed }").await;
    assert_eq!(wrong.code(), Some("forbidden"));
    change(&hub, &second, &format!("passwordChange(current: \"{LONG}\", new: \"another long one\") {{ changed }}"))
        .await
        .data();
    assert!(lets_in(&second).await && !lets_in(&first).await);
    assert_eq!(sign_in(&hub, "pat@example.com", LONG).await.code(), Some("forbidden"));
    let third = token(sign_in(&hub, "pat@example.com", "another long one").await).await;

    let id = viewer(&hub, &third).await;
    let reset = change(&hub, &owner, &format!("memberResetPassword(id: \"{id}\") {{ code }}")).await.data();
    assert!(!lets_in(&second).await && !lets_in(&third).await);
    assert_eq!(sign_in(&hub, "pat@example.com", "another long one").await.code(), Some("forbidden"));
    let query = "mutation ($c: String!) { passwordReset(code: $c, password: \"a third long one\") { token } }";
    let code = json!({ "c": reset["memberResetPassword"]["code"] });
    hub.graphql(None, query, code.clone()).await.data();
    assert_eq!(hub.graphql(None, query, code).await.code(), Some("member.code_void"));
    sign_in(&hub, "pat@example.com", "a third long one").await.data();
}

#[tokio::test]
async fn a_person_sees_and_ends_its_sessions_and_an_owner_those_of_members() {
    let hub = HubProcess::start().await;
    let owner = hub.sign_in("acme").await;
    let first = hub.join(&owner, "pat@example.com", "role: AUDITOR", LONG).await;
    let second = sign_in(&hub, "pat@example.com", LONG).await.data()["sessionCreate"]["token"]
        .as_str()
        .expect("a session")
        .to_owned();
    let query = "{ sessions { id current createdFrom lastUsedFrom } }";
    let sessions = hub.graphql(Some(&second), query, json!({})).await.data()["sessions"].clone();
    let sessions = sessions.as_array().expect("sessions");
    assert_eq!(sessions.iter().map(|session| session["current"] == true).collect::<Vec<_>>(), [false, true]);
    assert_eq!(sessions[1]["createdFrom"], "127.0.0.0/24");
    let lets_in = async |secret: &str| hub.graphql(Some(secret), VIEWER, json!({})).await.code().is_none();
    let end = format!("sessionEnd(id: {}) {{ changed }}", sessions[0]["id"]);
    assert_eq!(change(&hub, &owner, &end).await.code(), Some("not_found"), "another person's");
    change(&hub, &second, &end).await.data();
    assert!(!lets_in(&first).await && lets_in(&second).await);
    let third = sign_in(&hub, "pat@example.com", LONG).await.data()["sessionCreate"]["token"]
        .as_str()
        .expect("a session")
        .to_owned();
    change(&hub, &third, "sessionEndOthers { changed }").await.data();
    assert!(!lets_in(&second).await && lets_in(&third).await);
    let id = viewer(&hub, &third).await;
    change(&hub, &owner, &format!("memberEndSessions(id: \"{id}\") {{ changed }}")).await.data();
    assert!(!lets_in(&third).await && lets_in(&owner).await);
}

#[tokio::test]
async fn the_last_owner_stays_also_when_two_go_at_once() {
    let hub = HubProcess::start().await;
    let owner = hub.sign_in("acme").await;
    let first = viewer(&hub, &owner).await;
    let demote = |id: &str| format!("memberChangeRole(id: \"{id}\", role: AUDITOR) {{ changed }}");
    assert_eq!(change(&hub, &owner, &demote(&first)).await.code(), Some("organization.last_owner"));
    // an invitation and a robot keep nobody in
    change(&hub, &owner, "memberInvite(email: \"x@example.com\", role: OWNER) { code }").await.data();
    change(&hub, &owner, "robotAdd(name: \"r\", role: OWNER) { changed }").await.data();
    assert_eq!(change(&hub, &owner, &demote(&first)).await.code(), Some("organization.last_owner"));
    let other = hub.join(&owner, "pat@example.com", "role: OWNER", LONG).await;
    let second = viewer(&hub, &other).await;
    let (mutual, own) = (demote(&second), demote(&first));
    let answers = futures_util::future::join(change(&hub, &owner, &mutual), change(&hub, &other, &own)).await;
    let codes = [answers.0.code().map(str::to_owned), answers.1.code().map(str::to_owned)];
    let gone = codes.iter().filter(|code| code.is_none()).count();
    assert_eq!(gone, 1, "{codes:?}");
    let roles =
        hub.graphql(Some(&owner), "{ members { nodes { kind role signIn } } }", json!({})).await.data().to_string();
    assert!(roles.contains("{\"kind\":\"PERSON\",\"role\":\"OWNER\",\"signIn\":\"PASSWORD\"}"), "{roles}");
}

/// Two customers and the vendor know one address, and nothing of each other.
#[tokio::test]
async fn an_address_of_somebody_else_is_neither_told_nor_blocked() {
    let hub = HubProcess::start().await;
    let owner = hub.sign_in("acme").await;
    for customer in ["globex", "initech"] {
        change(&hub, &owner, &format!("customerCreate(name: \"{customer}\") {{ changed }}")).await.data();
    }
    let admin = |customer: &str| format!("role: CUSTOMER_ADMIN, customer: \"{customer}\"");
    let globex = hub.join(&owner, "admin@example.com", &admin("globex"), LONG).await;
    let initech = hub.join(&owner, "admin@example.com", &admin("initech"), "another long one").await;
    // of the vendor, of another customer, and of nobody
    let mut answers = vec![];
    for email in [OWNER, "pat@initech.example", "nobody@example.net"] {
        if email.starts_with("pat") {
            hub.join(&initech, email, "role: CUSTOMER_VIEWER", "a third long one").await;
        }
        hub.join(&globex, email, "role: CUSTOMER_VIEWER", "of globex alone").await;
        answers.push(
            change(&hub, &globex, &format!("memberInvite(email: \"{email}\", role: CUSTOMER_VIEWER) {{ code }}")).await,
        );
    }
    assert!(answers.iter().all(|answer| answer.code() == Some("member.email_taken")), "its own are told: {answers:?}");
    // each password opens its own membership
    let role = async |email: &str, password: &str| {
        let session = sign_in(&hub, email, password).await.data()["sessionCreate"]["token"].clone();
        let query = "{ viewer { role customer { name } } }";
        let viewer = hub.graphql(session.as_str(), query, json!({})).await.data()["viewer"].clone();
        (viewer["role"].as_str().expect("a role").to_owned(), viewer["customer"]["name"].clone())
    };
    assert_eq!(role(OWNER, PASSWORD).await, ("OWNER".to_owned(), json!(null)));
    assert_eq!(role(OWNER, "of globex alone").await, ("CUSTOMER_VIEWER".to_owned(), json!("globex")));
    assert_eq!(role("admin@example.com", LONG).await, ("CUSTOMER_ADMIN".to_owned(), json!("globex")));
    assert_eq!(role("admin@example.com", "another long one").await, ("CUSTOMER_ADMIN".to_owned(), json!("initech")));
    // one password for both: the customer decides
    let query = "mutation ($c: Name) { sessionCreate(organization: \"acme\", customer: $c, email: \"admin@example.com\", password: \"a long password\") { token } }";
    change(&hub, &initech, &format!("passwordChange(current: \"another long one\", new: \"{LONG}\") {{ changed }}"))
        .await
        .data();
    assert_eq!(hub.graphql(None, query, json!({})).await.code(), Some("session.several_memberships"));
    hub.graphql(None, query, json!({ "c": "initech" })).await.data();
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
    let add = "mutation { memberInvite(email: \"ann@example.com\", role: AUDITOR) { member { email } } }";
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
    assert_eq!(added["memberInvite"]["member"]["email"], "ann@example.com");
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

/// Whoever has a token and changes a role at the moment when somebody makes the member an owner.
#[tokio::test]
async fn a_token_does_not_unmake_an_owner_by_being_quick() {
    let hub = HubProcess::start_with(&[("DISTR_RATE_LIMIT", "1000")]).await;
    let owner = hub.sign_in("acme").await;
    let issue = "tokenIssue(label: \"t\", scopes: [READ, WRITE, ADMIN]) { secret }";
    let token = change(&hub, &owner, issue).await.data()["tokenIssue"]["secret"].as_str().expect("a secret").to_owned();
    for round in 0..20 {
        let added = change(&hub, &owner, "robotAdd(name: \"r\", role: AUDITOR) { member { id } }").await.data();
        let id = added["robotAdd"]["member"]["id"].as_str().expect("an id").to_owned();
        let promote = format!("memberChangeRole(id: \"{id}\", role: OWNER) {{ changed }}");
        let against = match round % 2 {
            0 => format!("memberChangeRole(id: \"{id}\", role: SUPPORT) {{ changed }}"),
            _ => format!("memberRemove(id: \"{id}\") {{ changed }}"),
        };
        let late = async {
            tokio::time::sleep(Duration::from_millis(round / 2)).await;
            change(&hub, &token, &against).await
        };
        let (made, unmade) = futures_util::future::join(change(&hub, &owner, &promote), late).await;
        if made.code().is_none() {
            let member = hub.graphql(Some(&owner), &format!("{{ member(id: \"{id}\") {{ role }} }}"), json!({})).await;
            assert_eq!(member.data()["member"]["role"], "OWNER", "round {round}: {:?}", unmade.code());
        }
    }
}

/// The answer to a request that is repeated says what it led to, and brings nothing back.
#[tokio::test]
async fn a_robot_that_was_removed_is_not_added_again_by_the_same_request() {
    let hub = HubProcess::start().await;
    let owner = hub.sign_in("acme").await;
    let add = json!({ "query": "mutation { robotAdd(name: \"ghost\", role: AUDITOR) { member { id name } } }" });
    let ask = async || {
        let request = reqwest::Client::new().post(hub.url("/graphql")).bearer_auth(&owner);
        let answer = request.header("Idempotency-Key", "the-same-key-of-this-request").json(&add).send().await;
        answer.expect("the hub answers").json::<serde_json::Value>().await.expect("JSON")
    };
    let added = ask().await["data"]["robotAdd"]["member"].clone();
    let id = added["id"].as_str().expect("an id");
    change(&hub, &owner, &format!("memberRemove(id: \"{id}\") {{ changed }}")).await.data();
    assert_eq!(ask().await["data"]["robotAdd"]["member"], json!({ "id": id, "name": null }));
    let issue = format!("tokenIssue(label: \"t\", scopes: [READ], member: \"{id}\") {{ secret }}");
    assert_eq!(change(&hub, &owner, &issue).await.code(), Some("not_found"));
}
