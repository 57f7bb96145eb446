//! Taking a seat and giving it back. A seat is taken first and asked for afterwards: of those who take the last one at the same
//! time, the one whose fact comes first in the log stays, and the others give theirs back before anybody was told that they have it.

use distr_domain::ids::{LicenseId, SeatId, TargetId};
use distr_domain::license::{License, LicenseRejection};
use distr_domain::seat::{Seat, SeatChange, SeatCommand};
use distr_eventlog::Executed;
use distr_projections::{Scope, license, seat};

use crate::commands::{Cause, Commands};
use crate::failure::{Failure, OperationError};
use crate::models::ReadModels;

/// The parts of the hub that a seat has to do with.
pub struct Seating<'a> {
    pub commands: &'a Commands,
    pub models: &'a ReadModels,
}

/// One target's use of one license, whether it has it or not.
#[derive(Debug, Clone, Copy)]
pub struct SeatOf {
    pub license: LicenseId,
    pub target: TargetId,
    /// a wish needs it already: whoever has it stays, whatever the license says by now
    pub in_use: bool,
}

impl Seating<'_> {
    pub async fn take(&self, cause: &Cause, of: SeatOf) -> Result<(), OperationError<LicenseRejection>> {
        let license = self.commands.load::<License>(of.license.0).await?;
        let seat = self.commands.load::<Seat>(SeatId::of(of.license, of.target).0).await?;
        match seat.is_taken(license.has_seat_of_old(of.target)) {
            true if of.in_use => return Ok(()),
            true => {}
            false => license.admit(self.taken(cause, of).await?).map_err(OperationError::Rejected)?,
        }
        let taken = self.change(cause, &license, of, SeatChange::Take).await?;
        // one of old was admitted when it was taken
        let Some(since) = taken.seen.filter(|_| license.counts_seats()) else { return Ok(()) };
        self.commands.visible(since).await?;
        if license.admit(self.taken(cause, of).await?.saturating_sub(1)).is_ok() {
            return Ok(());
        }
        let before = seat::before(&*self.models.client().await?, of.license, since).await.map_err(Failure::from)?;
        if let Err(rejection) = license.admit(before) {
            let released = self.change(cause, &license, of, SeatChange::Release).await?;
            // whoever is told that there is no seat sees who has them, and not itself among them
            if let Some(position) = released.position {
                _ = self.commands.visible(position).await;
            }
            return Err(OperationError::Rejected(rejection));
        }
        Ok(())
    }

    pub async fn release(&self, cause: &Cause, of: SeatOf) -> Result<(), Failure> {
        let license = self.commands.load::<License>(of.license.0).await?;
        self.change(cause, &license, of, SeatChange::Release).await.map(drop)
    }

    /// How many sit on the license, as far as the read models know.
    async fn taken(&self, cause: &Cause, of: SeatOf) -> Result<u64, Failure> {
        let scope = Scope { organization: cause.organization, customer: None };
        let row = license::find(&*self.models.client().await?, scope, of.license).await?;
        Ok(row.map_or(0, |row| row.seats_taken.into()))
    }

    /// What is so already is not made so again; so it needs no id by which it would be known again.
    async fn change(
        &self,
        cause: &Cause,
        license: &License,
        of: SeatOf,
        change: SeatChange,
    ) -> Result<Executed<Seat>, Failure> {
        let command = SeatCommand::new(of.license, license, of.target, change);
        let stream = SeatId::of(of.license, of.target).0;
        Ok(self.commands.append::<Seat>(&self.commands.another(cause), stream, &command).await?)
    }
}
