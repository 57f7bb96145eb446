//! How an agent gets its credential: an offer, one use of it, rotations with an overlap, and the end. The fact first, the hash beside it;
//! what is in force is the id in the fact.

use chrono::{DateTime, TimeDelta, Utc};
use distr_domain::agent::EnrolResponse;
use distr_domain::ids::{CredentialId, EnrolmentId, OrganizationId, TargetId};
use distr_domain::rejection::Rejection;
use distr_domain::target::{Target, TargetCommand};
use distr_eventlog::{Actor, Executed};
use uuid::Uuid;

use crate::auth::{AgentCaller, RequestInfo};
use crate::failure::Failure;
use crate::hub::{Cause, Hub};
use crate::ops::credential::{self, CredentialKind, NewCredential};

/// How long an enrolment token may be used.
const OFFER: TimeDelta = TimeDelta::hours(24);
/// How long a credential that was replaced may still be used, if the new one is not.
const OVERLAP: TimeDelta = TimeDelta::hours(24);

#[derive(Clone)]
pub struct Enrolment {
    pub token: String,
    pub expires_at: DateTime<Utc>,
    /// one command for the target's shell
    pub command: String,
}

pub async fn offer(hub: &Hub, cause: &Cause, target: TargetId) -> Result<(Enrolment, Executed<Target>), Failure> {
    let (enrolment, at) = (EnrolmentId(hub.clock.new_id()), hub.clock.now());
    let expires_at = at + OFFER;
    let token = credential::new_secret(CredentialKind::Enrolment)?;
    let cause = Cause { command: hub.clock.new_id(), actor: cause.actor.clone(), ..*cause };
    let command = TargetCommand::OfferEnrolment { enrolment, expires_at };
    let executed = hub.execute::<Target>(&cause, target.0, &command).await?;
    let stored = NewCredential {
        kind: CredentialKind::Enrolment,
        id: enrolment.0,
        organization: cause.organization,
        subject: target.0,
        scopes: vec![],
        expires_at: Some(expires_at),
        at,
    };
    let client = hub.ops.get().await?;
    credential::insert(&client, &token, stored).await?;
    credential::delete_others(&client, CredentialKind::Enrolment, target.0, &[enrolment.0]).await?;
    let command = install_command(hub, &token);
    Ok((Enrolment { token, expires_at, command }, executed))
}

/// The token goes through the environment: it is in no URL and no list of processes.
fn install_command(hub: &Hub, token: &str) -> String {
    let url = hub.settings.public_url.as_str().trim_end_matches('/');
    let secure = if url.starts_with("https://") { " --proto '=https' --tlsv1.2" } else { "" };
    format!("curl{secure} -fsSL {url}/install-agent | DISTR_ENROLMENT_TOKEN={token} sh")
}

/// No target waits for whoever shows this token.
#[derive(Debug, thiserror::Error)]
#[error("the enrolment token is unknown, used or replaced; ask for a new one")]
pub struct EnrolmentSpent;

impl Rejection for EnrolmentSpent {
    fn code(&self) -> &'static str {
        "target.enrolment_spent"
    }
}

/// Answers an agent that shows an enrolment token: once, and again only if it shows the nonce of the first time.
pub async fn enrol(
    hub: &Hub,
    request: &RequestInfo,
    token: &str,
    nonce: Option<&str>,
) -> Result<EnrolResponse, Failure> {
    let client = hub.ops.get().await?;
    let row = client
        .query_opt(
            "SELECT id, organization, subject FROM credential WHERE hash = $1 AND kind = 'enrolment'",
            &[&credential::hash(token)],
        )
        .await?;
    drop(client);
    let Some(row) = row else {
        return Err(Failure::rejected(EnrolmentSpent));
    };
    let (enrolment, target): (Uuid, Uuid) = (row.get(0), row.get(2));
    let organization = OrganizationId(row.get(1));
    let target = TargetId(target);
    let cause = of_agent(hub, request, organization, target);
    let credential = CredentialId(hub.clock.new_id());
    let proof = nonce.map(|nonce| hex::encode(credential::hash(nonce)));
    let command = TargetCommand::Enrol { enrolment: EnrolmentId(enrolment), credential, proof, at: hub.clock.now() };
    hub.execute::<Target>(&cause, target.0, &command).await?;
    let secret = store_agent_secret(hub, organization, target, credential, None).await?;
    Ok(EnrolResponse { target, credential, secret })
}

/// A new credential for an agent that shows one. That one lets in until the new one is used, so that an answer that is
/// lost locks nobody out.
pub async fn rotate(hub: &Hub, request: &RequestInfo, agent: &AgentCaller) -> Result<(CredentialId, String), Failure> {
    let cause = of_agent(hub, request, agent.organization, agent.target);
    let credential = CredentialId(hub.clock.new_id());
    let command = TargetCommand::RotateCredential { shown: agent.credential, credential };
    hub.execute::<Target>(&cause, agent.target.0, &command).await?;
    let secret = store_agent_secret(hub, agent.organization, agent.target, credential, Some(agent.credential)).await?;
    Ok((credential, secret))
}

/// The agent used its newest credential: the one before ends.
pub async fn confirm(hub: &Hub, request: &RequestInfo, agent: &AgentCaller) -> Result<(), Failure> {
    let cause = of_agent(hub, request, agent.organization, agent.target);
    let command = TargetCommand::ConfirmCredential { credential: agent.credential };
    let executed = hub.append::<Target>(&cause, agent.target.0, &command).await?;
    if !executed.events.is_empty() {
        let client = hub.ops.get().await?;
        credential::delete_earlier(&client, CredentialKind::Agent, agent.target.0, agent.credential.0).await?;
    }
    Ok(())
}

fn of_agent(hub: &Hub, request: &RequestInfo, organization: OrganizationId, target: TargetId) -> Cause {
    Cause {
        organization,
        actor: Actor::Agent(target),
        causation: None,
        correlation: request.correlation,
        command: hub.clock.new_id(),
    }
}

/// Of the target's credentials, the new one is left, and `beside` for a while.
async fn store_agent_secret(
    hub: &Hub,
    organization: OrganizationId,
    target: TargetId,
    id: CredentialId,
    beside: Option<CredentialId>,
) -> Result<String, Failure> {
    let secret = credential::new_secret(CredentialKind::Agent)?;
    let at = hub.clock.now();
    let stored = NewCredential {
        kind: CredentialKind::Agent,
        id: id.0,
        organization,
        subject: target.0,
        scopes: vec![],
        expires_at: None,
        at,
    };
    let client = hub.ops.get().await?;
    credential::insert(&client, &secret, stored).await?;
    let keep: Vec<Uuid> = [Some(id), beside].into_iter().flatten().map(|id| id.0).collect();
    credential::delete_others(&client, CredentialKind::Agent, target.0, &keep).await?;
    if let Some(beside) = beside {
        credential::expire(&client, beside.0, at + OVERLAP).await?;
    }
    Ok(secret)
}

/// Locks the agent out for ever.
pub async fn retire(hub: &Hub, cause: &Cause, target: TargetId, reason: String) -> Result<Executed<Target>, Failure> {
    let executed = hub.execute::<Target>(cause, target.0, &TargetCommand::Retire { reason }).await?;
    credential::delete_of_subject(&hub.ops.get().await?, target.0).await?;
    Ok(executed)
}
