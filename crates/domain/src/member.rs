//! A member: a person or a robot with a role. Names and addresses of people are not here: they live in an erasable table
//! beside the log.

use serde::{Deserialize, Serialize};

use crate::decider::{Category, Decider};
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
    MemberAdded { kind: MemberKind, membership: Membership },
    MemberRoleChanged { membership: Membership },
    MemberRemoved {},
}
use MemberEvent::*;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MemberCommand {
    Add {
        kind: MemberKind,
        membership: Membership,
    },
    /// The side stays: a customer's member never becomes the vendor's.
    ChangeRole {
        membership: Membership,
    },
    Remove,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MemberRejection {
    #[error("the member exists already")]
    Exists,
    #[error("there is no such member")]
    NotFound,
    #[error("a member cannot change sides between vendor and customer, or between customers; add a new member instead")]
    OtherSide,
}

impl Rejection for MemberRejection {
    fn code(&self) -> &'static str {
        match self {
            Self::Exists => "member.exists",
            Self::NotFound => "member.not_found",
            Self::OtherSide => "member.other_side",
        }
    }
}

#[derive(Debug, Default)]
pub struct Member {
    pub membership: Option<Membership>,
    existed: bool,
}

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
            (MemberCommand::Remove, None) if self.existed => Ok(vec![]),
            (_, None) => Err(MemberRejection::NotFound),
            (MemberCommand::ChangeRole { membership }, Some(now)) => match *membership {
                same if same == now => Ok(vec![]),
                other if other.customer() != now.customer() => Err(MemberRejection::OtherSide),
                membership => Ok(vec![MemberRoleChanged { membership }]),
            },
            (MemberCommand::Remove, Some(_)) => Ok(vec![MemberRemoved {}]),
        }
    }

    fn evolve(&mut self, event: &Self::Event) {
        self.existed = true;
        self.membership = match event {
            MemberAdded { membership, .. } | MemberRoleChanged { membership } => Some(*membership),
            MemberRemoved {} => None,
        };
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
            .when(MemberCommand::ChangeRole { membership: AUDITOR })
            .then([MemberRoleChanged { membership: AUDITOR }]);
        let admin = Membership::Customer { customer: CustomerId(Uuid::nil()), role: CustomerRole::Admin };
        given::<Member>([added()])
            .when(MemberCommand::ChangeRole { membership: admin })
            .then_rejected(MemberRejection::OtherSide);
    }

    #[test]
    fn removing_twice_removes_once() {
        given::<Member>([added()]).when(MemberCommand::Remove).then([MemberRemoved {}]);
        given::<Member>([added(), MemberRemoved {}]).when(MemberCommand::Remove).then_nothing();
        given::<Member>([]).when(MemberCommand::Remove).then_rejected(MemberRejection::NotFound);
    }

    #[test]
    fn a_removed_member_has_no_role() {
        given::<Member>([added(), MemberRemoved {}])
            .when(MemberCommand::ChangeRole { membership: AUDITOR })
            .then_rejected(MemberRejection::NotFound);
    }
}
