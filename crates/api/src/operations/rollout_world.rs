//! What a rollout goes by beside its own stream, read from the read models: its targets with their agents, what their licenses
//! give, and what the releases say of upgrades. A preview and the hub's policy read the same.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use distr_domain::agent::{ErrorCategory, Step};
use distr_domain::deployment::Phase;
use distr_domain::entitlement::{self, EntitlementSubject, HeldLicense};
use distr_domain::fleet::Silence;
use distr_domain::ids::{ApplicationId, CustomerId, MemberId, OrganizationId, ReleaseId, RolloutId};
use distr_domain::rejection::Rejection;
use distr_domain::rollout::world::{Claim, Outcome, Presence, Refusal, Standing, TargetView, Wish, World};
use distr_domain::rollout::{Approved, Kind, Planned};
use distr_domain::upgrade_path::{Catalog, Running};
use distr_domain::version::Version;
use distr_projections::query::ReadClient;
use distr_projections::rollout::{Candidate, candidates};
use distr_projections::{entitlement as read_entitlement, member, release};

use crate::failure::Failure;
use crate::models::ReadModels;

/// Where a world comes from, and the clock by which it is looked at.
pub struct Worlds<'a> {
    pub models: &'a ReadModels,
    pub silence: Silence,
    /// since when this hub takes reports
    pub listening_since: DateTime<Utc>,
    pub now: DateTime<Utc>,
}

impl Worlds<'_> {
    /// The world of a rollout with this plan, and of those who approved it. It is no older than the read models were when it was asked for.
    pub async fn of(
        &self,
        organization: OrganizationId,
        rollout: RolloutId,
        plan: &Planned,
        approvals: &[Approved],
    ) -> Result<World, Failure> {
        let seen = self.models.progress.core.position().number();
        let client = self.models.client().await?;
        let application = plan.application;
        let candidates = candidates(&client, organization, application, rollout).await?;
        let catalog = release::path_rules(&client, organization, application).await?;
        let licenses = read_entitlement::licenses_of_application(&client, organization, application).await?;
        let ways: Vec<Way> = candidates.iter().map(|candidate| Way::of(plan, candidate, &catalog)).collect();
        let versions: BTreeSet<&Version> = ways.iter().flat_map(Way::versions).collect();
        let releases: Vec<ReleaseId> = versions.iter().map(|version| ReleaseId::of(application, version)).collect();
        let asked = read_entitlement::asked_for_releases(&client, organization, &releases).await?;
        let approvers = standing(&client, organization, approvals).await?;
        drop(client);
        let rights = Rights { application, asked: asked.into_iter().collect(), licenses, now: self.now };
        let views = candidates.iter().zip(&ways).map(|(candidate, way)| {
            let view = TargetView { refusal: rights.refusal(candidate, way), ..self.view(candidate) };
            (candidate.target, view)
        });
        let targets = views.collect();
        Ok(World { seen, listening_since: self.listening_since, catalog, targets, bytes: BTreeMap::new(), approvers })
    }

    fn view(&self, candidate: &Candidate) -> TargetView {
        let mut labels = candidate.labels.clone();
        // who owns the target says what it is
        labels.extend(candidate.customer_labels.clone());
        let has_left = matches!(candidate.phase, Phase::Removing | Phase::Removed | Phase::Absent);
        TargetView {
            customer: candidate.customer,
            labels,
            is_gone: candidate.is_retired || has_left,
            presence: self.presence(candidate.heard_at),
            running: running(candidate),
            previous: candidate.previous.clone(),
            wish: wish(candidate),
            is_busy: candidate.is_busy,
            refusal: None,
            windows: vec![],
            claim: claim(candidate),
        }
    }

    /// What was silent while this hub took no reports is noticed once it does.
    fn presence(&self, heard_at: Option<DateTime<Utc>>) -> Presence {
        match heard_at {
            None => Presence::Never,
            Some(at) if at + self.silence.offline_after > self.now => Presence::Fresh,
            Some(since) => {
                Presence::Silent { since, noticed: since.max(self.listening_since) + self.silence.offline_after }
            }
        }
    }
}

/// Roles of those who gave the approvals, as they are now.
pub async fn standing(
    client: &ReadClient,
    organization: OrganizationId,
    approvals: &[Approved],
) -> Result<Standing, Failure> {
    let givers: Vec<MemberId> = approvals.iter().map(|approved| approved.by).collect();
    match givers.is_empty() {
        true => Ok(Standing::new()),
        false => Ok(member::standing(client, organization, &givers).await?),
    }
}

/// An agent that gave up where nothing had run before has said that nothing runs.
fn running(candidate: &Candidate) -> Running {
    match (&candidate.running, candidate.phase) {
        (Some(version), _) => Running::Version(version.clone()),
        (None, Phase::Failed) => Running::Never,
        (None, _) => Running::Unknown,
    }
}

/// Only the rollout's own generation says what became of its wish.
fn wish(candidate: &Candidate) -> Option<Wish> {
    let wish = candidate.wish.as_ref()?;
    let is_newest = wish.generation == candidate.generation;
    let reason = || candidate.error.clone().unwrap_or_default();
    let outcome = match candidate.phase {
        _ if !is_newest => Outcome::Open,
        Phase::Healthy => Outcome::Healthy,
        Phase::Unhealthy => Outcome::Unhealthy { since: candidate.phase_since, reason: reason() },
        Phase::Failed => {
            let is_transient =
                matches!(candidate.error_category, Some(ErrorCategory::Network | ErrorCategory::Resources));
            Outcome::Failed { is_transient, reason: reason() }
        }
        _ => Outcome::Open,
    };
    Some(Wish {
        hop: wish.version.clone(),
        attempt: wish.attempt,
        is_begun: is_newest && (outcome != Outcome::Open || candidate.step.is_some_and(|step| step != Step::Pending)),
        replaced_by: (!is_newest).then_some(candidate.generation),
        outcome,
    })
}

/// What is in flight binds first, then the highest version.
fn claim(candidate: &Candidate) -> Option<Claim> {
    let claims = candidate.claims.iter().flatten();
    let strongest = claims.max_by(|a, b| (a.in_flight, &a.version).cmp(&(b.in_flight, &b.version)))?;
    Some(Claim { rollout: strongest.rollout, version: strongest.version.clone(), in_flight: strongest.in_flight })
}

/// Where a rollout leads a target, and over which release first.
struct Way {
    to: Option<Version>,
    hop: Option<Version>,
}

impl Way {
    fn of(plan: &Planned, candidate: &Candidate, catalog: &Catalog) -> Self {
        match plan.kind {
            Kind::Rollback => Self { to: candidate.previous.clone(), hop: None },
            Kind::Upgrade | Kind::Security => {
                let hop = catalog.next_hop(&running(candidate), &plan.version).ok();
                Self { to: Some(plan.version.clone()), hop: hop.filter(|hop| *hop != plan.version) }
            }
        }
    }

    fn versions(&self) -> impl Iterator<Item = &Version> {
        self.to.iter().chain(&self.hop)
    }
}

/// The rights that the customers' licenses give at an instant.
struct Rights {
    application: ApplicationId,
    asked: HashMap<ReleaseId, EntitlementSubject>,
    licenses: HashMap<CustomerId, Vec<HeldLicense>>,
    now: DateTime<Utc>,
}

impl Rights {
    fn refusal(&self, candidate: &Candidate, way: &Way) -> Option<Refusal> {
        if let Some(refused) = way.to.as_ref().and_then(|to| self.check(candidate, to).err()) {
            return Some(Refusal { code: refused.code(), text: refused.to_string() });
        }
        let hop = way.hop.as_ref()?;
        let refused = self.check(candidate, hop).err()?;
        let text = format!("\"{hop}\" is required on the way, and the customer may not have it: {refused}");
        Some(Refusal { code: "path.not_entitled", text })
    }

    fn check(&self, candidate: &Candidate, version: &Version) -> Result<(), entitlement::Refusal> {
        let release = ReleaseId::of(self.application, version);
        let asked = self.asked.get(&release).ok_or(entitlement::Refusal::NotReleased)?;
        let held = self.licenses.get(&candidate.customer).map_or(&[][..], Vec::as_slice);
        entitlement::decide_deploy(asked, held, Some(candidate.license), self.now).map(|_| ())
    }
}
