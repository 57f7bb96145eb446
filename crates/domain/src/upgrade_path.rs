//! The path rule: which release comes next on the way from what runs to what is wanted. Required releases (*floors*) are passed one
//! by one, blocked upgrades are never taken, and what a release made of its data is not undone.

use std::collections::BTreeMap;
use std::ops::Bound::{Excluded, Unbounded};

use serde::{Deserialize, Serialize};

use crate::rejection::Rejection;
use crate::version::{Version, VersionRanges};

/// What is known of the published releases of an application.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Catalog(pub BTreeMap<Version, PathRules>);

/// What a release says of the ways over it and to it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct PathRules {
    /// why upgrades must not pass it over, if they must not
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub required: Option<String>,
    /// why nothing lower can read its data, if nothing can
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no_return: Option<String>,
    /// versions from which nobody may come to it
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub blocked: Vec<BlockedUpgrade>,
    /// why it was revoked, if it was
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked: Option<String>,
}

/// An upgrade that is known to fail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlockedUpgrade {
    pub from: VersionRanges,
    pub reason: String,
}

/// What is known of the version that runs.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Running {
    /// The application was never installed there.
    Never,
    /// It was asked for, and no agent has said what runs.
    Unknown,
    Version(Version),
}

/// Why there is no next step.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoPath {
    #[error("\"{0}\" runs already")]
    Arrived(Version),
    #[error("\"{running}\" runs, which is newer than \"{wanted}\"")]
    Newer { running: Version, wanted: Version },
    #[error("which version runs is not known yet")]
    Unknown,
    #[error("release \"{version}\" was revoked: {reason}")]
    Revoked { version: Version, reason: String },
    #[error(
        "release \"{version}\" is required on the way and was revoked ({reason}): require another, or require it no longer"
    )]
    FloorRevoked { version: Version, reason: String },
    #[error("the upgrade from \"{from}\" to \"{to}\" is blocked: {reason}")]
    Blocked { from: Version, to: Version, reason: String },
    #[error("\"{version}\" cannot be left for an older release, which cannot read its data: {reason}")]
    NoReturn { version: Version, reason: String },
}

/// Why a release is not deployed where another runs.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RefusedChange {
    #[error("\"{floor}\" is required on the way ({reason}): deploy it first")]
    FloorSkipped { floor: Version, reason: String },
    #[error(transparent)]
    NoPath(#[from] NoPath),
}

impl Rejection for RefusedChange {
    fn code(&self) -> &'static str {
        match self {
            Self::FloorSkipped { .. } => "deployment.floor_skipped",
            Self::NoPath(NoPath::NoReturn { .. }) => "deployment.no_return",
            Self::NoPath(no_path) => no_path.code(),
        }
    }
}

impl Rejection for NoPath {
    fn code(&self) -> &'static str {
        match self {
            Self::Arrived(_) => "path.arrived",
            Self::Newer { .. } => "path.newer",
            Self::Unknown => "path.unknown",
            Self::Revoked { .. } => "path.revoked",
            Self::FloorRevoked { .. } => "path.floor_revoked",
            Self::Blocked { .. } => "path.blocked",
            Self::NoReturn { .. } => "path.no_return",
        }
    }
}

impl Catalog {
    fn revoked(&self, version: &Version) -> Option<&String> {
        self.0.get(version)?.revoked.as_ref()
    }

    /// The least required release between the two, of which the first is the lower.
    fn floor(&self, running: &Version, wanted: &Version) -> Option<&Version> {
        let mut between = self.0.range::<Version, _>((Excluded(running), Excluded(wanted)));
        between.find(|(_, rules)| rules.required.is_some()).map(|(version, _)| version)
    }

    /// The newest required release above the version, with the reason; nothing if there is none, or the newest was revoked.
    pub fn floor_above(&self, version: &Version) -> Option<(&Version, &str)> {
        let mut above = self.0.range::<Version, _>((Excluded(version), Unbounded)).rev();
        let (floor, rules) = above.find(|(_, rules)| rules.required.is_some())?;
        rules.required.as_deref().filter(|_| rules.revoked.is_none()).map(|reason| (floor, reason))
    }

    /// The release to install next on the way up: a floor, or what is wanted.
    pub fn next_hop(&self, running: &Running, wanted: &Version) -> Result<Version, NoPath> {
        if let Some(reason) = self.revoked(wanted) {
            return Err(NoPath::Revoked { version: wanted.clone(), reason: reason.clone() });
        }
        let running = match running {
            Running::Never => return Ok(wanted.clone()),
            Running::Unknown => return Err(NoPath::Unknown),
            Running::Version(running) => running,
        };
        if running == wanted {
            return Err(NoPath::Arrived(wanted.clone()));
        }
        if running > wanted {
            return Err(NoPath::Newer { running: running.clone(), wanted: wanted.clone() });
        }
        let hop = self.floor(running, wanted).unwrap_or(wanted);
        if let Some(reason) = self.revoked(hop) {
            return Err(NoPath::FloorRevoked { version: hop.clone(), reason: reason.clone() });
        }
        let blocked = self.0.get(hop).map_or(&[][..], |rules| &rules.blocked);
        match blocked.iter().find(|blocked| blocked.from.contains(running)) {
            Some(BlockedUpgrade { reason, .. }) => {
                Err(NoPath::Blocked { from: running.clone(), to: hop.clone(), reason: reason.clone() })
            }
            None => Ok(hop.clone()),
        }
    }

    /// Whether somebody may ask for a release where another runs: no floor between them is passed over, and no blocked upgrade taken. That a
    /// downgrade is wanted is asked elsewhere.
    pub fn check_change(&self, running: &Version, wanted: &Version) -> Result<(), RefusedChange> {
        if wanted == running {
            return Ok(());
        }
        if wanted < running {
            return Ok(self.check_way_back(running, wanted)?);
        }
        let hop = self.next_hop(&Running::Version(running.clone()), wanted)?;
        match self.0.get(&hop).and_then(|rules| rules.required.clone()) {
            Some(reason) if hop != *wanted => Err(RefusedChange::FloorSkipped { floor: hop, reason }),
            _ => Ok(()),
        }
    }

    /// Whether what runs may be replaced by an older release: by none below a release of no return that it has reached.
    pub fn check_way_back(&self, running: &Version, wanted: &Version) -> Result<(), NoPath> {
        if let Some(reason) = self.revoked(wanted) {
            return Err(NoPath::Revoked { version: wanted.clone(), reason: reason.clone() });
        }
        let left = self.0.iter().rev().find_map(|(version, rules)| {
            let reason = rules.no_return.as_ref().filter(|_| wanted < version && version <= running)?;
            Some(NoPath::NoReturn { version: version.clone(), reason: reason.clone() })
        });
        left.map_or(Ok(()), Err)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn v(text: &str) -> Version {
        text.parse().unwrap()
    }

    fn runs(text: &str) -> Running {
        Running::Version(v(text))
    }

    fn catalog(releases: &[(&str, PathRules)]) -> Catalog {
        Catalog(releases.iter().map(|(version, rules)| (v(version), rules.clone())).collect())
    }

    fn plain() -> PathRules {
        PathRules::default()
    }

    fn floor() -> PathRules {
        PathRules { required: Some("the schema changes".into()), ..plain() }
    }

    #[test]
    fn the_newest_required_release_above_is_the_one_to_come_to() {
        let known = catalog(&[("1.0.0", plain()), ("2.0.0", floor()), ("3.0.0", floor()), ("4.0.0", plain())]);
        let above = |version: &str| known.floor_above(&v(version)).map(|(version, _)| version.clone());
        assert_eq!((above("1.0.0"), above("2.0.0")), (Some(v("3.0.0")), Some(v("3.0.0"))));
        assert_eq!((above("3.0.0"), above("4.0.0")), (None, None));
        let revoked = PathRules { revoked: Some("it leaks".into()), ..floor() };
        assert_eq!(catalog(&[("2.0.0", revoked)]).floor_above(&v("1.0.0")), None);
    }

    #[test]
    fn floors_are_passed_one_by_one() {
        let catalog = catalog(&[("1.0.0", floor()), ("1.1.0", floor()), ("1.2.0", plain()), ("1.3.0", floor())]);
        assert_eq!(catalog.next_hop(&runs("1.0.0"), &v("1.4.0")), Ok(v("1.1.0")));
        assert_eq!(catalog.next_hop(&runs("1.1.0"), &v("1.4.0")), Ok(v("1.3.0")));
        assert_eq!(catalog.next_hop(&runs("1.3.0"), &v("1.4.0")), Ok(v("1.4.0")));
        assert_eq!(catalog.next_hop(&runs("1.1.0"), &v("1.3.0")), Ok(v("1.3.0")));
        assert_eq!(catalog.next_hop(&Running::Never, &v("1.4.0")), Ok(v("1.4.0")));
    }

    #[test]
    fn what_is_unknown_newer_or_there_has_no_path_up() {
        let catalog = catalog(&[("1.0.0", plain())]);
        assert_eq!(catalog.next_hop(&Running::Unknown, &v("1.0.0")), Err(NoPath::Unknown));
        assert_eq!(catalog.next_hop(&runs("1.0.0"), &v("1.0.0")), Err(NoPath::Arrived(v("1.0.0"))));
        let newer = NoPath::Newer { running: v("2.0.0"), wanted: v("1.0.0") };
        assert_eq!(catalog.next_hop(&runs("2.0.0"), &v("1.0.0")), Err(newer));
    }

    #[test]
    fn a_revoked_floor_stops_the_way_until_somebody_decides() {
        let revoked = PathRules { revoked: Some("cve".into()), ..floor() };
        let stopped = catalog(&[("1.1.0", revoked), ("1.2.0", plain())]);
        let refused = NoPath::FloorRevoked { version: v("1.1.0"), reason: "cve".into() };
        assert_eq!(stopped.next_hop(&runs("1.0.0"), &v("1.2.0")), Err(refused));
        let open = catalog(&[("1.1.0", PathRules { revoked: Some("cve".into()), ..plain() }), ("1.2.0", plain())]);
        assert_eq!(open.next_hop(&runs("1.0.0"), &v("1.2.0")), Ok(v("1.2.0")));
        let wanted = NoPath::Revoked { version: v("1.1.0"), reason: "cve".into() };
        assert_eq!(open.next_hop(&runs("1.0.0"), &v("1.1.0")), Err(wanted));
    }

    #[test]
    fn a_blocked_upgrade_is_not_taken() {
        let blocked = vec![BlockedUpgrade { from: "1.0.x".parse().unwrap(), reason: "it loses mail".into() }];
        let catalog = catalog(&[("1.2.0", PathRules { blocked, ..plain() })]);
        let refused = NoPath::Blocked { from: v("1.0.3"), to: v("1.2.0"), reason: "it loses mail".into() };
        assert_eq!(catalog.next_hop(&runs("1.0.3"), &v("1.2.0")), Err(refused));
        assert_eq!(catalog.next_hop(&runs("1.1.0"), &v("1.2.0")), Ok(v("1.2.0")));
    }

    #[test]
    fn nobody_goes_back_past_a_release_of_no_return() {
        let rules = PathRules { no_return: Some("new format".into()), ..plain() };
        let catalog = catalog(&[("1.0.0", plain()), ("1.2.0", rules)]);
        let refused = NoPath::NoReturn { version: v("1.2.0"), reason: "new format".into() };
        assert_eq!(catalog.check_way_back(&v("1.3.0"), &v("1.0.0")), Err(refused.clone()));
        assert_eq!(catalog.check_way_back(&v("1.2.0"), &v("1.0.0")), Err(refused));
        assert_eq!(catalog.check_way_back(&v("1.3.0"), &v("1.2.0")), Ok(()));
        assert_eq!(catalog.check_way_back(&v("1.1.0"), &v("1.0.0")), Ok(()));
    }

    #[test]
    fn a_change_by_hand_passes_no_floor_over_either() {
        let no_return = PathRules { no_return: Some("new format".into()), ..plain() };
        let catalog = catalog(&[("1.1.0", floor()), ("1.2.0", no_return)]);
        let check = |running: &str, wanted: &str| catalog.check_change(&v(running), &v(wanted)).map_err(|no| no.code());
        assert_eq!(check("1.0.0", "1.2.0"), Err("deployment.floor_skipped"));
        assert_eq!(check("1.0.0", "1.1.0"), Ok(()));
        assert_eq!(check("1.1.0", "1.2.0"), Ok(()));
        assert_eq!(check("1.2.0", "1.2.0"), Ok(()));
        assert_eq!(check("1.2.0", "1.1.0"), Err("deployment.no_return"));
        assert_eq!(check("1.1.0", "1.0.0"), Ok(()));
    }

    fn rules() -> impl Strategy<Value = PathRules> {
        let text = || prop::option::weighted(0.3, Just("x".to_owned()));
        let from = prop::sample::select(vec!["1.0.0", "1.1.x", ">=1.2, <1.4", "*"]);
        let blocked = from.prop_map(|from| BlockedUpgrade { from: from.parse().unwrap(), reason: "x".into() });
        let blocked = prop::collection::vec(blocked, 0..2);
        (text(), blocked, prop::option::weighted(0.1, Just("cve".to_owned())))
            .prop_map(|(required, blocked, revoked)| PathRules { required, blocked, revoked, no_return: None })
    }

    proptest! {
        /// Whoever follows the hops passes each floor in order, over allowed edges alone, and arrives or is told why not.
        #[test]
        fn no_floor_is_skipped_and_no_blocked_edge_taken(all in prop::collection::vec(rules(), 1..8), from in 0..8_usize) {
            let of = |minor: usize| v(&format!("1.{minor}.0"));
            let catalog = Catalog(all.iter().enumerate().map(|(minor, rules)| (of(minor), rules.clone())).collect());
            let (from, wanted) = (of(from.min(all.len() - 1)), of(all.len() - 1));
            let mut running = from.clone();
            let mut passed = vec![];
            while let Ok(hop) = catalog.next_hop(&Running::Version(running.clone()), &wanted) {
                prop_assert!(hop > running && hop <= wanted);
                let rules = &catalog.0[&hop];
                prop_assert!(rules.revoked.is_none());
                prop_assert!(!rules.blocked.iter().any(|blocked| blocked.from.contains(&running)));
                passed.push(hop.clone());
                running = hop;
            }
            if running == wanted {
                for (version, rules) in &catalog.0 {
                    if rules.required.is_some() && *version > from && *version <= wanted {
                        prop_assert!(passed.contains(version), "{version} was passed over");
                    }
                }
            }
        }
    }
}
