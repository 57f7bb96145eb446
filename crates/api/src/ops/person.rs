//! Table `ops.person`: names, addresses and password hashes of people. The only personal data there is.

use chrono::{DateTime, Utc};
use deadpool_postgres::Transaction;
use distr_domain::ids::{CustomerId, MemberId, OrganizationId};
use distr_domain::rejection::Rejection;
use tokio_postgres::error::SqlState;
use uuid::Uuid;

use super::credential::{self, NewCredential};
use crate::failure::{Failure, OperationError};

#[derive(Clone, Copy)]
pub struct NewPerson<'a> {
    pub member: MemberId,
    pub organization: OrganizationId,
    /// none: the vendor's
    pub customer: Option<CustomerId>,
    pub email: &'a str,
    pub name: &'a str,
    pub password_hash: &'a str,
    pub at: DateTime<Utc>,
}

/// No password has this hash.
pub const NO_PASSWORD: &str = "*";

pub struct Person {
    pub member: MemberId,
    pub customer: Option<CustomerId>,
    pub email: String,
    pub name: String,
    pub password_hash: String,
    pub since: DateTime<Utc>,
}

/// Another person of the same organization or customer has this address.
#[derive(Debug, thiserror::Error)]
#[error("a member with the address {email:?} exists already")]
pub struct EmailTaken {
    email: String,
}

impl Rejection for EmailTaken {
    fn code(&self) -> &'static str {
        "member.email_taken"
    }
}

/// The same member again is no second one.
pub async fn insert(
    client: &deadpool_postgres::Client,
    person: NewPerson<'_>,
) -> Result<(), OperationError<EmailTaken>> {
    let inserted = client
        .execute(
            "INSERT INTO person (member, organization, email, name, password_hash, created_at, customer)
             VALUES ($1, $2, $3, $4, $5, $6, $7)
             ON CONFLICT (member) DO NOTHING",
            &[
                &person.member.0,
                &person.organization.0,
                &person.email.to_lowercase(),
                &person.name,
                &person.password_hash,
                &person.at,
                &person.customer.map(|customer| customer.0),
            ],
        )
        .await;
    match inserted {
        Ok(_) => Ok(()),
        Err(error) if error.code() == Some(&SqlState::UNIQUE_VIOLATION) => {
            Err(OperationError::Rejected(EmailTaken { email: person.email.to_owned() }))
        }
        Err(error) => Err(Failure::from(error).into()),
    }
}

/// The vendor's first, then in the order in which they came: one address may be in several customers, which know nothing
/// of each other.
pub async fn find_by_email(
    client: &deadpool_postgres::Client,
    organization: OrganizationId,
    email: &str,
) -> Result<Vec<Person>, Failure> {
    let rows = client
        .query(
            "SELECT member, email, name, password_hash, created_at, customer FROM person
             WHERE organization = $1 AND email = $2
             ORDER BY customer IS NOT NULL, created_at, member",
            &[&organization.0, &email.to_lowercase()],
        )
        .await?;
    Ok(rows.into_iter().map(person).collect())
}

/// A password that takes the place of another.
#[derive(Clone, Copy)]
pub struct NewPassword<'a> {
    pub member: MemberId,
    pub hash: &'a str,
    /// none: the name stays
    pub name: Option<&'a str>,
}

/// A password in the place of the one that has the hash `before`; every other session than `keep` ends with it. Answers whether
/// it did: it does not, if the password was changed or voided meanwhile.
pub async fn change_password(
    client: &mut deadpool_postgres::Client,
    new: NewPassword<'_>,
    before: &str,
    keep: Uuid,
) -> Result<bool, Failure> {
    let transaction = client.transaction().await?;
    if !set(&transaction, new, Some(before)).await? {
        return Ok(false);
    }
    let sql = "DELETE FROM credential WHERE kind = 'session' AND subject = $1 AND id <> $2";
    transaction.execute(sql, &[&new.member.0, &keep]).await?;
    transaction.commit().await?;
    Ok(true)
}

/// A password by a one-time code, with which all sessions and codes end. Answers whether it did: it does not, if the code was
/// used or replaced meanwhile.
pub async fn set_password_with(
    client: &mut deadpool_postgres::Client,
    new: NewPassword<'_>,
    code: &str,
) -> Result<bool, Failure> {
    let transaction = client.transaction().await?;
    set(&transaction, new, None).await?;
    if transaction.execute("DELETE FROM credential WHERE hash = $1", &[&credential::hash(code)]).await? == 0 {
        return Ok(false);
    }
    end_sessions_and_codes(&transaction, new.member).await?;
    transaction.commit().await?;
    Ok(true)
}

/// A code in the place of those before. With `void_password` it is the only way in; else a password stays that there may be.
pub async fn offer_code(
    client: &mut deadpool_postgres::Client,
    member: MemberId,
    code: (&str, NewCredential),
    void_password: bool,
) -> Result<(), Failure> {
    let transaction = client.transaction().await?;
    if void_password {
        set(&transaction, NewPassword { member, hash: NO_PASSWORD, name: None }, None).await?;
    }
    end_sessions_and_codes(&transaction, member).await?;
    credential::insert(&transaction, code.0, code.1).await?;
    transaction.commit().await?;
    Ok(())
}

/// Holds the person until the transaction ends: nobody opens a session with the password before meanwhile.
async fn set(
    transaction: &Transaction<'_>,
    new: NewPassword<'_>,
    before: Option<&str>,
) -> Result<bool, tokio_postgres::Error> {
    let sql = "UPDATE person SET password_hash = $2, name = coalesce($3, name)
         WHERE member = $1 AND ($4::text IS NULL OR password_hash = $4)";
    Ok(transaction.execute(sql, &[&new.member.0, &new.hash, &new.name, &before]).await? > 0)
}

async fn end_sessions_and_codes(transaction: &Transaction<'_>, member: MemberId) -> Result<(), tokio_postgres::Error> {
    let sql = "DELETE FROM credential WHERE kind IN ('session', 'invitation', 'password_reset') AND subject = $1";
    transaction.execute(sql, &[&member.0]).await.map(drop)
}

pub async fn by_members(
    client: &deadpool_postgres::Client,
    organization: OrganizationId,
    members: &[MemberId],
) -> Result<Vec<Person>, Failure> {
    let members: Vec<_> = members.iter().map(|member| member.0).collect();
    let rows = client
        .query(
            "SELECT member, email, name, password_hash, created_at, customer FROM person
             WHERE organization = $1 AND member = ANY($2)",
            &[&organization.0, &members],
        )
        .await?;
    Ok(rows.into_iter().map(person).collect())
}

/// Notes whose customer's members people are, as the read models know it: who came before that was noted, or from a backup of
/// such a time, is noted then.
pub async fn note_customers(client: &deadpool_postgres::Client) -> Result<(), Failure> {
    let sql = "UPDATE person SET customer = member.customer FROM member
         WHERE member.id = person.member AND member.customer IS DISTINCT FROM person.customer";
    client.execute(sql, &[]).await?;
    Ok(())
}

/// Erases what is known of those whose removal was cut off behind its fact.
pub async fn erase_removed(client: &deadpool_postgres::Client) -> Result<(), Failure> {
    let sql = "DELETE FROM person USING member WHERE member.id = person.member AND NOT member.active";
    client.execute(sql, &[]).await?;
    Ok(())
}

/// Erases what is known of the person; the log keeps the id alone.
pub async fn erase(client: &deadpool_postgres::Client, member: MemberId) -> Result<(), Failure> {
    client.execute("DELETE FROM person WHERE member = $1", &[&member.0]).await?;
    Ok(())
}

fn person(row: tokio_postgres::Row) -> Person {
    Person {
        member: MemberId(row.get(0)),
        email: row.get(1),
        name: row.get(2),
        password_hash: row.get(3),
        since: row.get(4),
        customer: row.get::<_, Option<Uuid>>(5).map(CustomerId),
    }
}
