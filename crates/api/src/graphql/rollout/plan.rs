//! The plan of a rollout: what it would do, if it started now.

use std::collections::{BTreeMap, BTreeSet};

use async_graphql::connection::{Connection, Edge};
use async_graphql::{Context, InputObject, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};
use distr_domain::ids::{ApplicationId, RolloutPolicyId, TargetId};
use distr_domain::label::MAX_LABELS;
use distr_domain::permission::Permission;
use distr_domain::rejection::Rejection;
use distr_domain::rollout as domain;
use distr_domain::rollout::engine;
use distr_domain::rollout::hold::Hold;
use distr_domain::rollout::plan::FirstHop;
use distr_domain::upgrade_path::Running;
use distr_projections::Cursor;
use futures_util::future::try_join_all;

use super::hold::RolloutHold;
use crate::failure::Failure;
use crate::graphql::application;
use crate::graphql::connection::{DEFAULT_PAGE, cost, paging};
use crate::graphql::context::ContextExt;
use crate::graphql::customer;
use crate::graphql::guard::May;
use crate::graphql::label::{self, LabelInput};
use crate::graphql::rollout_policy;
use crate::graphql::rollout_policy::rules::RolloutRules;
use crate::graphql::scalar::{Name, PlanDigest, Version};
use crate::graphql::target::{self, Target};
use crate::operations::rollouts::{Preview, Wanted};
use crate::request::when;

/// The scope of a rollout: whom it is for. Empty lists narrow nothing.
#[derive(InputObject, Default)]
pub(super) struct RolloutScopeInput {
    /// The names of the customers whose targets are in it, at most 1000; those of all customers if the list is empty.
    #[graphql(default)]
    customers: Vec<Name>,
    /// The labels that a target must have: all of them, at most 32.
    #[graphql(default)]
    labels: Vec<LabelInput>,
}

/// The most customers that a scope names; for more, a label is used.
const MAX_CUSTOMERS: usize = 1000;

impl RolloutScopeInput {
    async fn read(self, ctx: &Context<'_>) -> Result<domain::Scope, Failure> {
        let (customers, labels) = (self.customers.len(), self.labels.len());
        for (what, count, most) in [("customers", customers, MAX_CUSTOMERS), ("labels", labels, MAX_LABELS)] {
            if count > most {
                return Err(Failure::BadInput(format!("the scope names {count} {what}; at most {most}")));
            }
        }
        let customers = try_join_all(self.customers.iter().map(|name| customer::load_with_others(ctx, name))).await?;
        let customers = customers.into_iter().map(|customer| customer.0.id).collect();
        Ok(domain::Scope { customers, labels: label::read(self.labels)? })
    }
}

/// A rollout as somebody asks for it: the release, the targets and the policy.
pub(super) struct Asked {
    pub(super) application: Name,
    pub(super) version: Version,
    pub(super) name: Option<Name>,
    pub(super) policy: (Option<Name>, Option<RolloutRules>),
    pub(super) scope: Option<RolloutScopeInput>,
    pub(super) not_before: Option<DateTime<Utc>>,
}

impl Asked {
    pub(super) async fn read(self, ctx: &Context<'_>) -> Result<Wanted, Failure> {
        application::load(ctx, &self.application).await?;
        let organization = ctx.organization()?;
        let (policy, policy_id) = match self.policy {
            (Some(name), None) => {
                let policy = rollout_policy::load(ctx, &name).await?.0.policy;
                (policy, Some(RolloutPolicyId::of(organization, &name.0)))
            }
            (None, Some(rules)) => (rules.try_into()?, None),
            _ => return Err(Failure::BadInput("name a policy or give one, one of both".into())),
        };
        Ok(Wanted {
            organization,
            application: ApplicationId::of(organization, &self.application.0),
            name: self.name.map(|name| name.0),
            version: self.version.0,
            policy,
            policy_id,
            scope: self.scope.unwrap_or_default().read(ctx).await?,
            not_before: self.not_before.map(|time| when("notBefore", time)).transpose()?,
            by: ctx.caller()?.member,
            overseers: BTreeSet::new(),
        })
    }
}

pub(super) struct RolloutPlan(Preview);

/// The plan of a rollout as it would start now. Nothing is written by it.
#[Object]
impl RolloutPlan {
    /// The name that the rollout would have.
    async fn name(&self) -> Name {
        self.0.plan.name.clone().into()
    }

    /// The version to which the targets would come.
    async fn version(&self) -> Version {
        self.0.plan.version.clone().into()
    }

    /// The digest of the plan: a start that names it is refused if the plan is another one by then.
    async fn digest(&self) -> PlanDigest {
        self.0.plan.digest.into()
    }

    /// The number of targets in all waves.
    async fn members(&self) -> u32 {
        self.0.plan.members
    }

    /// The waves, in the order in which they would open.
    async fn waves(&self) -> Vec<RolloutPlanWave<'_>> {
        (0..self.0.draft.waves.len()).map(|index| RolloutPlanWave { preview: &self.0, index }).collect()
    }

    /// The reasons for which members would not start if it were their turn now, each with the number of targets that it holds, the most first.
    /// A target may have several.
    async fn held(&self) -> Vec<RolloutPlanHold> {
        let mut held: BTreeMap<&'static str, (Hold, u32)> = BTreeMap::new();
        let members = self.0.draft.waves.iter().flatten();
        for hold in members.flat_map(|(target, _)| holds(&self.0, *target).err().unwrap_or_default()) {
            held.entry(hold.code()).or_insert((hold, 0)).1 += 1;
        }
        let mut held: Vec<_> = held.into_values().collect();
        held.sort_by_key(|(_, targets)| std::cmp::Reverse(*targets));
        held.iter().map(|(hold, targets)| RolloutPlanHold { hold: hold.into(), targets: *targets }).collect()
    }

    /// The number of targets in scope that no wave takes, so that they are left out.
    async fn unmatched(&self) -> u32 {
        self.0.draft.unmatched.len() as u32
    }

    /// The warnings: what one should know before the start, as sentences.
    async fn warnings(&self) -> Vec<String> {
        self.0.draft.warnings.iter().map(ToString::to_string).collect()
    }
}

/// A reason for which members of a plan would wait.
#[derive(SimpleObject)]
struct RolloutPlanHold {
    /// The reason; its sentence and its end are those of one of the targets.
    hold: RolloutHold,
    /// The number of targets that have it.
    targets: u32,
}

fn holds(preview: &Preview, target: TargetId) -> Result<distr_domain::version::Version, Vec<Hold>> {
    engine::preview(&preview.plan, &preview.world, target, preview.now)
}

struct RolloutPlanWave<'a> {
    preview: &'a Preview,
    index: usize,
}

/// A wave of a plan.
#[Object]
impl RolloutPlanWave<'_> {
    /// The number of the wave; the first is 1.
    async fn number(&self) -> u32 {
        self.index as u32 + 1
    }

    /// The name of the wave.
    async fn name(&self) -> Name {
        self.preview.plan.policy.waves[self.index].name.clone().into()
    }

    /// The number of targets in the wave.
    async fn members(&self) -> u32 {
        self.preview.draft.waves[self.index].len() as u32
    }

    /// The targets of the wave, in the order in which they would start.
    #[graphql(complexity = "cost(first, child_complexity)")]
    async fn targets(
        &self,
        #[graphql(desc = "The number of items in a page, from 1 to 500; 50 if left out.")] first: Option<u16>,
        #[graphql(desc = "The cursor of the last item of the page before; the first page if left out.")] after: Option<
            String,
        >,
    ) -> Result<Connection<String, RolloutPlanTarget<'_>>> {
        paging(first, after.clone())?;
        let after =
            after.as_deref().map(Cursor::decode).transpose().map_err(|error| Failure::BadInput(error.to_string()))?;
        let seed = self.preview.plan.seed;
        let place = |target: TargetId| domain::place::order(seed, target);
        let all = self.preview.draft.waves[self.index].iter();
        let mut rest = all.filter(|(target, _)| after.as_ref().is_none_or(|after| place(*target) > after.id()));
        let page: Vec<&FirstHop> = rest.by_ref().take(first.unwrap_or(DEFAULT_PAGE).into()).collect();
        let mut connection = Connection::new(after.is_some(), rest.next().is_some());
        let edges = page.into_iter().map(|first| {
            let node = RolloutPlanTarget { preview: self.preview, first };
            Edge::new(Cursor::of(place(first.0)).encode(), node)
        });
        connection.edges.extend(edges);
        Ok(connection)
    }
}

struct RolloutPlanTarget<'a> {
    preview: &'a Preview,
    first: &'a FirstHop,
}

/// A target in a wave of a plan.
#[Object]
impl RolloutPlanTarget<'_> {
    /// The target.
    async fn target(&self, ctx: &Context<'_>) -> Result<Target> {
        Ok(target::load_nested(ctx, self.first.0).await?)
    }

    /// The version that runs on the target; null if it is not known.
    async fn running(&self) -> Option<Version> {
        match &self.preview.world.targets.get(&self.first.0)?.running {
            Running::Version(version) => Some(version.clone().into()),
            Running::Never | Running::Unknown => None,
        }
    }

    /// The version to which the target would come first: a required release on the way, or the rollout's; null if a hold says why there is none.
    async fn hop(&self) -> Option<Version> {
        self.first.1.as_ref().ok().cloned().map(Version)
    }

    /// The reasons for which the target would not start if it were its turn now, the strongest first; empty if it would.
    async fn holds(&self) -> Vec<RolloutHold> {
        let holds = holds(self.preview, self.first.0).err().unwrap_or_default();
        holds.iter().map(RolloutHold::from).collect()
    }
}

#[derive(Default)]
pub(in crate::graphql) struct RolloutPlanQuery;

#[Object]
impl RolloutPlanQuery {
    /// The plan of a rollout as it would start now: its waves with their targets, who would be held and why, and what one should know before. It
    /// writes nothing.
    #[graphql(guard = "May(Permission::ReadRolloutPlans)")]
    #[expect(clippy::too_many_arguments, reason = "the arguments of the GraphQL field")]
    async fn rollout_plan(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The name of the application.")] application: Name,
        #[graphql(desc = "The version to which targets of lower versions come.")] version: Version,
        #[graphql(
            desc = "The name of the rollout; that of the version if left out, with a number if it was used before. The name \
                    has a part in the order of the targets."
        )]
        name: Option<Name>,
        #[graphql(desc = "The name of the policy; left out if one is given.")] policy_name: Option<Name>,
        #[graphql(desc = "The rules to try; left out if a policy is named.")] policy: Option<RolloutRules>,
        #[graphql(desc = "The scope; all targets that have the application if left out.")] scope: Option<
            RolloutScopeInput,
        >,
    ) -> Result<RolloutPlan> {
        let asked = Asked { application, version, name, policy: (policy_name, policy), scope, not_before: None };
        let wanted = asked.read(ctx).await?;
        Ok(RolloutPlan(ctx.hub().rolling_out().preview(wanted).await?))
    }
}
