//! Table `license_audit`: each grant, change, use and refusal of a license, in the order of the log.

use std::sync::LazyLock;

use chrono::{DateTime, Utc};
use distr_domain::access::{AccessAction, AccessOutcome, AccessRecord};
use distr_domain::entitlement::is_withheld;
use distr_domain::fact::Fact;
use distr_domain::ids::{ApplicationId, CustomerId, LicenseId, OrganizationId};
use distr_domain::license::LicenseEvent;
use distr_domain::seat::SeatEvent;
use distr_eventlog::Position;
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
            EntryContent::Fact(Fact::License(_) | Fact::Seat(_)) => vec![entry.event_id],
            EntryContent::Access(record) if kind_of_use(record).is_some() => vec![entry.event_id],
            _ => vec![],
        }
    }

    fn apply(rows: &mut Rows<LicenseAuditRow>, entry: &DecodedEntry) {
        let row = match &entry.content {
            EntryContent::Fact(Fact::License(event)) => change(entry, event),
            EntryContent::Fact(Fact::Seat(event)) => seat(entry, event),
            EntryContent::Access(record) => match kind_of_use(record) {
                Some(kind) => usage(entry, record, kind),
                None => return,
            },
            _ => return,
        };
        rows.put_first(entry.event_id, row);
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
    let row = of_fact(entry, LicenseId(entry.id), kind, event);
    LicenseAuditRow { customer, application, reason, ..row }
}

fn seat(entry: &DecodedEntry, event: &SeatEvent) -> LicenseAuditRow {
    let kind = match event {
        SeatEvent::SeatTaken { .. } => AuditKind::SeatTaken,
        SeatEvent::SeatReleased { .. } => AuditKind::SeatReleased,
    };
    of_fact(entry, event.license(), kind, event)
}

fn of_fact(entry: &DecodedEntry, license: LicenseId, kind: AuditKind, event: &impl Serialize) -> LicenseAuditRow {
    LicenseAuditRow {
        id: entry.event_id,
        organization: entry.organization,
        position: entry.position.number(),
        at: entry.at,
        actor: entry.actor.clone(),
        kind,
        customer: None,
        application: None,
        license: Some(license),
        subject: None,
        reason: None,
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
        position: entry.position.number(),
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

const LIST: &str = include_str!("license_audit/list.sql");
const OF_CUSTOMER: &str = include_str!("license_audit/of_customer.sql");
static NEWEST: LazyLock<String> = LazyLock::new(|| newest_first(LIST));
static NEWEST_OF_CUSTOMER: LazyLock<String> = LazyLock::new(|| newest_first(OF_CUSTOMER));

/// The same question from the other end: whoever may see an entry in the one order sees it in the other.
fn newest_first(sql: &str) -> String {
    let pairs = [
        ("(a.position, a.id) >", "(a.position, a.id) <"),
        ("(u.position, u.id) >", "(u.position, u.id) <"),
        ("ORDER BY a.position, a.id", "ORDER BY a.position DESC, a.id DESC"),
        ("ORDER BY u.position, u.id", "ORDER BY u.position DESC, u.id DESC"),
    ];
    pairs.iter().fold(sql.to_owned(), |sql, (order, reverse)| sql.replace(order, reverse))
}

/// The order of a list of audit entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuditOrder {
    Log,
    NewestFirst,
}

/// Narrowed to a customer or a license.
pub async fn list(
    client: &ReadClient,
    scope: Scope,
    (customer, license): (Option<CustomerId>, Option<LicenseId>),
    order: AuditOrder,
    paging: &Paging,
) -> Result<ListPage<LicenseAuditRow>, QueryError> {
    if let Some(cursor) = paging.after.as_ref().filter(|cursor| !cursor.is_numbered()) {
        return Err(InvalidCursor(cursor.encode()).into());
    }
    let customer = customer.or(scope.customer).map(|customer| customer.0);
    let sql = match (customer, order) {
        (Some(_), AuditOrder::Log) => OF_CUSTOMER,
        (Some(_), AuditOrder::NewestFirst) => &*NEWEST_OF_CUSTOMER,
        (None, AuditOrder::Log) => LIST,
        (None, AuditOrder::NewestFirst) => &*NEWEST,
    };
    query::list(client, sql, scope, paging, &[&customer, &license.map(|license| license.0)]).await
}

/// Where the changes stand that a use of a right before a position rests on, or the refusal of one: the newest of each license of the
/// customer, or of the one that is named.
pub async fn grounds(
    client: &ReadClient,
    organization: OrganizationId,
    (customer, license): (CustomerId, Option<LicenseId>),
    before: Position,
    limit: usize,
) -> Result<Vec<Position>, QueryError> {
    let statement = client.prepare_cached(include_str!("license_audit/grounds.sql")).await?;
    let (license, before, limit) = (license.map(|id| id.0), before.number() as i64, limit as i64);
    let rows = client.query(&statement, &[&organization.0, &customer.0, &license, &before, &limit]).await?;
    let mut positions: Vec<_> = rows.iter().map(|row| Position::of_number(row.get::<_, i64>(0) as u64)).collect();
    positions.sort();
    Ok(positions)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_turned_round_in_all_its_parts() {
        for (sql, parts) in [(LIST, 1), (OF_CUSTOMER, 3)] {
            let newest = newest_first(sql);
            assert_eq!(newest.matches(" DESC, ").count(), parts, "{newest}");
            assert!(!newest.contains("position, a.id) >") && !newest.contains("position, u.id) >"), "{newest}");
            assert_eq!(newest.matches("withheld").count(), sql.matches("withheld").count());
        }
    }
}
