//! Real agents on the real Docker engine, with the sample application. In the end each must run what is desired.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use futures_util::future::join_all;
use rustix::process::Signal;
use serde_json::{Value, json};
use tokio::process::Command as AsyncCommand;

use super::api::Api;
use super::process::Process;
use super::site::Site;
use super::writers::customer;
use crate::docker::Docker;
use crate::ports::free_port;
use crate::{binary, root};

/// What real agents run, and what the others say that they do.
pub(crate) const APPLICATIONS: [&str; 3] = ["hello-0", "hello-1", "simulated"];
const VERSIONS: [&str; 2] = ["1.0.0", "1.1.0"];
/// An apply with its proof, and restarts in between.
const CONVERGED_WITHIN: Duration = Duration::from_secs(120);
/// A release that was given up is asked for again, as an operator would: others use the engine too.
const RETRIES: usize = 2;

pub(crate) struct Machines {
    pub(crate) agents: Vec<Machine>,
    docker: Docker,
    images: Vec<String>,
}

pub(crate) struct Machine {
    pub(crate) process: Process,
    name: String,
    application: &'static str,
    port: u16,
    /// how often its desired release was changed
    changes: usize,
}

impl Machines {
    pub(crate) fn none() -> Result<Self> {
        Ok(Self { agents: vec![], docker: Docker::new(), images: vec![] })
    }

    /// Publishes the sample's releases as both applications', enrols the agents, and returns when they have reported.
    pub(crate) async fn start(site: &Site, api: &Api, count: usize) -> Result<Self> {
        let mut machines = Self::none()?;
        let token = run(api, "tokenIssue(label: \"push\", scopes: [PULL, PUSH]) { secret }").await?;
        let secret = token["tokenIssue"]["secret"].as_str().context("a secret")?;
        ensure!(machines.docker.login(&site.registry(), secret).status.success(), "docker cannot log in");
        for version in VERSIONS {
            machines.publish(site, api, version).await?;
        }
        for number in 0..count {
            machines.agents.push(Machine::start(site, api, number).await?);
        }
        for machine in &mut machines.agents {
            machine.deploy(api).await?;
        }
        Ok(machines)
    }

    async fn publish(&mut self, site: &Site, api: &Api, version: &str) -> Result<()> {
        let repository = format!("{}/acme", site.registry());
        let image = format!("{repository}/hello:{version}");
        let built = Command::new(root().join("examples/hello/build"))
            .args([version, &repository])
            .arg(&site.dir)
            .env("GREETING", format!("hello from {}", site.dir.display()))
            .output()?;
        ensure!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
        let pushed = self.docker.run(&["push", &image]);
        ensure!(pushed.status.success(), "{}", String::from_utf8_lossy(&pushed.stderr));
        self.images.push(image);
        let compose = std::fs::read_to_string(site.dir.join(format!("compose-{version}.yaml")))?;
        let publish = "mutation ($a: Name!, $v: Version!, $c: String!) {
            releasePublish(application: $a, version: $v, packages: [{ compose: { file: $c } }]) { changed }
        }";
        for application in APPLICATIONS {
            api.query(publish, json!({ "a": application, "v": version, "c": compose })).await.data()?;
        }
        Ok(())
    }

    pub(crate) fn signal(&self, signal: Signal) {
        for machine in &self.agents {
            machine.process.signal(signal);
        }
    }

    /// What is wrong with an agent that does not come to run what is desired.
    pub(crate) async fn differences(&self, api: &Api) -> Vec<String> {
        let outcomes = join_all(self.agents.iter().map(|machine| machine.converge(api))).await;
        outcomes.into_iter().filter_map(Result::err).collect()
    }

    /// Ends the agents, and takes what they ran off the engine.
    pub(crate) async fn stop(&mut self) {
        for machine in self.agents.drain(..) {
            machine.process.stop().await;
            let filter = format!("publish={}", machine.port);
            for id in self.docker.ok(&["ps", "-aq", "--filter", &filter]).lines() {
                let label = "{{index .Config.Labels \"com.docker.compose.project\"}}";
                let project = self.docker.ok(&["inspect", "--format", label, id]);
                self.docker.run(&["rm", "-f", id]);
                let filter = format!("label=com.docker.compose.project={project}");
                for network in self.docker.ok(&["network", "ls", "-q", "--filter", &filter]).lines() {
                    self.docker.run(&["network", "rm", network]);
                }
            }
        }
        for image in self.images.drain(..) {
            self.docker.run(&["rmi", "-f", &image]);
        }
    }
}

impl Machine {
    async fn start(site: &Site, api: &Api, number: usize) -> Result<Self> {
        // ids follow from names: another run at the same engine must not take these containers for its own
        let name = format!("machine-{number}-{}", std::process::id());
        let register =
            format!("targetRegister(customer: \"{}\", name: \"{name}\") {{ enrolment {{ token }} }}", customer(0));
        let registered = run(api, &register).await?;
        let token = registered["targetRegister"]["enrolment"]["token"].as_str().context("a token")?.to_owned();
        let process = Process::start(agent(site.url(0), site.dir.join(&name), token), log(&site.dir, &name));
        let machine = Self { process, name, application: APPLICATIONS[number], port: free_port(), changes: 0 };
        let begun = Instant::now();
        while machine.target(api).await?["state"] != "OK" {
            ensure!(begun.elapsed() < Duration::from_secs(60), "{} does not report", machine.name);
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        Ok(machine)
    }

    /// Wishes for the other release.
    pub(crate) async fn deploy(&mut self, api: &Api) -> Result<()> {
        self.changes += 1;
        self.wish(api).await
    }

    async fn wish(&self, api: &Api) -> Result<()> {
        let deploy = format!(
            "deploymentSetRelease(customer: \"{}\", target: \"{}\", application: \"{}\", version: \"{}\",
                config: [{{ key: \"HELLO_PORT\", value: \"{}\" }}], allowDowngrade: true, reason: \"there and back\") {{ changed }}",
            customer(0),
            self.name,
            self.application,
            VERSIONS[self.changes % VERSIONS.len()],
            self.port
        );
        run(api, &deploy).await.map(drop)
    }

    /// Waits until it runs what is desired; what is wrong if it does not.
    async fn converge(&self, api: &Api) -> Result<(), String> {
        let (begun, mut retries) = (Instant::now(), 0);
        while let Err(seen) = self.runs_what_is_desired(api).await {
            if begun.elapsed() > CONVERGED_WITHIN {
                return Err(format!("{} does not run what is desired: {seen:#}", self.name));
            }
            let given_up = self.target(api).await.is_ok_and(|target| target["deployments"][0]["phase"] == "FAILED");
            if given_up && retries < RETRIES && self.wish(api).await.is_ok() {
                println!("{} gave its release up and is asked again: {seen:#}", self.name);
                retries += 1;
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
        Ok(())
    }

    async fn target(&self, api: &Api) -> Result<Value> {
        let document = format!(
            "{{ target(customer: \"{}\", name: \"{}\") {{
                state deployments {{ desiredVersion runningVersion phase step error {{ text }} }}
            }} }}",
            customer(0),
            self.name
        );
        Ok(api.query(&document, json!({})).await.data()?["target"].clone())
    }

    async fn runs_what_is_desired(&self, api: &Api) -> Result<()> {
        let target = self.target(api).await?;
        let deployment = &target["deployments"][0];
        let desired = deployment["desiredVersion"].as_str().context("no deployment")?;
        if deployment["phase"] != "HEALTHY" || deployment["runningVersion"] != desired {
            bail!("{target}");
        }
        let page = reqwest::get(format!("http://127.0.0.1:{}/", self.port)).await?.text().await?;
        ensure!(page.contains(desired), "{desired} is desired, and it says: {page}");
        Ok(())
    }
}

fn agent(hub: String, data: PathBuf, token: String) -> impl Fn() -> AsyncCommand {
    move || {
        let mut command = AsyncCommand::new(binary("distr-agent"));
        command.args(["run", "--hub", &hub, "--data-dir"]).arg(&data).env("DISTR_ENROLMENT_TOKEN", &token);
        command
    }
}

fn log(dir: &Path, name: &str) -> PathBuf {
    dir.join(format!("{name}.log"))
}

/// A mutation in a time of calm.
pub(crate) async fn run(api: &Api, mutation: &str) -> Result<Value> {
    api.query(&format!("mutation {{ {mutation} }}"), json!({})).await.data().with_context(|| mutation.to_owned())
}
