//! Lists as Relay connections (GraphQL Cursor Connections Specification), forward only.

use async_graphql::OutputType;
use async_graphql::connection::{Connection, Edge};
use distr_projections::{Cursor, ListPage, Paging, QueryError};

use crate::failure::Failure;

pub(super) const DEFAULT_PAGE: u16 = 50;

pub(super) fn paging(first: Option<u16>, after: Option<String>) -> Result<Paging, Failure> {
    let first = first.unwrap_or(DEFAULT_PAGE);
    if !(1..=Paging::MAX).contains(&first) {
        return Err(Failure::BadInput(format!("first is {first}; use 1 to {}", Paging::MAX)));
    }
    let after = after.as_deref().map(Cursor::decode).transpose().map_err(QueryError::from)?;
    Ok(Paging::first(first).after(after))
}

pub(super) fn connection<R, T: OutputType>(page: ListPage<R>, node: impl Fn(R) -> T) -> Connection<String, T> {
    let mut connection = Connection::new(false, page.has_next);
    let edges = page.items.into_iter().map(|(cursor, row)| Edge::new(cursor.encode(), node(row)));
    connection.edges.extend(edges);
    connection
}

/// What a list costs: each item what is asked of it.
pub(super) fn cost(first: Option<u16>, child: usize) -> usize {
    usize::from(first.unwrap_or(DEFAULT_PAGE)).saturating_mul(child.max(1))
}
