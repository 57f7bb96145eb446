//! How an agent gets its credential: an offer, one use of it, rotations with an overlap, and the end. The fact first, the hash beside it;
//! what is in force is the id in the fact.

use chrono::{DateTime, TimeDelta, Utc};
use distr_domain::agent::EnrolResponse;
use distr_domain::ids::{CredentialId, EnrolmentId, MemberId, OrganizationId, TargetId};
use distr_domain::permission::Permission;
use distr_domain::rejection::Rejection;
use distr_domain::target::{Target, TargetCommand};
use distr_eventlog::{Actor, Executed};
use url::Url;
use uuid::Uuid;

use crate::auth::{AgentCaller, Identities, MemberCaller, RequestInfo};
use crate::commands::Cause;
use crate::failure::Failure;
use crate::operations::cluster::{self, Installation};
use crate::operations::handed_out::HandedOut;
use crate::operations::pull_credential;
use crate::ops::credential::{self, CredentialKind, Maker, NewCredential};

/// How long an enrolment token may be used.
const OFFER: TimeDelta = TimeDelta::hours(24);
/// How long a credential that was replaced may still be used, if the new one is not.
const OVERLAP: TimeDelta = TimeDelta::hours(24);

#[derive(Clone)]
pub struct Enrolment {
    pub token: String,
    pub expires_at: DateTime<Utc>,
    /// one command for the target's shell, or for one with a kubectl
    pub command: String,
}

/// How the target's agent is installed.
pub enum Way<'a> {
    Shell { public_url: &'a Url },
    Cluster(Installation<'a>),
}

pub async fn offer(
    of: Identities<'_>,
    way: &Way<'_>,
    (caller, cause): (&MemberCaller, &Cause),
    target: TargetId,
) -> Result<(Enrolment, Executed<Target>), Failure> {
    let maker = Maker { token: caller.parent().map(|parent| parent.id.0), ..Maker::of(&cause.actor) };
    let (enrolment, at) = (EnrolmentId(of.commands.new_id()), of.commands.now());
    let expires_at = at + OFFER;
    let token = credential::new_secret(CredentialKind::Enrolment)?;
    let command = TargetCommand::OfferEnrolment { enrolment, expires_at };
    let executed = of.commands.execute::<Target>(&of.commands.another(cause), target.0, &command).await?;
    let stored = NewCredential {
        kind: CredentialKind::Enrolment,
        id: enrolment.0,
        organization: cause.organization,
        subject: target.0,
        scopes: vec![],
        expires_at: Some(expires_at),
        maker,
        at,
    };
    let client = of.sessions.client().await?;
    credential::insert(&*client, &token, stored).await?;
    credential::delete_others(&client, CredentialKind::Enrolment, target.0, &[enrolment.0]).await?;
    let command = match way {
        Way::Shell { public_url } => install_command(public_url, &token),
        Way::Cluster(installation) => cluster::install_command(installation, &token)?,
    };
    Ok((Enrolment { token, expires_at, command }, executed))
}

/// The token goes through the environment: it is in no URL and no list of processes.
fn install_command(public_url: &Url, token: &str) -> String {
    let url = public_url.as_str().trim_end_matches('/');
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
    of: Identities<'_>,
    request: &RequestInfo,
    token: &str,
    nonce: Option<&str>,
) -> Result<EnrolResponse, Failure> {
    let client = of.sessions.client().await?;
    let row = client
        .query_opt(
            "SELECT id, organization, subject, made_with, made_by FROM credential WHERE hash = $1 AND kind = 'enrolment'",
            &[&credential::hash(token)],
        )
        .await?;
    drop(client);
    let Some(row) = row else {
        return Err(Failure::rejected(EnrolmentSpent));
    };
    let maker = Maker { token: row.get(3), member: row.get::<_, Option<Uuid>>(4).map(MemberId) };
    let (enrolment, target): (Uuid, Uuid) = (row.get(0), row.get(2));
    let organization = OrganizationId(row.get(1));
    let target = TargetId(target);
    let cause = of_agent(of, request, organization, target);
    let credential = CredentialId(of.commands.new_id());
    let proof = nonce.map(|nonce| hex::encode(credential::hash(nonce)));
    let command = TargetCommand::Enrol { enrolment: EnrolmentId(enrolment), credential, proof, at: of.commands.now() };
    HandedOut::by(maker, of, organization, Permission::ManageTargets)
        .used(of.commands.execute::<Target>(&cause, target.0, &command))
        .await?
        .ok_or_else(|| Failure::rejected(EnrolmentSpent))?;
    let secret = store_agent_secret(of, organization, target, credential, None).await?;
    pull_credential::end_all(of, target).await?;
    Ok(EnrolResponse { target, credential, secret })
}

/// A new credential for an agent that shows one. That one lets in until the new one is used, so that an answer that is
/// lost locks nobody out.
pub async fn rotate(
    of: Identities<'_>,
    request: &RequestInfo,
    agent: &AgentCaller,
) -> Result<(CredentialId, String), Failure> {
    let cause = of_agent(of, request, agent.organization, agent.target);
    let credential = CredentialId(of.commands.new_id());
    let command = TargetCommand::RotateCredential { shown: agent.credential, credential };
    of.commands.execute::<Target>(&cause, agent.target.0, &command).await?;
    let secret = store_agent_secret(of, agent.organization, agent.target, credential, Some(agent.credential)).await?;
    Ok((credential, secret))
}

/// The agent used its newest credential: the one before ends.
pub async fn confirm(of: Identities<'_>, request: &RequestInfo, agent: &AgentCaller) -> Result<(), Failure> {
    // what its nodes pull with goes on, whatever becomes of the agent now
    credential::adopt(&*of.sessions.client().await?, CredentialKind::Pull, agent.target.0, agent.credential.0).await?;
    let cause = of_agent(of, request, agent.organization, agent.target);
    let command = TargetCommand::ConfirmCredential { credential: agent.credential };
    let executed = of.commands.append::<Target>(&cause, agent.target.0, &command).await?;
    if !executed.events.is_empty() {
        let client = of.sessions.client().await?;
        credential::delete_earlier(&client, CredentialKind::Agent, agent.target.0, agent.credential.0).await?;
    }
    Ok(())
}

fn of_agent(of: Identities<'_>, request: &RequestInfo, organization: OrganizationId, target: TargetId) -> Cause {
    Cause {
        organization,
        actor: Actor::Agent(target),
        causation: None,
        correlation: request.correlation,
        command: of.commands.new_id(),
    }
}

/// Of the target's credentials, the new one is left, and `beside` for a while.
async fn store_agent_secret(
    of: Identities<'_>,
    organization: OrganizationId,
    target: TargetId,
    id: CredentialId,
    beside: Option<CredentialId>,
) -> Result<String, Failure> {
    let secret = credential::new_secret(CredentialKind::Agent)?;
    let at = of.commands.now();
    let stored = NewCredential {
        kind: CredentialKind::Agent,
        id: id.0,
        organization,
        subject: target.0,
        scopes: vec![],
        expires_at: None,
        maker: Maker::default(),
        at,
    };
    let client = of.sessions.client().await?;
    credential::insert(&*client, &secret, stored).await?;
    let keep: Vec<Uuid> = [Some(id), beside].into_iter().flatten().map(|id| id.0).collect();
    credential::delete_others(&client, CredentialKind::Agent, target.0, &keep).await?;
    if let Some(beside) = beside {
        credential::expire(&client, beside.0, at + OVERLAP).await?;
    }
    Ok(secret)
}

/// Locks the agent out for ever.
pub async fn retire(
    of: Identities<'_>,
    cause: &Cause,
    target: TargetId,
    reason: String,
) -> Result<Executed<Target>, Failure> {
    let executed = of.commands.execute::<Target>(cause, target.0, &TargetCommand::Retire { reason }).await?;
    credential::delete_of_subject(&*of.sessions.client().await?, target.0).await?;
    Ok(executed)
}
