//! `distr-agent policy`: what releases may do on this host.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use distr_agent::data_dir::DataDir;
use distr_agent::desired;
use distr_agent::fault::{Blame, Failure};
use distr_agent::hub::{Hub, Transport};
use distr_agent::identity::Identity;
use distr_agent_docker::policy::{Consent, CustomerRequests, DEFAULT, Policy, Rule};
use distr_agent_docker::rehearsal::{Objections, Rehearsal, rehearse};
use distr_domain::release::ComposePackage;

use crate::{Place, PolicyPlace};
use distr_agent::output::line;

const REFUSED: u8 = 3;

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Tell whether a compose file may run here: 0 it may, 3 it is refused, 1 it cannot be read. Asks neither hub nor engine, and
    /// takes images of the hub's registry as pinned, which publishing does; signatures are not checked
    Check(Check),
    /// Print the policy that is in force
    Show {
        #[command(flatten)]
        policy: PolicyPlace,
    },
    /// Print the file with all defaults, and what may be said in it
    Default,
}

#[derive(Args)]
pub(crate) struct Check {
    /// The compose file with the files beside it that it names, or the folder of one; - is standard input
    file: PathBuf,
    /// A value of the configuration, for variables in the file; as often as needed
    #[arg(long, value_name = "NAME=VALUE", value_parser = variable)]
    env: Vec<(String, String)>,
    /// The application's name, for lines of the policy that are for one alone
    #[arg(long, default_value = "application")]
    application: String,
    /// The registry of the hub [default: that of the hub at which the agent of the data folder is enrolled]
    #[arg(long, value_name = "HOST[:PORT]", value_parser = host)]
    registry: Option<String>,
    #[command(flatten)]
    policy: PolicyPlace,
    #[command(flatten)]
    place: Place,
}

fn variable(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

fn host(text: &str) -> Result<String, String> {
    match text.is_empty() || text.contains('/') {
        true => Err("write HOST or HOST:PORT, without https:// and path".to_owned()),
        false => Ok(text.to_owned()),
    }
}

pub(crate) async fn run(command: &Command) -> Result<ExitCode> {
    match command {
        Command::Check(check) => self::check(check).await,
        Command::Show { policy } => show(policy),
        Command::Default => {
            line(DEFAULT.trim_end())?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

async fn check(check: &Check) -> Result<ExitCode> {
    let file = check.policy.file();
    let policy = file.read()?;
    let ComposePackage { file: compose, files } = read(&check.file)?;
    let rehearsal = Rehearsal {
        compose,
        files,
        config: check.env.iter().cloned().collect::<BTreeMap<_, _>>(),
        application: check.application.clone(),
        policy: policy.clone(),
        own: vec![check.place.path(), file.path.clone()],
        registries: registries(check)?,
    };
    let Objections { unbound, refused } = rehearse(&rehearsal).await.map_err(unread)?;
    for fault in &unbound {
        line(format!("{fault}\n    no line of the policy allows it: the compose file has to change"))?;
    }
    for need in &refused {
        line(need.sentence_above_line(&file.path))?;
    }
    match (unbound.len(), refused.len()) {
        (0, 0) => {
            line(format!("the policy allows it{}", question(&policy)))?;
            return Ok(ExitCode::SUCCESS);
        }
        (0, many) => line(format!("the policy refuses it, for {}", reasons(many)))?,
        (many, 0) => line(format!("it cannot run here whatever the policy says, for {}", reasons(many)))?,
        (unbound, refused) => line(format!(
            "it cannot run here whatever the policy says, for {}; the policy refuses it, for {}",
            reasons(unbound),
            reasons(refused)
        ))?,
    }
    if rehearsal.registries.is_empty() {
        line(format!(
            "no agent is enrolled in {}, so that the hub's registry is not known: --registry HOST names it, and its images \
             need no digest and no line",
            check.place.path().display()
        ))?;
    }
    Ok(ExitCode::from(REFUSED))
}

fn reasons(count: usize) -> String {
    format!("{count} reason{}", if count == 1 { "" } else { "s" })
}

/// The names of the hub's registry: what is asked for, else what the agent here was told last, and the name of its hub.
fn registries(check: &Check) -> Result<Vec<String>> {
    if let Some(registry) = &check.registry {
        return Ok(vec![registry.clone()]);
    }
    // looked for first: opening the folder would make it
    let folder = check.place.path();
    let is_enrolled = folder.join(DataDir::IDENTITY).try_exists().with_context(|| {
        format!("cannot look into {}; --registry HOST names the hub's registry without it", folder.display())
    })?;
    if !is_enrolled {
        return Ok(vec![]);
    }
    let data = check.place.open()?;
    let Some(identity) = Identity::load(&data.identity())? else { return Ok(vec![]) };
    let hub = Hub::try_new(&identity.hub, Transport::AnyHttp)?.authority();
    let told = desired::load(&data).context("cannot read what is desired")?.map(|desired| desired.registry);
    Ok(told.into_iter().chain([hub]).collect())
}

/// There is no log here to point to, so that compose speaks itself.
fn unread(trouble: Failure) -> anyhow::Error {
    match trouble.blame == Blame::Generation && !trouble.words.is_empty() {
        true => anyhow::anyhow!("docker compose cannot resolve the file: {}", trouble.words),
        false => anyhow::anyhow!("{}", trouble.text),
    }
}

/// The end of the answer: whom the policy asks although it allows what the release needs.
fn question(policy: &Policy) -> &'static str {
    match (policy.deployments, policy.customer_requests) {
        (Consent::Automatic, _) => "",
        (Consent::Ask, CustomerRequests::AsVendor) => "; it waits for consent on this host, whoever deploys it",
        (Consent::Ask, CustomerRequests::Automatic) => {
            "; it waits for consent on this host, unless the hub says that a member of the customer deploys it"
        }
    }
}

fn read(file: &Path) -> Result<ComposePackage> {
    if file.as_os_str() == "-" {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).context("cannot read standard input")?;
        return Ok(distr_package::read_text(text, Path::new("."))?);
    }
    Ok(distr_package::read(file)?)
}

fn show(policy: &PolicyPlace) -> Result<ExitCode> {
    let file = policy.file();
    let Policy { deployments, data_removal, customer_requests, container_output, registries, ports, allow } =
        file.read()?;
    let origin = if file.path.exists() { "" } else { " (there is no such file: the built-in default)" };
    line(format!("# {}{origin}", file.path.display()))?;
    let word = |value: &dyn std::fmt::Debug| format!("{value:?}").to_lowercase();
    line(format!("deployments: {}", word(&deployments)))?;
    line(format!("data-removal: {}", word(&data_removal)))?;
    line(format!("customer-requests: {}", customer_requests.name()))?;
    line(format!("container-output: {}", word(&container_output)))?;
    line(format!("registries: {}", word(&registries)))?;
    line(format!("ports: {}", word(&ports)))?;
    line("allow:")?;
    allow.iter().try_for_each(|rule: &Rule| line(format!("  {rule}")))?;
    Ok(ExitCode::SUCCESS)
}
