//! `distr deploy`: ask for a release on a target, or for its removal, and wait for what comes of it.

mod wait;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Result, anyhow, bail};
use clap::{Args, Subcommand};
use serde_json::{Map, Value};

use crate::as_of::AsOf;
use crate::exit::Failure;
use crate::input;
use crate::operation::{DataRemoval, shown};
use crate::output::{Columns, warn};
use crate::session::Session;
use wait::{Awaited, Goal};

shown!("src/deploy.graphql": DeploySet DeployRemove DeployShow);

const FIELDS: Columns = &[
    ("application", "/application"),
    ("target", "/target/name"),
    ("customer", "/target/customer"),
    ("desired", "/desiredVersion"),
    ("channel", "/channel"),
    ("release", "/release"),
    ("running", "/runningVersion"),
    ("phase", "/phase"),
    ("step", "/step"),
    ("health", "/health"),
    ("drift", "/drift"),
    ("error", "/error"),
    ("config", "/config"),
    ("values", "/values"),
    ("namespace", "/namespace"),
    ("generation", "/generation"),
    ("license", "/licenseId"),
    ("changed", "/changedAt"),
];

#[derive(Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(crate) struct Deploy {
    #[command(subcommand)]
    action: Option<Action>,
    #[command(flatten)]
    set: Set,
}

/// Which deployment.
#[derive(Args, Clone)]
pub(crate) struct Of {
    /// The customer's name; not needed by the customer's own members
    #[arg(long, value_name = "NAME")]
    customer: Option<String>,
    /// The target's name
    #[arg(long, value_name = "NAME")]
    target: String,
    /// The application's name
    #[arg(long, value_name = "NAME")]
    app: String,
}

#[derive(Args)]
struct Waiting {
    /// Wait until it is done; exit code 3 if it fails or takes too long
    #[arg(long)]
    wait: bool,
    /// How long to wait: 90s, 5m, 1h
    #[arg(long, value_name = "TIME", default_value = "5m", value_parser = duration, requires = "wait")]
    timeout: Duration,
}

#[derive(Args)]
struct Set {
    /// The customer's name; not needed by the customer's own members
    #[arg(long, value_name = "NAME")]
    customer: Option<String>,
    /// The target's name
    #[arg(long, value_name = "NAME", required = true)]
    target: Option<String>,
    /// The application's name
    #[arg(long, value_name = "NAME", required = true)]
    app: Option<String>,
    /// The version to run
    #[arg(long, required_unless_present = "channel", conflicts_with = "channel")]
    version: Option<String>,
    /// Run what this channel points to now
    #[arg(long, value_name = "NAME")]
    channel: Option<String>,
    /// Configuration as KEY=VALUE; may be given several times and replaces all that was set before. A value may name secrets: ${secret:NAME}
    #[arg(long = "config", value_name = "KEY=VALUE", value_parser = key_value)]
    config: Vec<(String, String)>,
    /// A file with a KEY=VALUE on each line, as `docker run --env-file` takes it; # begins a comment. --config adds to it
    #[arg(long, value_name = "FILE")]
    config_file: Option<PathBuf>,
    /// Set no configuration; without this, --config and --config-file, it stays as it is
    #[arg(long, conflicts_with_all = ["config", "config_file"])]
    clear_config: bool,
    /// A file of values for the chart beside what the configuration sets, in YAML or JSON, as Helm takes it; it replaces all values
    /// that were set before. - is standard input. Only a cluster has values
    #[arg(long, value_name = "FILE")]
    values: Option<PathBuf>,
    /// The namespace of the cluster, one of the target's; of a new deployment the target's first if left out
    #[arg(long, value_name = "NAME")]
    namespace: Option<String>,
    /// Go back to an older release than the one that runs; it needs --reason
    #[arg(long, requires = "reason")]
    allow_downgrade: bool,
    /// Why it goes back, for those who read the log later
    #[arg(long, requires = "allow_downgrade")]
    reason: Option<String>,
    #[command(flatten)]
    waiting: Waiting,
}

#[derive(Subcommand)]
enum Action {
    /// Show a deployment
    Show {
        #[command(flatten)]
        of: Of,
        #[command(flatten)]
        as_of: AsOf,
    },
    /// Take an application off a target; its data stays
    Remove {
        #[command(flatten)]
        of: Of,
        /// Remove its volumes too, with all that is in them
        #[arg(long)]
        remove_data: bool,
        /// The reason, for those who read the log later
        #[arg(long)]
        reason: Option<String>,
        #[command(flatten)]
        waiting: Waiting,
    },
}

impl Deploy {
    pub(crate) async fn run(self, session: &Session) -> Result<()> {
        match self.action {
            Some(Action::Show { of, as_of }) => session.out.show(find(session, of, as_of.as_of).await?, FIELDS),
            Some(Action::Remove { of, remove_data, reason, waiting }) => {
                let data = if remove_data { DataRemoval::Remove } else { DataRemoval::Keep };
                remove(session, of, (data, reason), waiting).await
            }
            None => self.set.run(session).await,
        }
    }
}

impl Set {
    async fn run(self, session: &Session) -> Result<()> {
        let is_given = self.clear_config || !self.config.is_empty() || self.config_file.is_some();
        let config = configuration(self.config_file.as_deref(), self.config)?;
        let config: Vec<_> =
            config.into_iter().map(|(key, value)| deploy_set::ConfigEntryInput { key, value }).collect();
        // the command line requires both, unless there is an action
        let (Some(target), Some(app)) = (self.target, self.app) else { bail!("no target or application was named") };
        let of = Of { customer: self.customer, target, app };
        let variables = deploy_set::Variables {
            customer: of.customer.clone(),
            target: of.target.clone(),
            application: of.app.clone(),
            version: self.version,
            channel: self.channel,
            config: is_given.then_some(config),
            values: self.values.as_deref().map(values).transpose()?,
            namespace: self.namespace,
            allow_downgrade: self.allow_downgrade,
            reason: self.reason,
        };
        let data = session.hub.ask::<DeploySet>(variables).await?;
        let payload = data.deployment_set_release;
        warn(&payload);
        let version = payload["deployment"]["desiredVersion"].as_str().unwrap_or_default();
        let sentence = format!("asked for {} {version} on {}", of.app, of.target);
        finish(session, of, payload, Outcome { sentence, goal: Goal::Healthy, waiting: self.waiting }).await
    }
}

/// The values of a file, as an object.
fn values(file: &Path) -> Result<Value> {
    let text = input::text(file)?;
    let values: Map<String, Value> = serde_saphyr::from_str(&text)
        .map_err(|error| anyhow!("{} holds no values of a chart: {error}", file.display()))?;
    Ok(Value::Object(values))
}

async fn remove(
    session: &Session,
    of: Of,
    (data, reason): (DataRemoval, Option<String>),
    waiting: Waiting,
) -> Result<()> {
    let what = match data {
        DataRemoval::Remove => "and its data",
        DataRemoval::Keep => "and to keep its data",
    };
    let Of { customer, target, app: application } = of.clone();
    let sentence = format!("asked to remove {application} from {target} {what}");
    let variables = deploy_remove::Variables { customer, target, application, data, reason };
    let answer = session.hub.ask::<DeployRemove>(variables).await?;
    finish(session, of, answer.deployment_remove, Outcome { sentence, goal: Goal::Removed, waiting }).await
}

struct Outcome {
    sentence: String,
    goal: Goal,
    waiting: Waiting,
}

/// Says what was asked for; if waited for, what came of it.
async fn finish(session: &Session, of: Of, mut payload: Value, outcome: Outcome) -> Result<()> {
    let Session { hub, out } = session;
    let Outcome { sentence, goal, waiting } = outcome;
    if !waiting.wait {
        return out.did(payload, "deployment", &sentence);
    }
    if !out.is_json() {
        out.did(payload.clone(), "deployment", &sentence)?;
    }
    let generation = payload["deployment"]["generation"].as_u64().unwrap_or_default();
    let awaited = Awaited { of: of.clone(), generation, goal, timeout: waiting.timeout };
    let done = tokio::select! {
        done = wait::until_done(hub, out, awaited) => done?,
        Ok(()) = tokio::signal::ctrl_c() => {
            let Of { target, app, .. } = &of;
            let text = format!("no longer waiting; {app} on {target} goes on without; see: distr fleet");
            return Err(Failure::Interrupted(text).into());
        }
    };
    if out.is_json() {
        payload["deployment"] = find(session, of, None).await?;
        return out.did(payload, "deployment", "");
    }
    out.say(&done)
}

async fn find(session: &Session, of: Of, as_of: Option<String>) -> Result<Value> {
    let Of { customer, target, app: application } = of;
    let data = session.hub.ask::<DeployShow>(deploy_show::Variables { customer, target, application, as_of }).await?;
    Ok(data.deployment)
}

/// The variables of the file and of the command line; one that is named twice is an error.
fn configuration(file: Option<&Path>, given: Vec<(String, String)>) -> Result<BTreeMap<String, String>> {
    let mut entries = vec![];
    if let Some(path) = file {
        let text = input::text(path)?;
        let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'));
        for (index, line) in lines {
            let at = format!("{}:{}", path.display(), index + 1);
            entries.push(key_value(line).map_err(|reason| Failure::Usage(format!("{at}: {reason}")))?);
        }
    }
    let mut config = BTreeMap::new();
    for (key, value) in entries.into_iter().chain(given) {
        if config.contains_key(&key) {
            return Err(Failure::Usage(format!("the configuration names {key} twice; name it once")).into());
        }
        config.insert(key, value);
    }
    Ok(config)
}

fn key_value(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("use KEY=VALUE".to_owned()),
    }
}

/// `90s`, `5m`, `1h`.
fn duration(text: &str) -> Result<Duration, String> {
    let units = [("s", 1), ("m", 60), ("h", 3_600)];
    let seconds =
        units.into_iter().find_map(|(unit, seconds)| Some((text.strip_suffix(unit)?.parse::<u32>().ok()?, seconds)));
    match seconds {
        Some((number, seconds)) => Ok(Duration::from_secs(u64::from(number) * seconds)),
        None => Err("use a number with s, m or h: 90s, 5m, 1h".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_is_named_once_in_file_and_arguments() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("shop.env");
        std::fs::write(&file, "# a comment\n\nA=1 # kept\nB==\"x\"\n").unwrap();
        let of = |key: &str| (key.to_owned(), "2".to_owned());
        let config = configuration(Some(&file), vec![of("C")]).unwrap();
        let expected = [("A", "1 # kept"), ("B", "=\"x\""), ("C", "2")];
        assert_eq!(config, expected.map(|(key, value)| (key.to_owned(), value.to_owned())).into());
        let twice = configuration(Some(&file), vec![of("A")]).unwrap_err().to_string();
        assert!(twice.contains("names A twice"), "{twice}");
        std::fs::write(&file, "A=1\nwrong\n").unwrap();
        let wrong = configuration(Some(&file), vec![]).unwrap_err().to_string();
        assert!(wrong.contains("shop.env:2: use KEY=VALUE"), "{wrong}");
    }

    #[test]
    fn durations_have_a_unit() {
        assert_eq!(duration("90s"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("5m"), Ok(Duration::from_secs(300)));
        for bad in ["", "5", "m", "-1s", "1d", "5é"] {
            assert!(duration(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_value_may_have_an_equals_sign() {
        assert_eq!(key_value("URL=a=b"), Ok(("URL".to_owned(), "a=b".to_owned())));
        assert!(key_value("=x").is_err() && key_value("x").is_err());
    }
}
