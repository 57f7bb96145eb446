//! How a rollout stands: `status`, `targets` and `why`.

use anyhow::Result;
use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use super::Of;
use crate::hub::PAGE;
use crate::operation::shown;
use crate::output::Columns;
use crate::session::Session;

shown!("src/rollout.graphql": RolloutShow RolloutMembers RolloutWhy);

use rollout_members::RolloutMemberState;

const FIELDS: Columns = &[
    ("name", "/name"),
    ("application", "/application"),
    ("version", "/version"),
    ("kind", "/kind"),
    ("state", "/state"),
    ("halted because", "/haltedBecause"),
    ("reason", "/reason"),
    ("digest", "/digest"),
    ("planned", "/plannedAt"),
    ("not before", "/notBefore"),
    ("started", "/startedAt"),
    ("ended", "/endedAt"),
];
const WAVES: Columns = &[
    ("WAVE", "/number"),
    ("NAME", "/name"),
    ("STATE", "/state"),
    ("TARGETS", "/members"),
    ("WAITING", "/waiting"),
    ("IN FLIGHT", "/inFlight"),
    ("SUCCEEDED", "/succeeded"),
    ("FAILED", "/failed"),
    ("LOST", "/lost"),
    ("APART", "/apart"),
    ("SOAKS UNTIL", "/soaksUntil"),
];
const TARGETS: Columns = &[
    ("CUSTOMER", "/target/customer"),
    ("TARGET", "/target/name"),
    ("WAVE", "/wave"),
    ("STATE", "/state"),
    ("VERSION", "/hop"),
    ("REASON", "/reason"),
    ("WAITS BECAUSE", "/because"),
];
const HOLDS: Columns = &[("CODE", "/code"), ("WAITS BECAUSE", "/text"), ("UNTIL", "/until")];

pub(super) async fn status(Session { hub, out }: &Session, Of { name, app: application }: &Of) -> Result<()> {
    let variables = rollout_show::Variables { application: application.clone(), name: name.clone() };
    let rollout = hub.ask::<RolloutShow>(variables).await?.rollout;
    if out.is_json() {
        return out.show(rollout, FIELDS);
    }
    let waves = rollout["waves"].as_array().cloned().unwrap_or_default();
    let holds = rollout["holds"].as_array().cloned().unwrap_or_default();
    out.show(rollout, FIELDS)?;
    out.list(waves, WAVES)?;
    for hold in &holds {
        let (code, text) = (hold["code"].as_str().unwrap_or_default(), hold["text"].as_str().unwrap_or_default());
        out.say(&format!("waits because {text} ({code})"))?;
    }
    Ok(())
}

/// The rollout with what all its waves have together, and the wave whose turn it is.
pub(super) fn sum_up(rollout: &mut Value) {
    let waves = rollout["waves"].as_array().cloned().unwrap_or_default();
    let sum = |field: &str| waves.iter().filter_map(|wave| wave[field].as_u64()).sum::<u64>();
    let is_current = |wave: &&Value| matches!(wave["state"].as_str(), Some("PENDING" | "OPEN" | "SOAKING"));
    rollout["wave"] = waves.iter().find(is_current).map_or(Value::Null, |wave| wave["name"].clone());
    rollout["targets"] = json!(sum("members"));
    rollout["succeeded"] = json!(sum("succeeded"));
    rollout["failed"] = json!(sum("failed") + sum("lost"));
}

/// A state of targets in a rollout.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum State {
    /// its turn has not come, or something holds it
    Waiting,
    /// released, without an outcome yet
    InFlight,
    Succeeded,
    Failed,
    /// without an outcome in time
    Lost,
    RolledBack,
    Skipped,
    Superseded,
    Cancelled,
    Unreached,
}

impl From<State> for RolloutMemberState {
    fn from(state: State) -> Self {
        match state {
            State::Waiting => Self::WAITING,
            State::InFlight => Self::IN_FLIGHT,
            State::Succeeded => Self::SUCCEEDED,
            State::Failed => Self::FAILED,
            State::Lost => Self::LOST,
            State::RolledBack => Self::ROLLED_BACK,
            State::Skipped => Self::SKIPPED,
            State::Superseded => Self::SUPERSEDED,
            State::Cancelled => Self::CANCELLED,
            State::Unreached => Self::UNREACHED,
        }
    }
}

#[derive(Args)]
pub(crate) struct Targets {
    #[command(flatten)]
    of: Of,
    /// Of this wave only, by its number
    #[arg(long, value_name = "NUMBER")]
    wave: Option<u32>,
    /// In this state only
    #[arg(long)]
    state: Option<State>,
    /// Only those that wait for this, by its code, such as target.offline
    #[arg(long, value_name = "CODE")]
    hold: Option<String>,
}

impl Targets {
    pub(super) async fn run(self, Session { hub, out }: &Session) -> Result<()> {
        let Self { of: Of { name, app }, wave, state, hold } = self;
        let variables = |after| rollout_members::Variables {
            application: app.clone(),
            name: name.clone(),
            wave: wave.map(i64::from),
            state: state.map(Into::into),
            hold: hold.clone(),
            first: Some(PAGE),
            after,
        };
        let mut members = hub.list::<RolloutMembers>("/rollout/members", variables).await?;
        if !out.is_json() {
            members.iter_mut().for_each(|member| member["because"] = member["holds"][0]["text"].clone());
        }
        out.list(members, TARGETS)
    }
}

#[derive(Args)]
pub(crate) struct Why {
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

impl Why {
    pub(super) async fn run(self, Session { hub, out }: &Session) -> Result<()> {
        let Self { customer, target, app: application } = self;
        let nothing = format!("no open rollout waits for {application} on {target}");
        let variables = rollout_why::Variables { customer, target, application };
        let mut deployment = hub.ask::<RolloutWhy>(variables).await?.deployment;
        let Value::Array(holds) = deployment["holds"].take() else { return out.list(vec![], HOLDS) };
        match holds.is_empty() && !out.is_json() {
            true => out.say(&nothing),
            false => out.list(holds, HOLDS),
        }
    }
}
