//! Typed ids. What has a natural key within its parent (an application's name in its organization) gets an id that is
//! derived from that key, so that two writers of the same name meet in the same stream; the rest get a UUIDv7 at the edge.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::names::{RepositoryPath, Slug};
use crate::oci::{Digest, Tag};
use crate::version::Version;

macro_rules! id {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    )*};
}

id! {
    OrganizationId
    /// A person or a robot with a role.
    MemberId
    TokenId
    CustomerId
    ApplicationId
    ReleaseId
    ChannelId
    /// A repository of the registry.
    ArtifactId
    /// A manifest in its repository.
    ManifestId
    /// A tag in its repository.
    TagId
    LicenseId
    /// A target's use of a license.
    SeatId
    TargetId
    /// One enrolment offer of a target: the public half of a one-time token.
    EnrolmentId
    /// One secret of an agent.
    CredentialId
    DeploymentId
    RolloutId
    RolloutPolicyId
    /// Something that needs a person.
    AlertId
    /// A place that shows a picture: an organization's logo, an application's icon.
    PictureId
}

impl OrganizationId {
    pub fn of(name: &Slug) -> Self {
        Self(Uuid::new_v5(&Uuid::NAMESPACE_URL, format!("distr:organization/{name}").as_bytes()))
    }
}

fn child(parent: Uuid, kind: &str, key: impl fmt::Display) -> Uuid {
    Uuid::new_v5(&parent, format!("{kind}/{key}").as_bytes())
}

impl PictureId {
    pub fn of(owner: Uuid, place: &str) -> Self {
        Self(child(owner, "picture", place))
    }
}

impl AlertId {
    pub fn of(organization: OrganizationId, key: &str) -> Self {
        Self(child(organization.0, "alert", key))
    }
}

impl CustomerId {
    pub fn of(organization: OrganizationId, name: &Slug) -> Self {
        Self(child(organization.0, "customer", name))
    }
}

impl ApplicationId {
    pub fn of(organization: OrganizationId, name: &Slug) -> Self {
        Self(child(organization.0, "application", name))
    }
}

impl ReleaseId {
    pub fn of(application: ApplicationId, version: &Version) -> Self {
        Self(child(application.0, "release", version))
    }
}

impl ChannelId {
    pub fn of(application: ApplicationId, name: &Slug) -> Self {
        Self(child(application.0, "channel", name))
    }
}

impl ArtifactId {
    pub fn of(organization: OrganizationId, path: &RepositoryPath) -> Self {
        Self(child(organization.0, "artifact", path))
    }
}

impl ManifestId {
    pub fn of(artifact: ArtifactId, digest: &Digest) -> Self {
        Self(child(artifact.0, "manifest", digest))
    }
}

impl TagId {
    pub fn of(artifact: ArtifactId, tag: &Tag) -> Self {
        Self(child(artifact.0, "tag", tag))
    }
}

impl LicenseId {
    pub fn of(customer: CustomerId, name: &Slug) -> Self {
        Self(child(customer.0, "license", name))
    }
}

impl SeatId {
    pub fn of(license: LicenseId, target: TargetId) -> Self {
        Self(child(license.0, "seat", target))
    }
}

impl TargetId {
    pub fn of(customer: CustomerId, name: &Slug) -> Self {
        Self(child(customer.0, "target", name))
    }
}

impl RolloutId {
    pub fn of(application: ApplicationId, name: &Slug) -> Self {
        Self(child(application.0, "rollout", name))
    }
}

impl RolloutPolicyId {
    pub fn of(organization: OrganizationId, name: &Slug) -> Self {
        Self(child(organization.0, "rollout_policy", name))
    }
}

impl DeploymentId {
    /// An application stands once on a target.
    pub fn of(target: TargetId, application: ApplicationId) -> Self {
        Self(child(target.0, "deployment", application))
    }
}
