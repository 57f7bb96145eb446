//! Figures: what runs, how versions were taken up, what fails, how licenses are used. Each has its denominator beside it, and what
//! nobody knows is counted apart.

use async_graphql::{Context, Object, Result, SimpleObject};
use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use distr_domain::ids::ApplicationId;
use distr_domain::permission::Permission;
use distr_projections::analytics;

use super::application;
use super::context::{ContextExt, read};
use super::deployment::ErrorCategory;
use super::guard::May;
use super::scalar::{BigInt, Name, Version};
use crate::failure::Failure;

/// The longest time that figures are shown for.
const MOST_DAYS: u16 = 90;
/// The releases whose velocity is shown.
const RELEASES: u16 = 8;

pub(super) struct Analytics {
    application: ApplicationId,
    first: NaiveDate,
    last: NaiveDate,
}

/// The versions of an application that run now, and how many deployments run each.
#[derive(SimpleObject)]
struct RunningNow {
    /// The number of deployments that are not removed, on targets that are not retired: the denominator.
    deployments: BigInt,
    /// The number of these of which no agent has said yet which version runs.
    unknown: BigInt,
    /// The number of those with a known version on targets that are silent now: their last known version counts.
    silent: BigInt,
    /// The versions that run, the newest first.
    versions: Vec<RunningVersion>,
}

/// How many deployments run a version now.
#[derive(SimpleObject)]
struct RunningVersion {
    /// The version.
    version: Version,
    /// The number of deployments that run the version, those on silent targets included.
    deployments: BigInt,
    /// The number of these on targets that are silent now.
    silent: BigInt,
}

/// What ran at the end of a day. Deployments count from when a version was first healthy until another version is, the
/// application is removed, or the target is retired.
#[derive(SimpleObject)]
struct AdoptionDay {
    /// The day, in UTC; today is as it is now.
    day: NaiveDate,
    /// The number of deployments that ran any version: the denominator.
    deployments: BigInt,
    /// The versions that ran, the newest first.
    versions: Vec<AdoptedVersion>,
}

/// On how many deployments a version ran.
#[derive(SimpleObject)]
struct AdoptedVersion {
    /// The version.
    version: Version,
    /// The number of deployments that ran the version.
    deployments: BigInt,
}

/// How fast a release was taken up.
#[derive(SimpleObject)]
struct ReleaseVelocity {
    /// The version of the release.
    version: Version,
    /// The time at which the release was published.
    published_at: DateTime<Utc>,
    /// The number of deployments that ran an older version when the release was published: the denominator, which does
    /// not change any more. Deployments that came later are not counted.
    eligible: BigInt,
    /// The number of these that have been healthy with the release, or with a newer one, since.
    reached: BigInt,
    /// The seconds from the publication until half of the eligible deployments had it; null until they do.
    seconds_to_half: Option<f64>,
    /// The seconds from the publication until nine tenths of the eligible deployments had it; null until they do.
    seconds_to_most: Option<f64>,
}

/// Errors of deployments with the same category and the same words.
#[derive(SimpleObject)]
struct ErrorGroup {
    /// The category of the errors.
    category: ErrorCategory,
    /// The words that the errors have in common, of at most 200 characters. A `#` stands for numbers, addresses, digests,
    /// ids and quoted names, which differ.
    reason: String,
    /// The newest of the errors, as the agent said it.
    example: String,
    /// The number of tries that failed so in the days that were asked for.
    times: BigInt,
    /// The number of deployments that failed so in the days that were asked for, or stand so now.
    deployments: BigInt,
    /// The number of these that stand failed, unhealthy or held with it now.
    open: BigInt,
    /// The versions that were asked for, the newest first.
    versions: Vec<Version>,
    /// The time of the first of the errors in the days that were asked for.
    first_at: DateTime<Utc>,
    /// The time of the last of the errors.
    last_at: DateTime<Utc>,
}

/// The use of licenses on a day: what they granted and refused.
#[derive(SimpleObject)]
struct LicenseUseDay {
    /// The day, in UTC.
    day: NaiveDate,
    /// The number of pulls that were granted.
    pulls: BigInt,
    /// The number of deployments that were granted.
    deployments: BigInt,
    /// The number of pulls and deployments that were refused.
    refusals: BigInt,
}

/// The figures of an application. They count deployments: the application on a target. A customer's member sees those of
/// its customer.
#[Object]
impl Analytics {
    /// The versions that run now.
    async fn running(&self, ctx: &Context<'_>) -> Result<RunningNow> {
        let hub = ctx.hub();
        let silent_since = hub.commands.now() - hub.settings.silence.stale_after;
        let running = analytics::running(&*read(ctx).await?, ctx.scope()?, self.application, silent_since).await;
        let (known, unknown): (Vec<_>, Vec<_>) =
            running.map_err(Failure::from)?.into_iter().partition(|of| of.version.is_some());
        let count = |of: &[analytics::Running]| of.iter().map(|of| of.deployments).sum::<u64>();
        Ok(RunningNow {
            deployments: (count(&known) + count(&unknown)).into(),
            unknown: count(&unknown).into(),
            silent: known.iter().map(|of| of.silent).sum::<u64>().into(),
            versions: known.into_iter().filter_map(RunningVersion::of).collect(),
        })
    }

    /// The versions that ran at the end of each day, the oldest day first.
    async fn adoption(&self, ctx: &Context<'_>) -> Result<Vec<AdoptionDay>> {
        let (client, scope) = (read(ctx).await?, ctx.scope()?);
        let days = analytics::adoption(&client, scope, self.application, self.first, self.last).await;
        Ok(days.map_err(Failure::from)?.into_iter().map(AdoptionDay::from).collect())
    }

    /// How fast the newest 8 releases were taken up, the newest first, whatever days were asked for.
    async fn velocity(&self, ctx: &Context<'_>) -> Result<Vec<ReleaseVelocity>> {
        let found = analytics::velocity(&*read(ctx).await?, ctx.scope()?, self.application, RELEASES).await;
        Ok(found.map_err(Failure::from)?.into_iter().map(ReleaseVelocity::from).collect())
    }

    /// What failed in these days, and what stands failed, unhealthy or held now. The group with the most deployments that
    /// stand so now comes first.
    async fn errors(&self, ctx: &Context<'_>) -> Result<Vec<ErrorGroup>> {
        let since = self.first.and_time(NaiveTime::MIN).and_utc();
        let found = analytics::errors(&*read(ctx).await?, ctx.scope()?, self.application, since).await;
        Ok(found.map_err(Failure::from)?.into_iter().map(ErrorGroup::from).collect())
    }
}

#[derive(Default)]
pub(super) struct AnalyticsQuery;

#[Object]
impl AnalyticsQuery {
    /// The figures of an application.
    #[graphql(guard = "May(Permission::ReadFleet)", complexity = "100 + child_complexity")]
    async fn analytics(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The name of the application.")] application: Name,
        #[graphql(default = 30, desc = "The number of days up to and with today (UTC), from 1 to 90.")] days: u16,
    ) -> Result<Analytics> {
        let (first, last) = period(ctx, days)?;
        let application = application::load(ctx, &application).await?.0.id;
        Ok(Analytics { application, first, last })
    }

    /// What licenses granted and refused on each day, the oldest first: of all customers that the caller may see, or of one.
    #[graphql(guard = "May(Permission::ReadCustomers)", complexity = "100 + child_complexity")]
    async fn license_use(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The name of the customer; all customers that the caller may see if left out.")]
        customer: Option<Name>,
        #[graphql(default = 30, desc = "The number of days up to and with today (UTC), from 1 to 90.")] days: u16,
    ) -> Result<Vec<LicenseUseDay>> {
        let (first, last) = period(ctx, days)?;
        let of = customer.map(|name| ctx.customer_named(Some(&name.0))).transpose()?;
        let days = analytics::license_use(&*read(ctx).await?, ctx.scope()?, of, first, last).await;
        Ok(days.map_err(Failure::from)?.into_iter().map(LicenseUseDay::from).collect())
    }
}

fn period(ctx: &Context<'_>, days: u16) -> Result<(NaiveDate, NaiveDate), Failure> {
    if !(1..=MOST_DAYS).contains(&days) {
        return Err(Failure::BadInput(format!("days is {days}; use a number from 1 to {MOST_DAYS}")));
    }
    let today = ctx.hub().commands.now().date_naive();
    Ok((analytics::first_day(today, days), today))
}

impl RunningVersion {
    fn of(analytics::Running { version, deployments, silent }: analytics::Running) -> Option<Self> {
        Some(Self { version: version?.into(), deployments: deployments.into(), silent: silent.into() })
    }
}

impl From<analytics::AdoptionDay> for AdoptionDay {
    fn from(analytics::AdoptionDay { day, versions }: analytics::AdoptionDay) -> Self {
        let deployments = versions.iter().map(|(_, count)| count).sum::<u64>().into();
        let adopted =
            |(version, count): (_, u64)| AdoptedVersion { version: Version(version), deployments: count.into() };
        Self { day, deployments, versions: versions.into_iter().map(adopted).collect() }
    }
}

impl From<analytics::Velocity> for ReleaseVelocity {
    fn from(of: analytics::Velocity) -> Self {
        let seconds = |at: DateTime<Utc>| (at - of.published_at).as_seconds_f64();
        Self {
            published_at: of.published_at,
            eligible: of.eligible.into(),
            reached: of.reached.into(),
            seconds_to_half: of.half_at.map(seconds),
            seconds_to_most: of.most_at.map(seconds),
            version: of.version.into(),
        }
    }
}

impl From<analytics::ErrorGroup> for ErrorGroup {
    fn from(of: analytics::ErrorGroup) -> Self {
        Self {
            category: of.category.into(),
            reason: of.reason,
            example: of.example,
            times: of.times.into(),
            deployments: (of.deployments as u64).into(),
            open: (of.open as u64).into(),
            versions: of.versions.into_iter().map(Version).collect(),
            first_at: of.first_at,
            last_at: of.last_at,
        }
    }
}

impl From<analytics::LicenseUseDay> for LicenseUseDay {
    fn from(of: analytics::LicenseUseDay) -> Self {
        let analytics::LicenseUseDay { day, pulls, deployments, refusals } = of;
        Self { day, pulls: pulls.into(), deployments: deployments.into(), refusals: refusals.into() }
    }
}
