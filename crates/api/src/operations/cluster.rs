//! How an agent comes into a cluster: manifests to paste, which fetch nothing, and the rights of that agent, which are those of what it
//! installs. Kubernetes alone enforces them.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use chrono::{DateTime, Utc};
use distr_domain::cluster::{base_rules, rules_of};
use distr_domain::entitlement::decide;
use distr_domain::ids::{ApplicationId, CustomerId, OrganizationId, ReleaseId, TargetId};
use distr_domain::names::Slug;
use distr_domain::rejection::Rejection;
use distr_projections::release::{ChartRight, ChartRights};
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

/// Bytes of the rights of all charts of a target, which are read at once.
const MAX_RIGHTS: u32 = 1024 * 1024;
/// Bytes of the rules of one Role: kubectl keeps a copy in an annotation, of which Kubernetes takes 256 KiB.
const MAX_ROLE: usize = 200 * 1024;
/// Bytes of the Roles of all namespaces.
const MAX_ROLES: usize = 2 * 1024 * 1024;

/// Charts whose rights no Role can hold, or more than a person can apply.
#[derive(Debug, thiserror::Error)]
pub enum TooManyRights {
    #[error(
        "the charts that the target runs or may install need rights of {bytes} bytes, and the hub reads at most {most} at once: \
         publish releases whose charts have fewer rules of Roles, or license fewer applications to the customer"
    )]
    Charts { bytes: u64, most: u64 },
    #[error(
        "a Role for the charts that the target runs or may install would have {bytes} bytes, and Kubernetes takes no more than \
         {MAX_ROLE}: publish releases whose charts have fewer rules of Roles"
    )]
    Role { bytes: usize },
    #[error(
        "the Roles for {namespaces} namespaces would have {bytes} bytes; the hub makes at most {MAX_ROLES}: give the target fewer \
         namespaces"
    )]
    Namespaces { namespaces: usize, bytes: usize },
}

impl Rejection for TooManyRights {
    fn code(&self) -> &'static str {
        "target.too_many_rights"
    }
}

/// What an agent is installed with.
pub struct Installation<'a> {
    pub hub: &'a Url,
    /// of the agent
    pub image: &'a str,
    pub target: &'a TargetRow,
    /// as `roles` makes them
    pub roles: &'a str,
}

/// One command for a shell with a kubectl. The token goes through its standard input: it is in no URL and no list of processes.
pub fn install_command(installation: &Installation<'_>, token: &str) -> Result<String, Failure> {
    let (before, after) = (manifests::before(installation.target), manifests::after(installation, token));
    // last what starts, so that the agent has its rights when it does
    let (before, roles, after) = (documents(&before)?, installation.roles, documents(&after)?);
    Ok(format!("kubectl apply -f - <<'DISTR'\n{before}---\n{roles}---\n{after}DISTR"))
}

/// The Roles that the agent needs in the target's namespaces, as YAML. What belongs to no namespace is named above them.
pub fn roles(namespaces: &[Slug], charts: &[ChartRight]) -> Result<String, Failure> {
    let kinds = || charts.iter().flat_map(|chart| &chart.kinds);
    let of_charts = rules_of(kinds(), charts.iter().flat_map(|chart| &chart.rules));
    let rules = lines(&[base_rules(), of_charts].concat())?;
    if rules.len() > MAX_ROLE {
        return Err(Failure::rejected(TooManyRights::Role { bytes: rules.len() }));
    }
    let bytes = rules.len() * namespaces.len();
    if bytes > MAX_ROLES {
        return Err(Failure::rejected(TooManyRights::Namespaces { namespaces: namespaces.len(), bytes }));
    }
    let mut roles = String::new();
    let outside: BTreeSet<String> =
        kinds().filter(|kind| !kind.namespaced).map(|kind| format!("# {}.{}\n", kind.resource, kind.group)).collect();
    if !outside.is_empty() {
        roles += "# No Role can allow these, which belong to no namespace: give the agent a ClusterRole for them.\n";
        roles.extend(outside);
    }
    for (index, namespace) in namespaces.iter().enumerate() {
        let [role, binding] = manifests::role_without_rules(namespace).map(|manifest| text(&manifest));
        let mark = if index == 0 { "" } else { "---\n" };
        let (role, binding) = (role?, binding?);
        write!(roles, "{mark}{role}rules:\n{rules}---\n{binding}").map_err(Failure::fault)?;
    }
    Ok(roles)
}

fn documents(manifests: &[Value]) -> Result<String, Failure> {
    let documents: Result<Vec<String>, _> = manifests.iter().map(document).collect();
    Ok(documents?.join("---\n"))
}

/// A line for each rule: people read these, and there are many.
fn document(manifest: &Value) -> Result<String, Failure> {
    let mut manifest = manifest.clone();
    let rules = manifest.as_object_mut().and_then(|fields| fields.remove("rules"));
    let head = text(&manifest)?;
    match rules {
        Some(Value::Array(rules)) => Ok(format!("{head}rules:\n{}", lines(&rules)?)),
        _ => Ok(head),
    }
}

fn text(manifest: &Value) -> Result<String, Failure> {
    serde_saphyr::to_string(manifest).map_err(Failure::fault)
}

fn lines(rules: &[impl serde::Serialize]) -> Result<String, Failure> {
    let line = |rule| serde_json::to_string(rule).map(|rule| format!("- {rule}\n")).map_err(Failure::fault);
    rules.iter().map(line).collect()
}

/// The rights of the charts that the target runs, and of the newest of each application that its customer may have now.
pub async fn rights(
    models: &ReadModels,
    (organization, customer, target): (OrganizationId, CustomerId, TargetId),
    now: DateTime<Utc>,
) -> Result<Vec<ChartRight>, Failure> {
    let scope = Scope { organization, customer: Some(customer) };
    let client = models.client().await?;
    let held = entitlement::held_licenses(&client, organization, customer).await?;
    let applications: BTreeSet<ApplicationId> = held.iter().map(|license| license.application).collect();
    let applications: Vec<ApplicationId> = applications.into_iter().collect();
    let newest = release::newest_charts(&client, organization, &applications).await?;
    let asked = entitlement::asked_for_releases(&client, organization, &newest).await?;
    let may_have = |(_, asked): &&_| decide(std::slice::from_ref(asked), &held, now).is_ok();
    let mut releases: Vec<ReleaseId> = asked.iter().filter(may_have).map(|(release, _)| *release).collect();
    let deployed = deployment::of_targets(&client, scope, &[target]).await?;
    releases.extend(deployed.iter().map(|row| ReleaseId::of(row.application, &row.desired.version)));
    let ChartRights { bytes, of_each } = release::chart_rights(&client, organization, &releases, MAX_RIGHTS).await?;
    of_each.ok_or_else(|| Failure::rejected(TooManyRights::Charts { bytes, most: MAX_RIGHTS.into() }))
}

#[cfg(test)]
mod tests;
