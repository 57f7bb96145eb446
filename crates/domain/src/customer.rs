//! A customer: a client organization of the vendor.

use serde::{Deserialize, Serialize};

use crate::decider::{Category, Decider};
use crate::names::Slug;
use crate::rejection::Rejection;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
pub enum CustomerEvent {
    CustomerCreated { name: Slug, display_name: String },
    CustomerRenamed { display_name: String },
}
use CustomerEvent::*;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CustomerCommand {
    Create { name: Slug, display_name: String },
    Rename { display_name: String },
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CustomerRejection {
    #[error("customer \"{name}\" exists already")]
    Exists { name: Slug },
    #[error("there is no such customer")]
    NotFound,
}

impl Rejection for CustomerRejection {
    fn code(&self) -> &'static str {
        match self {
            Self::Exists { .. } => "customer.exists",
            Self::NotFound => "customer.not_found",
        }
    }
}

#[derive(Debug, Default)]
pub struct Customer {
    pub name: Option<Slug>,
    pub display_name: String,
}

impl Decider for Customer {
    const CATEGORY: Category = Category::Customer;
    type Command = CustomerCommand;
    type Event = CustomerEvent;
    type Rejection = CustomerRejection;

    fn decide(&self, command: &Self::Command) -> Result<Vec<Self::Event>, Self::Rejection> {
        match (command, &self.name) {
            (CustomerCommand::Create { name, .. }, Some(_)) => Err(CustomerRejection::Exists { name: name.clone() }),
            (CustomerCommand::Create { name, display_name }, None) => {
                Ok(vec![CustomerCreated { name: name.clone(), display_name: display_name.clone() }])
            }
            (CustomerCommand::Rename { .. }, None) => Err(CustomerRejection::NotFound),
            (CustomerCommand::Rename { display_name }, _) if *display_name == self.display_name => Ok(vec![]),
            (CustomerCommand::Rename { display_name }, Some(_)) => {
                Ok(vec![CustomerRenamed { display_name: display_name.clone() }])
            }
        }
    }

    fn evolve(&mut self, event: &Self::Event) {
        match event {
            CustomerCreated { name, display_name } => {
                self.name = Some(name.clone());
                self.display_name = display_name.clone();
            }
            CustomerRenamed { display_name } => self.display_name = display_name.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decider::given::given;

    #[test]
    fn a_customers_name_is_taken_once() {
        let name: Slug = "globex".parse().unwrap();
        let created = CustomerCreated { name: name.clone(), display_name: "Globex".into() };
        let create = CustomerCommand::Create { name: name.clone(), display_name: "Globex".into() };
        given::<Customer>([]).when(create.clone()).then([created.clone()]);
        given::<Customer>([created]).when(create).then_rejected(CustomerRejection::Exists { name });
    }

    #[test]
    fn only_a_customer_that_exists_is_renamed() {
        given::<Customer>([])
            .when(CustomerCommand::Rename { display_name: "Globex".into() })
            .then_rejected(CustomerRejection::NotFound);
    }
}
