//! Table `target`: the environments of customers, and whether an agent is enrolled in each.

use std::sync::LazyLock;

use chrono::{DateTime, Utc};
use distr_domain::agent::AskedBy;
use distr_domain::fact::Fact;
use distr_domain::fleet::{Silence, TargetState};
use distr_domain::ids::{ApplicationId, CredentialId, CustomerId, OrganizationId, TargetId};
use distr_domain::label::{LabelKey, LabelValue, Labels};
use distr_domain::names::Slug;
use distr_domain::target::{Runtime, TargetEvent};
use serde::{Deserialize, Serialize};
use tokio_postgres::types::{Json, ToSql};
use uuid::Uuid;

use crate::error::QueryError;
use crate::projection::{DecodedEntry, Projection, Rows};
use crate::query::{self, ListPage, Paging, ReadClient, Scope};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TargetRow {
    pub id: TargetId,
    pub organization: OrganizationId,
    pub customer: CustomerId,
    pub name: Slug,
    pub runtime: Runtime,
    /// of an offer that was not used yet
    pub enrolment_expires_at: Option<DateTime<Utc>>,
    pub enrolled_at: Option<DateTime<Utc>>,
    /// the credential that was given out last
    pub credential: Option<CredentialId>,
    /// the one before, until the last was used
    pub credential_before: Option<CredentialId>,
    pub retired_at: Option<DateTime<Utc>>,
    /// the vendor's
    pub namespaces: Vec<Slug>,
    pub labels: Labels,
    pub customer_labels: Labels,
    pub created_at: DateTime<Utc>,
    pub position: u64,
}

pub struct TargetProjection;

impl Projection for TargetProjection {
    type Row = TargetRow;
    const TABLE: &'static str = "target";
    const SINCE: Option<fn(&TargetRow) -> u64> = Some(|row| row.position);

    fn keys(entry: &DecodedEntry) -> Vec<Uuid> {
        match entry.fact() {
            Some(Fact::Target(_)) => vec![entry.id],
            _ => vec![],
        }
    }

    fn apply(rows: &mut Rows<TargetRow>, entry: &DecodedEntry) {
        let Some(Fact::Target(event)) = entry.fact() else { return };
        if let TargetEvent::TargetRegistered { customer, name, runtime } = event {
            return rows.put(
                entry.id,
                TargetRow {
                    id: TargetId(entry.id),
                    organization: entry.organization,
                    customer: *customer,
                    name: name.clone(),
                    runtime: *runtime,
                    enrolment_expires_at: None,
                    enrolled_at: None,
                    credential: None,
                    credential_before: None,
                    retired_at: None,
                    namespaces: vec![],
                    labels: Labels::new(),
                    customer_labels: Labels::new(),
                    created_at: entry.at,
                    position: entry.position.number(),
                },
            );
        }
        let Some(row) = rows.get_mut(entry.id) else { return };
        row.position = entry.position.number();
        match event {
            TargetEvent::TargetRegistered { .. } => {}
            TargetEvent::EnrolmentOffered { expires_at, .. } => row.enrolment_expires_at = Some(*expires_at),
            TargetEvent::TargetEnrolled { credential, .. } => {
                row.enrolment_expires_at = None;
                row.enrolled_at = Some(entry.at);
                row.credential = Some(*credential);
                row.credential_before = None;
            }
            TargetEvent::CredentialRotated { credential, beside } => {
                row.credential = Some(*credential);
                row.credential_before = *beside;
            }
            TargetEvent::CredentialConfirmed { .. } => row.credential_before = None,
            TargetEvent::TargetLabelled { by: AskedBy::Vendor, labels } => row.labels = labels.clone(),
            TargetEvent::TargetLabelled { by: AskedBy::Customer, labels } => row.customer_labels = labels.clone(),
            TargetEvent::NamespacesSet { namespaces } => row.namespaces = namespaces.clone(),
            TargetEvent::TargetRetired { .. } => {
                row.retired_at = Some(entry.at);
                row.enrolment_expires_at = None;
                row.credential = None;
                row.credential_before = None;
            }
        }
    }
}

pub async fn find(client: &ReadClient, scope: Scope, id: TargetId) -> Result<Option<TargetRow>, QueryError> {
    let customer = scope.customer.map(|customer| customer.0);
    query::find(client, include_str!("target/find.sql"), &[&scope.organization.0, &customer, &id.0]).await
}

/// By name, without the retired. `of` narrows it to one customer.
pub async fn list(
    client: &ReadClient,
    scope: Scope,
    of: Option<CustomerId>,
    paging: &Paging,
) -> Result<ListPage<TargetRow>, QueryError> {
    let of = of.map(|customer| customer.0);
    query::list(client, include_str!("target/list.sql"), scope, paging, &[&of]).await
}

/// What of a fleet is asked for. The state goes by silence, and by the hub's clock at the time of asking.
pub struct FleetFilter {
    pub of: Option<CustomerId>,
    /// none: any state
    pub states: Option<Vec<TargetState>>,
    /// with a deployment of this application
    pub application: Option<ApplicationId>,
    /// a part of the target's name, the customer's name or the customer's display name, in lower case
    pub search: Option<String>,
    /// each by one side or the other
    pub labels: Vec<WantedLabel>,
    pub silence: Silence,
    pub now: DateTime<Utc>,
}

/// A label that a target is to have; with any value, if none is said.
#[derive(Debug, Clone, Serialize)]
pub struct WantedLabel {
    pub key: LabelKey,
    pub value: Option<LabelValue>,
}

const BY_STATE: &str = include_str!("target/list_by_state.sql");
static COUNTS: LazyLock<String> =
    LazyLock::new(|| format!("SELECT state, count(*) FROM ({BY_STATE}) AS fleet GROUP BY state"));

/// By name, without the retired.
pub async fn list_filtered(
    client: &ReadClient,
    scope: Scope,
    filter: &FleetFilter,
    paging: &Paging,
) -> Result<ListPage<TargetRow>, QueryError> {
    let (of, states, application, [stale, offline]) = filter.parameters();
    let labels = Json(&filter.labels);
    query::list(
        client,
        BY_STATE,
        scope,
        paging,
        &[&of, &states, &application, &filter.search, &stale, &offline, &labels],
    )
    .await
}

/// By what a fleet is put in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FleetSort {
    /// by state, the one that needs somebody most first: failed, offline, stale, held, progressing, unknown, ok
    Attention,
    Name,
    /// by the customer's name
    Customer,
    /// by when the hub last heard of it; those that were never heard of come first
    Heard,
    Created,
}

impl FleetSort {
    /// Keys of one sort begin alike, so that a cursor of another is told from its own.
    const fn as_str(self) -> &'static str {
        match self {
            Self::Attention => "attention",
            Self::Name => "name",
            Self::Customer => "customer",
            Self::Heard => "heard",
            Self::Created => "created",
        }
    }
}

/// The whole fleet gets its keys, of which a page is taken.
fn sorted(comparison: char, direction: &str) -> String {
    format!(
        "SELECT key, id, whole
FROM (
    SELECT
        ($13::text || ':' || CASE $13
            WHEN 'attention' THEN array_position(
                ARRAY['failed', 'offline', 'stale', 'held', 'progressing', 'unknown', 'ok'], state)::text || ' ' || name
            WHEN 'customer' THEN customer_name || ' ' || name
            WHEN 'heard' THEN coalesce(to_char(heard_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US'), '') || ' ' || name
            WHEN 'created' THEN to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') || ' ' || name
            ELSE name
        END) COLLATE \"C\" AS key,
        id, whole
    FROM ({BY_STATE}) AS fleet
) AS sorted
WHERE $14::text IS NULL OR (key, id) {comparison} ($14 COLLATE \"C\", $15::uuid)
ORDER BY key {direction}, id {direction}
LIMIT $16::bigint"
    )
}

static ASCENDING: LazyLock<String> = LazyLock::new(|| sorted('>', "ASC"));
static DESCENDING: LazyLock<String> = LazyLock::new(|| sorted('<', "DESC"));

/// In the order that is asked for, without the retired.
pub async fn list_sorted(
    client: &ReadClient,
    scope: Scope,
    filter: &FleetFilter,
    (sort, is_descending): (FleetSort, bool),
    paging: &Paging,
) -> Result<ListPage<TargetRow>, QueryError> {
    let (of, states, application, [stale, offline]) = filter.parameters();
    let labels = Json(&filter.labels);
    let filters: [&(dyn ToSql + Sync); 7] = [&of, &states, &application, &filter.search, &stale, &offline, &labels];
    let sql = if is_descending { &DESCENDING } else { &ASCENDING };
    query::list_by_key(client, sql, scope, paging, (sort.as_str(), &filters)).await
}

/// How many targets are in each state; those that none is in are left out.
pub async fn count_by_state(
    client: &ReadClient,
    scope: Scope,
    filter: &FleetFilter,
) -> Result<Vec<(TargetState, u64)>, QueryError> {
    let (of, states, application, [stale, offline]) = filter.parameters();
    let labels = Json(&filter.labels);
    let (customer, key, id) = (scope.customer.map(|customer| customer.0), None::<String>, None::<Uuid>);
    let statement = client.prepare_cached(&COUNTS).await?;
    let rows = client
        .query(
            &statement,
            &[
                &scope.organization.0,
                &customer,
                &key,
                &id,
                &None::<i64>,
                &of,
                &states,
                &application,
                &filter.search,
                &stale,
                &offline,
                &labels,
            ],
        )
        .await?;
    let counted = |row: &tokio_postgres::Row| {
        let state = TargetState::parse(row.get(0))?;
        Some((state, row.get::<_, i64>(1).unsigned_abs()))
    };
    Ok(rows.iter().filter_map(counted).collect())
}

type FilterParameters = (Option<Uuid>, Option<Vec<&'static str>>, Option<Uuid>, [DateTime<Utc>; 2]);

impl FleetFilter {
    /// With the instants up to which a target that was last heard then is stale, and offline.
    fn parameters(&self) -> FilterParameters {
        let states = self.states.as_ref().map(|states| states.iter().map(|state| state.as_str()).collect());
        let silent_since = [self.now - self.silence.stale_after, self.now - self.silence.offline_after];
        (self.of.map(|of| of.0), states, self.application.map(|application| application.0), silent_since)
    }
}

/// For batched loading of what the asker has seen the ids of.
pub async fn by_ids(
    client: &ReadClient,
    organization: OrganizationId,
    ids: &[TargetId],
) -> Result<Vec<TargetRow>, QueryError> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    query::all(client, include_str!("target/by_ids.sql"), &[&organization.0, &ids]).await
}
