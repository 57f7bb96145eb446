//! Table `release`: the versions of each application, drafts included. A customer sees what was published of the
//! applications that its licenses name.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use distr_domain::fact::Fact;
use distr_domain::ids::{ApplicationId, OrganizationId, ReleaseId};
use distr_domain::names::RepositoryPath;
use distr_domain::release::{LockedKind, Package, ReleaseEvent, ReleaseImage, RoleRule};
use distr_domain::trust::{ReleaseSignature, ReleaseTrust};
use distr_domain::upgrade_path::{Catalog, PathRules};
use distr_domain::version::Version;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::error::QueryError;
use crate::projection::{DecodedEntry, Projection, Rows};
use crate::query::{self, ListPage, Paging, ReadClient, Scope};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReleaseRow {
    pub id: ReleaseId,
    pub organization: OrganizationId,
    pub application: ApplicationId,
    pub version: Version,
    /// `Version::sort_key`
    pub sort_key: String,
    pub status: PublicationStatus,
    pub packages: Vec<Package>,
    pub images: Vec<ReleaseImage>,
    pub notes: String,
    /// what it was verified with, if its application trusted some keys only
    pub trust: Option<ReleaseTrust>,
    /// of the release as a whole
    pub signatures: Vec<ReleaseSignature>,
    pub published_at: Option<DateTime<Utc>>,
    pub deprecated_on: Option<NaiveDate>,
    /// of deprecation or revocation
    pub reason: Option<String>,
    /// of upgrades over it and to it
    pub rules: PathRules,
    pub created_at: DateTime<Utc>,
    pub position: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PublicationStatus {
    Draft,
    Published,
    Deprecated,
    Revoked,
}

pub struct ReleaseProjection;

impl Projection for ReleaseProjection {
    type Row = ReleaseRow;
    const TABLE: &'static str = "release";
    const SINCE: Option<fn(&ReleaseRow) -> u64> = Some(|row| row.position);

    fn keys(entry: &DecodedEntry) -> Vec<Uuid> {
        match entry.fact() {
            Some(Fact::Release(_)) => vec![entry.id],
            _ => vec![],
        }
    }

    fn apply(rows: &mut Rows<ReleaseRow>, entry: &DecodedEntry) {
        let Some(Fact::Release(event)) = entry.fact() else { return };
        if let ReleaseEvent::ReleaseDrafted { application, version, content } = event {
            let created_at = rows.get_mut(entry.id).map_or(entry.at, |draft| draft.created_at);
            return rows.put(
                entry.id,
                ReleaseRow {
                    id: ReleaseId(entry.id),
                    organization: entry.organization,
                    application: *application,
                    version: version.clone(),
                    sort_key: version.sort_key(),
                    status: PublicationStatus::Draft,
                    packages: content.packages.clone(),
                    images: content.images.clone(),
                    notes: content.notes.clone(),
                    trust: None,
                    signatures: vec![],
                    published_at: None,
                    deprecated_on: None,
                    reason: None,
                    rules: PathRules::default(),
                    created_at,
                    position: entry.position.number(),
                },
            );
        }
        let Some(row) = rows.get_mut(entry.id) else { return };
        row.position = entry.position.number();
        row.rules.take(event);
        match event {
            ReleaseEvent::ReleaseDrafted { .. }
            | ReleaseEvent::ReleaseRequired { .. }
            | ReleaseEvent::ReleaseUnrequired { .. }
            | ReleaseEvent::ReleaseMarkedNoReturn { .. }
            | ReleaseEvent::UpgradeBlocked { .. }
            | ReleaseEvent::UpgradeUnblocked { .. } => {}
            ReleaseEvent::ReleaseSigned { signature } => signature.clone().keep(&mut row.signatures),
            ReleaseEvent::ReleasePublished { trust } => {
                row.trust = trust.clone();
                row.status = PublicationStatus::Published;
                row.published_at = Some(entry.at);
            }
            ReleaseEvent::ReleaseDeprecated { on, reason } => {
                row.status = PublicationStatus::Deprecated;
                row.deprecated_on = Some(*on);
                row.reason = Some(reason.clone());
            }
            ReleaseEvent::ReleaseRevoked { reason } => {
                row.status = PublicationStatus::Revoked;
                row.reason = Some(reason.clone());
            }
        }
    }
}

pub async fn find(client: &ReadClient, scope: Scope, id: ReleaseId) -> Result<Option<ReleaseRow>, QueryError> {
    let customer = scope.customer.map(|customer| customer.0);
    query::find(client, include_str!("release/find.sql"), &[&scope.organization.0, &customer, &id.0]).await
}

#[derive(Deserialize)]
struct RulesOf {
    application: ApplicationId,
    version: Version,
    rules: PathRules,
}

/// What the releases of an application say of upgrades: those that say anything.
pub async fn path_rules(
    client: &ReadClient,
    organization: OrganizationId,
    application: ApplicationId,
) -> Result<Catalog, QueryError> {
    Ok(path_rules_of(client, organization, &[application]).await?.remove(&application).unwrap_or_default())
}

/// The same for several applications; without those of which no release says anything.
pub async fn path_rules_of(
    client: &ReadClient,
    organization: OrganizationId,
    applications: &[ApplicationId],
) -> Result<HashMap<ApplicationId, Catalog>, QueryError> {
    let applications: Vec<Uuid> = applications.iter().map(|application| application.0).collect();
    let rows: Vec<RulesOf> =
        query::all(client, include_str!("release/path_rules.sql"), &[&organization.0, &applications]).await?;
    let mut catalogs: HashMap<_, Catalog> = HashMap::new();
    for RulesOf { application, version, rules } in rows {
        catalogs.entry(application).or_default().0.insert(version, rules);
    }
    Ok(catalogs)
}

/// The same without its packages, which are large.
pub async fn find_without_packages(
    client: &ReadClient,
    scope: Scope,
    id: ReleaseId,
) -> Result<Option<ReleaseRow>, QueryError> {
    let customer = scope.customer.map(|customer| customer.0);
    let sql = include_str!("release/find_without_packages.sql");
    query::find(client, sql, &[&scope.organization.0, &customer, &id.0]).await
}

/// For batched loading, without their packages.
pub async fn by_ids(
    client: &ReadClient,
    organization: OrganizationId,
    ids: &[ReleaseId],
) -> Result<Vec<ReleaseRow>, QueryError> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    query::all(client, include_str!("release/by_ids.sql"), &[&organization.0, &ids]).await
}

/// What an application's releases run of the registry.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Run {
    pub releases: u64,
    pub repositories: Vec<RepositoryPath>,
}

pub async fn run_by(
    client: &ReadClient,
    organization: OrganizationId,
    application: ApplicationId,
) -> Result<Run, QueryError> {
    let run = query::find(client, include_str!("release/repositories.sql"), &[&organization.0, &application.0]).await?;
    Ok(run.unwrap_or(Run { releases: 0, repositories: vec![] }))
}

#[derive(Debug, Deserialize)]
struct WithChart {
    release: ReleaseId,
}

/// Of each of these applications the newest release that may be used and has a chart.
pub async fn newest_charts(
    client: &ReadClient,
    organization: OrganizationId,
    applications: &[ApplicationId],
) -> Result<Vec<ReleaseId>, QueryError> {
    let applications: Vec<Uuid> = applications.iter().map(|application| application.0).collect();
    let sql = include_str!("release/newest_charts.sql");
    let newest: Vec<WithChart> = query::all(client, sql, &[&organization.0, &applications]).await?;
    Ok(newest.into_iter().map(|chart| chart.release).collect())
}

/// The rights that charts need of an agent.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct ChartRights {
    /// of all of them, as JSON
    pub bytes: u64,
    /// of each; none if they have too many bytes
    pub of_each: Option<Vec<ChartRight>>,
}

/// The kinds of objects of a chart, and the rules of its own Roles.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct ChartRight {
    pub kinds: Vec<LockedKind>,
    #[serde(default)]
    pub rules: Vec<RoleRule>,
}

/// Of those of these releases that have a chart, unless they have more than so many bytes together: they are measured before they are
/// read.
pub async fn chart_rights(
    client: &ReadClient,
    organization: OrganizationId,
    releases: &[ReleaseId],
    most_bytes: u32,
) -> Result<ChartRights, QueryError> {
    let releases: Vec<Uuid> = releases.iter().map(|release| release.0).collect();
    let (sql, most_bytes) = (include_str!("release/chart_rights.sql"), i64::from(most_bytes));
    let rights = query::find(client, sql, &[&organization.0, &releases, &most_bytes]).await?;
    Ok(rights.unwrap_or(ChartRights { bytes: 0, of_each: Some(vec![]) }))
}

/// The newest version first, without their packages. `search` is a part of the version, in lower case.
pub async fn list(
    client: &ReadClient,
    scope: Scope,
    application: ApplicationId,
    search: Option<&str>,
    paging: &Paging,
) -> Result<ListPage<ReleaseRow>, QueryError> {
    query::list(client, include_str!("release/list.sql"), scope, paging, &[&application.0, &search]).await
}
