//! An organization: the vendor that everything else belongs to.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::branding::{Branding, BrandingImage};
use crate::decider::{Category, Decider, DomainEvent};
use crate::ids::MemberId;
use crate::names::Slug;
use crate::picture::{Picture, PictureFacts};
use crate::rejection::Rejection;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
pub enum OrganizationEvent {
    /// A vendor at this hub.
    OrganizationCreated { name: Slug, display_name: String },
    /// The name for people; the one for commands stays.
    OrganizationRenamed { display_name: String },
    /// A member is about to be an owner no more; another, who stays, was asked for first.
    OwnerLeft { member: MemberId, stays: MemberId },
    /// One who had left is an owner again.
    OwnerReturned { member: MemberId },
    /// How customers see the organization, but for its pictures.
    BrandingSet { branding: Branding },
    /// A picture of the vendor's own for portal and mails.
    BrandingImageSet { image: BrandingImage, picture: Picture },
    /// The hub's own picture again.
    BrandingImageRemoved { image: BrandingImage },
    /// Another key signs the roots of the history from now on.
    HistoryKeyReplaced {
        /// as verifiers take it (C2SP signed-note)
        key: String,
        /// the one before signs no more; else it goes on beside this one for a while
        at_once: bool,
        reason: String,
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
    /// All of it, but for the pictures: what is left out is as the portal has it of itself.
    SetBranding {
        branding: Branding,
    },
    SetBrandingImage {
        image: BrandingImage,
        picture: Picture,
    },
    RemoveBrandingImage {
        image: BrandingImage,
    },
    /// Once a key is made, and before it signs.
    ReplaceHistoryKey {
        key: String,
        at_once: bool,
        reason: String,
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
    #[error("this key of the history was told of before, and another has taken its place since; ask again")]
    HistoryKeyOver,
}

impl Rejection for OrganizationRejection {
    fn code(&self) -> &'static str {
        match self {
            Self::Exists { .. } => "organization.exists",
            Self::NotFound => "organization.not_found",
            Self::LastOwner => "organization.last_owner",
            Self::HistoryKeyOver => "organization.history_key_over",
        }
    }
}

#[derive(Debug, Default)]
pub struct Organization {
    pub name: Option<Slug>,
    pub display_name: String,
    /// were owners once; nobody counts on them
    left: BTreeSet<MemberId>,
    branding: Branding,
    images: BTreeMap<BrandingImage, PictureFacts>,
    /// and whether the one before signs no more; none before the first was replaced
    pub history_key: Option<(String, bool)>,
    /// those whose place was taken
    past_keys: BTreeSet<String>,
    /// the last key that took its place at once: those before it sign no more
    pub ending_key: Option<String>,
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
            (_, None) => Err(OrganizationRejection::NotFound),
            (OrganizationCommand::Rename { display_name }, Some(_)) if *display_name == self.display_name => Ok(vec![]),
            (OrganizationCommand::Rename { display_name }, Some(_)) => {
                Ok(vec![OrganizationRenamed { display_name: display_name.clone() }])
            }
            (OrganizationCommand::SetBranding { branding }, Some(_)) => Ok(match *branding == self.branding {
                true => vec![],
                false => vec![BrandingSet { branding: branding.clone() }],
            }),
            (OrganizationCommand::SetBrandingImage { image, picture }, Some(_)) => {
                Ok(match self.images.get(image) == Some(&picture.of) {
                    true => vec![],
                    false => vec![BrandingImageSet { image: *image, picture: picture.clone() }],
                })
            }
            (OrganizationCommand::RemoveBrandingImage { image }, Some(_)) => {
                Ok(match self.images.contains_key(image) {
                    true => vec![BrandingImageRemoved { image: *image }],
                    false => vec![],
                })
            }
            (OrganizationCommand::ReplaceHistoryKey { key, .. }, Some(_)) if self.past_keys.contains(key) => {
                Err(OrganizationRejection::HistoryKeyOver)
            }
            (OrganizationCommand::ReplaceHistoryKey { key, at_once, reason }, Some(_)) => {
                Ok(match self.history_key == Some((key.clone(), *at_once)) {
                    true => vec![],
                    false => {
                        vec![HistoryKeyReplaced { key: key.clone(), at_once: *at_once, reason: reason.clone() }]
                    }
                })
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
            BrandingSet { branding } => self.branding = branding.clone(),
            BrandingImageSet { image, picture } => _ = self.images.insert(*image, picture.of.clone()),
            BrandingImageRemoved { image } => _ = self.images.remove(image),
            HistoryKeyReplaced { key, at_once, .. } => {
                let before = self.history_key.replace((key.clone(), *at_once));
                self.past_keys.extend(before.map(|(before, _)| before).filter(|before| before != key));
                if *at_once {
                    self.ending_key = Some(key.clone());
                }
            }
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

    fn picture(number: u8) -> Picture {
        let digest = format!("sha256:{number:064x}").parse().unwrap();
        Picture::try_new(digest, b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0").unwrap()
    }

    #[test]
    fn branding_that_is_set_again_changes_nothing() {
        let branding = Branding { accent: Some("#ff8800".parse().unwrap()), ..Branding::default() };
        let set = |branding: &Branding| OrganizationCommand::SetBranding { branding: branding.clone() };
        let fact = BrandingSet { branding: branding.clone() };
        given::<Organization>([created()]).when(set(&Branding::default())).then_nothing();
        given::<Organization>([created()]).when(set(&branding)).then([fact.clone()]);
        given::<Organization>([created(), fact.clone()]).when(set(&branding)).then_nothing();
        let back = BrandingSet { branding: Branding::default() };
        given::<Organization>([created(), fact]).when(set(&Branding::default())).then([back]);
        given::<Organization>([]).when(set(&branding)).then_rejected(OrganizationRejection::NotFound);
    }

    #[test]
    fn a_picture_is_told_by_its_bytes_and_by_what_it_is_for() {
        let put = |image, number| OrganizationCommand::SetBrandingImage { image, picture: picture(number) };
        let fact = |image, number| BrandingImageSet { image, picture: picture(number) };
        let (logo, dark) = (BrandingImage::Logo, BrandingImage::LogoDark);
        let with_logo = || [created(), fact(logo, 1)];
        given::<Organization>(with_logo()).when(put(logo, 1)).then_nothing();
        given::<Organization>(with_logo()).when(put(logo, 2)).then([fact(logo, 2)]);
        given::<Organization>(with_logo()).when(put(dark, 1)).then([fact(dark, 1)]);
        let remove = |image| OrganizationCommand::RemoveBrandingImage { image };
        given::<Organization>(with_logo()).when(remove(logo)).then([BrandingImageRemoved { image: logo }]);
        given::<Organization>(with_logo()).when(remove(dark)).then_nothing();
    }

    #[test]
    fn a_key_takes_the_place_of_another_once() {
        let key = |number: u8| format!("distr/acme+{number}");
        let replace = |number| OrganizationCommand::ReplaceHistoryKey {
            key: key(number),
            at_once: false,
            reason: "a year has passed".into(),
        };
        let fact = |number| HistoryKeyReplaced { key: key(number), at_once: false, reason: "a year has passed".into() };
        given::<Organization>([created()]).when(replace(1)).then([fact(1)]);
        given::<Organization>([created(), fact(1)]).when(replace(1)).then_nothing();
        given::<Organization>([created(), fact(1)]).when(replace(2)).then([fact(2)]);
        given::<Organization>([created(), fact(1), fact(2)])
            .when(replace(1))
            .then_rejected(OrganizationRejection::HistoryKeyOver);
        given::<Organization>([]).when(replace(1)).then_rejected(OrganizationRejection::NotFound);
    }
}
