//! Table `picture`: the bytes of logos and icons, one row for each place that has one. Whoever shows one knows its digest.

use distr_domain::application::ApplicationEvent;
use distr_domain::fact::Fact;
use distr_domain::ids::{OrganizationId, PictureId};
use distr_domain::oci::Digest;
use distr_domain::organization::OrganizationEvent;
use distr_domain::picture::{Picture, PictureType};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::error::QueryError;
use crate::projection::{DecodedEntry, Projection, Rows};
use crate::query::{self, ReadClient};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PictureRow {
    pub id: PictureId,
    pub organization: OrganizationId,
    pub digest: Digest,
    pub media_type: PictureType,
    /// base64
    pub data: String,
    pub position: u64,
}

/// What a place shows from now on: a picture, or none.
struct Change<'a> {
    id: PictureId,
    picture: Option<&'a Picture>,
}

fn change(entry: &DecodedEntry) -> Option<Change<'_>> {
    let (place, picture) = match entry.fact()? {
        Fact::Organization(OrganizationEvent::BrandingImageSet { image, picture }) => (image.as_str(), Some(picture)),
        Fact::Organization(OrganizationEvent::BrandingImageRemoved { image }) => (image.as_str(), None),
        Fact::Application(ApplicationEvent::ApplicationIconSet { picture }) => ("icon", Some(picture)),
        Fact::Application(ApplicationEvent::ApplicationIconRemoved {}) => ("icon", None),
        _ => return None,
    };
    Some(Change { id: PictureId::of(entry.id, place), picture })
}

pub struct PictureProjection;

impl Projection for PictureProjection {
    type Row = PictureRow;
    const TABLE: &'static str = "picture";

    fn keys(entry: &DecodedEntry) -> Vec<Uuid> {
        change(entry).map(|change| change.id.0).into_iter().collect()
    }

    fn apply(rows: &mut Rows<PictureRow>, entry: &DecodedEntry) {
        let Some(Change { id, picture }) = change(entry) else { return };
        let Some(picture) = picture else { return rows.remove(id.0) };
        let row = PictureRow {
            id,
            organization: entry.organization,
            digest: picture.of.digest.clone(),
            media_type: picture.of.media_type,
            data: picture.data().to_owned(),
            position: entry.position.number(),
        };
        rows.put(id.0, row);
    }
}

/// Whoever's it is: a digest is known to those who were shown it. Nothing if no place shows the picture now.
pub async fn find(client: &ReadClient, digest: &Digest) -> Result<Option<PictureRow>, QueryError> {
    query::find(client, include_str!("picture/find.sql"), &[&digest.as_str()]).await
}
