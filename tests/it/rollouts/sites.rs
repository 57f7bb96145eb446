//! Targets whose agents are scripted, over the wire.

use distr_domain::ids::{ApplicationId, CustomerId, DeploymentId, OrganizationId, TargetId};
use distr_domain::names::Slug;
use distr_tests::clock::now;
use distr_tests::hub::HubProcess;
use reqwest::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::two_hubs::post;
use crate::withheld::change;

pub(crate) fn slug(text: &str) -> Slug {
    text.parse().expect("a name")
}

/// A target of the customer with the application `app`.
pub(crate) struct Site {
    pub(crate) target: TargetId,
    pub(crate) deployment: DeploymentId,
    pub(crate) running: (u64, String),
    /// the newest generation that its agent knows
    pub(crate) generation: u64,
    /// its agent gives up whatever it is asked for
    pub(crate) is_broken: bool,
    /// its agent reports, and begins nothing that is new
    pub(crate) is_idle: bool,
    secret: String,
    sequence: u64,
}

impl Site {
    /// Runs 1.0.0, and its agent has said so.
    pub(crate) async fn new(hub: &HubProcess, owner: &str, customer: &str, name: &str, early: bool) -> Self {
        let register =
            format!("targetRegister(customer: \"{customer}\", name: \"{name}\") {{ enrolment {{ token }} }}");
        let token = change(hub, owner, &register).await["targetRegister"]["enrolment"]["token"].clone();
        let token = token.as_str().expect("a token").to_owned();
        let (_, enrolled) = post(hub, "/agent/v1/enrol", &token, json!({ "agent_version": "1" })).await;
        if early {
            let labels = format!(
                "targetSetLabels(customer: \"{customer}\", name: \"{name}\", labels: [{{ key: \"ring\", value: \"early\" }}]) {{ changed }}"
            );
            change(hub, owner, &labels).await;
        }
        let deploy = format!(
            "deploymentSetRelease(customer: \"{customer}\", target: \"{name}\", application: \"app\", version: \"1.0.0\") {{ changed }}"
        );
        change(hub, owner, &deploy).await;
        let organization = OrganizationId::of(&slug("acme"));
        let target = TargetId::of(CustomerId::of(organization, &slug(customer)), &slug(name));
        let mut site = Self {
            target,
            deployment: DeploymentId::of(target, ApplicationId::of(organization, &slug("app"))),
            running: (0, String::new()),
            generation: 0,
            is_broken: false,
            is_idle: false,
            secret: enrolled["secret"].as_str().expect("a secret").to_owned(),
            sequence: 0,
        };
        // what is wanted first, then that it runs
        site.beat(hub).await;
        site.beat(hub).await;
        assert_eq!(site.running.1, "1.0.0");
        site
    }

    /// One heartbeat: says how things stand, and takes up what is wanted. The next one says what became of it.
    pub(crate) async fn beat(&mut self, hub: &HubProcess) {
        self.sequence += 1;
        let is_done = self.generation == self.running.0;
        let running = (self.running.0 > 0).then(|| json!({ "generation": self.running.0, "version": self.running.1 }));
        let error = (!is_done).then(|| json!({ "category": "unhealthy", "text": "it never became healthy" }));
        let known = json!([{
            "deployment": self.deployment, "generation": self.generation,
            "step": if is_done { "applied" } else { "failed" },
            "health": "ok", "running": running, "error": error,
        }]);
        let deployments = if self.generation == 0 { json!([]) } else { known };
        let report = json!({ "reports": [{
            "id": Uuid::now_v7(), "boot": Uuid::nil(), "sequence": self.sequence, "at": now(),
            "agent_version": "1", "deployments": deployments,
        }]});
        let (status, answer) = post(hub, "/agent/v1/heartbeats", &self.secret, report).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        if !self.is_idle {
            self.take_up(&answer["desired"]["deployments"]);
        }
    }

    fn take_up(&mut self, desired: &Value) {
        let own = json!(self.deployment);
        let found = desired.as_array().into_iter().flatten().find(|wanted| wanted["deployment"] == own);
        let Some(wanted) = found else { return };
        let generation = wanted["generation"].as_u64().expect("a generation");
        if generation <= self.generation {
            return;
        }
        self.generation = generation;
        if !self.is_broken {
            let version = wanted["version"].as_str().unwrap_or_else(|| panic!("no version in {wanted}"));
            self.running = (generation, version.to_owned());
        }
    }
}
