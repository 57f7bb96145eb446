//! Table `organization`: the vendors on this hub.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use distr_domain::branding::{Branding, BrandingImage};
use distr_domain::fact::Fact;
use distr_domain::ids::OrganizationId;
use distr_domain::names::Slug;
use distr_domain::organization::OrganizationEvent;
use distr_domain::picture::PictureFacts;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::error::QueryError;
use crate::projection::{DecodedEntry, Projection, Rows};
use crate::query::{self, ReadClient};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OrganizationRow {
    pub id: OrganizationId,
    pub name: Slug,
    pub display_name: String,
    pub branding: Branding,
    /// their bytes are in `picture`
    pub branding_images: BTreeMap<BrandingImage, PictureFacts>,
    pub created_at: DateTime<Utc>,
    pub position: u64,
}

pub struct OrganizationProjection;

impl Projection for OrganizationProjection {
    type Row = OrganizationRow;
    const TABLE: &'static str = "organization";

    fn keys(entry: &DecodedEntry) -> Vec<Uuid> {
        match entry.fact() {
            Some(Fact::Organization(_)) => vec![entry.id],
            _ => vec![],
        }
    }

    fn apply(rows: &mut Rows<OrganizationRow>, entry: &DecodedEntry) {
        let Some(Fact::Organization(event)) = entry.fact() else { return };
        match event {
            OrganizationEvent::OrganizationCreated { name, display_name } => rows.put(
                entry.id,
                OrganizationRow {
                    id: OrganizationId(entry.id),
                    name: name.clone(),
                    display_name: display_name.clone(),
                    branding: Branding::default(),
                    branding_images: BTreeMap::new(),
                    created_at: entry.at,
                    position: entry.position.number(),
                },
            ),
            OrganizationEvent::OwnerLeft { .. } | OrganizationEvent::OwnerReturned { .. } => {}
            OrganizationEvent::OrganizationRenamed { display_name } => {
                change(rows, entry, |row| row.display_name = display_name.clone());
            }
            OrganizationEvent::BrandingSet { branding } => {
                change(rows, entry, |row| row.branding = branding.clone());
            }
            OrganizationEvent::BrandingImageSet { image, picture } => {
                change(rows, entry, |row| _ = row.branding_images.insert(*image, picture.of.clone()));
            }
            OrganizationEvent::BrandingImageRemoved { image } => {
                change(rows, entry, |row| _ = row.branding_images.remove(image));
            }
            // kept with the key
            OrganizationEvent::HistoryKeyReplaced { .. } => {}
        }
    }
}

fn change(rows: &mut Rows<OrganizationRow>, entry: &DecodedEntry, how: impl FnOnce(&mut OrganizationRow)) {
    if let Some(row) = rows.get_mut(entry.id) {
        how(row);
        row.position = entry.position.number();
    }
}

pub async fn find(client: &ReadClient, id: OrganizationId) -> Result<Option<OrganizationRow>, QueryError> {
    query::find(client, include_str!("organization/find.sql"), &[&id.0]).await
}
