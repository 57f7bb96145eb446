//! What an agent has to bring about, from the read models; secrets are put in here and nowhere else.

use std::collections::BTreeMap;

use aws_lc_rs::digest;
use deadpool_postgres::Pool;
use distr_chart::values::{Asked, deployed};
use distr_domain::agent::{
    ChartSource, DesiredDeployment, DesiredState, Instruction, PinnedImage, RunChartInstruction, RunInstruction, Trust,
};
use distr_domain::deployment::Phase;
use distr_domain::ids::{ReleaseId, TargetId};
use distr_domain::names::Slug;
use distr_domain::release::{Package, PackageKind};
use distr_domain::target::Runtime;
use distr_domain::trust::ReleaseTrust;
use distr_postgres::BatchedLookup;
use distr_projections::application::ApplicationRow;
use distr_projections::deployment::{self, DeploymentRow};
use distr_projections::release::ReleaseRow;
use distr_projections::{Scope, application, organization, release, target};
use uuid::Uuid;

use super::trust;
use crate::auth::AgentCaller;
use crate::failure::Failure;
use crate::limits::Limits;
use crate::models::Artifacts;
use crate::ops::secret::{Place, Vault};

/// The parts of the hub that desired states are made of.
#[derive(Clone, Copy)]
pub struct Desiring<'a> {
    pub artifacts: &'a Artifacts,
    pub vault: &'a Vault,
    pub etags: &'a DesiredEtags,
    pub limits: &'a Limits,
    /// `host[:port]` of the registry in image references
    pub registry_host: &'a str,
}

/// What tells one desired state of a target from another, for all who ask at the same time.
pub struct DesiredEtags(BatchedLookup<TargetId, String>);

/// The whole desired state, unless the agent's etag says that it holds it already.
pub async fn desired(
    of: Desiring<'_>,
    agent: &AgentCaller,
    held: Option<&str>,
) -> Result<Option<DesiredState>, Failure> {
    let etag = of.etags.of(agent.target, of.registry_host).await?;
    if held == Some(etag.as_str()) {
        return Ok(None);
    }
    // it costs what it is large, and whoever names no etag asks for it each time
    of.limits.check_desired(agent.target)?;
    // read after the etag: what is newer than that is told once more with the next one
    let scope = Scope { organization: agent.organization, customer: Some(agent.customer) };
    let mut rows = deployment::of_targets(&*of.artifacts.models.client().await?, scope, &[agent.target]).await?;
    rows.retain(|row| row.phase != Phase::Removed);
    let target = target::find(&*of.artifacts.models.client().await?, scope, agent.target).await?;
    let runtime = target.map_or(Runtime::Docker, |target| target.runtime);
    let mut deployments = vec![];
    for row in &rows {
        deployments.push(desired_deployment(of, (scope, runtime), row).await?);
    }
    Ok(Some(DesiredState { etag, registry: of.registry_host.to_owned(), deployments }))
}

impl DesiredEtags {
    pub fn start(pool: Pool) -> Self {
        Self(BatchedLookup::start(move |targets: Vec<TargetId>| {
            let pool = pool.clone();
            async move {
                let client = pool.get().await?;
                let statement = client.prepare_cached(include_str!("desired/etags.sql")).await?;
                let targets: Vec<Uuid> = targets.into_iter().map(|target| target.0).collect();
                let rows = client.query(&statement, &[&targets]).await?;
                Ok::<_, Failure>(rows.iter().map(|row| (TargetId(row.get("target")), row.get("source"))).collect())
            }
        }))
    }

    async fn of(&self, target: TargetId, registry_host: &str) -> Result<String, Failure> {
        let source = self.0.find(target).await?.unwrap_or_default();
        let text = format!("{registry_host};{source}");
        Ok(hex::encode(&digest::digest(&digest::SHA256, text.as_bytes()).as_ref()[..16]))
    }
}

async fn desired_deployment(
    of: Desiring<'_>,
    (scope, runtime): (Scope, Runtime),
    row: &DeploymentRow,
) -> Result<DesiredDeployment, Failure> {
    let applications =
        application::by_ids(&*of.artifacts.models.client().await?, scope.organization, &[row.application]).await?;
    let application = applications.into_iter().next().ok_or_else(|| missing("application", row))?;
    let instruction = match row.removal {
        Some(data) => Instruction::Remove { data },
        None => {
            let wanted = Wanted::load(of, scope, row, &application).await?;
            match runtime {
                Runtime::Docker => Instruction::Run(wanted.run(of, scope, row).await?),
                Runtime::Kubernetes => Instruction::RunChart(wanted.run_chart(of, scope, row).await?),
            }
        }
    };
    Ok(DesiredDeployment {
        deployment: row.id,
        application: application.name,
        generation: row.generation,
        asked_by: row.desired.asked_by,
        instruction,
    })
}

/// The release of a wish, with what agents verify it by.
struct Wanted {
    release: ReleaseRow,
    organization: Slug,
    trust: Option<ReleaseTrust>,
}

impl Wanted {
    async fn load(
        of: Desiring<'_>,
        scope: Scope,
        row: &DeploymentRow,
        application: &ApplicationRow,
    ) -> Result<Self, Failure> {
        let id = ReleaseId::of(row.application, &row.desired.version);
        // the vendor's view: the wish was decided when it was made, and what runs is not taken away with a license
        let vendor = Scope { customer: None, ..scope };
        let release = release::find(&*of.artifacts.models.client().await?, vendor, id)
            .await?
            .ok_or_else(|| missing("release", row))?;
        let trust = trust::for_agents(of.artifacts, &application.signing_policy(), &application.name, &release).await?;
        let organization = organization::find(&*of.artifacts.models.client().await?, scope.organization).await?;
        let organization = organization.ok_or_else(|| missing("organization", row))?.name;
        Ok(Self { release, organization, trust })
    }

    async fn run(self, of: Desiring<'_>, scope: Scope, row: &DeploymentRow) -> Result<RunInstruction, Failure> {
        let compose = Package::compose(&self.release.packages).ok_or_else(|| missing("compose package", row))?;
        Ok(RunInstruction {
            images: self.images(PackageKind::Compose),
            trust: self.trust(),
            compose: compose.file.clone(),
            files: compose.files.clone(),
            profiles: row.desired.features.clone(),
            config: resolve(of, scope, row).await?,
            version: self.release.version,
            signatures: self.release.signatures.into_iter().map(|signature| signature.layer).collect(),
        })
    }

    async fn run_chart(
        self,
        of: Desiring<'_>,
        scope: Scope,
        row: &DeploymentRow,
    ) -> Result<RunChartInstruction, Failure> {
        let package = Package::helm(&self.release.packages).ok_or_else(|| missing("chart", row))?;
        let asked = Asked { config: &row.desired.config, values: &row.desired.values, features: &row.desired.features };
        let chart = ChartSource {
            repository: format!("{}/{}", self.organization, package.chart.repository),
            digest: package.chart.digest.clone(),
            archive: package.chart.archive.clone(),
            size: package.chart.size,
            name: package.chart.name.clone(),
            version: package.chart.version.clone(),
        };
        let mut secrets = resolve(of, scope, row).await?;
        secrets.retain(|name, _| package.settings.secrets.contains_key(name));
        Ok(RunChartInstruction {
            chart,
            lock: package.lock.clone(),
            settings: package.settings.clone(),
            namespace: row.desired.namespace.clone(),
            values: deployed(&package.settings, asked).map_err(Failure::fault)?,
            secrets,
            images: self.images(PackageKind::Helm),
            trust: self.trust(),
            features: row.desired.features.clone(),
            version: self.release.version.clone(),
            signatures: self.release.signatures.iter().map(|signature| signature.layer.clone()).collect(),
        })
    }

    /// The images of one package, each with the signature that agents verify.
    fn images(&self, package: PackageKind) -> Vec<PinnedImage> {
        let of_package = self.release.images.iter().filter(|image| image.package == package);
        let pinned = of_package.map(|image| PinnedImage {
            service: image.service.clone(),
            repository: format!("{}/{}", self.organization, image.repository),
            digest: image.digest.clone(),
            signature: self.trust.as_ref().and_then(|trust| {
                let signature = trust.signature_of(&image.repository, &image.digest)?;
                Some(signature.layer.clone())
            }),
        });
        pinned.collect()
    }

    fn trust(&self) -> Option<Trust> {
        self.trust.as_ref().map(|trust| Trust { keys: trust.keys.clone(), requires: trust.requires })
    }
}

/// The configuration with its secrets. One that is gone is empty: the agent reports what comes of it.
async fn resolve(of: Desiring<'_>, scope: Scope, row: &DeploymentRow) -> Result<BTreeMap<String, String>, Failure> {
    let names: Vec<String> = row.desired.config.values().flat_map(|value| secret_names(value)).collect();
    if names.is_empty() {
        return Ok(row.desired.config.clone());
    }
    let place = Place { organization: scope.organization, customer: row.customer };
    let secrets = of.vault.get(place, &names).await?;
    let config = row.desired.config.iter().map(|(key, value)| (key.clone(), substitute(value, &secrets)));
    Ok(config.collect())
}

/// The names in `${secret:NAME}`.
pub(super) fn secret_names(value: &str) -> Vec<String> {
    let pieces = value.split("${secret:").skip(1);
    pieces.filter_map(|piece| piece.split_once('}')).map(|(name, _)| name.to_owned()).collect()
}

fn substitute(value: &str, secrets: &BTreeMap<String, String>) -> String {
    let mut pieces = value.split("${secret:");
    let mut resolved = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        match piece.split_once('}') {
            Some((name, rest)) => {
                resolved.push_str(secrets.get(name).map_or("", String::as_str));
                resolved.push_str(rest);
            }
            None => {
                resolved.push_str("${secret:");
                resolved.push_str(piece);
            }
        }
    }
    resolved
}

fn missing(what: &str, row: &DeploymentRow) -> Failure {
    Failure::fault(std::io::Error::other(format!("the {what} of deployment {} is not in the read models", row.id)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_put_where_they_are_named() {
        let secrets = BTreeMap::from([("DB".to_owned(), "p}w".to_owned())]);
        assert_eq!(secret_names("a${secret:DB}b${secret:X}"), ["DB", "X"]);
        assert_eq!(substitute("pg://u:${secret:DB}@h/${secret:X}.", &secrets), "pg://u:p}w@h/.");
        assert_eq!(substitute("${secret:open", &secrets), "${secret:open");
        assert_eq!(substitute("plain $VALUE", &secrets), "plain $VALUE");
    }
}
