//! Who is at the registry: the hub's credentials, as the registry asks for them.

use std::sync::Arc;

use async_trait::async_trait;
use distr_domain::ids::TokenId;
use distr_domain::token::TokenScope;
use distr_eventlog::Actor;
use distr_registry::{Caller as RegistryCaller, CallerAccess, Callers, CallersFault};

use crate::auth::{Caller, Sessions, Via};

pub struct HubCallers(pub Arc<Sessions>);

#[async_trait]
impl Callers for HubCallers {
    /// The secret alone decides; clients fill in a user name because they must.
    async fn authenticate(&self, _username: &str, secret: &str) -> Result<Option<RegistryCaller>, CallersFault> {
        let caller = self.0.authenticate(secret).await?;
        if let Some(Caller::Member(member)) = &caller {
            // the registry does not say from where; its own records do
            self.0.last_uses.note(member.via.id(), self.0.clock.now(), None);
        }
        Ok(caller.map(registry_caller))
    }

    async fn current(&self, caller: &RegistryCaller) -> Result<Option<RegistryCaller>, CallersFault> {
        let id = match &caller.access {
            CallerAccess::Anonymous => return Ok(None),
            CallerAccess::Member { token, .. } => token.0,
            CallerAccess::Agent { credential, .. } => credential.0,
        };
        Ok(self.0.authenticate_again(id).await?.map(registry_caller))
    }
}

fn registry_caller(caller: Caller) -> RegistryCaller {
    match caller {
        Caller::Agent(agent) => RegistryCaller {
            organization: Some(agent.organization),
            actor: Actor::Agent(agent.target),
            access: CallerAccess::Agent {
                customer: agent.customer,
                target: agent.target,
                credential: agent.credential,
            },
        },
        Caller::Member(member) => {
            let actor = member.actor();
            let (token, scopes, repositories) = match member.via {
                Via::Session { id } => (id, vec![TokenScope::Pull, TokenScope::Push, TokenScope::Delete], vec![]),
                Via::Token { id, limits, .. } => (id, limits.scopes, limits.repositories),
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
