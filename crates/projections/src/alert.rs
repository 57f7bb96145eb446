//! Alerts: what needs a person, which follows from the tables of other slices; and table `alert_put_off`: which of them somebody put
//! off, and until when. A put-off whose time is over is one that never was: time decides when alerts are asked for.

use chrono::{DateTime, Utc};
use distr_domain::agent::ErrorCategory;
use distr_domain::alert::AlertEvent;
use distr_domain::fact::Fact;
use distr_domain::fleet::Silence;
use distr_domain::ids::OrganizationId;
use distr_domain::names::Slug;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::error::QueryError;
use crate::projection::{DecodedEntry, Projection, Rows};
use crate::query::{self, ListPage, Paging, ReadClient, Scope};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AlertPutOffRow {
    /// of the alert's stream
    pub id: Uuid,
    pub organization: OrganizationId,
    pub alert: String,
    pub until: DateTime<Utc>,
    pub reason: String,
    pub put_off_by: String,
    pub put_off_at: DateTime<Utc>,
    pub position: u64,
}

pub struct AlertPutOffProjection;

impl Projection for AlertPutOffProjection {
    type Row = AlertPutOffRow;
    const TABLE: &'static str = "alert_put_off";

    fn keys(entry: &DecodedEntry) -> Vec<Uuid> {
        match entry.fact() {
            Some(Fact::Alert(_)) => vec![entry.id],
            _ => vec![],
        }
    }

    fn apply(rows: &mut Rows<AlertPutOffRow>, entry: &DecodedEntry) {
        let Some(Fact::Alert(event)) = entry.fact() else { return };
        match event {
            AlertEvent::AlertPutOff { alert, until, reason } => {
                let row = AlertPutOffRow {
                    id: entry.id,
                    organization: entry.organization,
                    alert: alert.clone(),
                    until: *until,
                    reason: reason.clone(),
                    put_off_by: entry.actor.clone(),
                    put_off_at: entry.at,
                    position: entry.position.number(),
                };
                rows.put(entry.id, row);
            }
            AlertEvent::AlertTakenUp { .. } => rows.remove(entry.id),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlertKind {
    DeploymentFailed,
    DeploymentHeld,
    DeploymentFlapping,
    TargetSilent,
    LicenseUsedUp,
    LicenseEnds,
    TokenEnds,
}

/// Something that needs a person.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Alert {
    /// what it is about, and which time that it is so
    pub key: String,
    pub kind: AlertKind,
    pub since: Option<DateTime<Utc>>,
    /// when something ends
    pub due_at: Option<DateTime<Utc>>,
    pub category: Option<ErrorCategory>,
    pub reason: String,
    pub customer: Option<Slug>,
    pub customer_display_name: Option<String>,
    pub target: Option<Slug>,
    pub application: Option<Slug>,
    pub license: Option<Slug>,
    /// the label of one
    pub token: Option<String>,
    pub put_off: Option<PutOff>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct PutOff {
    pub until: DateTime<Utc>,
    pub reason: String,
    pub by: String,
    pub at: DateTime<Utc>,
}

/// Which alerts are asked for, and when.
#[derive(Debug, Clone)]
pub struct AlertFilter {
    /// those that are put off, or those that are not; either if left out
    pub is_put_off: Option<bool>,
    /// the one with this key
    pub key: Option<String>,
    pub now: DateTime<Utc>,
    pub silence: Silence,
}

/// The worst first.
pub async fn list(
    client: &ReadClient,
    scope: Scope,
    filter: &AlertFilter,
    paging: &Paging,
) -> Result<ListPage<Alert>, QueryError> {
    let offline_since = filter.now - filter.silence.offline_after;
    let sql = include_str!("alert/list.sql");
    query::list(client, sql, scope, paging, &[&filter.is_put_off, &filter.key, &filter.now, &offline_since]).await
}
