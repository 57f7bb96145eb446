//! Rollout policies: each whole, as a file gives it.

use distr_domain::rollout::policy::Policy;
use serde_json::{Map, Value};

use super::{Action, Difference, Step, differs};
use crate::apply::current::Current;
use crate::apply::file::Wanted;
use crate::output::text;
use crate::policy::{Named, rules_of};

/// The rules, as they are compared and shown.
const FIELDS: [&str; 15] = [
    "waves",
    "limits",
    "gate",
    "timeoutMinutes",
    "unhealthyGraceMinutes",
    "retries",
    "leadMinutes",
    "onHalt",
    "tailDays",
    "approve",
    "windows",
    "keepCustomersTogether",
    "keepTogetherBy",
    "sticky",
    "closed",
];

pub(super) fn steps(wanted: &Wanted, current: &Current) -> impl Iterator<Item = Step> {
    wanted.rollout_policies.iter().map(|of| step(&of.value, current))
}

fn step(Named { name, policy }: &Named, current: &Current) -> Step {
    let now = current.rollout_policies.get(name.as_str());
    let differences = differences(now, policy);
    let set =
        Action::SetRolloutPolicy { name: name.to_string(), policy: Box::new(policy.clone()), is_new: now.is_none() };
    let action = if differences.is_empty() { Action::Nothing } else { set };
    Step { kind: "rollout policy", name: name.to_string(), action, differences, note: None }
}

fn differences(now: Option<&Value>, policy: &Policy) -> Vec<Difference> {
    // what is written here is read here: it is an object of plain fields
    let wanted = rules_of(policy).unwrap_or_default();
    let of = |rules: &Value, field: &str| shown(&rules[field]);
    FIELDS.iter().filter_map(|field| differs(field, now.and_then(|now| of(now, field)), of(&wanted, field))).collect()
}

/// In one line; nothing, where the field says nothing.
fn shown(value: &Value) -> Option<String> {
    match value {
        Value::Null | Value::Bool(false) => None,
        value => Some(text(&with_labels(value)).replace('\n', "; ")),
    }
}

/// Labels as people write them.
fn with_labels(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(with_labels).collect(),
        Value::Object(fields) => match (fields.get("key"), fields.get("value")) {
            (Some(key), Some(value)) => format!("{}={}", text(key), text(value)).into(),
            _ => {
                let said = fields.iter().filter(|(_, value)| !matches!(value, Value::Null | Value::Bool(false)));
                Value::Object(said.map(|(key, value)| (key.clone(), with_labels(value))).collect::<Map<_, _>>())
            }
        },
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(text: &str) -> Named {
        serde_saphyr::from_str(text).unwrap()
    }

    const CAREFUL: &str =
        "{name: careful, waves: [{name: early, labels: {ring: early}, soak: 30m}, {name: all, rest: true}],
        limits: {inFlight: 5%}}";

    #[test]
    fn what_the_hub_has_is_compared_field_by_field() {
        let careful = named(CAREFUL);
        let now = rules_of(&careful.policy).unwrap();
        assert_eq!(differences(Some(&now), &careful.policy), []);
        let more = named(&CAREFUL.replace("5%", "2"));
        let changed = differences(Some(&now), &more.policy);
        let [limits] = &changed[..] else { panic!("{changed:?}") };
        assert_eq!(
            (limits.field, limits.from.as_deref(), limits.to.as_deref()),
            ("limits", Some("inFlightPercent: 5"), Some("inFlight: 2"))
        );
    }

    #[test]
    fn a_new_policy_shows_what_it_says() {
        let new = differences(None, &named(CAREFUL).policy);
        let waves = new.iter().find(|of| of.field == "waves").unwrap();
        let said = waves.to.as_deref().unwrap();
        assert_eq!(said, "labels: ring=early, name: early, soakMinutes: 30; name: all, rest: yes, soakMinutes: 0");
        assert!(new.iter().all(|of| !["approve", "sticky", "windows"].contains(&of.field)));
    }
}
