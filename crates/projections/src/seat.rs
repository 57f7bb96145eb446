//! Table `seat`: who sits on which license.

use distr_domain::fact::Fact;
use distr_domain::ids::{LicenseId, OrganizationId, SeatId, TargetId};
use distr_domain::license::LicenseEvent;
use distr_domain::seat::SeatEvent;
use distr_eventlog::Position;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::error::QueryError;
use crate::projection::{DecodedEntry, Projection, Rows};
use crate::query::{self, ReadClient};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SeatRow {
    pub id: SeatId,
    pub organization: OrganizationId,
    pub license: LicenseId,
    pub target: TargetId,
    /// of the fact by which it was taken
    pub position: u64,
}

/// What an entry says of a seat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SeatChanged {
    pub(crate) license: LicenseId,
    pub(crate) target: TargetId,
    pub(crate) is_taken: bool,
}

impl SeatChanged {
    /// Seats were facts of the license before they had streams of their own.
    pub(crate) fn of(entry: &DecodedEntry) -> Option<Self> {
        let (license, target, is_taken) = match entry.fact()? {
            Fact::License(LicenseEvent::LicenseSeatTaken { target }) => (LicenseId(entry.id), *target, true),
            Fact::License(LicenseEvent::LicenseSeatReleased { target }) => (LicenseId(entry.id), *target, false),
            Fact::Seat(SeatEvent::SeatTaken { license, target }) => (*license, *target, true),
            Fact::Seat(SeatEvent::SeatReleased { license, target }) => (*license, *target, false),
            _ => return None,
        };
        Some(Self { license, target, is_taken })
    }

    fn id(self) -> SeatId {
        SeatId::of(self.license, self.target)
    }
}

pub struct SeatProjection;

impl Projection for SeatProjection {
    type Row = SeatRow;
    const TABLE: &'static str = "seat";
    const SINCE: Option<fn(&SeatRow) -> u64> = Some(|row| row.position);

    fn keys(entry: &DecodedEntry) -> Vec<Uuid> {
        SeatChanged::of(entry).map(|changed| changed.id().0).into_iter().collect()
    }

    fn apply(rows: &mut Rows<SeatRow>, entry: &DecodedEntry) {
        let Some(changed) = SeatChanged::of(entry) else { return };
        let (id, SeatChanged { license, target, is_taken }) = (changed.id(), changed);
        match is_taken {
            true => {
                let (organization, position) = (entry.organization, entry.position.number());
                rows.put(id.0, SeatRow { id, organization, license, target, position });
            }
            false => rows.remove(id.0),
        }
    }
}

/// How many sit on the license since before this position.
pub async fn before(client: &ReadClient, license: LicenseId, position: Position) -> Result<u64, QueryError> {
    let position = position.number() as i64;
    let found = query::find(client, include_str!("seat/before.sql"), &[&license.0, &position]).await?;
    Ok(found.unwrap_or_default())
}
