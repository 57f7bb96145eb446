//! A license: the contract between a customer and the vendor over one application. What it entitles to at an instant is
//! the rule of `entitlement`; here is only what was agreed. Who sits on its seats is in `seat`.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::decider::{Category, Decider, DomainEvent};
use crate::ids::{ApplicationId, CustomerId, TargetId};
use crate::instant::shown;
use crate::names::Slug;
use crate::rejection::Rejection;
use crate::version::VersionRange;

/// Of ranges, channels and features, each.
pub const MAX_NAMED: usize = 100;

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Terms {
    /// A version must be in one of them; none means every version.
    #[serde(default)]
    pub versions: Vec<VersionRange>,
    /// A release must be in one of them; none means that no channel is asked for.
    #[serde(default)]
    pub channels: BTreeSet<Slug>,
    #[serde(default)]
    pub features: BTreeSet<Slug>,
    /// How many targets may run the application; none means any number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seats: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<DateTime<Utc>>,
    /// The first instant at which it no longer holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<DateTime<Utc>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
pub enum LicenseEvent {
    /// A customer may use an application on these terms.
    LicenseIssued { customer: CustomerId, application: ApplicationId, name: Slug, terms: Terms },
    /// Other terms, the whole of them.
    LicenseAmended { terms: Terms },
    /// It grants nothing until it is resumed.
    LicenseSuspended { reason: String },
    /// It grants again what its terms say.
    LicenseResumed {},
    /// It grants nothing any more, for ever.
    LicenseRevoked { reason: String },
    /// As `SeatTaken` and `SeatReleased`, which have taken their place.
    LicenseSeatTaken { target: TargetId },
    /// As `SeatReleased`, which has taken its place.
    LicenseSeatReleased { target: TargetId },
}
use LicenseEvent::*;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LicenseCommand {
    Issue {
        customer: CustomerId,
        application: ApplicationId,
        name: Slug,
        terms: Terms,
    },
    Amend {
        terms: Terms,
    },
    Suspend {
        reason: String,
    },
    Resume,
    /// For ever.
    Revoke {
        reason: String,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LicenseRejection {
    #[error("license \"{name}\" exists already with other terms; amend it")]
    Exists { name: Slug },
    #[error("there is no such license")]
    NotFound,
    #[error("license \"{name}\" was revoked: {reason}")]
    Revoked { name: Slug, reason: String },
    #[error("license \"{name}\" is not suspended")]
    NotSuspended { name: Slug },
    #[error("license would end at {}, not after its begin at {}", shown(expires_at), shown(not_before))]
    EmptyTerm { not_before: DateTime<Utc>, expires_at: DateTime<Utc> },
    #[error("license would have {count} {what}; at most {MAX_NAMED} of each, since every pull looks at all")]
    TooMany { what: &'static str, count: usize },
    #[error(
        "license \"{name}\" has no free seat ({seats} of {seats} taken): remove a deployment, retire a target, or agree on more"
    )]
    SeatsExhausted { name: Slug, seats: u32 },
}

impl Rejection for LicenseRejection {
    fn code(&self) -> &'static str {
        match self {
            Self::Exists { .. } => "license.exists",
            Self::NotFound => "license.not_found",
            Self::Revoked { .. } => "license.revoked",
            Self::NotSuspended { .. } => "license.not_suspended",
            Self::EmptyTerm { .. } => "license.empty_term",
            Self::TooMany { .. } => "license.too_many",
            Self::SeatsExhausted { .. } => "license.seats_exhausted",
        }
    }
}

/// Whether a license stands, apart from the clock.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(tag = "standing", rename_all = "snake_case")]
pub enum Standing {
    #[default]
    Active,
    Suspended {
        reason: String,
    },
    Revoked {
        reason: String,
    },
}

#[derive(Debug, Default)]
pub struct License {
    issued: Option<(CustomerId, ApplicationId, Slug)>,
    terms: Terms,
    standing: Standing,
    /// from when seats were facts of the license
    seats_of_old: BTreeSet<TargetId>,
}

fn check_term(terms: &Terms) -> Result<(), LicenseRejection> {
    let Terms { versions, channels, features, .. } = terms;
    for (what, count) in [("ranges", versions.len()), ("channels", channels.len()), ("features", features.len())] {
        if count > MAX_NAMED {
            return Err(LicenseRejection::TooMany { what, count });
        }
    }
    match (terms.not_before, terms.expires_at) {
        (Some(not_before), Some(expires_at)) if expires_at <= not_before => {
            Err(LicenseRejection::EmptyTerm { not_before, expires_at })
        }
        _ => Ok(()),
    }
}

impl License {
    fn issue(
        &self,
        customer: CustomerId,
        application: ApplicationId,
        name: &Slug,
        terms: &Terms,
    ) -> Result<Vec<LicenseEvent>, LicenseRejection> {
        check_term(terms)?;
        if let Standing::Revoked { reason } = &self.standing {
            return Err(LicenseRejection::Revoked { name: name.clone(), reason: reason.clone() });
        }
        match &self.issued {
            None => Ok(vec![LicenseIssued { customer, application, name: name.clone(), terms: terms.clone() }]),
            Some((_, same, _)) if *same == application && self.terms == *terms => Ok(vec![]),
            Some(_) => Err(LicenseRejection::Exists { name: name.clone() }),
        }
    }

    /// Whether one more may sit, beside those who were there before. In a license of fewer seats than are taken nobody has to
    /// get up.
    pub fn admit(&self, before: u64) -> Result<(), LicenseRejection> {
        let (_, _, name) = self.issued.as_ref().ok_or(LicenseRejection::NotFound)?;
        match (&self.standing, self.terms.seats) {
            (Standing::Revoked { reason }, _) => {
                Err(LicenseRejection::Revoked { name: name.clone(), reason: reason.clone() })
            }
            (_, Some(seats)) if before >= u64::from(seats) => {
                Err(LicenseRejection::SeatsExhausted { name: name.clone(), seats })
            }
            _ => Ok(()),
        }
    }

    /// Whether the number of seats is agreed on.
    pub fn counts_seats(&self) -> bool {
        self.terms.seats.is_some()
    }

    /// Whether the target took a seat when that was a fact of the license, and did not give it back in the same way.
    pub fn has_seat_of_old(&self, target: TargetId) -> bool {
        self.seats_of_old.contains(&target)
    }
}

impl DomainEvent for LicenseEvent {}

impl Decider for License {
    const CATEGORY: Category = Category::License;
    type Command = LicenseCommand;
    type Event = LicenseEvent;
    type Rejection = LicenseRejection;

    fn decide(&self, command: &Self::Command) -> Result<Vec<Self::Event>, Self::Rejection> {
        if let LicenseCommand::Issue { customer, application, name, terms } = command {
            return self.issue(*customer, *application, name, terms);
        }
        let (_, _, name) = self.issued.as_ref().ok_or(LicenseRejection::NotFound)?;
        match (command, &self.standing) {
            (LicenseCommand::Revoke { .. }, Standing::Revoked { .. }) => Ok(vec![]),
            (_, Standing::Revoked { reason }) => {
                Err(LicenseRejection::Revoked { name: name.clone(), reason: reason.clone() })
            }
            (LicenseCommand::Revoke { reason }, _) => Ok(vec![LicenseRevoked { reason: reason.clone() }]),
            (LicenseCommand::Amend { terms }, _) => {
                check_term(terms)?;
                let same = *terms == self.terms;
                Ok(if same { vec![] } else { vec![LicenseAmended { terms: terms.clone() }] })
            }
            (LicenseCommand::Suspend { .. }, Standing::Suspended { .. }) => Ok(vec![]),
            (LicenseCommand::Suspend { reason }, _) => Ok(vec![LicenseSuspended { reason: reason.clone() }]),
            (LicenseCommand::Resume, Standing::Suspended { .. }) => Ok(vec![LicenseResumed {}]),
            (LicenseCommand::Resume, _) => Err(LicenseRejection::NotSuspended { name: name.clone() }),
            (LicenseCommand::Issue { .. }, _) => Ok(vec![]), // decided above
        }
    }

    fn evolve(&mut self, event: &Self::Event) {
        match event {
            LicenseIssued { customer, application, name, terms } => {
                self.issued = Some((*customer, *application, name.clone()));
                self.terms = terms.clone();
            }
            LicenseAmended { terms } => self.terms = terms.clone(),
            LicenseSuspended { reason } => self.standing = Standing::Suspended { reason: reason.clone() },
            LicenseResumed {} => self.standing = Standing::Active,
            LicenseRevoked { reason } => self.standing = Standing::Revoked { reason: reason.clone() },
            LicenseSeatTaken { target } => {
                self.seats_of_old.insert(*target);
            }
            LicenseSeatReleased { target } => {
                self.seats_of_old.remove(target);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::decider::given::given;

    fn name() -> Slug {
        "hello-2026".parse().unwrap()
    }

    fn terms(seats: u32) -> Terms {
        Terms { seats: Some(seats), ..Terms::default() }
    }

    fn issued(terms: Terms) -> LicenseEvent {
        let (customer, application) = (CustomerId(Uuid::nil()), ApplicationId(Uuid::nil()));
        LicenseIssued { customer, application, name: name(), terms }
    }

    fn target(of: u128) -> TargetId {
        TargetId(Uuid::from_u128(of))
    }

    #[test]
    fn so_many_sit_as_were_agreed_on() {
        let license = License::fold(&[issued(terms(1))]);
        assert_eq!(license.admit(0), Ok(()));
        assert_eq!(license.admit(1), Err(LicenseRejection::SeatsExhausted { name: name(), seats: 1 }));
        let unlimited = License::fold(&[issued(Terms::default())]);
        assert_eq!(unlimited.admit(50_000), Ok(()));
        let revoked = License::fold(&[issued(terms(1)), LicenseRevoked { reason: "unpaid".into() }]);
        assert_eq!(revoked.admit(0), Err(LicenseRejection::Revoked { name: name(), reason: "unpaid".into() }));
    }

    #[test]
    fn seats_of_old_are_known() {
        let [one, other] = [1, 2].map(target);
        let history = [
            issued(terms(2)),
            LicenseSeatTaken { target: one },
            LicenseSeatTaken { target: other },
            LicenseSeatReleased { target: one },
        ];
        let license = License::fold(&history);
        assert!(license.has_seat_of_old(other) && !license.has_seat_of_old(one));
    }

    #[test]
    fn a_revoked_license_is_never_issued_again() {
        let history = || [issued(terms(1)), LicenseRevoked { reason: "unpaid".into() }];
        let revoked = LicenseRejection::Revoked { name: name(), reason: "unpaid".into() };
        for terms in [terms(1), terms(9)] {
            let LicenseIssued { customer, application, name, terms } = issued(terms) else { unreachable!() };
            given::<License>(history())
                .when(LicenseCommand::Issue { customer, application, name, terms })
                .then_rejected(revoked.clone());
        }
    }

    #[test]
    fn a_revoked_license_is_never_amended_or_resumed() {
        let history = || [issued(terms(1)), LicenseRevoked { reason: "unpaid".into() }];
        let revoked = LicenseRejection::Revoked { name: name(), reason: "unpaid".into() };
        given::<License>(history()).when(LicenseCommand::Amend { terms: terms(9) }).then_rejected(revoked.clone());
        given::<License>(history()).when(LicenseCommand::Resume).then_rejected(revoked);
        given::<License>(history()).when(LicenseCommand::Revoke { reason: "again".into() }).then_nothing();
    }

    #[test]
    fn a_license_ends_after_it_begins() {
        let at = |second| DateTime::from_timestamp(second, 0).unwrap();
        let terms = Terms { not_before: Some(at(2)), expires_at: Some(at(1)), ..Terms::default() };
        given::<License>([issued(Terms::default())])
            .when(LicenseCommand::Amend { terms })
            .then_rejected(LicenseRejection::EmptyTerm { not_before: at(2), expires_at: at(1) });
    }

    #[test]
    fn a_license_names_no_more_than_every_pull_can_look_at() {
        let features = |count: usize| (0..count).map(|number| format!("f{number}").parse().unwrap()).collect();
        let amend = |count| LicenseCommand::Amend { terms: Terms { features: features(count), ..Terms::default() } };
        let rejected = LicenseRejection::TooMany { what: "features", count: MAX_NAMED + 1 };
        given::<License>([issued(Terms::default())]).when(amend(MAX_NAMED + 1)).then_rejected(rejected);
        assert_eq!(License::fold(&[issued(Terms::default())]).decide(&amend(MAX_NAMED)).unwrap().len(), 1);
    }

    #[test]
    fn issuing_the_same_license_again_changes_nothing() {
        let LicenseIssued { customer, application, name, terms } = issued(terms(1)) else { unreachable!() };
        given::<License>([issued(terms.clone())])
            .when(LicenseCommand::Issue { customer, application, name, terms })
            .then_nothing();
    }
}
