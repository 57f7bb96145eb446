//! Who is at the registry: the hub's credentials, as the registry asks for them.

use std::sync::Arc;

use async_trait::async_trait;
use distr_domain::ids::TokenId;
use distr_domain::permission::{Membership, Permission};
use distr_domain::token::TokenScope;
use distr_eventlog::Actor;
use distr_projections::{Scope, deployment};
use distr_registry::{Caller as RegistryCaller, CallerAccess, Callers, CallersFault, RunningRelease};

use crate::auth::{AgentCaller, Caller, Puller, Sessions, Via};
use crate::models::ReadModels;

pub struct HubCallers {
    pub sessions: Arc<Sessions>,
    pub models: ReadModels,
}

#[async_trait]
impl Callers for HubCallers {
    /// The secret alone decides; clients fill in a user name because they must.
    async fn authenticate(&self, _username: &str, secret: &str) -> Result<Option<RegistryCaller>, CallersFault> {
        let caller = self.sessions.authenticate(secret).await?;
        if let Some(Caller::Member(member)) = &caller {
            // the registry does not say from where; its own records do
            self.sessions.last_uses.note(member.via.id(), self.sessions.clock.now(), None);
        }
        self.of(caller).await
    }

    async fn current(&self, caller: &RegistryCaller) -> Result<Option<RegistryCaller>, CallersFault> {
        let id = match &caller.access {
            CallerAccess::Anonymous => return Ok(None),
            CallerAccess::Member { token, .. } => token.0,
            CallerAccess::Agent { credential, .. } => credential.0,
        };
        self.of(self.sessions.authenticate_again(id).await?).await
    }
}

impl HubCallers {
    async fn of(&self, caller: Option<Caller>) -> Result<Option<RegistryCaller>, CallersFault> {
        match caller {
            Some(Caller::Puller(puller)) if puller.is_late => {
                let running = self.running(&puller).await?;
                Ok(Some(target_caller(puller, Some(running))))
            }
            caller => Ok(caller.map(registry_caller)),
        }
    }

    async fn running(&self, puller: &Puller) -> Result<Vec<RunningRelease>, CallersFault> {
        let scope = Scope { organization: puller.organization, customer: Some(puller.customer) };
        let client = self.models.client().await?;
        let deployments = deployment::of_targets(&client, scope, &[puller.target]).await?;
        let running = deployments
            .into_iter()
            .filter_map(|row| Some(RunningRelease { application: row.application, version: row.running_version? }));
        Ok(running.collect())
    }
}

/// Whoever pulls for a target; `only`, what it may still have.
fn target_caller(puller: Puller, only: Option<Vec<RunningRelease>>) -> RegistryCaller {
    let Puller { organization, customer, target, credential, .. } = puller;
    RegistryCaller {
        organization: Some(organization),
        actor: Actor::Agent(target),
        access: CallerAccess::Agent { customer, target, credential, only },
    }
}

fn registry_caller(caller: Caller) -> RegistryCaller {
    match caller {
        Caller::Agent(AgentCaller { organization, customer, target, credential, .. }) => {
            target_caller(Puller { organization, customer, target, credential, is_late: false }, None)
        }
        Caller::Puller(puller) => target_caller(puller, None),
        Caller::Member(member) => {
            let actor = member.actor();
            let (token, scopes, repositories) = match member.via {
                Via::Session { id } => (id, vec![TokenScope::Pull, TokenScope::Push, TokenScope::Delete], vec![]),
                Via::Token { id, limits, above, .. } => {
                    let is_left = |scope: &TokenScope| above.iter().all(|above| may_at_registry(*above, *scope));
                    (id, limits.scopes.into_iter().filter(is_left).collect(), limits.repositories)
                }
            };
            RegistryCaller {
                organization: Some(member.organization),
                actor,
                access: CallerAccess::Member {
                    membership: member.membership,
                    scopes,
                    repositories,
                    token: TokenId(token),
                },
            }
        }
    }
}

/// Whether whoever made a token could do there what it is for.
fn may_at_registry(membership: Membership, scope: TokenScope) -> bool {
    match scope {
        TokenScope::Pull => membership.may(Permission::PullArtifacts),
        TokenScope::Push => membership.may(Permission::PushArtifacts),
        TokenScope::Delete => membership.may(Permission::DeleteArtifacts),
        TokenScope::Read | TokenScope::Write | TokenScope::Admin => true,
    }
}
