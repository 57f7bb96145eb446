//! Everybody who takes part: the site, the writers, the agents, the watchers.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result};
use distr_eventlog::Selection;
use tokio::sync::RwLock;
use tokio::task::JoinSet;

use super::Plan;
use super::api::Api;
use super::fleet::Simulated;
use super::ledger::Ledger;
use super::machines::{APPLICATIONS, Machines, run};
use super::site::Site;
use super::watchers::Watcher;
use super::writers::{Gate, SHARED, Writer, customer};

const SUBSCRIBERS: usize = 4;

pub(crate) struct Scene {
    pub(crate) site: Site,
    pub(crate) api: Api,
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) gate: Gate,
    pub(crate) machines: Machines,
    pub(crate) watchers: Vec<Arc<Watcher>>,
    /// agents that the hub refused say why
    pub(crate) agents: JoinSet<String>,
    others: JoinSet<()>,
}

impl Scene {
    pub(crate) async fn set(plan: &Plan, dir: PathBuf) -> Result<Self> {
        let site = Site::start(dir).await?;
        let owner = Api::new(vec![site.url(0), site.url(1)]).sign_in().await?;
        let token =
            run(&owner, "tokenIssue(label: \"torture\", scopes: [READ, WRITE, PULL, PUSH, ADMIN]) { secret }").await?;
        let api = owner.with_secret(token["tokenIssue"]["secret"].as_str().context("a secret")?);
        let mut scene = Self {
            site,
            api,
            ledger: Arc::default(),
            gate: Arc::new(RwLock::new(())),
            machines: Machines::none()?,
            watchers: vec![],
            agents: JoinSet::new(),
            others: JoinSet::new(),
        };
        scene.catalog().await?;
        scene.machines = Machines::start(&scene.site, &scene.api, plan.machines).await?;
        scene.agents(plan).await?;
        scene.watchers();
        for number in 0..plan.writers {
            let targets = (0..plan.simulated).filter(|target| !is_steady(*target)).map(target).collect();
            let (api, ledger, gate) = (scene.api.clone(), scene.ledger.clone(), scene.gate.clone());
            let writer = Writer::new(number, plan.seed, api, ledger, gate, targets);
            scene.others.spawn(writer.run());
        }
        Ok(scene)
    }

    /// What writers and agents need.
    async fn catalog(&self) -> Result<()> {
        for number in 0..SHARED {
            run(&self.api, &format!("customerCreate(name: \"{}\") {{ changed }}", customer(number))).await?;
        }
        for application in APPLICATIONS {
            run(&self.api, &format!("applicationCreate(name: \"{application}\") {{ changed }}")).await?;
            let license = format!(
                "licenseIssue(customer: \"{}\", application: \"{application}\", name: \"{application}\", terms: {{}}) {{
                    changed
                }}",
                customer(0)
            );
            run(&self.api, &license).await?;
        }
        Ok(())
    }

    async fn agents(&mut self, plan: &Plan) -> Result<()> {
        for number in 0..plan.simulated {
            let (customer, name) = (customer(0), target(number));
            let register =
                format!("targetRegister(customer: \"{customer}\", name: \"{name}\") {{ enrolment {{ token }} }}");
            let registered = run(&self.api, &register).await?;
            let token = registered["targetRegister"]["enrolment"]["token"].as_str().context("a token")?;
            let deploy = format!(
                "deploymentSetRelease(customer: \"{customer}\", target: \"{name}\", application: \"simulated\",
                    version: \"1.0.0\") {{ changed }}"
            );
            run(&self.api, &deploy).await?;
            let (seed, api) = (plan.seed.wrapping_add(number as u64), self.api.clone());
            let agent = Simulated::enrol(name, token, seed, api, self.ledger.clone(), self.gate.clone()).await?;
            self.agents.spawn(agent.run());
        }
        Ok(())
    }

    fn watchers(&mut self) {
        for number in 0..SUBSCRIBERS {
            let selection = if number % 2 == 0 { Selection::All } else { Selection::Facts };
            let watcher = Watcher::new(format!("subscriber {number} of {selection:?}"), selection);
            self.watchers.push(watcher.clone());
            self.others.spawn(watcher.subscribe(self.api.clone()));
        }
        for selection in [Selection::All, Selection::Facts, Selection::Telemetry] {
            let watcher = Watcher::new(format!("reader of {selection:?}"), selection);
            self.watchers.push(watcher.clone());
            self.others.spawn(watcher.tail(self.site.cluster.clone()));
        }
    }

    /// Ends all that was started.
    pub(crate) async fn clear(&mut self) {
        self.others.shutdown().await;
        self.agents.shutdown().await;
        self.machines.stop().await;
        if let Err(error) = self.site.stop().await {
            println!("the site did not stop cleanly: {error:#}");
        }
    }
}

fn target(number: usize) -> String {
    format!("target-{number}")
}

/// Of two targets, one keeps its first wish: its facts can be foretold.
fn is_steady(target: usize) -> bool {
    target.is_multiple_of(2)
}
