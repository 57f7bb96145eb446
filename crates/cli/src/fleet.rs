//! `distr fleet`: every target with what is asked for on it, what really runs, and how it is.

use anyhow::Result;
use chrono::{DateTime, Utc};
use clap::Args;
use serde_json::{Value, json};

use crate::as_of::AsOf;
use crate::hub::PAGE;
use crate::label::WantedLabel;
use crate::operation::shown;
use crate::output::Columns;
use crate::session::Session;
use crate::{clock, customer, moment};

shown!("src/fleet.graphql": FleetList);

const COLUMNS: Columns = &[
    ("CUSTOMER", "/customer"),
    ("TARGET", "/target"),
    ("STATE", "/state"),
    ("APPLICATION", "/application"),
    ("DESIRED", "/desiredVersion"),
    ("RUNNING", "/runningVersion"),
    ("HEALTH", "/health"),
    ("DRIFT", "/drift"),
    ("HEARTBEAT", "/heartbeat"),
    ("ERROR", "/error"),
];

#[derive(Args)]
pub(crate) struct Fleet {
    /// Of this customer only
    #[arg(long, value_name = "NAME")]
    customer: Option<String>,
    /// With this label, by either side; may be given several times. KEY alone stands for any value
    #[arg(long = "label", value_name = "KEY=VALUE")]
    labels: Vec<WantedLabel>,
    #[command(flatten)]
    as_of: AsOf,
}

impl Fleet {
    pub(crate) async fn run(self, session: &Session) -> Result<()> {
        let Session { hub, out } = session;
        let variables = |after| {
            let (customer, filter) = (self.customer.clone(), filter(&self.labels));
            let as_of = self.as_of.as_of.clone();
            fleet_list::Variables { customer, filter, first: Some(PAGE), after, as_of }
        };
        let targets: Vec<Value> = hub.list::<FleetList>("/targets", variables).await?.into_iter().map(target).collect();
        customer::check_named(hub, self.customer.as_deref(), &targets).await?;
        match out.is_json() {
            true => out.list(targets, &[]),
            false => {
                let now = self.as_of.as_of.is_none().then(clock::now);
                out.list(targets.iter().flat_map(|target| rows(target, now)).collect(), COLUMNS)
            }
        }
    }
}

fn filter(labels: &[WantedLabel]) -> Option<fleet_list::TargetFilter> {
    let wanted = labels.iter().map(|WantedLabel { key, value }| fleet_list::LabelFilter {
        key: key.to_string(),
        value: value.as_ref().map(ToString::to_string),
    });
    let wanted: Vec<_> = wanted.collect();
    let filter = |labels| fleet_list::TargetFilter { states: None, application: None, search: None, labels };
    (!wanted.is_empty()).then(|| filter(Some(wanted)))
}

/// In the fleet, a target's name is its `target`.
fn target(mut node: Value) -> Value {
    node["target"] = node["name"].take();
    if let Value::Object(fields) = &mut node {
        fields.remove("name");
    }
    node
}

/// A row a deployment; one for a target that has none. Ages are of now; of a moment that is past, the time itself is shown.
fn rows(target: &Value, now: Option<DateTime<Utc>>) -> Vec<Value> {
    let heard = target["lastHeartbeatAt"].as_str().and_then(|time| time.parse().ok());
    let shown = |time| now.map_or_else(|| moment::text(time), |now| moment::ago(time, now));
    let heartbeat = heard.map_or_else(|| "never".to_owned(), shown);
    let row = |deployment: &Value| {
        json!({
            "customer": target["customer"], "target": target["target"], "state": deployment.get("state").unwrap_or(&target["state"]), "heartbeat": heartbeat,
            "application": deployment["application"], "desiredVersion": desired(deployment),
            "runningVersion": deployment["runningVersion"], "health": health(deployment),
            "drift": deployment["drift"], "error": deployment["error"]["text"],
        })
    };
    match target["deployments"].as_array() {
        Some(deployments) if !deployments.is_empty() => deployments.iter().map(row).collect(),
        _ => vec![row(&Value::Null)],
    }
}

fn health(deployment: &Value) -> Value {
    match deployment["isFlapping"].as_bool() {
        Some(true) => json!("flapping"),
        _ => deployment["health"].clone(),
    }
}

/// The version with what speaks against it, or how far the removal is that was asked for after it.
fn desired(deployment: &Value) -> Value {
    if deployment["removal"].is_null() {
        let Some(version) = deployment["desiredVersion"].as_str() else { return Value::Null };
        let release = &deployment["release"];
        let standing = release["status"].as_str().filter(|status| ["DEPRECATED", "REVOKED"].contains(status));
        let required = release["outdatedBy"]["version"].as_str().map(|version| format!("{version} required"));
        let remarks = standing.map(str::to_lowercase).into_iter().chain(required);
        return json!([version.to_owned()].into_iter().chain(remarks).collect::<Vec<_>>().join(", "));
    }
    match deployment["phase"].as_str() {
        Some("HELD") => json!("removal, held"),
        Some("REMOVED") => json!("removed"),
        _ => json!("removal"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_tells_of_its_own_application() {
        let deployment = json!({"state": "OK", "health": "OK", "isFlapping": true});
        let target = json!({"target": "x", "state": "FAILED", "deployments": [deployment]});
        let now = DateTime::from_timestamp(0, 0).unwrap();
        let row = &rows(&target, Some(now))[0];
        assert_eq!((&row["state"], &row["health"]), (&json!("OK"), &json!("flapping")));
        let bare = json!({"target": "x", "state": "UNKNOWN", "deployments": []});
        assert_eq!(rows(&bare, Some(now))[0]["state"], "UNKNOWN");
    }

    #[test]
    fn a_removal_that_is_wanted_is_told_from_the_version_before_it() {
        let of = |removal, phase| desired(&json!({"desiredVersion": "1.0.0", "removal": removal, "phase": phase}));
        assert_eq!(of(None, "HELD"), "1.0.0");
        assert_eq!(of(Some("REMOVE"), "HELD"), "removal, held");
        assert_eq!(of(Some("KEEP"), "REMOVING"), "removal");
        assert_eq!(of(Some("KEEP"), "REMOVED"), "removed");
        assert_eq!(desired(&Value::Null), Value::Null);
        let deprecated = json!({"desiredVersion": "1.0.0", "release": {"status": "DEPRECATED"}});
        assert_eq!(desired(&deprecated), "1.0.0, deprecated");
        let outdated =
            json!({"desiredVersion": "1.0.0", "release": {"status": "PUBLISHED", "outdatedBy": {"version": "2.0.0"}}});
        assert_eq!(desired(&outdated), "1.0.0, 2.0.0 required");
        let revoked =
            json!({"desiredVersion": "1.0.0", "release": {"status": "REVOKED", "outdatedBy": {"version": "2.0.0"}}});
        assert_eq!(desired(&revoked), "1.0.0, revoked, 2.0.0 required");
    }
}
