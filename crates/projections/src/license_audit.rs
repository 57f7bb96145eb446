//! Table `license_audit`: each grant, change, use and refusal of a license, in the order of the log.

use chrono::{DateTime, Utc};
use distr_domain::access::{AccessAction, AccessOutcome, AccessRecord};
use distr_domain::entitlement::is_withheld;
use distr_domain::fact::Fact;
use distr_domain::ids::{ApplicationId, CustomerId, LicenseId, OrganizationId};
use distr_domain::license::LicenseEvent;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::cursor::InvalidCursor;
use crate::error::QueryError;
use crate::projection::{DecodedEntry, EntryContent, Projection, Rows};
use crate::query::{self, ListPage, Paging, ReadClient, Scope};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LicenseAuditRow {
    pub id: Uuid,
    pub organization: OrganizationId,
    pub position: u64,
    pub at: DateTime<Utc>,
    pub actor: String,
    pub kind: AuditKind,
    pub customer: Option<CustomerId>,
    pub application: Option<ApplicationId>,
    pub license: Option<LicenseId>,
    /// what was used: `repository:tag`, `application 1.0.0`
    pub subject: Option<String>,
    pub reason: Option<String>,
    /// the customer was told that the thing is not there, and is not shown this
    pub withheld: bool,
    /// the event or the record, whole
    pub detail: Value,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuditKind {
    Issued,
    Amended,
    Suspended,
    Resumed,
    Revoked,
    SeatTaken,
    SeatReleased,
    PullGranted,
    PullRefused,
    DeployGranted,
    DeployRefused,
}

pub struct LicenseAuditProjection;

impl Projection for LicenseAuditProjection {
    type Row = LicenseAuditRow;
    const TABLE: &'static str = "license_audit";
    const APPEND_ONLY: bool = true;

    fn keys(entry: &DecodedEntry) -> Vec<Uuid> {
        match &entry.content {
            EntryContent::Fact(Fact::License(_)) => vec![entry.event_id],
            EntryContent::Access(record) if kind_of_use(record).is_some() => vec![entry.event_id],
            _ => vec![],
        }
    }

    fn apply(rows: &mut Rows<LicenseAuditRow>, entry: &DecodedEntry) {
        let row = match &entry.content {
            EntryContent::Fact(Fact::License(event)) => change(entry, event),
            EntryContent::Access(record) => match kind_of_use(record) {
                Some(kind) => usage(entry, record, kind),
                None => return,
            },
            _ => return,
        };
        rows.put(entry.event_id, row);
    }
}

fn change(entry: &DecodedEntry, event: &LicenseEvent) -> LicenseAuditRow {
    let (kind, reason) = match event {
        LicenseEvent::LicenseIssued { .. } => (AuditKind::Issued, None),
        LicenseEvent::LicenseAmended { .. } => (AuditKind::Amended, None),
        LicenseEvent::LicenseSuspended { reason } => (AuditKind::Suspended, Some(reason.clone())),
        LicenseEvent::LicenseResumed {} => (AuditKind::Resumed, None),
        LicenseEvent::LicenseRevoked { reason } => (AuditKind::Revoked, Some(reason.clone())),
        LicenseEvent::LicenseSeatTaken { .. } => (AuditKind::SeatTaken, None),
        LicenseEvent::LicenseSeatReleased { .. } => (AuditKind::SeatReleased, None),
    };
    let (customer, application) = match event {
        LicenseEvent::LicenseIssued { customer, application, .. } => (Some(*customer), Some(*application)),
        _ => (None, None),
    };
    LicenseAuditRow {
        id: entry.event_id,
        organization: entry.organization,
        position: entry.position.0,
        at: entry.at,
        actor: entry.actor.clone(),
        kind,
        customer,
        application,
        license: Some(LicenseId(entry.id)),
        subject: None,
        reason,
        withheld: false,
        detail: serde_json::to_value(event).unwrap_or_default(),
    }
}

/// What a customer did with a right. The vendor's own pushes and pulls are no use of a license.
fn kind_of_use(record: &AccessRecord) -> Option<AuditKind> {
    record.customer?;
    match (record.action, &record.outcome) {
        (AccessAction::Pull, AccessOutcome::Granted { .. }) => Some(AuditKind::PullGranted),
        (AccessAction::Pull | AccessAction::PullBlob, AccessOutcome::Refused { .. }) => Some(AuditKind::PullRefused),
        (AccessAction::Deploy, AccessOutcome::Granted { .. }) => Some(AuditKind::DeployGranted),
        (AccessAction::Deploy, AccessOutcome::Refused { .. }) => Some(AuditKind::DeployRefused),
        (
            AccessAction::PullBlob
            | AccessAction::Push
            | AccessAction::Mount
            | AccessAction::Delete
            | AccessAction::SignIn,
            _,
        ) => None,
    }
}

fn usage(entry: &DecodedEntry, record: &AccessRecord, kind: AuditKind) -> LicenseAuditRow {
    let (reason, withheld) = match &record.outcome {
        AccessOutcome::Granted { .. } => (None, false),
        AccessOutcome::Refused { code, reason } => {
            (Some(reason.clone()), kind == AuditKind::PullRefused && is_withheld(code))
        }
    };
    LicenseAuditRow {
        id: entry.event_id,
        organization: entry.organization,
        position: entry.position.0,
        at: entry.at,
        actor: record.actor.clone(),
        kind,
        customer: record.customer,
        application: record.application,
        license: record.license,
        subject: Some(record.subject.clone()),
        reason,
        withheld,
        detail: serde_json::to_value(record).unwrap_or_default(),
    }
}

/// In the order of the log; narrowed to a customer or a license.
pub async fn list(
    client: &ReadClient,
    scope: Scope,
    customer: Option<CustomerId>,
    license: Option<LicenseId>,
    paging: &Paging,
) -> Result<ListPage<LicenseAuditRow>, QueryError> {
    if let Some(cursor) = paging.after.as_ref().filter(|cursor| !cursor.is_numbered()) {
        return Err(InvalidCursor(cursor.encode()).into());
    }
    let customer = customer.or(scope.customer).map(|customer| customer.0);
    let sql = match customer {
        Some(_) => include_str!("license_audit/of_customer.sql"),
        None => include_str!("license_audit/list.sql"),
    };
    query::list(client, sql, scope, paging, &[&customer, &license.map(|license| license.0)]).await
}
