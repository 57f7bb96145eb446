//! Who is at the registry: the hub's credentials, as the registry asks for them.

use std::sync::Arc;

use async_trait::async_trait;
use distr_domain::ids::TokenId;
use distr_domain::token::TokenScope;
use distr_eventlog::Actor;
use distr_registry::{Caller as RegistryCaller, CallerAccess, Callers, CallersFault};

use crate::auth::{self, Caller, Via};
use crate::hub::Hub;

pub struct HubCallers(pub Arc<Hub>);

#[async_trait]
impl Callers for HubCallers {
    /// The secret alone decides; clients fill in a user name because they must.
    async fn authenticate(&self, _username: &str, secret: &str) -> Result<Option<RegistryCaller>, CallersFault> {
        Ok(auth::authenticate(&self.0, secret).await?.map(registry_caller))
    }

    async fn is_live(&self, caller: &RegistryCaller) -> Result<bool, CallersFault> {
        let id = match &caller.access {
            CallerAccess::Member { token, .. } => token.0,
            CallerAccess::Agent { credential, .. } => credential.0,
        };
        let now = auth::authenticate_again(&self.0, id).await?.map(registry_caller);
        Ok(now.as_ref() == Some(caller))
    }
}

fn registry_caller(caller: Caller) -> RegistryCaller {
    match caller {
        Caller::Agent(agent) => RegistryCaller {
            organization: agent.organization,
            actor: Actor::Agent(agent.target),
            access: CallerAccess::Agent {
                customer: agent.customer,
                target: agent.target,
                credential: agent.credential,
            },
        },
        Caller::Member(member) => {
            let (token, scopes) = match &member.via {
                Via::Session { id } => (*id, vec![TokenScope::Pull, TokenScope::Push]),
                Via::Token { id, scopes } => (*id, scopes.clone()),
            };
            RegistryCaller {
                organization: member.organization,
                actor: member.actor(),
                access: CallerAccess::Member { membership: member.membership, scopes, token: TokenId(token) },
            }
        }
    }
}
