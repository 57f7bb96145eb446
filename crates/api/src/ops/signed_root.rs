//! Table `ops.signed_root`: the checkpoints that were signed, for ever.

use chrono::{DateTime, Utc};
use deadpool_postgres::GenericClient;
use distr_domain::ids::OrganizationId;
use distr_proof::checkpoint::Checkpoint;
use tokio_postgres::{Error, Row};

use crate::failure::Failure;

#[derive(Debug, Clone)]
pub struct SignedRoot {
    pub checkpoint: Checkpoint,
    pub signed_at: DateTime<Utc>,
}

/// A root that nobody signed is none: earlier versions stored such roots while a rotation of the master key waited for a restart.
const IS_SIGNED: &str = "position(E'\n\u{2014} ' IN signed_root.checkpoint) > 0";

/// The one with the most leaves.
pub async fn last(client: &impl GenericClient, of: OrganizationId) -> Result<Option<SignedRoot>, Failure> {
    let sql = format!(
        "SELECT checkpoint, signed_at FROM ops.signed_root WHERE organization = $1 AND {IS_SIGNED} ORDER BY size DESC LIMIT 1"
    );
    client.query_opt(&sql, &[&of.0]).await?.map(signed_root).transpose()
}

fn signed_root(row: Row) -> Result<SignedRoot, Failure> {
    let text: &str = row.get(0);
    Ok(SignedRoot { checkpoint: text.parse().map_err(Failure::fault)?, signed_at: row.get(1) })
}

/// Of two that are signed at the same time with as many leaves, the first stays: both say the same.
pub async fn put(client: &impl GenericClient, of: OrganizationId, root: &SignedRoot) -> Result<(), Error> {
    let sql = format!(
        "INSERT INTO ops.signed_root (organization, size, checkpoint, signed_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (organization, size) DO UPDATE SET checkpoint = excluded.checkpoint, signed_at = excluded.signed_at
             WHERE NOT {IS_SIGNED}"
    );
    let SignedRoot { checkpoint, signed_at } = root;
    let size = i64::try_from(checkpoint.root.size).unwrap_or(i64::MAX);
    client.execute(&sql, &[&of.0, &size, &checkpoint.to_string(), signed_at]).await.map(drop)
}
