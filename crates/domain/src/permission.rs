//! Who may do what: one table from role to permissions, used by every guard at the edge.

use serde::{Deserialize, Serialize};

use crate::ids::CustomerId;
use crate::token::TokenScope;

/// What a person or a robot belongs to, and as what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "side", rename_all = "snake_case")]
pub enum Membership {
    Vendor { role: VendorRole },
    Customer { customer: CustomerId, role: CustomerRole },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VendorRole {
    /// everything, members included
    Owner,
    /// pushes artifacts, publishes releases, promotes channels
    Publisher,
    /// looks after customers: licenses, targets, deployments
    Support,
    /// reads everything, the log included; changes nothing
    Auditor,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CustomerRole {
    /// runs the customer's own targets, deployments and members
    Admin,
    Viewer,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Permission {
    /// see applications, releases, channels, repositories (a customer: what its licenses name)
    ReadCatalog,
    /// change them
    Publish,
    /// see customers and licenses (a customer: its own)
    ReadCustomers,
    ManageCustomers,
    ManageLicenses,
    /// see targets and deployments (a customer: its own)
    ReadFleet,
    ManageTargets,
    Deploy,
    ReadMembers,
    ManageMembers,
    ManageOrganization,
    /// say whose signatures an application trusts, and what they must have signed
    ManageSigningPolicy,
    /// see what a rollout would do, and the policies that rollouts go by
    ReadRolloutPlans,
    /// start rollouts, and steer those that are open
    RollOut,
    /// stop rollouts and approve them, where their policy lets the role
    OverseeRollouts,
    /// say which policies rollouts go by
    ManageRolloutPolicies,
    /// read the event log of the organization
    ReadLog,
    /// pull from the registry (a customer: what its licenses entitle it to)
    PullArtifacts,
    PushArtifacts,
    DeleteArtifacts,
}

impl Permission {
    pub const ALL: [Self; 20] = [
        Self::ReadCatalog,
        Self::Publish,
        Self::ReadCustomers,
        Self::ManageCustomers,
        Self::ManageLicenses,
        Self::ReadFleet,
        Self::ManageTargets,
        Self::Deploy,
        Self::ReadMembers,
        Self::ManageMembers,
        Self::ManageOrganization,
        Self::ManageSigningPolicy,
        Self::ReadRolloutPlans,
        Self::RollOut,
        Self::OverseeRollouts,
        Self::ManageRolloutPolicies,
        Self::ReadLog,
        Self::PullArtifacts,
        Self::PushArtifacts,
        Self::DeleteArtifacts,
    ];

    /// Whether it changes anything; a token that may only read or pull may not.
    pub fn is_write(self) -> bool {
        use Permission::*;
        match self {
            ReadCatalog | ReadCustomers | ReadFleet | ReadMembers | ReadRolloutPlans | ReadLog | PullArtifacts => false,
            Publish
            | ManageCustomers
            | ManageLicenses
            | ManageTargets
            | Deploy
            | ManageMembers
            | ManageOrganization
            | ManageSigningPolicy
            | RollOut
            | OverseeRollouts
            | ManageRolloutPolicies
            | PushArtifacts
            | DeleteArtifacts => true,
        }
    }

    /// What a token must have beside its member's role.
    pub fn scope(self) -> TokenScope {
        use Permission::*;
        match self {
            PullArtifacts => TokenScope::Pull,
            PushArtifacts => TokenScope::Push,
            DeleteArtifacts => TokenScope::Delete,
            ManageMembers | ManageOrganization | ManageSigningPolicy | ManageRolloutPolicies => TokenScope::Admin,
            other if other.is_write() => TokenScope::Write,
            _ => TokenScope::Read,
        }
    }

    /// Whether a token that is for some repositories only may use it at all. What it is then used on is checked by
    /// repository; whatever else there is has nothing to do with repositories, and is closed to such a token.
    pub fn is_of_repositories(self) -> bool {
        use Permission::*;
        matches!(self, ReadCatalog | Publish | PullArtifacts | PushArtifacts | DeleteArtifacts)
    }
}

impl Membership {
    pub const fn customer(&self) -> Option<CustomerId> {
        match self {
            Membership::Vendor { .. } => None,
            Membership::Customer { customer, .. } => Some(*customer),
        }
    }

    pub fn may(&self, permission: Permission) -> bool {
        use Permission::*;
        match self {
            Membership::Vendor { role: VendorRole::Owner } => true,
            Membership::Vendor { role: VendorRole::Publisher } => matches!(
                permission,
                ReadCatalog
                    | Publish
                    | ReadCustomers
                    | ReadFleet
                    | Deploy
                    | ReadMembers
                    | ReadRolloutPlans
                    | RollOut
                    | OverseeRollouts
                    | PullArtifacts
                    | PushArtifacts
                    | DeleteArtifacts
            ),
            Membership::Vendor { role: VendorRole::Support } => matches!(
                permission,
                ReadCatalog
                    | ReadCustomers
                    | ManageCustomers
                    | ManageLicenses
                    | ReadFleet
                    | ManageTargets
                    | Deploy
                    | ReadMembers
                    | ReadRolloutPlans
                    | OverseeRollouts
                    | PullArtifacts
            ),
            Membership::Vendor { role: VendorRole::Auditor } => {
                matches!(permission, ReadCatalog | ReadCustomers | ReadFleet | ReadMembers | ReadRolloutPlans | ReadLog)
            }
            Membership::Customer { role: CustomerRole::Admin, .. } => matches!(
                permission,
                ReadCatalog
                    | ReadCustomers
                    | ReadFleet
                    | ManageTargets
                    | Deploy
                    | ReadMembers
                    | ManageMembers
                    | PullArtifacts
            ),
            Membership::Customer { role: CustomerRole::Viewer, .. } => {
                matches!(permission, ReadCatalog | ReadCustomers | ReadFleet)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whom_to_trust_is_the_owners_to_say() {
        let may = |role| Membership::Vendor { role }.may(Permission::ManageSigningPolicy);
        assert!(may(VendorRole::Owner));
        assert!(![VendorRole::Publisher, VendorRole::Support, VendorRole::Auditor].into_iter().any(may));
        let customer = CustomerId(uuid::Uuid::nil());
        let may = |role| Membership::Customer { customer, role }.may(Permission::ManageSigningPolicy);
        assert!(![CustomerRole::Admin, CustomerRole::Viewer].into_iter().any(may));
    }
}
