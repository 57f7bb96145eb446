//! An organization: the vendor that everything else belongs to.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::decider::{Category, Decider, DomainEvent};
use crate::ids::MemberId;
use crate::names::Slug;
use crate::rejection::Rejection;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
pub enum OrganizationEvent {
    OrganizationCreated {
        name: Slug,
        display_name: String,
    },
    OrganizationRenamed {
        display_name: String,
    },
    /// A member is about to be an owner no more; another, who stays, was asked for first.
    OwnerLeft {
        member: MemberId,
        stays: MemberId,
    },
    /// One who had left is an owner again.
    OwnerReturned {
        member: MemberId,
    },
}
use OrganizationEvent::*;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OrganizationCommand {
    Create {
        name: Slug,
        display_name: String,
    },
    /// Changes what people read; the name in URLs and repositories stays.
    Rename {
        display_name: String,
    },
    /// Before an owner loses the role. Two who leave at once meet here: neither can count on the other.
    LetOwnerGo {
        member: MemberId,
        /// owners who can sign in, as far as is known
        others: Vec<MemberId>,
    },
    /// After a member was made an owner.
    TakeOwnerBack {
        member: MemberId,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OrganizationRejection {
    #[error("organization \"{name}\" exists already")]
    Exists { name: Slug },
    #[error("there is no such organization")]
    NotFound,
    #[error("this is the last owner who can sign in; make somebody else an owner first")]
    LastOwner,
}

impl Rejection for OrganizationRejection {
    fn code(&self) -> &'static str {
        match self {
            Self::Exists { .. } => "organization.exists",
            Self::NotFound => "organization.not_found",
            Self::LastOwner => "organization.last_owner",
        }
    }
}

#[derive(Debug, Default)]
pub struct Organization {
    pub name: Option<Slug>,
    pub display_name: String,
    /// were owners once; nobody counts on them
    left: BTreeSet<MemberId>,
}

impl DomainEvent for OrganizationEvent {}

impl Decider for Organization {
    const CATEGORY: Category = Category::Organization;
    type Command = OrganizationCommand;
    type Event = OrganizationEvent;
    type Rejection = OrganizationRejection;

    fn decide(&self, command: &Self::Command) -> Result<Vec<Self::Event>, Self::Rejection> {
        match (command, &self.name) {
            (OrganizationCommand::Create { name, .. }, Some(_)) => {
                Err(OrganizationRejection::Exists { name: name.clone() })
            }
            (OrganizationCommand::Create { name, display_name }, None) => {
                Ok(vec![OrganizationCreated { name: name.clone(), display_name: display_name.clone() }])
            }
            (OrganizationCommand::LetOwnerGo { member, .. }, _) if self.left.contains(member) => Ok(vec![]),
            (OrganizationCommand::LetOwnerGo { member, others }, _) => {
                let stays = others.iter().find(|other| *other != member && !self.left.contains(other));
                let stays = *stays.ok_or(OrganizationRejection::LastOwner)?;
                Ok(vec![OwnerLeft { member: *member, stays }])
            }
            (OrganizationCommand::TakeOwnerBack { member }, _) => Ok(match self.left.contains(member) {
                true => vec![OwnerReturned { member: *member }],
                false => vec![],
            }),
            (OrganizationCommand::Rename { .. }, None) => Err(OrganizationRejection::NotFound),
            (OrganizationCommand::Rename { display_name }, Some(_)) if *display_name == self.display_name => Ok(vec![]),
            (OrganizationCommand::Rename { display_name }, Some(_)) => {
                Ok(vec![OrganizationRenamed { display_name: display_name.clone() }])
            }
        }
    }

    fn evolve(&mut self, event: &Self::Event) {
        match event {
            OrganizationCreated { name, display_name } => {
                self.name = Some(name.clone());
                self.display_name = display_name.clone();
            }
            OrganizationRenamed { display_name } => self.display_name = display_name.clone(),
            OwnerLeft { member, .. } => _ = self.left.insert(*member),
            OwnerReturned { member } => _ = self.left.remove(member),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decider::given::given;

    fn created() -> OrganizationEvent {
        OrganizationCreated { name: "acme".parse().unwrap(), display_name: "Acme".into() }
    }

    fn rename(display_name: &str) -> OrganizationCommand {
        OrganizationCommand::Rename { display_name: display_name.into() }
    }

    #[test]
    fn a_name_is_taken_once() {
        let create = OrganizationCommand::Create { name: "acme".parse().unwrap(), display_name: "Acme".into() };
        given::<Organization>([]).when(create.clone()).then([created()]);
        given::<Organization>([created()])
            .when(create)
            .then_rejected(OrganizationRejection::Exists { name: "acme".parse().unwrap() });
    }

    #[test]
    fn the_last_owner_stays_also_when_two_leave_at_once() {
        let [ann, bob] = [1, 2].map(|id| MemberId(uuid::Uuid::from_u128(id)));
        let leave = |member, others: &[MemberId]| OrganizationCommand::LetOwnerGo { member, others: others.to_vec() };
        let left = OwnerLeft { member: ann, stays: bob };
        given::<Organization>([created()]).when(leave(ann, &[bob])).then([left.clone()]);
        // who decides second has seen both as owners, too
        let both = || [created(), left.clone()];
        given::<Organization>(both()).when(leave(bob, &[ann])).then_rejected(OrganizationRejection::LastOwner);
        given::<Organization>(both()).when(leave(ann, &[bob])).then_nothing();
        given::<Organization>([created()]).when(leave(ann, &[ann])).then_rejected(OrganizationRejection::LastOwner);
        let back = OwnerReturned { member: ann };
        given::<Organization>(both()).when(OrganizationCommand::TakeOwnerBack { member: ann }).then([back.clone()]);
        given::<Organization>([created(), left.clone(), back])
            .when(leave(bob, &[ann]))
            .then([OwnerLeft { member: bob, stays: ann }]);
    }

    #[test]
    fn renaming_to_the_same_text_changes_nothing() {
        given::<Organization>([created()]).when(rename("Acme")).then_nothing();
        given::<Organization>([created()])
            .when(rename("Acme Inc."))
            .then([OrganizationRenamed { display_name: "Acme Inc.".into() }]);
        given::<Organization>([]).when(rename("Acme")).then_rejected(OrganizationRejection::NotFound);
    }
}
