//! How an agent comes into a cluster: manifests to paste, which fetch nothing, and the rights of that agent, which are those of what it
//! installs. Kubernetes alone enforces them.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use distr_domain::cluster::rules;
use distr_domain::entitlement::decide;
use distr_domain::ids::{ApplicationId, ReleaseId};
use distr_domain::rejection::Rejection;
use distr_domain::release::{ChartLock, Package};
use distr_projections::release::NewestChart;
use distr_projections::target::TargetRow;
use distr_projections::{Scope, deployment, entitlement, release};
use serde_json::Value;
use url::Url;

use crate::failure::Failure;
use crate::models::ReadModels;

mod manifests;

/// The hub was not told from where nodes pull the agent.
#[derive(Debug, thiserror::Error)]
#[error("this hub names no image of the agent for clusters; its operator sets DISTR_KUBERNETES_AGENT_IMAGE")]
pub struct NoAgentImage;

impl Rejection for NoAgentImage {
    fn code(&self) -> &'static str {
        "target.no_agent_image"
    }
}

/// What an agent is installed with.
pub struct Installation<'a> {
    pub hub: &'a Url,
    /// of the agent
    pub image: &'a str,
    pub target: &'a TargetRow,
    pub charts: &'a [ChartLock],
}

/// One command for a shell with a kubectl. The token goes through its standard input: it is in no URL and no list of processes.
pub fn install_command(installation: &Installation<'_>, token: &str) -> Result<String, Failure> {
    let yaml = documents(&manifests::installation(installation, token))?;
    Ok(format!("kubectl apply -f - <<'DISTR'\n{yaml}DISTR"))
}

/// The Roles that the agent needs in the target's namespaces, as YAML. What belongs to no namespace is named above them.
pub fn roles(target: &TargetRow, charts: &[ChartLock]) -> Result<String, Failure> {
    let roles = documents(&manifests::roles(target, &rules(charts)))?;
    let kinds = charts.iter().flat_map(|chart| &chart.kinds).filter(|kind| !kind.namespaced);
    let outside: BTreeSet<String> = kinds.map(|kind| format!("# {}.{}\n", kind.resource, kind.group)).collect();
    match outside.is_empty() {
        true => Ok(roles),
        false => {
            let outside: String = outside.into_iter().collect();
            Ok(format!(
                "# No Role can allow these, which belong to no namespace: give the agent a ClusterRole for them.\n{outside}{roles}"
            ))
        }
    }
}

fn documents(manifests: &[Value]) -> Result<String, Failure> {
    let documents: Result<Vec<String>, _> = manifests.iter().map(document).collect();
    Ok(documents.map_err(Failure::fault)?.join("---\n"))
}

/// A line for each rule: people read these, and there are many.
fn document(manifest: &Value) -> Result<String, serde_saphyr::SerializeError> {
    let mut manifest = manifest.clone();
    let rules = manifest.as_object_mut().and_then(|fields| fields.remove("rules"));
    let head = serde_saphyr::to_string(&manifest)?;
    let Some(Value::Array(rules)) = rules else { return Ok(head) };
    let rules: String = rules.iter().map(|rule| format!("- {rule}\n")).collect();
    Ok(format!("{head}rules:\n{rules}"))
}

/// The charts that the target runs, and the newest of each application that its customer may have now.
pub async fn charts(models: &ReadModels, target: &TargetRow, now: DateTime<Utc>) -> Result<Vec<ChartLock>, Failure> {
    let scope = Scope { organization: target.organization, customer: Some(target.customer) };
    let client = models.client().await?;
    let held = entitlement::held_licenses(&client, target.organization, target.customer).await?;
    let applications: BTreeSet<ApplicationId> = held.iter().map(|license| license.application).collect();
    let applications: Vec<ApplicationId> = applications.into_iter().collect();
    let newest = release::newest_charts(&client, target.organization, &applications).await?;
    let ids: Vec<_> = newest.iter().map(|chart| chart.release).collect();
    let asked = entitlement::asked_for_releases(&client, target.organization, &ids).await?;
    let may_have = |chart: &NewestChart| {
        let asked = asked.iter().find(|(release, _)| *release == chart.release).map(|(_, asked)| asked);
        asked.is_some_and(|asked| decide(std::slice::from_ref(asked), &held, now).is_ok())
    };
    let mut charts: Vec<ChartLock> =
        newest.iter().filter(|chart| may_have(chart)).map(|chart| chart.lock.clone()).collect();
    for deployment in deployment::of_targets(&client, scope, &[target.id]).await? {
        let wanted = ReleaseId::of(deployment.application, &deployment.desired.version);
        let release = release::find(&client, scope, wanted).await?;
        let package = release.as_ref().and_then(|release| Package::helm(&release.packages));
        charts.extend(package.map(|package| package.lock.clone()));
    }
    Ok(charts)
}
