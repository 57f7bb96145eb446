//! `distr rollout`: a release, taken to many targets in waves.

mod plan;
mod show;
mod steer;
mod watch;

use anyhow::Result;
use chrono::{DateTime, Utc};
use clap::{Args, Subcommand};
use serde_json::Value;

use crate::hub::PAGE;
use crate::label::LabelArgument;
use crate::moment;
use crate::operation::shown;
use crate::output::{Columns, remark, warn};
use crate::session::Session;

shown!("src/rollout.graphql": RolloutList RolloutStart RolloutRollBack);

use rollout_start::{LabelInput, RolloutScopeInput};

const COLUMNS: Columns = &[
    ("APPLICATION", "/application"),
    ("NAME", "/name"),
    ("VERSION", "/version"),
    ("KIND", "/kind"),
    ("STATE", "/state"),
    ("WAVE", "/wave"),
    ("TARGETS", "/targets"),
    ("SUCCEEDED", "/succeeded"),
    ("FAILED", "/failed"),
    ("PLANNED", "/plannedAt"),
];

/// Which rollout.
#[derive(Args, Clone)]
pub(crate) struct Of {
    /// The rollout's name
    name: String,
    /// The application's name
    #[arg(long, value_name = "NAME")]
    app: String,
}

/// What is rolled out, to whom and how.
#[derive(Args)]
pub(crate) struct Wanted {
    /// The application's name
    #[arg(long, value_name = "NAME")]
    app: String,
    /// The version to which targets of lower versions come
    #[arg(long)]
    version: String,
    /// The policy's name; see: distr policy list
    #[arg(long, value_name = "NAME")]
    policy: String,
    /// The rollout's name; without it, that of the version
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// A customer whose targets are in it; may be given several times; without it, all customers
    #[arg(long = "customer", value_name = "NAME")]
    customers: Vec<String>,
    /// A label that a target must have, KEY=VALUE; may be given several times
    #[arg(long = "label", value_name = "KEY=VALUE")]
    labels: Vec<LabelArgument>,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Say what a rollout would do, and change nothing; exit code 6 if it would do something
    Plan {
        #[command(flatten)]
        wanted: Wanted,
    },
    /// Start a rollout, or plan one that waits for an approval or its time
    Start {
        #[command(flatten)]
        wanted: Wanted,
        /// The digest of the plan that you looked at: refused if it would be another one by now
        #[arg(long, value_name = "DIGEST")]
        plan: Option<String>,
        /// Not before this date (UTC) or time
        #[arg(long, value_name = "DATE", value_parser = moment::begin)]
        not_before: Option<DateTime<Utc>>,
        /// Go on watching; exit code 0 when all waves have passed, 3 if it stops, 7 if it waits for a person
        #[arg(long)]
        watch: bool,
    },
    /// List the rollouts, the newest first
    List {
        /// Of this application only
        #[arg(long, value_name = "NAME")]
        app: Option<String>,
        /// Only those that have not ended
        #[arg(long)]
        open: bool,
    },
    /// Show how a rollout stands, and why it waits
    Status {
        #[command(flatten)]
        of: Of,
        /// Go on watching; exit code 0 when all waves have passed, 3 if it stops, 7 if it waits for a person
        #[arg(long)]
        watch: bool,
    },
    /// List the targets of a rollout
    Targets(show::Targets),
    /// Say why open rollouts do not start on a target
    Why(show::Why),
    #[command(flatten)]
    Steer(steer::Command),
    /// Lead what a rollout brought back to what ran before; one that is open is aborted first
    RollBack {
        #[command(flatten)]
        of: Of,
        #[arg(long)]
        reason: String,
        /// Go on watching; exit code 0 when it is done, 3 if it stops, 7 if it waits for a person
        #[arg(long)]
        watch: bool,
    },
}

impl Command {
    pub(crate) async fn run(self, session: &Session) -> Result<()> {
        let Session { hub, out } = session;
        match self {
            Self::Plan { wanted } => plan::run(session, wanted).await,
            Self::Start { wanted, plan, not_before, watch } => {
                let app = wanted.app.clone();
                let scope = scope(&wanted);
                let Wanted { app: application, version, policy: policy_name, name, .. } = wanted;
                let variables =
                    rollout_start::Variables { application, version, name, policy_name, scope, plan, not_before };
                let started = hub.ask::<RolloutStart>(variables).await?.rollout_start;
                began(session, app, started, watch).await
            }
            Self::List { app: application, open } => {
                let open = open.then_some(true);
                let variables = |after| rollout_list::Variables {
                    application: application.clone(),
                    open,
                    first: Some(PAGE),
                    after,
                };
                let mut rollouts = hub.list::<RolloutList>("/rollouts", variables).await?;
                if !out.is_json() {
                    rollouts.iter_mut().for_each(show::sum_up);
                }
                out.list(rollouts, COLUMNS)
            }
            Self::Status { of, watch: true } => watch::until_done(session, &of).await,
            Self::Status { of, watch: false } => show::status(session, &of).await,
            Self::Targets(targets) => targets.run(session).await,
            Self::Why(why) => why.run(session).await,
            Self::Steer(command) => command.run(session).await,
            Self::RollBack { of: Of { name, app }, reason, watch } => {
                let variables = rollout_roll_back::Variables { application: app.clone(), name, reason };
                let started = hub.ask::<RolloutRollBack>(variables).await?.rollout_roll_back;
                began(session, app, started, watch).await
            }
        }
    }
}

fn scope(wanted: &Wanted) -> Option<RolloutScopeInput> {
    let Wanted { customers, labels, .. } = wanted;
    if customers.is_empty() && labels.is_empty() {
        return None;
    }
    let labels = labels.iter().map(|label| LabelInput { key: label.key(), value: label.value() });
    Some(RolloutScopeInput { customers: customers.clone(), labels: labels.collect() })
}

async fn began(session: &Session, app: String, started: Value, watch: bool) -> Result<()> {
    let rollout = &started["rollout"];
    let of = Of { name: rollout["name"].as_str().unwrap_or_default().to_owned(), app };
    let (name, version) = (&of.name, rollout["version"].as_str().unwrap_or_default());
    let sentence = match rollout["state"].as_str() {
        Some("PLANNED") => format!("planned rollout \"{name}\" of {} {version}, which has not started", of.app),
        _ => format!("started rollout \"{name}\" of {} {version}", of.app),
    };
    warn(&started);
    if watch {
        if !session.out.is_json() {
            remark(&sentence);
        }
        return watch::until_done(session, &of).await;
    }
    session.out.did(started, "rollout", &sentence)?;
    if !session.out.is_json() {
        remark(&format!("see how it goes: distr rollout status {} --app {}", of.name, of.app));
    }
    Ok(())
}
