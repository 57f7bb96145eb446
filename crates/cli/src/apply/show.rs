//! A plan as text, field by field, or as JSON: an array of steps.

use anyhow::Result;
use serde_json::{Value, json};

use super::plan::{Action, Step};
use crate::output::Output;

#[derive(Clone, Copy)]
pub(super) enum Tense {
    Plan,
    Done,
}

pub(super) fn plan(out: &Output, steps: &[Step]) -> Result<()> {
    if out.is_json() {
        return out.json(&Value::Array(steps.iter().map(object).collect()));
    }
    steps.iter().flat_map(|step| lines(step, Tense::Plan)).try_for_each(|line| out.say(&line))
}

pub(super) fn lines(step: &Step, tense: Tense) -> Vec<String> {
    let done = verb(&step.action, tense);
    let note = step.note.map(|note| format!(" ({note})")).unwrap_or_default();
    let mut lines = vec![format!("{} {}: {done}{note}", step.kind, step.name)];
    lines.extend(step.differences.iter().map(|difference| {
        let text = |value: &Option<String>| value.clone().unwrap_or_else(|| absent(difference.field).to_owned());
        match is_creation(&step.action) {
            true => format!("  {}: {}", difference.field, text(&difference.to)),
            false => format!("  {}: {} -> {}", difference.field, text(&difference.from), text(&difference.to)),
        }
    }));
    lines
}

/// What it means that a field has no value.
fn absent(field: &str) -> &'static str {
    match field {
        "versions" | "channels" | "seats" => "not restricted",
        "notBefore" => "from the beginning",
        "expires" => "never",
        _ => "none",
    }
}

pub(super) fn object(step: &Step) -> Value {
    let changes = step.differences.iter();
    let changes: Vec<Value> = changes.map(|of| json!({"field": of.field, "from": of.from, "to": of.to})).collect();
    let action = verb(&step.action, Tense::Plan);
    json!({"kind": step.kind, "name": step.name, "action": action, "changes": changes, "note": step.note})
}

fn is_creation(action: &Action) -> bool {
    match action {
        Action::CreateApplication { .. }
        | Action::CreateChannel { .. }
        | Action::CreateCustomer { .. }
        | Action::IssueLicense { .. }
        | Action::SetRolloutPolicy { is_new: true, .. } => true,
        Action::DescribeApplication { .. }
        | Action::SetSigningKeys { .. }
        | Action::SetFeatureTags { .. }
        | Action::SetCatalogue { .. }
        | Action::SetIcon { .. }
        | Action::SetBranding { .. }
        | Action::SetBrandingImage { .. }
        | Action::RenameCustomer { .. }
        | Action::AmendLicense { .. }
        | Action::SetRolloutPolicy { is_new: false, .. }
        | Action::Nothing => false,
    }
}

fn verb(action: &Action, tense: Tense) -> &'static str {
    match (action, tense) {
        (Action::Nothing, _) => "nothing",
        (action, Tense::Plan) if is_creation(action) => "create",
        (action, Tense::Done) if is_creation(action) => "created",
        (_, Tense::Plan) => "amend",
        (_, Tense::Done) => "amended",
    }
}
