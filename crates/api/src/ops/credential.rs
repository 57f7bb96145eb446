//! Table `ops.credential`: the hashes of all secrets that let somebody in. A secret is shown once, when it is made.

use aws_lc_rs::{digest, rand};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use distr_domain::ids::OrganizationId;
use uuid::Uuid;

use crate::auth::last_use::LastUse;
use crate::error::ApiError;

/// What a secret opens. The text is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CredentialKind {
    Session,
    Token,
    Agent,
    Enrolment,
}

impl CredentialKind {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::Token => "token",
            Self::Agent => "agent",
            Self::Enrolment => "enrolment",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Self::Session, Self::Token, Self::Agent, Self::Enrolment].into_iter().find(|kind| kind.as_str() == text)
    }

    /// What the secret begins with, so that people and secret scanners know it when they see it.
    const fn prefix(self) -> &'static str {
        match self {
            Self::Session => "dss_",
            Self::Token => "dst_",
            Self::Agent => "dsa_",
            Self::Enrolment => "dse_",
        }
    }
}

pub struct NewCredential {
    pub kind: CredentialKind,
    pub id: Uuid,
    pub organization: OrganizationId,
    pub subject: Uuid,
    pub scopes: Vec<String>,
    pub expires_at: Option<DateTime<Utc>>,
    pub at: DateTime<Utc>,
}

/// 256 random bits behind the kind's prefix.
pub fn new_secret(kind: CredentialKind) -> Result<String, ApiError> {
    let mut bytes = [0; 32];
    rand::fill(&mut bytes).map_err(|_| ApiError::fault(std::io::Error::other("no randomness")))?;
    Ok(format!("{}{}", kind.prefix(), URL_SAFE_NO_PAD.encode(bytes)))
}

pub fn hash(secret: &str) -> Vec<u8> {
    digest::digest(&digest::SHA256, secret.as_bytes()).as_ref().to_vec()
}

pub async fn insert(
    client: &deadpool_postgres::Client,
    secret: &str,
    credential: NewCredential,
) -> Result<(), ApiError> {
    client
        .execute(
            "INSERT INTO credential (hash, kind, id, organization, subject, scopes, expires_at, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            &[
                &hash(secret),
                &credential.kind.as_str(),
                &credential.id,
                &credential.organization.0,
                &credential.subject,
                &credential.scopes,
                &credential.expires_at,
                &credential.at,
            ],
        )
        .await?;
    Ok(())
}

/// The session, token, credential or enrolment of this id lets nobody in any more.
pub async fn delete(client: &deadpool_postgres::Client, id: Uuid) -> Result<(), ApiError> {
    client.execute("DELETE FROM credential WHERE id = $1", &[&id]).await?;
    Ok(())
}

/// Nothing of this member or target lets anybody in any more.
pub async fn delete_of_subject(client: &deadpool_postgres::Client, subject: Uuid) -> Result<(), ApiError> {
    client.execute("DELETE FROM credential WHERE subject = $1", &[&subject]).await?;
    Ok(())
}

/// Of this kind and subject, only the credentials `keep` are left.
pub async fn delete_others(
    client: &deadpool_postgres::Client,
    kind: CredentialKind,
    subject: Uuid,
    keep: &[Uuid],
) -> Result<(), ApiError> {
    let sql = "DELETE FROM credential WHERE kind = $1 AND subject = $2 AND id <> ALL($3)";
    client.execute(sql, &[&kind.as_str(), &subject, &keep]).await?;
    Ok(())
}

/// Of this kind and subject, those that were made before the credential `than` let nobody in any more.
pub async fn delete_earlier(
    client: &deadpool_postgres::Client,
    kind: CredentialKind,
    subject: Uuid,
    than: Uuid,
) -> Result<(), ApiError> {
    let sql = "DELETE FROM credential
         WHERE kind = $1 AND subject = $2 AND created_at < (SELECT created_at FROM credential WHERE id = $3)";
    client.execute(sql, &[&kind.as_str(), &subject, &than]).await?;
    Ok(())
}

/// Lets in until `at`, or until it would have ended before.
pub async fn expire(client: &deadpool_postgres::Client, id: Uuid, at: DateTime<Utc>) -> Result<(), ApiError> {
    let sql = "UPDATE credential SET expires_at = least(coalesce(expires_at, $2), $2) WHERE id = $1";
    client.execute(sql, &[&id, &at]).await?;
    Ok(())
}

/// Of those that were used.
pub async fn last_uses(client: &deadpool_postgres::Client, ids: &[Uuid]) -> Result<Vec<(Uuid, LastUse)>, ApiError> {
    let sql = "SELECT id, last_used_at, last_used_from FROM credential WHERE id = ANY($1) AND last_used_at IS NOT NULL";
    let rows = client.query(sql, &[&ids]).await?;
    Ok(rows.into_iter().map(|row| (row.get(0), LastUse { at: row.get(1), from: row.get(2) })).collect())
}
