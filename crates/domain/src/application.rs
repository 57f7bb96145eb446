//! An application: the product whose releases are shipped.

use serde::{Deserialize, Serialize};

use crate::decider::{Category, Decider};
use crate::names::Slug;
use crate::rejection::Rejection;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
pub enum ApplicationEvent {
    ApplicationCreated { name: Slug, display_name: String, description: String },
    ApplicationDescribed { display_name: String, description: String },
}
use ApplicationEvent::*;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ApplicationCommand {
    Create { name: Slug, display_name: String, description: String },
    Describe { display_name: String, description: String },
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApplicationRejection {
    #[error("application \"{name}\" exists already")]
    Exists { name: Slug },
    #[error("there is no such application")]
    NotFound,
}

impl Rejection for ApplicationRejection {
    fn code(&self) -> &'static str {
        match self {
            Self::Exists { .. } => "application.exists",
            Self::NotFound => "application.not_found",
        }
    }
}

#[derive(Debug, Default)]
pub struct Application {
    pub name: Option<Slug>,
    pub display_name: String,
    pub description: String,
}

impl Decider for Application {
    const CATEGORY: Category = Category::Application;
    type Command = ApplicationCommand;
    type Event = ApplicationEvent;
    type Rejection = ApplicationRejection;

    fn decide(&self, command: &Self::Command) -> Result<Vec<Self::Event>, Self::Rejection> {
        match (command, &self.name) {
            (ApplicationCommand::Create { name, .. }, Some(_)) => {
                Err(ApplicationRejection::Exists { name: name.clone() })
            }
            (ApplicationCommand::Create { name, display_name, description }, None) => Ok(vec![ApplicationCreated {
                name: name.clone(),
                display_name: display_name.clone(),
                description: description.clone(),
            }]),
            (ApplicationCommand::Describe { .. }, None) => Err(ApplicationRejection::NotFound),
            (ApplicationCommand::Describe { display_name, description }, Some(_)) => {
                match (display_name, description) == (&self.display_name, &self.description) {
                    true => Ok(vec![]),
                    false => Ok(vec![ApplicationDescribed {
                        display_name: display_name.clone(),
                        description: description.clone(),
                    }]),
                }
            }
        }
    }

    fn evolve(&mut self, event: &Self::Event) {
        let (ApplicationCreated { display_name, description, .. } | ApplicationDescribed { display_name, description }) =
            event;
        self.display_name = display_name.clone();
        self.description = description.clone();
        if let ApplicationCreated { name, .. } = event {
            self.name = Some(name.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decider::given::given;

    fn describe(description: &str) -> ApplicationCommand {
        ApplicationCommand::Describe { display_name: "Hello".into(), description: description.into() }
    }

    #[test]
    fn describing_again_in_the_same_words_changes_nothing() {
        let created = ApplicationCreated {
            name: "hello".parse().unwrap(),
            display_name: "Hello".into(),
            description: "greets".into(),
        };
        given::<Application>([created.clone()]).when(describe("greets")).then_nothing();
        given::<Application>([created])
            .when(describe("waves"))
            .then([ApplicationDescribed { display_name: "Hello".into(), description: "waves".into() }]);
    }

    #[test]
    fn what_does_not_exist_is_not_described() {
        given::<Application>([]).when(describe("greets")).then_rejected(ApplicationRejection::NotFound);
    }
}
