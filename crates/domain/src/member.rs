//! A member: a person or a robot with a role. Names and addresses of people are not here: they live in an erasable table
//! beside the log.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::decider::{Category, Decider, DomainEvent};
use crate::permission::Membership;
use crate::rejection::Rejection;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MemberKind {
    /// signs in with a password and may have tokens
    Person,
    /// has tokens only
    Robot,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
pub enum MemberEvent {
    /// A person or robot of the vendor or of a customer.
    MemberAdded { kind: MemberKind, membership: Membership },
    /// A person was offered to become a member with a one-time code, until then.
    MemberInvited { membership: Membership, expires_at: DateTime<Utc> },
    /// There is a new code, and the one before is void.
    InvitationRenewed { expires_at: DateTime<Utc> },
    /// The person has chosen a password.
    InvitationAccepted {},
    /// What the member may do from here on.
    MemberRoleChanged { membership: Membership },
    /// The password is void; there is a one-time code for a new one, until then.
    PasswordResetOffered { expires_at: DateTime<Utc> },
    /// Somebody with a one-time code set another password; sessions ended.
    PasswordReset {},
    /// The member set another password.
    PasswordChanged {},
    /// Also of an invitation that nobody accepted.
    MemberRemoved {},
}
use MemberEvent::*;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MemberCommand {
    Add {
        kind: MemberKind,
        membership: Membership,
    },
    /// The side stays: a customer's member never becomes the vendor's. `from` is what it was when it was checked who may do
    /// this.
    ChangeRole {
        from: Membership,
        membership: Membership,
    },
    Invite {
        membership: Membership,
        expires_at: DateTime<Utc>,
    },
    RenewInvitation {
        expires_at: DateTime<Utc>,
    },
    AcceptInvitation {
        at: DateTime<Utc>,
    },
    OfferPasswordReset {
        expires_at: DateTime<Utc>,
    },
    ResetPassword {
        at: DateTime<Utc>,
    },
    ChangePassword,
    /// `from`: the same
    Remove {
        from: Membership,
    },
}

/// How a person gets in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SignIn {
    /// not at all: a robot
    #[default]
    Never,
    /// with the code of an invitation, until then
    Invited { until: DateTime<Utc> },
    /// with a password
    Password,
    /// with the code for a new password, until then
    Resetting { until: DateTime<Utc> },
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MemberRejection {
    #[error("the member exists already")]
    Exists,
    #[error("there is no such member")]
    NotFound,
    #[error("a member cannot change sides between vendor and customer, or between customers; add a new member instead")]
    OtherSide,
    #[error("the member is no person who has an invitation to accept")]
    NotInvited,
    #[error("the member has not accepted the invitation yet, and has no password to void; invite it again instead")]
    StillInvited,
    #[error("a robot has no password; give it tokens")]
    Robot,
    #[error("the code has expired or was used; ask for a new one")]
    CodeVoid,
    #[error("the member got another role meanwhile; look again")]
    RoleChanged,
}

impl Rejection for MemberRejection {
    fn code(&self) -> &'static str {
        match self {
            Self::Exists => "member.exists",
            Self::NotFound => "member.not_found",
            Self::OtherSide => "member.other_side",
            Self::NotInvited => "member.not_invited",
            Self::StillInvited => "member.still_invited",
            Self::Robot => "member.robot",
            Self::CodeVoid => "member.code_void",
            Self::RoleChanged => "member.role_changed",
        }
    }
}

#[derive(Debug, Default)]
pub struct Member {
    pub membership: Option<Membership>,
    pub sign_in: SignIn,
    existed: bool,
}

impl DomainEvent for MemberEvent {}

impl Decider for Member {
    const CATEGORY: Category = Category::Member;
    type Command = MemberCommand;
    type Event = MemberEvent;
    type Rejection = MemberRejection;

    fn decide(&self, command: &Self::Command) -> Result<Vec<Self::Event>, Self::Rejection> {
        match (command, self.membership) {
            (MemberCommand::Add { .. }, _) if self.existed => Err(MemberRejection::Exists),
            (MemberCommand::Add { kind, membership }, _) => {
                Ok(vec![MemberAdded { kind: *kind, membership: *membership }])
            }
            (MemberCommand::Invite { .. }, _) if self.existed => Err(MemberRejection::Exists),
            (MemberCommand::Invite { membership, expires_at }, _) => {
                Ok(vec![MemberInvited { membership: *membership, expires_at: *expires_at }])
            }
            (MemberCommand::Remove { .. }, None) if self.existed => Ok(vec![]),
            (_, None) => Err(MemberRejection::NotFound),
            (MemberCommand::ChangeRole { from, membership }, Some(now)) => match *membership {
                same if same == now => Ok(vec![]),
                _ if *from != now => Err(MemberRejection::RoleChanged),
                other if other.customer() != now.customer() => Err(MemberRejection::OtherSide),
                membership => Ok(vec![MemberRoleChanged { membership }]),
            },
            (MemberCommand::Remove { from }, Some(now)) if *from != now => Err(MemberRejection::RoleChanged),
            (MemberCommand::Remove { .. }, Some(_)) => Ok(vec![MemberRemoved {}]),
            (command, Some(_)) => self.decide_sign_in(command),
        }
    }

    fn evolve(&mut self, event: &Self::Event) {
        self.existed = true;
        match event {
            MemberAdded { membership, .. } | MemberInvited { membership, .. } | MemberRoleChanged { membership } => {
                self.membership = Some(*membership);
            }
            MemberRemoved {} => self.membership = None,
            _ => {}
        }
        self.sign_in = match event {
            MemberAdded { kind: MemberKind::Robot, .. } | MemberRemoved {} => SignIn::Never,
            MemberInvited { expires_at, .. } | InvitationRenewed { expires_at } => {
                SignIn::Invited { until: *expires_at }
            }
            PasswordResetOffered { expires_at } => SignIn::Resetting { until: *expires_at },
            MemberAdded { kind: MemberKind::Person, .. } | InvitationAccepted {} | PasswordReset {} => SignIn::Password,
            MemberRoleChanged { .. } | PasswordChanged {} => self.sign_in,
        };
    }
}

impl Member {
    /// Codes and passwords of somebody who is a member.
    fn decide_sign_in(&self, command: &MemberCommand) -> Result<Vec<MemberEvent>, MemberRejection> {
        match (command, self.sign_in) {
            (MemberCommand::RenewInvitation { expires_at }, SignIn::Invited { .. }) => {
                Ok(vec![InvitationRenewed { expires_at: *expires_at }])
            }
            (MemberCommand::AcceptInvitation { at }, SignIn::Invited { until }) if *at < until => {
                Ok(vec![InvitationAccepted {}])
            }
            (MemberCommand::ResetPassword { at }, SignIn::Resetting { until }) if *at < until => {
                Ok(vec![PasswordReset {}])
            }
            // again, after the answer was lost
            (MemberCommand::AcceptInvitation { .. } | MemberCommand::ResetPassword { .. }, SignIn::Password) => {
                Ok(vec![])
            }
            (MemberCommand::OfferPasswordReset { expires_at }, SignIn::Password | SignIn::Resetting { .. }) => {
                Ok(vec![PasswordResetOffered { expires_at: *expires_at }])
            }
            (MemberCommand::ChangePassword, SignIn::Password) => Ok(vec![PasswordChanged {}]),
            (MemberCommand::RenewInvitation { .. }, _) => Err(MemberRejection::NotInvited),
            (MemberCommand::AcceptInvitation { .. } | MemberCommand::ResetPassword { .. }, _) => {
                Err(MemberRejection::CodeVoid)
            }
            (_, SignIn::Invited { .. }) => Err(MemberRejection::StillInvited),
            (_, SignIn::Never) => Err(MemberRejection::Robot),
            (_, SignIn::Password | SignIn::Resetting { .. }) => Err(MemberRejection::CodeVoid),
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::decider::given::given;
    use crate::ids::CustomerId;
    use crate::permission::{CustomerRole, VendorRole};

    const OWNER: Membership = Membership::Vendor { role: VendorRole::Owner };
    const AUDITOR: Membership = Membership::Vendor { role: VendorRole::Auditor };

    fn added() -> MemberEvent {
        MemberAdded { kind: MemberKind::Person, membership: OWNER }
    }

    #[test]
    fn a_role_changes_on_the_same_side_only() {
        given::<Member>([added()])
            .when(MemberCommand::ChangeRole { from: OWNER, membership: AUDITOR })
            .then([MemberRoleChanged { membership: AUDITOR }]);
        let admin = Membership::Customer { customer: CustomerId(Uuid::nil()), role: CustomerRole::Admin };
        given::<Member>([added()])
            .when(MemberCommand::ChangeRole { from: OWNER, membership: admin })
            .then_rejected(MemberRejection::OtherSide);
    }

    #[test]
    fn a_role_that_changed_since_it_was_looked_at_is_not_changed_again() {
        let change = |from, membership| MemberCommand::ChangeRole { from, membership };
        let support = Membership::Vendor { role: VendorRole::Support };
        given::<Member>([added()]).when(change(AUDITOR, support)).then_rejected(MemberRejection::RoleChanged);
        given::<Member>([added()])
            .when(MemberCommand::Remove { from: AUDITOR })
            .then_rejected(MemberRejection::RoleChanged);
        given::<Member>([added()]).when(change(AUDITOR, OWNER)).then_nothing();
    }

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(second, 0).unwrap()
    }

    #[test]
    fn an_invitation_is_accepted_once_and_in_time() {
        let invited = || MemberInvited { membership: AUDITOR, expires_at: at(100) };
        let accept = |second| MemberCommand::AcceptInvitation { at: at(second) };
        given::<Member>([]).when(MemberCommand::Invite { membership: AUDITOR, expires_at: at(100) }).then([invited()]);
        given::<Member>([invited()]).when(accept(99)).then([InvitationAccepted {}]);
        given::<Member>([invited()]).when(accept(100)).then_rejected(MemberRejection::CodeVoid);
        let renewed = InvitationRenewed { expires_at: at(200) };
        given::<Member>([invited(), renewed]).when(accept(150)).then([InvitationAccepted {}]);
        given::<Member>([invited(), InvitationAccepted {}]).when(accept(50)).then_nothing();
        given::<Member>([invited(), MemberRemoved {}]).when(accept(50)).then_rejected(MemberRejection::NotFound);
        given::<Member>([invited()])
            .when(MemberCommand::OfferPasswordReset { expires_at: at(200) })
            .then_rejected(MemberRejection::StillInvited);
    }

    #[test]
    fn a_password_is_reset_with_a_code_in_time_and_robots_have_none() {
        let offered = || PasswordResetOffered { expires_at: at(100) };
        let offer = || MemberCommand::OfferPasswordReset { expires_at: at(100) };
        let reset = |second| MemberCommand::ResetPassword { at: at(second) };
        given::<Member>([added()]).when(offer()).then([offered()]);
        given::<Member>([added(), offered()]).when(reset(99)).then([PasswordReset {}]);
        given::<Member>([added(), offered()]).when(reset(100)).then_rejected(MemberRejection::CodeVoid);
        given::<Member>([added(), offered()])
            .when(MemberCommand::ChangePassword)
            .then_rejected(MemberRejection::CodeVoid);
        given::<Member>([added()]).when(MemberCommand::ChangePassword).then([PasswordChanged {}]);
        let robot = MemberAdded { kind: MemberKind::Robot, membership: OWNER };
        given::<Member>([robot]).when(offer()).then_rejected(MemberRejection::Robot);
    }

    #[test]
    fn removing_twice_removes_once() {
        given::<Member>([added()]).when(MemberCommand::Remove { from: OWNER }).then([MemberRemoved {}]);
        given::<Member>([added(), MemberRemoved {}]).when(MemberCommand::Remove { from: OWNER }).then_nothing();
        given::<Member>([]).when(MemberCommand::Remove { from: OWNER }).then_rejected(MemberRejection::NotFound);
    }

    #[test]
    fn a_removed_member_has_no_role() {
        given::<Member>([added(), MemberRemoved {}])
            .when(MemberCommand::ChangeRole { from: OWNER, membership: AUDITOR })
            .then_rejected(MemberRejection::NotFound);
    }
}
