//! A customer: a client organization of the vendor.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::decider::{Category, Decider, DomainEvent};
use crate::names::Slug;
use crate::rejection::Rejection;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
pub enum CustomerEvent {
    /// A customer of the vendor.
    CustomerCreated { name: Slug, display_name: String },
    /// The name for people; the one for commands stays.
    CustomerRenamed { display_name: String },
    /// Of the customer's secrets that configurations name, this one has another value. The value is nowhere in the log.
    SecretSet {
        name: String,
        /// Tells it from the other changes of the same secret; nil in the events that were written before they had one.
        #[serde(default, skip_serializing_if = "Uuid::is_nil")]
        change: Uuid,
    },
    /// A secret is there no more; what runs with it goes on.
    SecretRemoved {
        name: String,
        #[serde(default, skip_serializing_if = "Uuid::is_nil")]
        change: Uuid,
    },
    /// A member of the vendor, who is the actor, looked at the portal as this customer, until then at most.
    CustomerViewed {
        until: DateTime<Utc>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
}
use CustomerEvent::*;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CustomerCommand {
    Create { name: Slug, display_name: String },
    Rename { display_name: String },
    SetSecret { name: String, change: Uuid },
    RemoveSecret { name: String, change: Uuid },
    View { until: DateTime<Utc>, reason: Option<String> },
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
    /// the newest change of each secret
    secrets: BTreeMap<String, Uuid>,
}

impl Customer {
    /// Whether it is the newest change of this secret, whose value is the one in force. A change without an id never is: it
    /// cannot be told from others.
    pub fn is_newest(&self, name: &str, change: Uuid) -> bool {
        !change.is_nil() && self.secrets.get(name) == Some(&change)
    }
}

impl DomainEvent for CustomerEvent {}

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
            (
                CustomerCommand::SetSecret { .. } | CustomerCommand::RemoveSecret { .. } | CustomerCommand::View { .. },
                None,
            ) => Err(CustomerRejection::NotFound),
            (CustomerCommand::View { until, reason }, Some(_)) => {
                Ok(vec![CustomerViewed { until: *until, reason: reason.clone() }])
            }
            (CustomerCommand::SetSecret { name, change }, Some(_)) => {
                Ok(vec![SecretSet { name: name.clone(), change: *change }])
            }
            (CustomerCommand::RemoveSecret { name, change }, Some(_)) => {
                Ok(vec![SecretRemoved { name: name.clone(), change: *change }])
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
            SecretSet { name, change } | SecretRemoved { name, change } => {
                self.secrets.insert(name.clone(), *change);
            }
            CustomerViewed { .. } => {}
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
    fn each_view_of_a_customer_is_a_fact() {
        let created = CustomerCreated { name: "globex".parse().unwrap(), display_name: "Globex".into() };
        let (until, reason) = (DateTime::UNIX_EPOCH, Some("ticket 7".to_owned()));
        let view = || CustomerCommand::View { until, reason: reason.clone() };
        let viewed = || CustomerViewed { until, reason: reason.clone() };
        given::<Customer>([]).when(view()).then_rejected(CustomerRejection::NotFound);
        given::<Customer>([created.clone()]).when(view()).then([viewed()]);
        given::<Customer>([created, viewed()]).when(view()).then([viewed()]);
    }

    #[test]
    fn each_change_of_a_secret_is_a_fact_of_its_customer() {
        let created = || CustomerCreated { name: "globex".parse().unwrap(), display_name: "Globex".into() };
        let [first, second] = [1, 2].map(Uuid::from_u128);
        let set = |change| SecretSet { name: "DB".into(), change };
        let command = |change| CustomerCommand::SetSecret { name: "DB".into(), change };
        given::<Customer>([created()]).when(command(first)).then([set(first)]);
        given::<Customer>([created(), set(first)]).when(command(second)).then([set(second)]);
        given::<Customer>([created(), set(first)])
            .when(CustomerCommand::RemoveSecret { name: "DB".into(), change: second })
            .then([SecretRemoved { name: "DB".into(), change: second }]);
        given::<Customer>([]).when(command(first)).then_rejected(CustomerRejection::NotFound);
        let mut customer = Customer::default();
        for event in [created(), set(first), SecretSet { name: "API".into(), change: second }] {
            customer.evolve(&event);
        }
        assert!(customer.is_newest("DB", first) && !customer.is_newest("DB", second));
    }

    #[test]
    fn a_change_without_an_id_is_the_newest_for_nobody_and_ends_the_one_before() {
        let old: CustomerEvent = serde_json::from_str(r#"{"type": "SecretSet", "data": {"name": "DB"}}"#).unwrap();
        let change = Uuid::from_u128(1);
        let mut customer = Customer::default();
        customer.evolve(&SecretSet { name: "DB".into(), change });
        customer.evolve(&old);
        assert!(!customer.is_newest("DB", change) && !customer.is_newest("DB", Uuid::nil()));
    }

    #[test]
    fn only_a_customer_that_exists_is_renamed() {
        given::<Customer>([])
            .when(CustomerCommand::Rename { display_name: "Globex".into() })
            .then_rejected(CustomerRejection::NotFound);
    }
}
