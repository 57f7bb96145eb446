//! Planning a rollout, starting it, and taking one back. A plan writes nothing; a start keeps the very plan that was made for it, and says
//! no if that is another one than the plan that somebody looked at.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use distr_domain::ids::{ApplicationId, MemberId, OrganizationId, ReleaseId, RolloutId, RolloutPolicyId};
use distr_domain::names::Slug;
use distr_domain::permission::VendorRole;
use distr_domain::rejection::Rejection;
use distr_domain::release::{Release, ReleaseStatus};
use distr_domain::rollout::plan::{Draft, draft};
use distr_domain::rollout::policy::{Policy, Selector, WavePolicy};
use distr_domain::rollout::world::World;
use distr_domain::rollout::{
    Beginning, Kind, PlanDigest, Planned, Rollout, RolloutCommand, RolloutRejection, Scope, Stamp,
};
use distr_domain::version::Version;
use distr_domain::window::database;
use distr_eventlog::Executed;
use distr_projections::rollout;
use uuid::Uuid;

use super::rollout_world::{Worlds, standing};
use super::trust;
use crate::commands::{Cause, Commands};
use crate::failure::Failure;
use crate::models::{Artifacts, ReadModels};

/// The most rollouts that may have the same name but for its number.
const MOST_OF_A_NAME: usize = 1000;

/// Why a rollout is not planned, beside what its own rules say.
#[derive(Debug, thiserror::Error)]
pub enum PlanRejection {
    #[error("release \"{version}\" is {status}, so it cannot be rolled out; publish it, or name another version")]
    VersionUnusable { version: Version, status: &'static str },
    #[error("the rollout leads back itself; roll out the newer version again instead")]
    LeadsBack,
}

impl Rejection for PlanRejection {
    fn code(&self) -> &'static str {
        match self {
            Self::VersionUnusable { .. } => "rollout.version_unusable",
            Self::LeadsBack => "rollout.leads_back",
        }
    }
}

/// What somebody wants to roll out, to whom and how.
pub struct Wanted {
    pub organization: OrganizationId,
    pub application: ApplicationId,
    /// that of the version if it is none, with a number if it was used before
    pub name: Option<Slug>,
    pub version: Version,
    pub policy: Policy,
    /// of the policy, if it has a name
    pub policy_id: Option<RolloutPolicyId>,
    pub scope: Scope,
    pub not_before: Option<DateTime<Utc>>,
    pub by: MemberId,
    /// of a way back: the roles that approved what it takes back
    pub overseers: BTreeSet<VendorRole>,
}

/// A rollout as it would start now, and what that was seen in.
pub struct Preview {
    pub id: RolloutId,
    pub plan: Planned,
    pub draft: Draft,
    pub world: World,
    pub now: DateTime<Utc>,
}

/// A rollout that was planned, and perhaps started.
pub struct Begun {
    pub name: Slug,
    pub executed: Executed<Rollout>,
    /// what whoever started it should know
    pub warnings: Vec<String>,
}

/// The parts of the hub that the start of a rollout has to do with.
pub struct RollingOut<'a> {
    pub commands: &'a Commands,
    pub models: &'a ReadModels,
    pub artifacts: &'a Artifacts,
    pub worlds: Worlds<'a>,
}

impl RollingOut<'_> {
    /// The plan as it would be made now. Writes nothing.
    pub async fn preview(&self, wanted: Wanted) -> Result<Preview, Failure> {
        self.check_usable(&wanted).await?;
        let name = match &wanted.name {
            Some(name) => name.clone(),
            None => self.names(&wanted, &base_name(&wanted.version)?).await?.free,
        };
        self.draft(wanted, Kind::Upgrade, name).await
    }

    /// Plans it, and starts it unless it waits for approvals or its time. `seen` is the plan that somebody looked at.
    pub async fn start(&self, cause: &Cause, wanted: Wanted, seen: Option<PlanDigest>) -> Result<Begun, Failure> {
        let name = match &wanted.name {
            Some(name) => name.clone(),
            None => match self.begun_or_free(cause, &wanted, &base_name(&wanted.version)?).await? {
                Named::Begun(begun) => return Ok(*begun),
                Named::Free(name) => name,
            },
        };
        let id = RolloutId::of(wanted.application, &name);
        if let Some(executed) = self.commands.repeated::<Rollout>(cause, id.0).await? {
            return Ok(Begun { name, executed, warnings: vec![] });
        }
        self.check_usable(&wanted).await?;
        let preview = self.draft(wanted, Kind::Upgrade, name).await?;
        if seen.is_some_and(|seen| seen != preview.plan.digest) {
            return Err(Failure::rejected(RolloutRejection::PlanChanged));
        }
        self.begin(cause, preview).await
    }

    /// Leads what the rollout brought back to what ran before, by a rollout of its own. One that is open is aborted first, so that nobody
    /// starts on it any more.
    pub async fn roll_back(
        &self,
        cause: &Cause,
        (organization, application): (OrganizationId, ApplicationId),
        name: &Slug,
        (by, reason): (MemberId, String),
    ) -> Result<Begun, Failure> {
        let id = RolloutId::of(application, name);
        let rollout = self.commands.load::<Rollout>(id.0).await?;
        let plan = rollout.plan.clone().ok_or_else(|| Failure::rejected(RolloutRejection::NotFound))?;
        if plan.kind == Kind::Rollback {
            return Err(Failure::rejected(PlanRejection::LeadsBack));
        }
        let wanted = Wanted {
            organization,
            application,
            name: None,
            version: plan.version.clone(),
            policy: policy_of_way_back(&rollout, &plan),
            policy_id: None,
            scope: plan.scope.clone(),
            not_before: None,
            by,
            overseers: plan.approvers(),
        };
        let name = match self.begun_or_free(cause, &wanted, &way_back_name(name)?).await? {
            Named::Begun(begun) => return Ok(*begun),
            Named::Free(name) => name,
        };
        if !rollout.has_started() {
            return Err(Failure::rejected(RolloutRejection::WrongState { phase: rollout.phase }));
        }
        let preview = self.draft(wanted, Kind::Rollback, name).await?;
        if preview.plan.members == 0 {
            return Err(Failure::rejected(RolloutRejection::Empty));
        }
        if !rollout.phase.is_final() {
            let abort = RolloutCommand::Abort { reason, stamp: preview.stamp() };
            self.commands.execute::<Rollout>(&cause.step("abort"), id.0, &abort).await?;
        }
        self.begin(cause, preview).await
    }

    /// Approvals lapse whose givers could not give them now.
    pub async fn lapse_approvals(
        &self,
        cause: &Cause,
        (organization, id): (OrganizationId, RolloutId),
        stamp: Stamp,
    ) -> Result<(), Failure> {
        let rollout = self.commands.load::<Rollout>(id.0).await?;
        let standing = standing(&*self.models.client().await?, organization, &rollout.approvals).await?;
        if !standing.is_empty() && !rollout.phase.is_final() {
            let lapse = RolloutCommand::LapseApprovals { standing, stamp };
            self.commands.execute::<Rollout>(&cause.step("lapse"), id.0, &lapse).await?;
        }
        Ok(())
    }

    async fn begin(&self, cause: &Cause, preview: Preview) -> Result<Begun, Failure> {
        let stamp = preview.stamp();
        let Preview { id, plan, draft, .. } = preview;
        let begins = Beginning { boundaries: draft.boundaries, zones: database().to_owned() };
        let name = plan.name.clone();
        let command = RolloutCommand::Plan { plan: Box::new(plan), begins: Some(begins), stamp };
        let executed = self.commands.execute::<Rollout>(cause, id.0, &command).await?;
        Ok(Begun { name, executed, warnings: draft.warnings.iter().map(ToString::to_string).collect() })
    }

    async fn draft(&self, wanted: Wanted, kind: Kind, name: Slug) -> Result<Preview, Failure> {
        wanted.policy.check().map_err(Failure::rejected)?;
        let id = RolloutId::of(wanted.application, &name);
        let seed = match wanted.policy_id.filter(|_| wanted.policy.sticky) {
            Some(policy) => policy.0,
            None => id.0,
        };
        let mut plan = Planned {
            application: wanted.application,
            name,
            version: wanted.version,
            kind,
            policy: wanted.policy,
            scope: wanted.scope,
            seed,
            members: 0,
            digest: PlanDigest(Uuid::nil()),
            by: Some(wanted.by),
            not_before: wanted.not_before,
            overseers: wanted.overseers,
        };
        let world = self.worlds.of(wanted.organization, id, &plan, &[]).await?;
        let draft = draft(&plan, &world);
        (plan.members, plan.digest) = (draft.members(), draft.digest);
        Ok(Preview { id, plan, draft, world, now: self.worlds.now })
    }

    /// Whether the release is published, and signed as is demanded now.
    async fn check_usable(&self, wanted: &Wanted) -> Result<(), Failure> {
        let Wanted { organization, application, version, .. } = wanted;
        let release = self.commands.load::<Release>(ReleaseId::of(*application, version).0).await?;
        let status = match &release.status {
            ReleaseStatus::Published | ReleaseStatus::Deprecated(_) => None,
            ReleaseStatus::Missing => Some("not there"),
            ReleaseStatus::Draft => Some("a draft"),
            ReleaseStatus::Revoked { .. } => Some("revoked"),
        };
        if let Some(status) = status {
            return Err(Failure::rejected(PlanRejection::VersionUnusable { version: version.clone(), status }));
        }
        let of = (*organization, *application);
        trust::check_usable(self.commands, self.artifacts, of, version, &release).await.map_err(Failure::from)
    }

    /// What this very command began before, or a name for a new rollout.
    async fn begun_or_free(&self, cause: &Cause, wanted: &Wanted, base: &Slug) -> Result<Named, Failure> {
        let names = self.names(wanted, base).await?;
        if let Some(name) = names.last {
            let id = RolloutId::of(wanted.application, &name);
            if let Some(executed) = self.commands.repeated::<Rollout>(cause, id.0).await? {
                return Ok(Named::Begun(Box::new(Begun { name, executed, warnings: vec![] })));
            }
        }
        Ok(Named::Free(names.free))
    }

    /// The first name of its kind that no rollout has.
    async fn names(&self, wanted: &Wanted, base: &Slug) -> Result<Names, Failure> {
        let scope = distr_projections::Scope { organization: wanted.organization, customer: None };
        let client = self.models.client().await?;
        let mut last = None;
        for number in 1..=MOST_OF_A_NAME {
            let name = if number == 1 { base.clone() } else { format!("{base}-{number}").parse()? };
            if rollout::find(&client, scope, RolloutId::of(wanted.application, &name)).await?.is_none() {
                return Ok(Names { free: name, last });
            }
            last = Some(name);
        }
        Err(Failure::BadInput(format!("there are {MOST_OF_A_NAME} rollouts with the name {base}; name this one")))
    }
}

struct Names {
    free: Slug,
    /// the newest that is taken
    last: Option<Slug>,
}

enum Named {
    Begun(Box<Begun>),
    Free(Slug),
}

impl Preview {
    fn stamp(&self) -> Stamp {
        Stamp { seen: self.world.seen, at: self.now }
    }
}

/// `1.4.0` is `1-4-0`.
fn base_name(version: &Version) -> Result<Slug, Failure> {
    let name = version.to_string().to_lowercase().replace('.', "-");
    name.parse().map_err(|_| Failure::BadInput(format!("name the rollout; {name} is no name")))
}

fn way_back_name(name: &Slug) -> Result<Slug, Failure> {
    let back = format!("{name}-back");
    back.parse().map_err(|_| Failure::BadInput(format!("{back} is too long for the name of a rollout")))
}

/// The same limits and the same gate, in one wave that waits for nobody.
fn policy_of_way_back(rollout: &Rollout, plan: &Planned) -> Policy {
    let all = WavePolicy { name: all(), select: Selector::Rest, soak_minutes: 0, approve: None };
    Policy {
        waves: vec![all],
        limits: rollout.limits.clone().unwrap_or_else(|| plan.policy.limits.clone()),
        approve: None,
        windows: None,
        keep_together: None,
        closed: false,
        ..plan.policy.clone()
    }
}

fn all() -> Slug {
    "all".parse().expect("a name")
}
