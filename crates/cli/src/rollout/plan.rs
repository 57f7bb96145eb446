//! `distr rollout plan`: what would happen, and the digest by which that very plan is started.

use anyhow::Result;
use serde_json::{Value, json};

use super::{Wanted, scope};
use crate::exit::Failure;
use crate::operation::shown;
use crate::output::{Columns, remark};
use crate::session::Session;

shown!("src/rollout.graphql": RolloutPlan);

use rollout_plan::{LabelInput, RolloutScopeInput};

/// Targets of a wave that are named; the hub names no more at once.
const NAMED: i64 = 500;

const WAVES: Columns = &[("WAVE", "/number"), ("NAME", "/name"), ("TARGETS", "/members"), ("FIRST", "/first")];
/// Targets of a wave that stand in its line.
const SHOWN: usize = 8;

pub(super) async fn run(session: &Session, wanted: Wanted) -> Result<()> {
    let Session { hub, out } = session;
    let scope = scope(&wanted).map(|scope| RolloutScopeInput {
        customers: scope.customers,
        labels: scope.labels.into_iter().map(|label| LabelInput { key: label.key, value: label.value }).collect(),
    });
    let Wanted { app: application, version, policy: policy_name, name, .. } = wanted;
    let variables = rollout_plan::Variables { application, version, name, policy_name, scope, first: Some(NAMED) };
    let plan = hub.ask::<RolloutPlan>(variables).await?.rollout_plan;
    let members = plan["members"].as_u64().unwrap_or_default();
    match out.is_json() {
        true => out.json(&crate::output::references_by_name(plan))?,
        false => tell(session, &plan)?,
    }
    if members == 0 { Ok(()) } else { Err(Failure::WouldChange.into()) }
}

fn tell(Session { out, .. }: &Session, plan: &Value) -> Result<()> {
    let waves = plan["waves"].as_array().cloned().unwrap_or_default();
    out.list(waves.into_iter().map(with_first).collect(), WAVES)?;
    for held in plan["held"].as_array().into_iter().flatten() {
        let (targets, hold) = (&held["targets"], &held["hold"]);
        let (code, text) = (hold["code"].as_str().unwrap_or_default(), hold["text"].as_str().unwrap_or_default());
        out.say(&format!("{} would wait: {text} ({code})", counted(targets.as_u64().unwrap_or_default())))?;
    }
    for warning in plan["warnings"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        remark(&format!("warning: {warning}"));
    }
    out.say(&format!("digest: {}", plan["digest"].as_str().unwrap_or_default()))
}

pub(super) fn counted(targets: u64) -> String {
    format!("{targets} target{}", if targets == 1 { "" } else { "s" })
}

/// With the names of the first targets, each with the version that it comes to first.
fn with_first(mut wave: Value) -> Value {
    let nodes = wave["targets"]["nodes"].as_array().cloned().unwrap_or_default();
    let name = |node: &Value| {
        let (customer, target) = (&node["target"]["customer"]["name"], &node["target"]["name"]);
        let name = format!("{}/{}", customer.as_str().unwrap_or_default(), target.as_str().unwrap_or_default());
        match node["hop"].as_str() {
            Some(hop) => format!("{name} to {hop}"),
            None => name,
        }
    };
    let mut names: Vec<String> = nodes.iter().take(SHOWN).map(name).collect();
    if wave["members"].as_u64().unwrap_or_default() > names.len() as u64 {
        names.push("…".to_owned());
    }
    wave["first"] = json!(names);
    wave
}
