//! Two organizations. In the first, two customers with an application each; in the second, one of everything. Whoever is in
//! one of the three corners must learn nothing of the other two.

use std::collections::BTreeMap;
use std::time::Duration;

use distr_tests::hub::HubProcess;
use distr_tests::wait;
use serde_json::{Value, json};

use super::arguments::Thing;
use super::registry::{CLIENT, push};
use super::statements;

pub(super) struct World {
    pub(super) hub: HubProcess,
    pub(super) globex: Corner,
    pub(super) initech: Corner,
    /// of the other organization
    pub(super) wayne: Corner,
}

/// What there is of one customer, and who is there.
pub(super) struct Corner {
    pub(super) organization: &'static str,
    pub(super) things: BTreeMap<Thing, String>,
    /// words that are in what is read of it, and nowhere else
    pub(super) marks: Vec<String>,
    /// by what they are called: `CUSTOMER_ADMIN`, `OWNER`, `OWNER read`
    pub(super) askers: Vec<(String, String)>,
    /// the credential of the target's agent, which the registry lets in
    pub(super) agent: String,
}

const CUSTOMER_ROLES: [&str; 2] = ["CUSTOMER_ADMIN", "CUSTOMER_VIEWER"];
const VENDOR_ROLES: [&str; 4] = ["OWNER", "PUBLISHER", "SUPPORT", "AUDITOR"];

impl World {
    pub(super) async fn make() -> Self {
        let mut hub = HubProcess::start_with(&[statements::LOG]).await;
        let acme = hub.sign_in("acme").await;
        hub.stop().await;
        hub.run("umbrella").await;
        let umbrella = hub.sign_in("umbrella").await;
        let globex =
            corner(&hub, &acme, "acme", ["globex", "gapp", "1.0.0", "gchannel", "glicense", "gtarget", "GSECRET"])
                .await;
        let initech =
            corner(&hub, &acme, "acme", ["initech", "iapp", "2.0.0", "ichannel", "ilicense", "itarget", "ISECRET"])
                .await;
        let names = ["waynecorp", "wapp", "3.0.0", "wchannel", "wlicense", "wtarget", "WSECRET"];
        let mut wayne = corner(&hub, &umbrella, "umbrella", names).await;
        for role in VENDOR_ROLES {
            let (_, _, secret) = robot(&hub, &umbrella, role, None, "[READ, WRITE, PULL, PUSH, ADMIN]").await;
            wayne.askers.push((role.to_owned(), secret));
        }
        let (_, _, secret) = robot(&hub, &umbrella, "OWNER", None, "[READ]").await;
        wayne.askers.push(("OWNER read".to_owned(), secret));
        Self { hub, globex, initech, wayne }
    }
}

async fn corner(hub: &HubProcess, owner: &str, organization: &'static str, names: [&str; 7]) -> Corner {
    let [customer, application, version, channel, license, target, secret] = names;
    let (repository, tag) = (application, format!("tag-{customer}"));
    let digest = push(hub, owner, &format!("{organization}/{repository}"), &tag, customer).await;
    let compose = format!("services: {{ web: {{ image: {}/{organization}/{repository}:{tag} }} }}", hub.registry());
    let described = format!("display of {customer}");
    for mutation in [
        format!("customerCreate(name: \"{customer}\", displayName: \"{described}\") {{ changed }}"),
        format!("applicationCreate(name: \"{application}\") {{ changed }}"),
        format!(
            "releasePublish(application: \"{application}\", version: \"{version}\", packages: [{{ compose: {{ file: {compose:?} }} }}]) {{ changed }}"
        ),
        format!("channelCreate(application: \"{application}\", name: \"{channel}\") {{ changed }}"),
        format!(
            "channelPromote(application: \"{application}\", name: \"{channel}\", version: \"{version}\") {{ changed }}"
        ),
        format!(
            "licenseIssue(customer: \"{customer}\", application: \"{application}\", name: \"{license}\", terms: {{}}) {{ changed }}"
        ),
        format!("secretSet(customer: \"{customer}\", name: \"{secret}\", value: \"v\") {{ changed }}"),
    ] {
        hub.graphql(Some(owner), &format!("mutation {{ {mutation} }}"), json!({})).await.data();
    }
    let deploy = format!(
        "mutation {{ deploymentSetRelease(customer: \"{customer}\", target: \"{target}\", application: \"{application}\", version: \"{version}\") {{ changed }} }}"
    );
    let agent = enrolled(hub, owner, customer, target).await;
    hub.graphql(Some(owner), &deploy, json!({})).await.data();
    let (rollout, policy) = (format!("r{customer}"), format!("p{customer}"));
    roll_out(hub, owner, [customer, application, version, &rollout, &policy]).await;
    let mut askers = vec![];
    let (mut member, mut token) = (String::new(), String::new());
    for role in CUSTOMER_ROLES {
        let (id, issued, secret) = robot(hub, owner, role, Some(customer), "[READ, WRITE, PULL, PUSH, ADMIN]").await;
        (member, token) = (id, issued);
        askers.push((role.to_owned(), secret));
    }
    let (_, _, secret_of_pull) = robot(hub, owner, "CUSTOMER_ADMIN", Some(customer), "[PULL]").await;
    askers.push(("CUSTOMER_ADMIN pull".to_owned(), secret_of_pull));
    let things = [
        (Thing::Organization, organization.to_owned()),
        (Thing::Email, distr_tests::hub::OWNER.to_owned()),
        (Thing::Customer, customer.to_owned()),
        (Thing::Application, application.to_owned()),
        (Thing::Version, version.to_owned()),
        (Thing::Channel, channel.to_owned()),
        (Thing::Repository, repository.to_owned()),
        (Thing::Tag, tag),
        (Thing::Digest, digest.clone()),
        (Thing::License, license.to_owned()),
        (Thing::Target, target.to_owned()),
        (Thing::Secret, secret.to_owned()),
        (Thing::Rollout, rollout.clone()),
        (Thing::RolloutPolicy, policy.clone()),
        (Thing::Cursor, base64(&format!("{member}/{target}"))),
        (Thing::Member, member.clone()),
        (Thing::Token, token.clone()),
        (Thing::Alert, format!("token_ends/{token}")),
    ];
    let marks = [customer, application, channel, license, target, secret, &rollout, &policy];
    let marks = marks.map(str::to_owned).into_iter();
    Corner { organization, things: things.into(), marks: marks.chain([digest, member, token]).collect(), askers, agent }
}

/// A rollout to the customer's target, until nothing more happens: its agent was never heard.
async fn roll_out(hub: &HubProcess, owner: &str, [customer, application, version, rollout, policy]: [&str; 5]) {
    for mutation in [
        format!(
            "rolloutPolicySet(name: \"{policy}\", policy: {{ waves: [{{ name: \"all\", rest: true }}], limits: {{ inFlight: 1 }} }}) {{ changed }}"
        ),
        format!(
            "rolloutStart(application: \"{application}\", version: \"{version}\", name: \"{rollout}\", policyName: \"{policy}\", scope: {{ customers: [\"{customer}\"] }}) {{ changed }}"
        ),
    ] {
        hub.graphql(Some(owner), &format!("mutation {{ {mutation} }}"), json!({})).await.data();
    }
    let state = format!("{{ rollout(application: \"{application}\", name: \"{rollout}\") {{ state }} }}");
    wait::until("the rollout to come to rest", Duration::from_secs(60), async || {
        let seen = hub.graphql(Some(owner), &state, json!({})).await.data()["rollout"]["state"].clone();
        if seen == "TAILING" { Ok(()) } else { Err(seen.to_string()) }
    })
    .await;
}

/// The credential of a new target's agent.
pub(super) async fn enrolled(hub: &HubProcess, owner: &str, customer: &str, target: &str) -> String {
    let register = format!(
        "mutation {{ targetRegister(customer: \"{customer}\", name: \"{target}\") {{ enrolment {{ token }} }} }}"
    );
    let registered = hub.graphql(Some(owner), &register, json!({})).await.data();
    let token = text(&registered["targetRegister"]["enrolment"]["token"]);
    let request = CLIENT.post(hub.url("/agent/v1/enrol")).bearer_auth(token).json(&json!({ "agent_version": "1" }));
    text(&request.send().await.expect("an answer").json::<Value>().await.expect("JSON")["secret"])
}

/// Its id, its token's id, and the token.
async fn robot(
    hub: &HubProcess,
    owner: &str,
    role: &str,
    customer: Option<&str>,
    scopes: &str,
) -> (String, String, String) {
    let customer = customer.map(|name| format!(", customer: \"{name}\"")).unwrap_or_default();
    let add = format!("mutation {{ robotAdd(name: \"robot\", role: {role}{customer}) {{ member {{ id }} }} }}");
    let added = hub.graphql(Some(owner), &add, json!({})).await.data();
    let member = text(&added["robotAdd"]["member"]["id"]);
    let issue = format!(
        "mutation {{ tokenIssue(label: \"t\", scopes: {scopes}, member: \"{member}\") {{ secret token {{ id }} }} }}"
    );
    let issued = hub.graphql(Some(owner), &issue, json!({})).await.data();
    (member, text(&issued["tokenIssue"]["token"]["id"]), text(&issued["tokenIssue"]["secret"]))
}

/// As long as what there is, and not there.
pub(super) fn absent(thing: Thing, present: &str) -> String {
    match thing {
        Thing::Member | Thing::Token => "01920000-0000-7000-8000-0000000000aa".to_owned(),
        Thing::Alert => "token_ends/01920000-0000-7000-8000-0000000000aa".to_owned(),
        Thing::Version => "9.9.9".to_owned(),
        Thing::Digest => format!("sha256:{}", "a".repeat(64)),
        // at the same place of every list
        Thing::Cursor => {
            let place = unbase64(present);
            let (id, key) = place.split_once('/').expect("a cursor");
            let last = if id.ends_with('0') { '1' } else { '0' };
            base64(&format!("{}{last}/{key}", &id[..id.len() - 1]))
        }
        Thing::Email => "nobody@example.com".to_owned(),
        Thing::Secret => "Q".repeat(present.len()),
        // a letter for each thing, so that no name is part of another
        thing => char::from(b'h' + thing as u8).to_string().repeat(present.len()),
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("a text, not {value}")).to_owned()
}

fn base64(text: &str) -> String {
    use base64::Engine;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text)
}

fn unbase64(text: &str) -> String {
    use base64::Engine;
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(text).expect("base64");
    String::from_utf8(bytes).expect("a text")
}
