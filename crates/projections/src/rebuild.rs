//! Makes the read models anew from the log, beside the live edition, which serves and is written on meanwhile:
//!
//! 1. replay up to where the live runners stand, all groups in one pass (a run that was ended goes on where it stood), and
//!    only then make the indexes that queries need;
//! 2. take a snapshot of the live edition, bring the new one to the very same positions, compare table by table;
//! 3. fence the runners off, apply the last few entries, rename: one transaction, and the pause is no longer than that;
//! 4. drop the old edition.
//!
//! The connection that writes holds the lock that lets only one rebuild run, so that whoever has lost the lock cannot write.

mod compare;
mod lock;
mod replay;
mod swap;

use std::sync::Arc;
use std::time::Duration;

use distr_eventlog::{EventLog, Position};
use distr_postgres::Address;
use tokio_postgres::Client;
use tokio_postgres::error::SqlState;

use crate::error::ProjectionError;
use crate::group::groups;
use crate::schema::{LIVE, NEXT, SHAPE, connect, create, defer_indexes, make_deferred_indexes, prepare_live, shape_of};
use replay::{Builder, Positions};

pub use compare::{Comparison, Difference, DifferenceKind, TableComparison};
pub use lock::cancel;

/// Fewer entries than this behind the live edition, and the rest is applied within the swap.
const TAIL: u64 = 1_000;
/// Looks at where the live runners stand; each leaves less to do than the one before.
const CATCH_UPS: usize = 20;

#[derive(Debug, Clone, Copy, Default)]
pub struct RebuildOptions {
    /// Throws away what an earlier run that was ended has made.
    pub restart: bool,
    /// Swaps although the new edition says something else than the live one: when a bug was fixed.
    pub accept_differences: bool,
    /// Waits for a rebuild that runs already, rather than refusing.
    pub wait: bool,
}

/// What a rebuild is doing, for whoever watches.
#[derive(Debug)]
pub enum Step<'a> {
    /// A half-built edition was found; it stands here.
    Resumed(Position),
    /// Entries applied by this run; every group stands at `done` or further.
    Building {
        done: Position,
        head: Position,
        applied: u64,
    },
    Comparing,
    Compared(&'a Comparison),
    /// How long the live runners were held up.
    Swapped(Duration),
}

#[derive(Debug)]
pub struct RebuildReport {
    /// every group of the new edition stood here at least
    pub position: Position,
    /// entries applied by this run
    pub applied: u64,
    /// none if the live edition has another shape: its rows say other things
    pub comparison: Option<Comparison>,
    /// nothing reads the old edition any more, and it is gone
    pub dropped: bool,
}

#[derive(Debug, thiserror::Error)]
pub enum RebuildError {
    #[error(transparent)]
    Projection(#[from] ProjectionError),
    #[error(
        "another rebuild is running (database process {process}); wait for it, or end it with `distr-hub rebuild --cancel`"
    )]
    Running { process: i32 },
    #[error(
        "the rebuild was ended by `--cancel`, or because Postgres stopped; what it has made is kept, and the next one \
         goes on from there"
    )]
    Ended,
    #[error("the new edition differs from the live one")]
    Differs(Comparison),
    #[error(
        "the live read models have shape {live}, and this program makes shape {SHAPE}: they cannot be compared; rebuild them"
    )]
    OtherShape { live: i32 },
}

impl RebuildError {
    /// The server ended the connection.
    fn is_end(&self) -> bool {
        match self {
            Self::Projection(ProjectionError::Database(error)) => error.code() == Some(&SqlState::ADMIN_SHUTDOWN),
            _ => false,
        }
    }
}

impl From<tokio_postgres::Error> for RebuildError {
    fn from(error: tokio_postgres::Error) -> Self {
        ProjectionError::from(error).into()
    }
}

/// Builds, compares, swaps, drops.
pub async fn rebuild(
    database: &Address,
    log: Arc<dyn EventLog>,
    options: RebuildOptions,
    mut told: impl FnMut(Step<'_>) + Send,
) -> Result<RebuildReport, RebuildError> {
    let mut client = locked(database, options.wait).await?;
    begin(&mut client, options, &mut told).await?;
    let outcome = build_and_swap(database, &mut client, log, options, &mut told).await;
    lock::release(&client).await;
    outcome.map_err(|error| if client.is_closed() || error.is_end() { RebuildError::Ended } else { error })
}

/// Builds and compares; the live edition stays. What was built goes, unless it differs: then it stays to be looked at.
pub async fn verify(
    database: &Address,
    log: Arc<dyn EventLog>,
    options: RebuildOptions,
    mut told: impl FnMut(Step<'_>) + Send,
) -> Result<Comparison, RebuildError> {
    let mut client = locked(database, options.wait).await?;
    begin(&mut client, options, &mut told).await?;
    let outcome = build_and_compare(database, &mut client, log, &mut told).await;
    lock::release(&client).await;
    outcome.map_err(|error| if client.is_closed() || error.is_end() { RebuildError::Ended } else { error })
}

/// Brings the live edition to this program's shape, unless another hub has done it meanwhile.
pub async fn reshape(
    database: &Address,
    log: Arc<dyn EventLog>,
    mut told: impl FnMut(Step<'_>) + Send,
) -> Result<Option<RebuildReport>, RebuildError> {
    let options = RebuildOptions { wait: true, ..RebuildOptions::default() };
    let mut client = locked(database, options.wait).await?;
    if shape_of(&client, &LIVE).await? == Some(SHAPE) {
        return Ok(None);
    }
    begin(&mut client, options, &mut told).await?;
    let outcome = build_and_swap(database, &mut client, log, options, &mut told).await;
    lock::release(&client).await;
    outcome.map(Some)
}

async fn locked(database: &Address, wait: bool) -> Result<Client, RebuildError> {
    let mut client = connect(database).await?;
    lock::take(&client, wait).await?;
    prepare_live(&mut client).await?;
    Ok(client)
}

/// Finds or makes the edition to be built.
async fn begin(
    client: &mut Client,
    options: RebuildOptions,
    told: &mut (impl FnMut(Step<'_>) + Send),
) -> Result<(), ProjectionError> {
    swap::drop_old(client).await?;
    let usable = !options.restart && shape_of(client, &NEXT).await? == Some(SHAPE);
    if !usable || is_ahead(client).await? {
        renew(client).await?;
    }
    NEXT.look_into(client).await?;
    let at = Positions::of(client, &NEXT).await?.least();
    if at > Position::START {
        told(Step::Resumed(at));
    }
    Ok(())
}

/// A half-built edition that the live one has not reached can no longer be compared with it.
async fn is_ahead(client: &Client) -> Result<bool, ProjectionError> {
    let (live, next) = (Positions::of(client, &LIVE).await?, Positions::of(client, &NEXT).await?);
    Ok(next.iter().any(|(group, at)| at > live.of_group(group)))
}

async fn renew(client: &mut Client) -> Result<(), ProjectionError> {
    let transaction = client.transaction().await?;
    NEXT.discard(&transaction).await?;
    create(&transaction, &NEXT).await?;
    defer_indexes(&transaction, &NEXT).await?;
    transaction.commit().await?;
    Ok(())
}

async fn build_and_swap(
    database: &Address,
    client: &mut Client,
    log: Arc<dyn EventLog>,
    options: RebuildOptions,
    told: &mut (impl FnMut(Step<'_>) + Send),
) -> Result<RebuildReport, RebuildError> {
    let groups = groups(client).await?;
    let mut builder = Builder::new(client, log.clone(), &groups).await?;
    catch_up(&mut builder, told).await?;
    make_deferred_indexes(builder.client, &NEXT).await?;
    let comparison = match shape_of(builder.client, &LIVE).await? {
        Some(SHAPE) => Some(compare(database, &mut builder, told).await?),
        _ => None,
    };
    if let Some(comparison) = &comparison
        && !comparison.is_equal()
        && !options.accept_differences
    {
        return Err(RebuildError::Differs(comparison.clone()));
    }
    let followed = is_followed(builder.client).await?;
    match followed {
        true => catch_up(&mut builder, told).await?,
        // no hub would do the rest
        false => {
            let head = log.head().await.map_err(ProjectionError::from)?;
            builder.replay_to(&Positions::everywhere(&groups, head), told).await?;
        }
    }
    let (position, pause) = swap::swap(&mut builder).await?;
    let applied = builder.applied;
    told(Step::Swapped(pause));
    let dropped = swap::drop_when_unread(client, followed).await?;
    Ok(RebuildReport { position, applied, comparison, dropped })
}

async fn build_and_compare(
    database: &Address,
    client: &mut Client,
    log: Arc<dyn EventLog>,
    told: &mut (impl FnMut(Step<'_>) + Send),
) -> Result<Comparison, RebuildError> {
    match shape_of(client, &LIVE).await? {
        Some(SHAPE) => {}
        live => return Err(RebuildError::OtherShape { live: live.unwrap_or_default() }),
    }
    let groups = groups(client).await?;
    let mut builder = Builder::new(client, log, &groups).await?;
    catch_up(&mut builder, told).await?;
    make_deferred_indexes(builder.client, &NEXT).await?;
    let comparison = compare(database, &mut builder, told).await?;
    if comparison.is_equal() {
        NEXT.discard(client).await?;
    }
    Ok(comparison)
}

/// Whether a hub keeps the live edition up with the log.
async fn is_followed(client: &Client) -> Result<bool, ProjectionError> {
    let sql = format!("SELECT EXISTS (SELECT FROM {}.checkpoint WHERE lease_until > clock_timestamp())", LIVE.tables);
    Ok(client.query_one(&sql, &[]).await?.get(0))
}

/// Until only a little is left that the live runners have applied.
async fn catch_up(builder: &mut Builder<'_>, told: &mut (impl FnMut(Step<'_>) + Send)) -> Result<(), RebuildError> {
    for _ in 0..CATCH_UPS {
        let live = Positions::of(builder.client, &LIVE).await?;
        if builder.positions().await?.behind(&live) <= TAIL {
            break;
        }
        builder.replay_to(&live, told).await?;
    }
    Ok(())
}

/// Rows and checkpoints change together, so a snapshot of the live edition stands at exact positions while its runners
/// go on.
async fn compare(
    database: &Address,
    builder: &mut Builder<'_>,
    told: &mut (impl FnMut(Step<'_>) + Send),
) -> Result<Comparison, RebuildError> {
    let mut live = connect(database).await?;
    let snapshot = live
        .build_transaction()
        .isolation_level(tokio_postgres::IsolationLevel::RepeatableRead)
        .read_only(true)
        .start()
        .await?;
    let positions = Positions::of(snapshot.client(), &LIVE).await?;
    builder.replay_to(&positions, told).await?;
    told(Step::Comparing);
    let tables = builder.groups.iter().flat_map(|group| group.tables.iter().flat_map(|table| table.names()));
    let comparison = compare::compare(snapshot.client(), builder.client, tables, positions.least()).await?;
    told(Step::Compared(&comparison));
    Ok(comparison)
}
