//! The row that says how far a follower is and which hub leads: of `read.checkpoint` for a group of projections, of
//! `ops.policy` for a policy. Both tables have these columns; the search path of the pool finds them.

use std::fmt;
use std::sync::Arc;

use deadpool_postgres::Pool;
use distr_eventlog::Position;
use uuid::Uuid;

use super::halt::Halt;
use super::lease::{LEASE, Lease};
use super::progress::{Progress, Publisher};
use crate::error::ProjectionError;
use crate::schema::SHAPE;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Projection,
    Policy,
}

/// One row, as this hub sees it. Clones are the same.
#[derive(Clone)]
pub struct Checkpoint(Arc<Row>);

struct Row {
    kind: Kind,
    name: &'static str,
    pool: Pool,
    owner: Uuid,
    publisher: Publisher,
}

/// What a look at the row says.
pub(super) struct Standing {
    /// no hub leads
    pub(super) is_free: bool,
    pub(super) has_error: bool,
}

impl Kind {
    pub(super) const fn table(self) -> &'static str {
        match self {
            Self::Projection => "checkpoint",
            Self::Policy => "policy",
        }
    }

    pub(super) const fn key(self) -> &'static str {
        match self {
            Self::Projection => "group_name",
            Self::Policy => "name",
        }
    }

    /// A generation of read models of another program's shape is not this one's to fill; policies have no shape.
    const fn shape(self) -> &'static str {
        match self {
            Self::Projection => "(SELECT shape FROM shape)",
            Self::Policy => "$2::integer",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Projection => "projection",
            Self::Policy => "policy",
        })
    }
}

impl Checkpoint {
    /// `owner` is this process; no two have the same.
    pub fn new(kind: Kind, name: &'static str, pool: Pool, owner: Uuid) -> Self {
        Self(Arc::new(Row { kind, name, pool, owner, publisher: Publisher::new() }))
    }

    pub(super) fn kind(&self) -> Kind {
        self.0.kind
    }

    pub(super) fn name(&self) -> &'static str {
        self.0.name
    }

    pub(super) fn owner(&self) -> Uuid {
        self.0.owner
    }

    pub(super) fn pool(&self) -> &Pool {
        &self.0.pool
    }

    pub(super) fn progress(&self) -> Progress {
        self.0.publisher.progress()
    }

    pub(super) fn position(&self) -> Position {
        self.0.publisher.position()
    }

    pub(super) fn publish(&self, position: Position) {
        self.0.publisher.publish(position);
    }

    pub(super) fn count_failure(&self) {
        let name = self.name();
        match self.kind() {
            Kind::Projection => metrics::counter!("distr_projection_failures_total", "group" => name).increment(1),
            Kind::Policy => metrics::counter!("distr_policy_failures_total", "policy" => name).increment(1),
        }
    }

    /// How far the leader is, and whether there is one.
    pub(super) async fn look(&self) -> Result<Standing, Halt> {
        let (kind, client) = (self.kind(), self.pool().get().await?);
        let sql = format!(
            "SELECT position, coalesce(lease_until < clock_timestamp(), true), error IS NOT NULL, {}
             FROM {} WHERE {} = $1 AND $2::integer IS NOT NULL",
            kind.shape(),
            kind.table(),
            kind.key()
        );
        let row = client.query_one(&sql, &[&self.name(), &SHAPE]).await?;
        self.publish(position_at(&row, 0));
        match row.get(3) {
            SHAPE => Ok(Standing { is_free: row.get(1), has_error: row.get(2) }),
            live => Err(ProjectionError::OtherShape { live, own: SHAPE }.into()),
        }
    }

    /// Leads if nobody does. A new epoch shuts out whoever led before.
    pub(super) async fn acquire(&self) -> Result<Option<Lease>, Halt> {
        let (kind, client) = (self.kind(), self.pool().get().await?);
        let sql = format!(
            "UPDATE {} SET owner = $3, epoch = epoch + 1, lease_until = clock_timestamp() + make_interval(secs => $4)
             WHERE {} = $1 AND {} = $2 AND coalesce(lease_until < clock_timestamp(), true)
             RETURNING position, epoch",
            kind.table(),
            kind.key(),
            kind.shape()
        );
        let row = client.query_opt(&sql, &[&self.name(), &SHAPE, &self.owner(), &LEASE.as_secs_f64()]).await?;
        Ok(row.map(|row| Lease::new(self.clone(), position_at(&row, 0), row.get(1))))
    }
}

fn position_at(row: &tokio_postgres::Row, column: usize) -> Position {
    Position::of_number(row.get::<_, i64>(column) as u64)
}
