//! Table `ops.portal_host`: the hosts at which customers of one organization find their portal.

use anyhow::Context;
use deadpool_postgres::{Client, Pool};
use distr_domain::names::Slug;

use crate::failure::Failure;
use crate::limits::shares::{self, Of};

pub struct PortalHost {
    pub host: String,
    pub organization: String,
    /// RFC 3339, UTC
    pub added_at: String,
}

/// Whose portal is at this host, in lower case and without its port.
pub async fn organization(pool: &Pool, host: &str) -> Result<Option<Slug>, Failure> {
    let client = shares::client(Of::Operations, pool).await?;
    let statement = client.prepare_cached(include_str!("portal_host/find.sql")).await?;
    let row = client.query_opt(&statement, &[&host]).await?;
    Ok(row.map(|row| row.get::<_, String>(0).parse()).transpose()?)
}

/// Whose it was before, if it was another's.
pub async fn add(client: &Client, host: &str, organization: &Slug) -> anyhow::Result<Option<String>> {
    let row = client.query_opt(include_str!("portal_host/find.sql"), &[&host]).await?;
    client.execute(include_str!("portal_host/add.sql"), &[&host, &organization.as_str()]).await?;
    let before: Option<String> = row.map(|row| row.get(0));
    Ok(before.filter(|before| before != organization.as_str()))
}

/// False if there was none.
pub async fn remove(client: &Client, host: &str) -> anyhow::Result<bool> {
    Ok(client.execute("DELETE FROM portal_host WHERE host = $1", &[&host]).await? > 0)
}

pub async fn list(client: &Client) -> anyhow::Result<Vec<PortalHost>> {
    let rows = client.query(include_str!("portal_host/list.sql"), &[]).await.context("cannot read the portal hosts")?;
    let host =
        |row: &tokio_postgres::Row| PortalHost { host: row.get(0), organization: row.get(1), added_at: row.get(2) };
    Ok(rows.iter().map(host).collect())
}
