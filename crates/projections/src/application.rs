//! Table `application`: the products. A customer sees those that a license of its own names.

use chrono::{DateTime, Utc};
use distr_domain::application::{ApplicationEvent, FeatureTags, Metadata};
use distr_domain::fact::Fact;
use distr_domain::ids::{ApplicationId, OrganizationId};
use distr_domain::names::Slug;
use distr_domain::picture::PictureFacts;
use distr_domain::trust::{SignedParts, SigningPolicy, TrustedKey};
use distr_signature::key_id;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::error::QueryError;
use crate::projection::{DecodedEntry, Projection, Rows};
use crate::query::{self, ListPage, Paging, ReadClient, Scope};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ApplicationRow {
    pub id: ApplicationId,
    pub organization: OrganizationId,
    pub name: Slug,
    pub display_name: String,
    pub description: String,
    pub signing_keys: Vec<TrustedKey>,
    pub signed_parts: SignedParts,
    /// the newest first
    pub signing_changes: Vec<SigningChange>,
    pub feature_tags: Vec<FeatureTags>,
    pub metadata: Metadata,
    /// its bytes are in `picture`
    pub icon: Option<PictureFacts>,
    pub created_at: DateTime<Utc>,
    pub position: u64,
}

/// A change of the signing policy. The log has its keys whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SigningChange {
    pub at: DateTime<Utc>,
    /// of the event
    pub position: u64,
    pub actor: String,
    pub keys: Vec<ChangedKey>,
    pub requires: SignedParts,
    pub reason: Option<String>,
}

/// The name and the fingerprint of a policy's key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangedKey {
    pub name: Slug,
    /// SHA-256 of the key's DER in base64; nothing if it is a key that is not supported any more
    pub id: Option<String>,
}

impl From<&TrustedKey> for ChangedKey {
    fn from(key: &TrustedKey) -> Self {
        Self { name: key.name.clone(), id: key_id(key) }
    }
}

/// Older ones are in the log alone.
const MAX_CHANGES: usize = 50;

impl ApplicationRow {
    pub fn signing_policy(&self) -> SigningPolicy {
        SigningPolicy { keys: self.signing_keys.clone(), requires: self.signed_parts }
    }

    fn change_signing(&mut self, policy: &SigningPolicy, reason: Option<&String>, entry: &DecodedEntry) {
        let change = SigningChange {
            at: entry.at,
            position: entry.position.number(),
            actor: entry.actor.clone(),
            keys: policy.keys.iter().map(ChangedKey::from).collect(),
            requires: policy.requires,
            reason: reason.cloned(),
        };
        self.signing_changes.insert(0, change);
        self.signing_changes.truncate(MAX_CHANGES);
        self.signing_keys = policy.keys.clone();
        self.signed_parts = policy.requires;
    }
}

pub struct ApplicationProjection;

impl Projection for ApplicationProjection {
    type Row = ApplicationRow;
    const TABLE: &'static str = "application";
    const SINCE: Option<fn(&ApplicationRow) -> u64> = Some(|row| row.position);

    fn keys(entry: &DecodedEntry) -> Vec<Uuid> {
        match entry.fact() {
            Some(Fact::Application(_)) => vec![entry.id],
            _ => vec![],
        }
    }

    fn apply(rows: &mut Rows<ApplicationRow>, entry: &DecodedEntry) {
        let Some(Fact::Application(event)) = entry.fact() else { return };
        match event {
            ApplicationEvent::ApplicationCreated { name, display_name, description } => rows.put(
                entry.id,
                ApplicationRow {
                    id: ApplicationId(entry.id),
                    organization: entry.organization,
                    name: name.clone(),
                    display_name: display_name.clone(),
                    description: description.clone(),
                    signing_keys: vec![],
                    signed_parts: SignedParts::default(),
                    signing_changes: vec![],
                    feature_tags: vec![],
                    metadata: Metadata::default(),
                    icon: None,
                    created_at: entry.at,
                    position: entry.position.number(),
                },
            ),
            ApplicationEvent::ApplicationDescribed { display_name, description } => change(rows, entry, |row| {
                row.display_name = display_name.clone();
                row.description = description.clone();
            }),
            ApplicationEvent::SigningPolicyChanged { policy, reason } => {
                change(rows, entry, |row| row.change_signing(policy, reason.as_ref(), entry));
            }
            ApplicationEvent::FeatureTagsChanged { features } => {
                change(rows, entry, |row| row.feature_tags = features.clone());
            }
            ApplicationEvent::ApplicationCatalogued { metadata } => {
                change(rows, entry, |row| row.metadata = metadata.clone());
            }
            ApplicationEvent::ApplicationIconSet { picture } => {
                change(rows, entry, |row| row.icon = Some(picture.of.clone()));
            }
            ApplicationEvent::ApplicationIconRemoved {} => change(rows, entry, |row| row.icon = None),
        }
    }
}

fn change(rows: &mut Rows<ApplicationRow>, entry: &DecodedEntry, how: impl FnOnce(&mut ApplicationRow)) {
    if let Some(row) = rows.get_mut(entry.id) {
        how(row);
        row.position = entry.position.number();
    }
}

pub async fn find(client: &ReadClient, scope: Scope, id: ApplicationId) -> Result<Option<ApplicationRow>, QueryError> {
    let customer = scope.customer.map(|customer| customer.0);
    query::find(client, include_str!("application/find.sql"), &[&scope.organization.0, &customer, &id.0]).await
}

/// By name. `search` is a part of the name or of the display name, in lower case.
pub async fn list(
    client: &ReadClient,
    scope: Scope,
    search: Option<&str>,
    paging: &Paging,
) -> Result<ListPage<ApplicationRow>, QueryError> {
    query::list(client, include_str!("application/list.sql"), scope, paging, &[&search]).await
}

/// For batched loading of what the asker has seen the ids of.
pub async fn by_ids(
    client: &ReadClient,
    organization: OrganizationId,
    ids: &[ApplicationId],
) -> Result<Vec<ApplicationRow>, QueryError> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    query::all(client, include_str!("application/by_ids.sql"), &[&organization.0, &ids]).await
}
