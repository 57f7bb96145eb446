//! Table `ops.person`: names, addresses and password hashes of people. The only personal data there is.

use chrono::{DateTime, Utc};
use distr_domain::ids::{MemberId, OrganizationId};
use tokio_postgres::error::SqlState;

use crate::error::ApiError;

#[derive(Clone, Copy)]
pub struct NewPerson<'a> {
    pub member: MemberId,
    pub organization: OrganizationId,
    pub email: &'a str,
    pub name: &'a str,
    pub password_hash: &'a str,
    pub at: DateTime<Utc>,
}

pub struct Person {
    pub member: MemberId,
    pub email: String,
    pub name: String,
    pub password_hash: String,
    pub since: DateTime<Utc>,
}

/// The same member again is no second one.
pub async fn insert(client: &deadpool_postgres::Client, person: NewPerson<'_>) -> Result<(), ApiError> {
    let inserted = client
        .execute(
            "INSERT INTO person (member, organization, email, name, password_hash, created_at)
             VALUES ($1, $2, $3, $4, $5, $6)
             ON CONFLICT (member) DO NOTHING",
            &[
                &person.member.0,
                &person.organization.0,
                &person.email.to_lowercase(),
                &person.name,
                &person.password_hash,
                &person.at,
            ],
        )
        .await;
    match inserted {
        Ok(_) => Ok(()),
        Err(error) if error.code() == Some(&SqlState::UNIQUE_VIOLATION) => {
            let message = format!("a member with the address {:?} exists already", person.email);
            Err(ApiError::Rejected { code: "member.email_taken", message })
        }
        Err(error) => Err(error.into()),
    }
}

pub async fn find_by_email(
    client: &deadpool_postgres::Client,
    organization: OrganizationId,
    email: &str,
) -> Result<Option<Person>, ApiError> {
    let row = client
        .query_opt(
            "SELECT member, email, name, password_hash, created_at FROM person WHERE organization = $1 AND email = $2",
            &[&organization.0, &email.to_lowercase()],
        )
        .await?;
    Ok(row.map(person))
}

pub async fn by_members(
    client: &deadpool_postgres::Client,
    organization: OrganizationId,
    members: &[MemberId],
) -> Result<Vec<Person>, ApiError> {
    let members: Vec<_> = members.iter().map(|member| member.0).collect();
    let rows = client
        .query(
            "SELECT member, email, name, password_hash, created_at FROM person WHERE organization = $1 AND member = ANY($2)",
            &[&organization.0, &members],
        )
        .await?;
    Ok(rows.into_iter().map(person).collect())
}

/// Erases what is known of the person; the log keeps the id alone.
pub async fn erase(client: &deadpool_postgres::Client, member: MemberId) -> Result<(), ApiError> {
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
    }
}
