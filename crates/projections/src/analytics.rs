//! Figures: what runs, how versions were taken up, what fails, how licenses are used. They are asked of the tables of other slices,
//! and have none of their own. Whoever asks sees the deployments of its scope, and no others are counted.

mod reason;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};
use distr_domain::agent::ErrorCategory;
use distr_domain::ids::{ApplicationId, CustomerId};
use distr_domain::version::Version;
use serde::Deserialize;
use uuid::Uuid;

use crate::error::QueryError;
use crate::query::{self, ReadClient, Scope};

/// How many deployments run a version now.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Running {
    /// none if no agent has ever said what runs
    pub version: Option<Version>,
    pub deployments: u64,
    /// of these, on targets that are silent
    pub silent: u64,
}

/// The newest version first, what nobody knows last.
pub async fn running(
    client: &ReadClient,
    scope: Scope,
    of: ApplicationId,
    silent_since: DateTime<Utc>,
) -> Result<Vec<Running>, QueryError> {
    let (organization, customer) = parameters(scope);
    let sql = include_str!("analytics/running.sql");
    let mut running: Vec<Running> = query::all(client, sql, &[&organization, &customer, &of.0, &silent_since]).await?;
    running.sort_by(|one, other| other.version.cmp(&one.version));
    Ok(running)
}

#[derive(Deserialize)]
struct Change {
    version: Version,
    day: NaiveDate,
    change: i64,
}

/// How many deployments ran each version at the end of a day (UTC), the newest version first.
#[derive(Debug, Clone, PartialEq)]
pub struct AdoptionDay {
    pub day: NaiveDate,
    pub versions: Vec<(Version, u64)>,
}

/// From the first day through the last, which is as it is now if it is today.
pub async fn adoption(
    client: &ReadClient,
    scope: Scope,
    of: ApplicationId,
    first: NaiveDate,
    last: NaiveDate,
) -> Result<Vec<AdoptionDay>, QueryError> {
    let (organization, customer) = parameters(scope);
    let sql = include_str!("analytics/adoption.sql");
    let changes = query::all(client, sql, &[&organization, &customer, &of.0, &first]).await?;
    Ok(levels(changes, first, last))
}

fn levels(changes: Vec<Change>, first: NaiveDate, last: NaiveDate) -> Vec<AdoptionDay> {
    let mut by_day: BTreeMap<NaiveDate, Vec<Change>> = BTreeMap::new();
    for change in changes {
        by_day.entry(change.day).or_default().push(change);
    }
    let mut level: BTreeMap<Version, i64> = BTreeMap::new();
    let days = first.iter_days().take_while(|day| *day <= last);
    days.map(|day| {
        for Change { version, change, .. } in by_day.remove(&day).unwrap_or_default() {
            *level.entry(version).or_default() += change;
        }
        let running = level.iter().rev().filter(|(_, count)| **count > 0);
        let versions = running.map(|(version, count)| (version.clone(), count.unsigned_abs())).collect();
        AdoptionDay { day, versions }
    })
    .collect()
}

/// How fast a release was taken up by those that ran an older version when it was published.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Velocity {
    pub version: Version,
    pub published_at: DateTime<Utc>,
    /// the deployments that ran an older version then: the denominator
    pub eligible: u64,
    /// of these, how many have been healthy with it, or with a newer one, since
    pub reached: u64,
    pub half_at: Option<DateTime<Utc>>,
    /// nine tenths
    pub most_at: Option<DateTime<Utc>>,
}

/// Of the releases that were published last.
pub async fn velocity(
    client: &ReadClient,
    scope: Scope,
    of: ApplicationId,
    releases: u16,
) -> Result<Vec<Velocity>, QueryError> {
    let (organization, customer) = parameters(scope);
    let sql = include_str!("analytics/velocity.sql");
    query::all(client, sql, &[&organization, &customer, &of.0, &i64::from(releases)]).await
}

#[derive(Deserialize)]
struct Failures {
    category: ErrorCategory,
    error: String,
    times: u64,
    deployments: BTreeSet<Uuid>,
    open: BTreeSet<Uuid>,
    versions: BTreeSet<Option<Version>>,
    first_at: DateTime<Utc>,
    last_at: DateTime<Utc>,
}

/// Errors with the same category and the same words.
#[derive(Debug, Clone, PartialEq)]
pub struct ErrorGroup {
    pub category: ErrorCategory,
    /// the words that they have in common, with `#` for what differs
    pub reason: String,
    /// the newest of them as it was said
    pub example: String,
    /// how many tries failed in the time that was asked for
    pub times: u64,
    pub deployments: usize,
    /// how many of the deployments stand failed, unhealthy or held with it now
    pub open: usize,
    /// that were wanted, the newest first
    pub versions: Vec<Version>,
    pub first_at: DateTime<Utc>,
    pub last_at: DateTime<Utc>,
}

/// The group with the most that stand so now first.
pub async fn errors(
    client: &ReadClient,
    scope: Scope,
    of: ApplicationId,
    since: DateTime<Utc>,
) -> Result<Vec<ErrorGroup>, QueryError> {
    let (organization, customer) = parameters(scope);
    let sql = include_str!("analytics/failures.sql");
    Ok(groups(query::all(client, sql, &[&organization, &customer, &of.0, &since]).await?))
}

fn groups(failures: Vec<Failures>) -> Vec<ErrorGroup> {
    let mut groups: HashMap<(ErrorCategory, String), Failures> = HashMap::new();
    for failure in failures {
        let key = (failure.category, reason::of(&failure.error));
        match groups.get_mut(&key) {
            Some(group) => group.merge(failure),
            None => drop(groups.insert(key, failure)),
        }
    }
    let mut groups: Vec<ErrorGroup> = groups.into_iter().map(|((_, reason), of)| of.group(reason)).collect();
    groups.sort_by_cached_key(|group| (Reverse((group.open, group.last_at)), group.reason.clone()));
    groups
}

impl Failures {
    fn merge(&mut self, other: Failures) {
        if other.last_at > self.last_at {
            self.error = other.error;
        }
        self.times += other.times;
        self.deployments.extend(other.deployments);
        self.open.extend(other.open);
        self.versions.extend(other.versions);
        self.first_at = self.first_at.min(other.first_at);
        self.last_at = self.last_at.max(other.last_at);
    }

    fn group(self, reason: String) -> ErrorGroup {
        let versions = self.versions.into_iter().flatten().rev().collect();
        ErrorGroup {
            category: self.category,
            reason,
            example: self.error,
            times: self.times,
            deployments: self.deployments.len(),
            open: self.open.len(),
            versions,
            first_at: self.first_at,
            last_at: self.last_at,
        }
    }
}

/// What licenses granted and refused on a day (UTC).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct LicenseUseDay {
    pub day: NaiveDate,
    pub pulls: u64,
    pub deployments: u64,
    pub refusals: u64,
}

/// From the first day through the last, those without a use as well.
pub async fn license_use(
    client: &ReadClient,
    scope: Scope,
    of: Option<CustomerId>,
    first: NaiveDate,
    last: NaiveDate,
) -> Result<Vec<LicenseUseDay>, QueryError> {
    let (organization, customer) = parameters(scope);
    let (of, since) = (of.map(|of| of.0), first.and_time(NaiveTime::MIN).and_utc());
    let sql = include_str!("analytics/license_use.sql");
    let used: Vec<LicenseUseDay> = query::all(client, sql, &[&organization, &customer, &of, &since]).await?;
    let mut used: BTreeMap<NaiveDate, LicenseUseDay> = used.into_iter().map(|of| (of.day, of)).collect();
    let days = first.iter_days().take_while(|day| *day <= last);
    let unused = |day| LicenseUseDay { day, pulls: 0, deployments: 0, refusals: 0 };
    Ok(days.map(|day| used.remove(&day).unwrap_or_else(|| unused(day))).collect())
}

/// The first of so many days, of which this one is the last.
pub fn first_day(last: NaiveDate, days: u16) -> NaiveDate {
    last.checked_sub_days(Days::new(u64::from(days.max(1) - 1))).unwrap_or(last)
}

fn parameters(scope: Scope) -> (Uuid, Option<Uuid>) {
    (scope.organization.0, scope.customer.map(|customer| customer.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 9, day).unwrap()
    }

    fn version(text: &str) -> Version {
        text.parse().unwrap()
    }

    #[test]
    fn changes_become_the_level_of_each_day_also_of_those_without_one() {
        let change = |on, of: &str, change| Change { version: version(of), day: day(on), change };
        let changes =
            vec![change(3, "1.10.0", 2), change(1, "1.9.0", 3), change(3, "1.9.0", -2), change(5, "1.9.0", -1)];
        let levels = levels(changes, day(1), day(5));
        let old = |count| (version("1.9.0"), count);
        let new = (version("1.10.0"), 2);
        let expected = [vec![old(3)], vec![old(3)], vec![new.clone(), old(1)], vec![new.clone(), old(1)], vec![new]];
        assert_eq!(levels.len(), 5);
        for (level, expected) in levels.into_iter().zip(expected) {
            assert_eq!(level.versions, expected, "{}", level.day);
        }
    }

    #[test]
    fn days_are_counted_with_the_last() {
        assert_eq!(first_day(day(5), 5), day(1));
        assert_eq!(first_day(day(5), 1), day(5));
    }

    #[test]
    fn errors_with_the_same_words_are_one_group_and_a_deployment_counts_once() {
        let [one, other] = [1, 2].map(Uuid::from_u128);
        let at = |hour| day(1).and_hms_opt(hour, 0, 0).unwrap().and_utc();
        let failures = |category, error: &str, deployment: Uuid, is_open: bool, hour| Failures {
            category,
            error: error.into(),
            times: u64::from(!is_open),
            deployments: [deployment].into(),
            open: if is_open { [deployment].into() } else { BTreeSet::new() },
            versions: [Some(version("1.0.0"))].into(),
            first_at: at(hour),
            last_at: at(hour),
        };
        let unhealthy = ErrorCategory::Unhealthy;
        let found = groups(vec![
            failures(unhealthy, "web: unhealthy for 60 s", one, false, 1),
            failures(unhealthy, "web: unhealthy for 61 s", one, true, 2),
            failures(unhealthy, "web: unhealthy for 90 s", other, false, 3),
            failures(ErrorCategory::Network, "web: unhealthy for 60 s", other, false, 4),
        ]);
        let [first, second] = found.try_into().unwrap();
        assert_eq!((first.times, first.deployments, first.open), (2, 2, 1));
        assert_eq!(
            (first.reason.as_str(), first.example.as_str()),
            ("web: unhealthy for # s", "web: unhealthy for 90 s")
        );
        assert_eq!((first.first_at, first.last_at), (at(1), at(3)));
        assert_eq!((second.category, second.open), (ErrorCategory::Network, 0));
    }
}
