//! A rollout of `app`, as somebody steers it through the API.

use std::time::Duration;

use distr_tests::hub::HubProcess;
use distr_tests::wait;
use serde_json::{Value, json};

use super::sites::Site;
use crate::withheld::change;

/// For a busy machine; each wait ends when what it waits for is there.
pub(super) const WITHIN: Duration = Duration::from_secs(120);

/// Those of ring `early` first, then the rest; the first failure halts.
pub(super) const CAREFUL: &str =
    "waves: [{ name: \"early\", labels: [{ key: \"ring\", value: \"early\" }] }, { name: \"rest\", rest: true }],
    limits: { inFlight: 2 }, gate: { maxFailures: 0 }, tailDays: 1";

const ROLLOUT: &str = "name state haltedBecause reason digest holds { code text }
    waves { number name state members waiting inFlight succeeded failed lost apart }
    members(first: 500) { nodes { target { name } wave state reason hop holds { code text } } }";

pub(super) struct Campaign<'a> {
    pub(super) hub: &'a HubProcess,
    pub(super) secret: &'a str,
    pub(super) name: String,
}

impl<'a> Campaign<'a> {
    /// Of the newest release, by a policy of these rules: planned, and started by that very plan.
    pub(super) async fn start(hub: &'a HubProcess, secret: &'a str, rules: &str) -> Self {
        set_policy(hub, secret, rules).await;
        let planned = plan(hub, secret).await;
        let started = start(hub, secret, &format!(", plan: {}", planned["digest"])).await;
        let name = started.expect("it starts")["rollout"]["name"].as_str().expect("a name").to_owned();
        Self { hub, secret, name }
    }

    /// The field of a mutation with what it wants beside the rollout's name.
    pub(super) async fn steer(&self, mutation: &str, arguments: &str) -> Value {
        let document = format!("{mutation}(application: \"app\", name: \"{}\"{arguments}) {{ changed }}", self.name);
        change(self.hub, self.secret, &document).await
    }

    /// The code of its refusal.
    pub(super) async fn refused(&self, secret: &str, mutation: &str, arguments: &str) -> String {
        let document = format!(
            "mutation {{ {mutation}(application: \"app\", name: \"{}\"{arguments}) {{ changed }} }}",
            self.name
        );
        let answer = self.hub.graphql(Some(secret), &document, json!({})).await;
        answer.code().unwrap_or_else(|| panic!("{mutation} is refused")).to_owned()
    }

    pub(super) async fn shown(&self) -> Value {
        self.shown_to(self.hub, self.secret).await
    }

    pub(super) async fn shown_to(&self, hub: &HubProcess, secret: &str) -> Value {
        let query = format!("{{ rollout(application: \"app\", name: \"{}\") {{ {ROLLOUT} }} }}", self.name);
        hub.graphql(Some(secret), &query, json!({})).await.data()["rollout"].clone()
    }

    /// The agents report until the rollout is as it is waited for.
    pub(super) async fn until(&self, what: &str, sites: &mut [Site], is_so: impl Fn(&Value) -> bool) -> Value {
        self.until_at(self.hub, what, sites, is_so).await
    }

    pub(super) async fn until_at(
        &self,
        hub: &HubProcess,
        what: &str,
        sites: &mut [Site],
        is_so: impl Fn(&Value) -> bool,
    ) -> Value {
        wait::until(what, WITHIN, async || {
            for site in sites.iter_mut() {
                site.beat(hub).await;
            }
            let rollout = self.shown_to(hub, self.secret).await;
            if is_so(&rollout) { Ok(rollout) } else { Err(format!("{rollout:#}")) }
        })
        .await
    }
}

pub(super) async fn set_policy(hub: &HubProcess, secret: &str, rules: &str) {
    let set = format!("rolloutPolicySet(name: \"careful\", policy: {{ {rules} }}) {{ changed }}");
    change(hub, secret, &set).await;
}

/// What a rollout of 3.0.0 would do.
pub(super) async fn plan(hub: &HubProcess, secret: &str) -> Value {
    let query = "{ rolloutPlan(application: \"app\", version: \"3.0.0\", policyName: \"careful\") {
        name digest members unmatched warnings held { hold { code } targets }
        waves { number name members targets { nodes { target { name } running hop holds { code } } } }
    } }";
    hub.graphql(Some(secret), query, json!({})).await.data()["rolloutPlan"].clone()
}

/// A rollout of 3.0.0, or the code of the refusal.
pub(super) async fn start(hub: &HubProcess, secret: &str, more: &str) -> Result<Value, String> {
    let start = format!(
        "mutation {{ rolloutStart(application: \"app\", version: \"3.0.0\", policyName: \"careful\"{more}) {{
            changed warnings rollout {{ name state digest }}
        }} }}"
    );
    let answer = hub.graphql(Some(secret), &start, json!({})).await;
    match answer.code() {
        Some(code) => Err(code.to_owned()),
        None => Ok(answer.data()["rolloutStart"].clone()),
    }
}

pub(super) fn is_in(state: &'static str) -> impl Fn(&Value) -> bool {
    move |rollout| rollout["state"] == state
}

/// One of the rollout's targets.
pub(super) fn member<'v>(rollout: &'v Value, target: &str) -> &'v Value {
    let members = rollout["members"]["nodes"].as_array().expect("members");
    let found = members.iter().find(|member| member["target"]["name"] == target);
    found.unwrap_or_else(|| panic!("no {target} in {rollout:#}"))
}

/// The codes of why something waits.
pub(super) fn codes(of: &Value) -> Vec<&str> {
    of["holds"].as_array().expect("holds").iter().map(|hold| hold["code"].as_str().expect("a code")).collect()
}
