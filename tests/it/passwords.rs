//! Passwords that change while somebody uses the one before, and changes that were cut off between the fact and its effect: who
//! is out stays out, and whoever repeats the change gets what it asked for.

use std::path::PathBuf;
use std::time::Duration;

use distr_tests::hub::{Answer, HubProcess};
use distr_tests::psql::Psql;
use distr_tests::wait;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::observation::until_there;

const VIEWER: &str = "{ viewer { memberId } }";
const FIRST: &str = "the first password";
const SECOND: &str = "the second password";
const THIRD: &str = "the third password";

/// A hub with an owner and a member, which stops at a step when somebody comes there.
struct Stopping {
    hub: HubProcess,
    owner: String,
    pat: String,
    member: String,
    file: PathBuf,
    _folder: TempDir,
}

impl Stopping {
    async fn at(step: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary directory can be made");
        let file = folder.path().join("paused");
        let mut hub = HubProcess::start().await;
        let owner = hub.sign_in("acme").await;
        let pat = hub.join(&owner, "pat@example.com", "role: AUDITOR", FIRST).await;
        let viewer = hub.graphql(Some(&pat), VIEWER, json!({})).await.data();
        let member = viewer["viewer"]["memberId"].as_str().expect("an id").to_owned();
        hub.stop().await;
        hub.set("DISTR_HUB_PAUSE_AT", step);
        hub.set("DISTR_HUB_PAUSE_FILE", file.to_str().expect("a path in UTF-8"));
        hub.run("acme").await;
        Self { hub, owner, pat, member, file, _folder: folder }
    }

    async fn sign_in(&self, password: &str) -> Answer {
        let query = "mutation ($p: String!) {
            sessionCreate(organization: \"acme\", email: \"pat@example.com\", password: $p) { token }
        }";
        self.hub.graphql(None, query, json!({ "p": password })).await
    }

    async fn change(&self, from: &str, to: &str) -> Answer {
        let query = "mutation ($f: String!, $t: String!) { passwordChange(current: $f, new: $t) { changed } }";
        self.hub.graphql(Some(&self.pat), query, json!({ "f": from, "t": to })).await
    }

    async fn offer_reset(&self) -> Answer {
        let query = "mutation ($m: ID!) { memberResetPassword(id: $m) { code } }";
        self.hub.graphql(Some(&self.owner), query, json!({ "m": self.member })).await
    }

    async fn reset(&self, offered: Answer, password: &str) -> Answer {
        let query = "mutation ($c: String!, $p: String!) { passwordReset(code: $c, password: $p) { token } }";
        let code = offered.data()["memberResetPassword"]["code"].clone();
        self.hub.graphql(None, query, json!({ "c": code, "p": password })).await
    }

    async fn lets_pat_in(&self) -> bool {
        self.hub.graphql(Some(&self.pat), VIEWER, json!({})).await.code().is_none()
    }

    /// What the answer is to something that stopped, after `meanwhile`.
    async fn after(&self, stopped: impl Future<Output = Answer>, meanwhile: impl AsyncFnOnce()) -> Answer {
        let others = async {
            until_there(&self.file).await;
            meanwhile().await;
            std::fs::remove_file(&self.file).expect("the file of the pause");
        };
        tokio::join!(stopped, others).0
    }

    /// Kills the hub where it stopped, and starts it again.
    async fn killed_in(&mut self, query: &str, variables: Value) {
        {
            let secret = if query.contains("memberResetPassword") { &self.owner } else { &self.pat };
            let stopped = std::pin::pin!(self.hub.graphql(Some(secret), query, variables));
            tokio::select! {
                answer = stopped => panic!("{answer:?}"),
                () = until_there(&self.file) => {}
            }
        }
        self.hub.kill();
        self.hub.run("acme").await;
    }
}

#[tokio::test]
async fn a_reset_outlives_a_change_that_was_under_way() {
    let at = Stopping::at("password.changed").await;
    let mut offered = None;
    let changed = at.after(at.change(FIRST, SECOND), async || offered = Some(at.offer_reset().await)).await;
    assert_eq!(changed.code(), Some("forbidden"), "{changed:?}");
    for password in [FIRST, SECOND] {
        assert_eq!(at.sign_in(password).await.code(), Some("forbidden"), "{password}");
    }
    assert!(!at.lets_pat_in().await);
    at.reset(offered.expect("an offer"), THIRD).await.data();
    at.sign_in(THIRD).await.data();
}

#[tokio::test]
async fn a_sign_in_that_was_under_way_opens_nothing_with_the_password_before() {
    let at = Stopping::at("sign_in.verified").await;
    let signed_in = at
        .after(at.sign_in(FIRST), async || {
            at.change(FIRST, SECOND).await.data();
        })
        .await;
    assert_eq!(signed_in.code(), Some("forbidden"), "{signed_in:?}");
    let pat = format!("member:{}", at.member);
    wait::until("its record", Duration::from_secs(20), async || match wrong_passwords(&at.hub, &at.owner).await {
        seen if seen == [pat.clone()] => Ok(()),
        other => Err(format!("{other:?}")),
    })
    .await;
    assert!(!outcomes(&at.hub, &at.owner, None).await.contains(&pat), "it came by an invitation");
    assert!(at.lets_pat_in().await, "the session of the change stays");
    at.sign_in(SECOND).await.data();
}

#[tokio::test]
async fn a_reset_that_was_cut_off_lets_nobody_in_and_is_gone_on_with() {
    let mut at = Stopping::at("password.reset_offered").await;
    let query = "mutation ($m: ID!) { memberResetPassword(id: $m) { code } }";
    let member = at.member.clone();
    at.killed_in(query, json!({ "m": member })).await;
    assert!(!at.lets_pat_in().await, "the fact is there");
    assert_eq!(at.sign_in(FIRST).await.code(), Some("forbidden"));
    let offered = at.offer_reset().await;
    at.reset(offered, SECOND).await.data();
    assert_eq!(at.sign_in(FIRST).await.code(), Some("forbidden"));
    assert!(!at.lets_pat_in().await);
    at.sign_in(SECOND).await.data();
}

#[tokio::test]
async fn a_change_that_was_cut_off_is_made_when_it_is_asked_for_again() {
    let mut at = Stopping::at("password.changed").await;
    let query = "mutation ($f: String!, $t: String!) { passwordChange(current: $f, new: $t) { changed } }";
    at.killed_in(query, json!({ "f": FIRST, "t": SECOND })).await;
    at.change(FIRST, SECOND).await.data();
    assert_eq!(at.sign_in(FIRST).await.code(), Some("forbidden"));
    at.sign_in(SECOND).await.data();
}

/// A repeated request is answered as the first one was, and costs no guess.
#[tokio::test]
async fn a_change_that_is_sent_again_changes_nothing_and_is_no_guess() {
    let hub = HubProcess::start().await;
    let owner = hub.sign_in("acme").await;
    let pat = hub.join(&owner, "pat@example.com", "role: AUDITOR", FIRST).await;
    let query = "mutation ($f: String!, $t: String!) { passwordChange(current: $f, new: $t) { changed } }";
    let change = async |key: &str, from: &str| {
        let request = reqwest::Client::new().post(hub.url("/graphql")).bearer_auth(&pat).header("Idempotency-Key", key);
        let body = json!({ "query": query, "variables": { "f": from, "t": SECOND } });
        request.json(&body).send().await.expect("an answer").json::<Value>().await.expect("JSON")
    };
    assert_eq!(change("k1", FIRST).await["data"]["passwordChange"]["changed"], true);
    for _ in 0..40 {
        let again = change("k1", FIRST).await;
        assert_eq!(again["data"]["passwordChange"]["changed"], false, "{again}");
    }
    let lets_in = hub.graphql(Some(&pat), VIEWER, json!({})).await;
    assert_eq!(lets_in.code(), None, "{lets_in:?}");
    assert!(wrong_passwords(&hub, &owner).await.is_empty());

    // what is neither the current one nor the new one is a guess, which auditors see
    let again = hub.graphql(Some(&pat), query, json!({ "f": FIRST, "t": THIRD })).await;
    assert_eq!(again.code(), Some("forbidden"), "{again:?}");
    let viewer = hub.graphql(Some(&pat), VIEWER, json!({})).await.data();
    let actor = format!("member:{}", viewer["viewer"]["memberId"].as_str().expect("an id"));
    wait::until("the record of the guess", Duration::from_secs(20), async || {
        match wrong_passwords(&hub, &owner).await {
            seen if seen == [actor.clone()] => Ok(()),
            other => Err(format!("{other:?}")),
        }
    })
    .await;
}

/// Whose passwords were guessed at.
async fn wrong_passwords(hub: &HubProcess, owner: &str) -> Vec<String> {
    outcomes(hub, owner, "sign_in.wrong_password").await
}

/// Who signed in, or tried to, with this outcome; none: with success.
async fn outcomes(hub: &HubProcess, owner: &str, code: impl Into<Option<&str>>) -> Vec<String> {
    let code = code.into();
    let query = "{ events(first: 1000, telemetry: [ACCESS]) { events { type data } } }";
    let page = hub.graphql(Some(owner), query, json!({})).await.data();
    let all = page["events"]["events"].as_array().expect("events").clone();
    let tried = all.into_iter().filter(|event| event["data"]["subject"] == "session");
    let of_outcome = tried.filter(|event| event["data"]["outcome"]["code"].as_str() == code);
    of_outcome.map(|event| event["data"]["actor"].as_str().expect("an actor").to_owned()).collect()
}

/// As with people of a time before it was noted, out of a backup.
#[tokio::test]
async fn whose_customers_a_person_is_is_noted_at_each_start() {
    let mut hub = HubProcess::start().await;
    let owner = hub.sign_in("acme").await;
    hub.graphql(Some(&owner), "mutation { customerCreate(name: \"globex\") { changed } }", json!({})).await.data();
    hub.join(&owner, "pat@example.com", "role: CUSTOMER_ADMIN, customer: \"globex\"", FIRST).await;
    let noted = |hub: &HubProcess| Psql::of(hub).ok("SELECT email, customer IS NOT NULL FROM ops.person ORDER BY 1");
    let before = noted(&hub);
    assert!(before.contains('t'), "{before}");
    Psql::of(&hub).ok("UPDATE ops.person SET customer = NULL");
    hub.stop().await;
    hub.run("acme").await;
    assert_eq!(noted(&hub), before);
}
