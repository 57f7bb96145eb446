//! How read models are asked: within a scope, a page at a time by keyset, rows as JSON into their row types. The SQL of
//! each question stands in a file beside the slice that asks it.

use distr_domain::ids::{CustomerId, OrganizationId};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio_postgres::Row;
use tokio_postgres::types::{Json, ToSql};
use uuid::Uuid;

use crate::cursor::{Cursor, InvalidCursor};
use crate::error::QueryError;

/// A connection to the read models, from the pool of `read_pool`.
pub type ReadClient = deadpool_postgres::Client;

/// What the asker may see at all: from the credential, never from an argument. A customer's member sees its customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Scope {
    pub organization: OrganizationId,
    pub customer: Option<CustomerId>,
}

#[derive(Debug, Clone)]
pub struct Paging {
    pub first: u16,
    pub after: Option<Cursor>,
}

#[derive(Debug, Clone)]
pub struct ListPage<T> {
    pub items: Vec<(Cursor, T)>,
    pub has_next: bool,
}

impl Paging {
    pub const MAX: u16 = 500;

    pub fn first(first: u16) -> Self {
        Self { first: first.clamp(1, Self::MAX), after: None }
    }

    pub fn after(self, cursor: Option<Cursor>) -> Self {
        Self { after: cursor, ..self }
    }
}

/// One row or none. The query's only column is `jsonb`.
pub(crate) async fn find<T: DeserializeOwned>(
    client: &ReadClient,
    sql: &str,
    parameters: &[&(dyn ToSql + Sync)],
) -> Result<Option<T>, QueryError> {
    let statement = client.prepare_cached(sql).await?;
    let row = client.query_opt(&statement, parameters).await?;
    row.map(|row| value(&row, 0)).transpose()
}

/// All rows. The query's only column is `jsonb`.
pub(crate) async fn all<T: DeserializeOwned>(
    client: &ReadClient,
    sql: &str,
    parameters: &[&(dyn ToSql + Sync)],
) -> Result<Vec<T>, QueryError> {
    let statement = client.prepare_cached(sql).await?;
    client.query(&statement, parameters).await?.iter().map(|row| value(row, 0)).collect()
}

/// A page of a list. The query answers with `(sort key text, id uuid, row jsonb)` in order and takes `$1` organization,
/// `$2` customer or null, `$3` and `$4` the cursor's key and id or null, `$5` the limit, then the list's own filters.
pub(crate) async fn list<T: DeserializeOwned>(
    client: &ReadClient,
    sql: &str,
    scope: Scope,
    paging: &Paging,
    filters: &[&(dyn ToSql + Sync)],
) -> Result<ListPage<T>, QueryError> {
    let statement = client.prepare_cached(sql).await?;
    let customer = scope.customer.map(|customer| customer.0);
    let (key, id) = paging.after.as_ref().map(|cursor| (cursor.key.as_str(), cursor.id)).unzip();
    let limit = i64::from(paging.first) + 1;
    let mut parameters: Vec<&(dyn ToSql + Sync)> = vec![&scope.organization.0, &customer, &key, &id, &limit];
    parameters.extend(filters);
    page(&client.query(&statement, &parameters).await?, paging)
}

/// The same for a list whose keys begin with the name of its sort: `$1` and `$2` as above, `$3` to `$5` null, then the list's
/// own filters, the sort, the cursor's key and id, the limit. A cursor of another sort is refused.
pub(crate) async fn list_by_key<T: DeserializeOwned>(
    client: &ReadClient,
    sql: &str,
    scope: Scope,
    paging: &Paging,
    (sort, filters): (&str, &[&(dyn ToSql + Sync)]),
) -> Result<ListPage<T>, QueryError> {
    let is_own = |cursor: &Cursor| cursor.key.split_once(':').is_some_and(|(of, _)| of == sort);
    if let Some(cursor) = paging.after.as_ref().filter(|cursor| !is_own(cursor)) {
        return Err(InvalidCursor(cursor.encode().chars().take(80).collect()).into());
    }
    let statement = client.prepare_cached(sql).await?;
    let customer = scope.customer.map(|customer| customer.0);
    let (key, id) = paging.after.as_ref().map(|cursor| (cursor.key.as_str(), cursor.id)).unzip();
    let limit = i64::from(paging.first) + 1;
    let (no_key, no_id, no_limit) = (None::<String>, None::<Uuid>, None::<i64>);
    let mut parameters: Vec<&(dyn ToSql + Sync)> = vec![&scope.organization.0, &customer, &no_key, &no_id, &no_limit];
    parameters.extend(filters);
    let own: [&(dyn ToSql + Sync); 4] = [&sort, &key, &id, &limit];
    parameters.extend(own);
    page(&client.query(&statement, &parameters).await?, paging)
}

fn page<T: DeserializeOwned>(rows: &[Row], paging: &Paging) -> Result<ListPage<T>, QueryError> {
    let has_next = rows.len() > usize::from(paging.first);
    let items = rows.iter().take(usize::from(paging.first)).map(|row| {
        let cursor = Cursor { key: row.get(0), id: row.get(1) };
        Ok((cursor, value(row, 2)?))
    });
    Ok(ListPage { items: items.collect::<Result<_, QueryError>>()?, has_next })
}

fn value<T: DeserializeOwned>(row: &Row, column: usize) -> Result<T, QueryError> {
    let Json(value): Json<Value> = row.get(column);
    Ok(serde_json::from_value(value)?)
}
