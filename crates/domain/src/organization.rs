//! An organization: the vendor that everything else belongs to.

use serde::{Deserialize, Serialize};

use crate::decider::{Category, Decider};
use crate::names::Slug;
use crate::rejection::Rejection;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
pub enum OrganizationEvent {
    OrganizationCreated { name: Slug, display_name: String },
    OrganizationRenamed { display_name: String },
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
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OrganizationRejection {
    #[error("organization \"{name}\" exists already")]
    Exists { name: Slug },
    #[error("there is no such organization")]
    NotFound,
}

impl Rejection for OrganizationRejection {
    fn code(&self) -> &'static str {
        match self {
            Self::Exists { .. } => "organization.exists",
            Self::NotFound => "organization.not_found",
        }
    }
}

#[derive(Debug, Default)]
pub struct Organization {
    pub name: Option<Slug>,
    pub display_name: String,
}

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
    fn renaming_to_the_same_text_changes_nothing() {
        given::<Organization>([created()]).when(rename("Acme")).then_nothing();
        given::<Organization>([created()])
            .when(rename("Acme Inc."))
            .then([OrganizationRenamed { display_name: "Acme Inc.".into() }]);
        given::<Organization>([]).when(rename("Acme")).then_rejected(OrganizationRejection::NotFound);
    }
}
