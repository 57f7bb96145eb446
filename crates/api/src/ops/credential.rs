//! Table `ops.credential`: the hashes of all secrets that let somebody in. A secret is shown once, when it is made.

use aws_lc_rs::{digest, rand};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, SecondsFormat, Utc};
use deadpool_postgres::GenericClient;
use distr_domain::ids::{CustomerId, MemberId, OrganizationId};
use distr_eventlog::Actor;
use uuid::Uuid;

use crate::failure::Failure;

/// What a secret opens. The text is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CredentialKind {
    Session,
    Token,
    Agent,
    /// to pull with what a target is entitled to, and nothing else
    Pull,
    Enrolment,
    /// to become a member with, once
    Invitation,
    /// to set a new password with, once
    PasswordReset,
}

impl CredentialKind {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::Token => "token",
            Self::Agent => "agent",
            Self::Pull => "pull",
            Self::Enrolment => "enrolment",
            Self::Invitation => "invitation",
            Self::PasswordReset => "password_reset",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        use CredentialKind::{Agent, Enrolment, Invitation, PasswordReset, Pull, Session, Token};
        let all = [Session, Token, Agent, Pull, Enrolment, Invitation, PasswordReset];
        all.into_iter().find(|kind| kind.as_str() == text)
    }

    /// What the secret begins with, so that people and secret scanners know it when they see it.
    const fn prefix(self) -> &'static str {
        match self {
            Self::Session => "dss_",
            Self::Token => "dst_",
            Self::Agent => "dsa_",
            Self::Pull => "dsc_",
            Self::Enrolment => "dse_",
            Self::Invitation => "dsi_",
            Self::PasswordReset => "dsp_",
        }
    }
}

/// Who handed out a secret that somebody else uses.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Maker {
    /// an operator is none
    pub member: Option<MemberId>,
    /// the token that the member came with, or the credential of an agent
    pub token: Option<Uuid>,
}

impl Maker {
    pub fn of(actor: &Actor) -> Self {
        let member = match actor {
            Actor::Member(member) | Actor::Robot(member) => Some(*member),
            _ => None,
        };
        Self { member, token: None }
    }
}

pub struct NewCredential {
    pub kind: CredentialKind,
    pub id: Uuid,
    pub organization: OrganizationId,
    pub subject: Uuid,
    pub scopes: Vec<String>,
    pub expires_at: Option<DateTime<Utc>>,
    /// with whom it ends, beside whatever else ends it
    pub maker: Maker,
    pub at: DateTime<Utc>,
}

/// 256 random bits behind the kind's prefix.
pub fn new_secret(kind: CredentialKind) -> Result<String, Failure> {
    let mut bytes = [0; 32];
    rand::fill(&mut bytes).map_err(|_| Failure::fault(std::io::Error::other("no randomness")))?;
    Ok(format!("{}{}", kind.prefix(), URL_SAFE_NO_PAD.encode(bytes)))
}

pub fn hash(secret: &str) -> Vec<u8> {
    digest::digest(&digest::SHA256, secret.as_bytes()).as_ref().to_vec()
}

pub async fn insert(client: &impl GenericClient, secret: &str, credential: NewCredential) -> Result<(), Failure> {
    client
        .execute(
            "INSERT INTO credential (hash, kind, id, organization, subject, scopes, expires_at, made_by, made_with, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
            &[
                &hash(secret),
                &credential.kind.as_str(),
                &credential.id,
                &credential.organization.0,
                &credential.subject,
                &credential.scopes,
                &credential.expires_at,
                &credential.maker.member.map(|member| member.0),
                &credential.maker.token,
                &credential.at,
            ],
        )
        .await?;
    Ok(())
}

/// The only secret of its id: another that was made before, for an answer that was lost, lets nobody in any more.
/// Requests that come at once wait for each other, and the last one's is left.
pub async fn replace(
    client: &mut deadpool_postgres::Client,
    secret: &str,
    credential: NewCredential,
) -> Result<(), Failure> {
    let transaction = client.transaction().await?;
    let key = format!("credential {}", credential.id);
    transaction.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", &[&key]).await?;
    delete(&transaction, credential.id).await?;
    insert(&transaction, secret, credential).await?;
    transaction.commit().await?;
    Ok(())
}

/// The session, token, credential or enrolment of this id lets nobody in any more.
pub async fn delete(client: &impl GenericClient, id: Uuid) -> Result<(), Failure> {
    client.execute("DELETE FROM credential WHERE id = $1", &[&id]).await?;
    Ok(())
}

/// Nothing of this member or target lets anybody in any more.
pub async fn delete_of_subject(client: &deadpool_postgres::Client, subject: Uuid) -> Result<(), Failure> {
    client.execute("DELETE FROM credential WHERE subject = $1", &[&subject]).await?;
    Ok(())
}

/// Of this kind and subject, only the credentials `keep` are left.
pub async fn delete_others(
    client: &deadpool_postgres::Client,
    kind: CredentialKind,
    subject: Uuid,
    keep: &[Uuid],
) -> Result<(), Failure> {
    let sql = "DELETE FROM credential WHERE kind = $1 AND subject = $2 AND id <> ALL($3)";
    client.execute(sql, &[&kind.as_str(), &subject, &keep]).await?;
    Ok(())
}

/// Of this kind and subject, the newest are left; whoever asks at the same time takes none of them away.
pub async fn keep_newest(
    client: &deadpool_postgres::Client,
    kind: CredentialKind,
    subject: Uuid,
    most: i64,
) -> Result<(), Failure> {
    let sql = "DELETE FROM credential
         WHERE kind = $1 AND subject = $2 AND id NOT IN (
             SELECT id FROM credential WHERE kind = $1 AND subject = $2 ORDER BY created_at DESC, id DESC LIMIT $3)";
    client.execute(sql, &[&kind.as_str(), &subject, &most]).await?;
    Ok(())
}

/// Of this kind and subject, those that were made before the credential `than` let nobody in any more.
pub async fn delete_earlier(
    client: &deadpool_postgres::Client,
    kind: CredentialKind,
    subject: Uuid,
    than: Uuid,
) -> Result<(), Failure> {
    let sql = "DELETE FROM credential
         WHERE kind = $1 AND subject = $2 AND created_at < (SELECT created_at FROM credential WHERE id = $3)";
    client.execute(sql, &[&kind.as_str(), &subject, &than]).await?;
    Ok(())
}

/// What the subject made with its credentials before this one counts as made with this one, and does not end with those.
pub async fn adopt(
    client: &deadpool_postgres::Client,
    kind: CredentialKind,
    subject: Uuid,
    credential: Uuid,
) -> Result<(), Failure> {
    let sql = "UPDATE credential SET made_with = $3
         WHERE kind = $1 AND subject = $2 AND made_with IN (
             SELECT before.id FROM credential before JOIN credential now ON now.id = $3 AND before.created_at < now.created_at
             WHERE before.kind = now.kind AND before.subject = $2)";
    client.execute(sql, &[&kind.as_str(), &subject, &credential]).await?;
    Ok(())
}

/// Lets in until `at`, or until it would have ended before.
pub async fn expire(client: &deadpool_postgres::Client, id: Uuid, at: DateTime<Utc>) -> Result<(), Failure> {
    let sql = "UPDATE credential SET expires_at = least(coalesce(expires_at, $2), $2) WHERE id = $1";
    client.execute(sql, &[&id, &at]).await?;
    Ok(())
}

/// The last use of a credential, to the minute, from a network rather than an address: enough to see that it is in use and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastUse {
    pub at: DateTime<Utc>,
    /// `203.0.113.0/24`, `2001:db8:7::/48`
    pub from: Option<String>,
}

/// Of those that were used.
pub async fn last_uses(client: &deadpool_postgres::Client, ids: &[Uuid]) -> Result<Vec<(Uuid, LastUse)>, Failure> {
    let sql = "SELECT id, last_used_at, last_used_from FROM credential WHERE id = ANY($1) AND last_used_at IS NOT NULL";
    let rows = client.query(sql, &[&ids]).await?;
    Ok(rows.into_iter().map(|row| (row.get(0), LastUse { at: row.get(1), from: row.get(2) })).collect())
}

/// A one-time code that is still good: whose it is.
pub struct Code {
    pub organization: OrganizationId,
    pub member: MemberId,
    pub maker: Maker,
}

pub async fn find_code(
    client: &deadpool_postgres::Client,
    kind: CredentialKind,
    secret: &str,
    now: DateTime<Utc>,
) -> Result<Option<Code>, Failure> {
    let sql = "SELECT organization, subject, made_by FROM credential WHERE hash = $1 AND kind = $2 AND expires_at > $3";
    let row = client.query_opt(sql, &[&hash(secret), &kind.as_str(), &now]).await?;
    let maker = |row: &tokio_postgres::Row| Maker { member: row.get::<_, Option<Uuid>>(2).map(MemberId), token: None };
    let code = |row: tokio_postgres::Row| Code {
        organization: OrganizationId(row.get(0)),
        member: MemberId(row.get(1)),
        maker: maker(&row),
    };
    Ok(row.map(code))
}

/// A session, as its owner is shown it.
pub struct SessionRow {
    pub id: Uuid,
    pub created_at: DateTime<Utc>,
    pub expires_at: Option<DateTime<Utc>>,
    pub last_use: Option<LastUse>,
    pub made_from: Option<String>,
    pub user_agent: Option<String>,
}

/// Of a member, those that let in now, the oldest first.
pub async fn sessions(
    client: &deadpool_postgres::Client,
    member: MemberId,
    now: DateTime<Utc>,
) -> Result<Vec<SessionRow>, Failure> {
    let sql = "SELECT id, created_at, expires_at, last_used_at, last_used_from, made_from, user_agent
         FROM credential
         WHERE kind = 'session' AND subject = $1 AND (expires_at IS NULL OR expires_at > $2)
           AND ('browser' <> ALL(scopes)
                OR greatest(created_at, last_used_at) > $2::timestamptz - interval '2 hours')
         ORDER BY created_at, id";
    let rows = client.query(sql, &[&member.0, &now]).await?;
    let session = |row: tokio_postgres::Row| SessionRow {
        id: row.get(0),
        created_at: row.get(1),
        expires_at: row.get(2),
        last_use: row.get::<_, Option<DateTime<Utc>>>(3).map(|at| LastUse { at, from: row.get(4) }),
        made_from: row.get(5),
        user_agent: row.get(6),
    };
    Ok(rows.into_iter().map(session).collect())
}

/// Who keeps the secret of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionKind {
    /// a program, which sends it as a bearer token
    Program,
    /// a browser, in a cookie; the session also ends after two hours without a use
    Browser,
}

/// A session that opens.
pub struct NewSession<'a> {
    pub kind: SessionKind,
    pub id: Uuid,
    pub organization: OrganizationId,
    pub member: MemberId,
    /// the password that was shown for it
    pub password_hash: &'a str,
    pub made_from: Option<&'a str>,
    pub user_agent: Option<&'a str>,
    pub at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
}

/// Answers whether it opened: it does not, if the password was changed or voided meanwhile. Whoever changes it ends all sessions
/// that opened before, so that none of the old password is left.
pub async fn open_session(
    client: &deadpool_postgres::Client,
    secret: &str,
    session: NewSession<'_>,
) -> Result<bool, Failure> {
    let sql = "WITH known AS (
             SELECT FROM person JOIN member m ON m.id = person.member AND m.sign_in = 'password'
             WHERE person.member = $4 AND password_hash = $5
             FOR SHARE OF person)
         INSERT INTO credential
             (hash, kind, id, organization, subject, scopes, expires_at, created_at, made_from, user_agent)
         SELECT $1, 'session', $2, $3, $4, $10::text[], $6, $7, $8, $9 FROM known";
    let scopes: &[&str] = match session.kind {
        SessionKind::Program => &[],
        SessionKind::Browser => &["browser"],
    };
    let opened = client
        .execute(
            sql,
            &[
                &hash(secret),
                &session.id,
                &session.organization.0,
                &session.member.0,
                &session.password_hash,
                &session.expires_at,
                &session.at,
                &session.made_from,
                &session.user_agent,
                &scopes,
            ],
        )
        .await?;
    Ok(opened > 0)
}

/// Until then, the session lets its member see what this customer sees, in the place of any other.
pub async fn view_as(
    client: &deadpool_postgres::Client,
    session: Uuid,
    customer: CustomerId,
    until: DateTime<Utc>,
) -> Result<(), Failure> {
    let view = format!("view {customer} {}", until.to_rfc3339_opts(SecondsFormat::Secs, true));
    set_view(client, session, &[view]).await.map(drop)
}

/// The session lets its member see what is its own again; false if it did.
pub async fn view_no_more(client: &deadpool_postgres::Client, session: Uuid) -> Result<bool, Failure> {
    set_view(client, session, &[]).await
}

/// Answers whether the session was another's view before.
async fn set_view(client: &deadpool_postgres::Client, session: Uuid, view: &[String]) -> Result<bool, Failure> {
    let sql = "UPDATE credential c
         SET scopes = ARRAY(SELECT scope FROM unnest(c.scopes) AS scope WHERE scope NOT LIKE 'view %') || $2::text[]
         FROM credential before
         WHERE c.id = $1 AND c.kind = 'session' AND before.hash = c.hash
         RETURNING EXISTS (SELECT FROM unnest(before.scopes) AS scope WHERE scope LIKE 'view %')";
    let row = client.query_opt(sql, &[&session, &view]).await?;
    Ok(row.is_some_and(|row| row.get(0)))
}

/// A session of this member; false if there is none of this id.
pub async fn end_session(client: &deadpool_postgres::Client, member: MemberId, session: Uuid) -> Result<bool, Failure> {
    let sql = "DELETE FROM credential WHERE kind = 'session' AND subject = $1 AND id = $2";
    Ok(client.execute(sql, &[&member.0, &session]).await? > 0)
}
