//! The rule of entitlement: a pure function of the licenses that a customer holds, the clock, and what is asked for. It
//! answers with a reason either way. Time is compared here, at the moment of use; nothing has to expire a license first.

use chrono::{DateTime, Utc};
use serde::Deserialize;

use crate::ids::{ApplicationId, LicenseId};
use crate::instant::shown;
use crate::license::{Standing, Terms};
use crate::names::Slug;
use crate::rejection::Rejection;
use crate::release::Deprecation;
use crate::version::Version;

/// A license as the rule needs it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct HeldLicense {
    pub id: LicenseId,
    pub name: Slug,
    pub application: ApplicationId,
    pub terms: Terms,
    pub standing: Standing,
}

/// A release, one artifact of a release, or a tag of a feature, that somebody wants to deploy or pull.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct EntitlementSubject {
    pub application: ApplicationId,
    /// none: a tag that a feature opens by itself
    pub version: Option<Version>,
    /// the channels that the release was promoted to and not demoted from
    pub channels: Vec<Slug>,
    /// why the release was revoked, if it was
    pub revoked: Option<String>,
    /// it can be had still, and should not be used any more
    #[serde(default)]
    pub deprecated: Option<Deprecation>,
    /// the feature that the artifact belongs to
    pub feature: Option<Slug>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    pub license: LicenseId,
    pub name: Slug,
}

impl Grant {
    fn of(license: &HeldLicense) -> Self {
        Self { license: license.id, name: license.name.clone() }
    }
}

/// Why not. Of several licenses, the reason is that of the one that came nearest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("it is in no published release")]
    NotReleased,
    #[error("no license covers the application")]
    NoLicense,
    #[error("release \"{version}\" was revoked: {reason}")]
    ReleaseRevoked { version: Version, reason: String },
    #[error("license \"{license}\" covers versions {ranges}, not \"{version}\"{}", pre_release(version))]
    VersionOutside { license: Slug, version: Version, ranges: String },
    #[error("license \"{license}\" covers channels {channels}, and release \"{version}\" is in none of them")]
    ChannelOutside { license: Slug, version: Version, channels: String },
    #[error("license \"{license}\" does not include feature \"{feature}\"")]
    FeatureMissing { license: Slug, feature: Slug },
    #[error("license \"{license}\" begins at {}", shown(not_before))]
    NotYet { license: Slug, not_before: DateTime<Utc> },
    #[error("license \"{license}\" expired at {}", shown(expires_at))]
    Expired { license: Slug, expires_at: DateTime<Utc> },
    #[error("license \"{license}\" is suspended: {reason}")]
    Suspended { license: Slug, reason: String },
    #[error("license \"{license}\" was revoked: {reason}")]
    Revoked { license: Slug, reason: String },
}

/// What surprises: a range of everything leaves it out.
fn pre_release(version: &Version) -> &'static str {
    match version.is_pre_release() {
        true => ", which is a pre-release: a range includes one only if it names one of the same version",
        false => "",
    }
}

/// The same by the code of a refusal that was recorded.
pub fn is_withheld(code: &str) -> bool {
    [Refusal::NotReleased.code(), Refusal::NoLicense.code()].contains(&code)
}

impl Rejection for Refusal {
    fn code(&self) -> &'static str {
        match self {
            Self::NotReleased => "entitlement.not_released",
            Self::NoLicense => "entitlement.no_license",
            Self::ReleaseRevoked { .. } => "entitlement.release_revoked",
            Self::VersionOutside { .. } => "entitlement.version_outside",
            Self::ChannelOutside { .. } => "entitlement.channel_outside",
            Self::FeatureMissing { .. } => "entitlement.feature_missing",
            Self::NotYet { .. } => "entitlement.not_yet",
            Self::Expired { .. } => "entitlement.expired",
            Self::Suspended { .. } => "entitlement.suspended",
            Self::Revoked { .. } => "entitlement.revoked",
        }
    }
}

impl Refusal {
    /// Whether whoever asks is answered as if the thing were not there: it was never released, or is for others alone.
    pub fn is_withheld(&self) -> bool {
        is_withheld(self.code())
    }

    /// The name of the license that refused, if one did.
    pub fn license(&self) -> Option<&Slug> {
        match self {
            Self::NotReleased | Self::NoLicense | Self::ReleaseRevoked { .. } => None,
            Self::VersionOutside { license, .. }
            | Self::ChannelOutside { license, .. }
            | Self::FeatureMissing { license, .. }
            | Self::NotYet { license, .. }
            | Self::Expired { license, .. }
            | Self::Suspended { license, .. }
            | Self::Revoked { license, .. } => Some(license),
        }
    }

    /// How near to a grant it came: what a license covers is asked first, whether it stands last.
    fn nearness(&self) -> u8 {
        match self {
            Self::NotReleased => 0,
            Self::NoLicense => 1,
            Self::VersionOutside { .. } => 2,
            Self::ChannelOutside { .. } => 3,
            Self::FeatureMissing { .. } => 4,
            Self::NotYet { .. } => 5,
            Self::Expired { .. } => 6,
            Self::Suspended { .. } => 7,
            Self::Revoked { .. } => 8,
            Self::ReleaseRevoked { .. } => 9,
        }
    }
}

/// Whether one of `licenses` entitles to one of `asked`, now: the first that does.
pub fn decide(asked: &[EntitlementSubject], licenses: &[HeldLicense], now: DateTime<Utc>) -> Result<Grant, Refusal> {
    let mut nearest = if asked.is_empty() { Refusal::NotReleased } else { Refusal::NoLicense };
    for asked in asked {
        for license in licenses.iter().filter(|license| license.application == asked.application) {
            match check(asked, license, now) {
                Ok(()) => return Ok(Grant::of(license)),
                Err(refusal) if refusal.nearness() >= nearest.nearness() => nearest = refusal,
                Err(_) => {}
            }
        }
    }
    Err(nearest)
}

/// The terms of a deployment of one release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeployGrant {
    /// all licenses that entitle to it, at least one, in the order in which their seats are tried
    pub licenses: Vec<Grant>,
    /// the features that they give
    pub features: Vec<Slug>,
}

/// Whether `asked` may be deployed now. Where the target sits already (`seat`), it stays if that license is in force; the others
/// follow in their order.
pub fn decide_deploy(
    asked: &EntitlementSubject,
    licenses: &[HeldLicense],
    seat: Option<LicenseId>,
    now: DateTime<Utc>,
) -> Result<DeployGrant, Refusal> {
    decide(std::slice::from_ref(asked), licenses, now)?;
    let mut granting: Vec<Grant> = in_force(asked, licenses, now).map(Grant::of).collect();
    granting.sort_by_key(|grant| Some(grant.license) != seat);
    Ok(DeployGrant { licenses: granting, features: features(asked, licenses, now) })
}

/// The features that the licenses in force give to a release.
fn features(asked: &EntitlementSubject, licenses: &[HeldLicense], now: DateTime<Utc>) -> Vec<Slug> {
    let asked = EntitlementSubject { feature: None, ..asked.clone() };
    let in_force = in_force(&asked, licenses, now);
    let mut features: Vec<Slug> = in_force.flat_map(|license| license.terms.features.iter().cloned()).collect();
    features.sort();
    features.dedup();
    features
}

fn in_force<'a>(
    asked: &'a EntitlementSubject,
    licenses: &'a [HeldLicense],
    now: DateTime<Utc>,
) -> impl Iterator<Item = &'a HeldLicense> {
    let covering = licenses.iter().filter(|license| license.application == asked.application);
    covering.filter(move |license| check(asked, license, now).is_ok())
}

fn check(asked: &EntitlementSubject, license: &HeldLicense, now: DateTime<Utc>) -> Result<(), Refusal> {
    let Terms { versions, channels, features, not_before, expires_at, .. } = &license.terms;
    let name = license.name.clone();
    if let Some(version) = &asked.version
        && !versions.is_empty()
        && !versions.iter().any(|range| range.contains(version))
    {
        let ranges = join(versions.iter().map(|range| range.as_str()));
        return Err(Refusal::VersionOutside { license: name, version: version.clone(), ranges });
    }
    if let Some(version) = &asked.version
        && !channels.is_empty()
        && !asked.channels.iter().any(|channel| channels.contains(channel))
    {
        let channels = join(channels.iter().map(Slug::as_str));
        return Err(Refusal::ChannelOutside { license: name, version: version.clone(), channels });
    }
    if let Some(feature) = asked.feature.as_ref().filter(|feature| !features.contains(feature)) {
        return Err(Refusal::FeatureMissing { license: name, feature: feature.clone() });
    }
    if let Some(not_before) = not_before.filter(|begin| now < *begin) {
        return Err(Refusal::NotYet { license: name, not_before });
    }
    if let Some(expires_at) = expires_at.filter(|end| now >= *end) {
        return Err(Refusal::Expired { license: name, expires_at });
    }
    match &license.standing {
        Standing::Suspended { reason } => return Err(Refusal::Suspended { license: name, reason: reason.clone() }),
        Standing::Revoked { reason } => return Err(Refusal::Revoked { license: name, reason: reason.clone() }),
        Standing::Active => {}
    }
    match (&asked.version, &asked.revoked) {
        (Some(version), Some(reason)) => {
            Err(Refusal::ReleaseRevoked { version: version.clone(), reason: reason.clone() })
        }
        _ => Ok(()),
    }
}

fn join<'a>(items: impl Iterator<Item = &'a str>) -> String {
    items.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests;
