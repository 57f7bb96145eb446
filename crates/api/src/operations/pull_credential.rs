//! What the nodes of a cluster pull with. The agent's own credential is none for them: whoever reads a namespace's Secrets would be
//! the agent. This one opens the registry alone. An agent that cannot get another, as it is down or its own pod waits for a node, must
//! not keep what runs from moving to another node: past its end, it opens for a week what runs on its target.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use distr_domain::agent::PullCredentialResponse;
use distr_domain::ids::TargetId;

use crate::auth::{AgentCaller, Identities};
use crate::failure::Failure;
use crate::ops::credential::{self, CredentialKind, Maker, NewCredential};

/// How long it opens all that the target is entitled to.
const TERM: TimeDelta = TimeDelta::hours(24);
/// How long it then opens what runs there.
const GRACE: TimeDelta = TimeDelta::days(7);
/// How many of a target are good at once: nodes have one that was replaced until they pull next, and answers get lost.
const AT_ONCE: i64 = 8;
/// The user name at the registry, which looks at the secret alone.
const USERNAME: &str = "distr-pull";

/// Those that nodes have go on until their end, but for the oldest of many.
pub async fn make(of: Identities<'_>, agent: &AgentCaller) -> Result<PullCredentialResponse, Failure> {
    let at = of.commands.now();
    let expires_at = at + TERM;
    let secret = credential::new_secret(CredentialKind::Pull)?;
    let stored = NewCredential {
        kind: CredentialKind::Pull,
        id: of.commands.new_id(),
        organization: agent.organization,
        subject: agent.target.0,
        scopes: vec![late_from(expires_at)],
        expires_at: Some(expires_at + GRACE),
        // an agent that another one replaced takes all with it
        maker: Maker { member: None, token: Some(agent.credential.0) },
        at,
    };
    let client = of.sessions.client().await?;
    credential::insert(&*client, &secret, stored).await?;
    credential::keep_newest(&client, CredentialKind::Pull, agent.target.0, AT_ONCE).await?;
    Ok(PullCredentialResponse { username: USERNAME.to_owned(), secret, expires_at })
}

/// Another agent took the target: what the one before it gave to its nodes opens nothing any more.
pub async fn end_all(of: Identities<'_>, target: TargetId) -> Result<(), Failure> {
    credential::delete_others(&*of.sessions.client().await?, CredentialKind::Pull, target.0, &[]).await
}

fn late_from(at: DateTime<Utc>) -> String {
    format!("late {}", at.to_rfc3339_opts(SecondsFormat::Secs, true))
}
