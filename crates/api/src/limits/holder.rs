//! The holder of a request: whose share of the hub it uses up.

use distr_domain::ids::{CustomerId, MemberId, OrganizationId};
use uuid::Uuid;

/// A vendor, or one of its customers.
pub type Group = (OrganizationId, Option<CustomerId>);

/// Whose request it is. Strangers are one, and have one share together.
#[derive(Debug, Clone, Copy)]
pub struct Holder {
    pub group: Group,
    pub member: MemberId,
    /// with those that were made with it
    pub credential: Uuid,
}
