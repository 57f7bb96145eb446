//! Whether two editions at the same positions say the same: a checksum for each table, in buckets of keys, so that a
//! difference is narrowed down to its rows without carrying the tables around.

use std::collections::BTreeMap;
use std::fmt;

use distr_eventlog::Position;
use tokio_postgres::Client;
use uuid::Uuid;

use crate::error::ProjectionError;
use crate::schema::{Edition, LIVE, NEXT};

/// Enough to see what kind of difference it is.
const NAMED_KEYS: usize = 20;
const BUCKETS_LOOKED_INTO: usize = 16;

/// A whole row as text, so that any difference in any column counts.
const CHECKSUM: &str = "hashtextextended(t::text, 0)";
/// The last byte of a key: of time-ordered keys the first ones are all the same.
const BUCKET: &str = "get_byte(uuid_send(id), 15)";

#[derive(Debug, Clone)]
pub struct Comparison {
    /// both stood here at least
    pub position: Position,
    pub tables: Vec<TableComparison>,
}

#[derive(Debug, Clone)]
pub struct TableComparison {
    pub table: String,
    pub live_rows: i64,
    pub new_rows: i64,
    /// of the new edition; equal ones have equal checksums
    pub checksum: String,
    /// the first few; none if the tables are equal
    pub differences: Vec<Difference>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    pub key: Uuid,
    pub kind: DifferenceKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DifferenceKind {
    OnlyLive,
    OnlyNew,
    Differs,
}

impl Comparison {
    pub fn is_equal(&self) -> bool {
        self.tables.iter().all(|table| table.differences.is_empty())
    }
}

impl fmt::Display for DifferenceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OnlyLive => "is only in the live edition",
            Self::OnlyNew => "is only in the new edition",
            Self::Differs => "differs",
        })
    }
}

/// By bucket: how many rows, and the sum of their checksums.
type Buckets = BTreeMap<i32, (i64, String)>;

pub(super) async fn compare(
    live: &Client,
    next: &Client,
    tables: impl Iterator<Item = String>,
    position: Position,
) -> Result<Comparison, ProjectionError> {
    let mut compared = vec![];
    for table in tables {
        compared.push(compare_table(live, next, &table).await?);
    }
    Ok(Comparison { position, tables: compared })
}

async fn compare_table(live: &Client, next: &Client, table: &str) -> Result<TableComparison, ProjectionError> {
    let (of_live, of_new) = tokio::try_join!(buckets(live, &LIVE, table), buckets(next, &NEXT, table))?;
    let differing: Vec<i32> = (0..=255).filter(|bucket| of_live.get(bucket) != of_new.get(bucket)).collect();
    let differences = match differing.is_empty() {
        true => vec![],
        false => differences(live, next, table, &differing[..differing.len().min(BUCKETS_LOOKED_INTO)]).await?,
    };
    let rows = |buckets: &Buckets| buckets.values().map(|(rows, _)| rows).sum();
    let sum = of_new.values().filter_map(|(_, sum)| sum.parse::<i128>().ok()).fold(0, i128::wrapping_add);
    Ok(TableComparison {
        table: table.to_owned(),
        live_rows: rows(&of_live),
        new_rows: rows(&of_new),
        checksum: format!("{:016x}", sum as u64),
        differences,
    })
}

async fn buckets(client: &Client, edition: &Edition, table: &str) -> Result<Buckets, ProjectionError> {
    let tables = edition.tables;
    let sql = format!("SELECT {BUCKET}, count(*), sum({CHECKSUM})::text FROM {tables}.{table} t GROUP BY 1");
    let rows = client.query(&sql, &[]).await?;
    Ok(rows.iter().map(|row| (row.get(0), (row.get(1), row.get(2)))).collect())
}

async fn differences(
    live: &Client,
    next: &Client,
    table: &str,
    buckets: &[i32],
) -> Result<Vec<Difference>, ProjectionError> {
    let (of_live, of_new) = tokio::try_join!(rows(live, &LIVE, table, buckets), rows(next, &NEXT, table, buckets))?;
    let keys: std::collections::BTreeSet<Uuid> = of_live.keys().chain(of_new.keys()).copied().collect();
    let differences = keys.into_iter().filter_map(|key| {
        let kind = match (of_live.get(&key), of_new.get(&key)) {
            (Some(_), None) => DifferenceKind::OnlyLive,
            (None, Some(_)) => DifferenceKind::OnlyNew,
            (live, new) if live != new => DifferenceKind::Differs,
            _ => return None,
        };
        Some(Difference { key, kind })
    });
    Ok(differences.take(NAMED_KEYS).collect())
}

async fn rows(
    client: &Client,
    edition: &Edition,
    table: &str,
    buckets: &[i32],
) -> Result<BTreeMap<Uuid, String>, ProjectionError> {
    let tables = edition.tables;
    let sql = format!("SELECT id, sum({CHECKSUM})::text FROM {tables}.{table} t WHERE {BUCKET} = ANY($1) GROUP BY id");
    let rows = client.query(&sql, &[&buckets]).await?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
}
