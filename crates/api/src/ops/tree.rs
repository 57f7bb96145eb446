//! Tables `ops.tree`, `ops.tree_tile`: the hashes of each organization's history, and where each leaf's entry stands in the log.

use deadpool_postgres::{GenericClient, Transaction};
use distr_domain::ids::OrganizationId;
use distr_eventlog::Position;
use distr_proof::hash::Hash;
use distr_proof::tile::{TileId, Tiles, WIDTH};
use tokio_postgres::Error;

/// What a tile gets at its end.
#[derive(Debug, Default)]
pub struct Growth {
    pub hashes: Vec<Hash>,
    /// of level 0, as many as hashes
    pub positions: Vec<i64>,
}

/// How many leaves the tree has; nobody else adds any until the transaction ends.
pub async fn lock_size(transaction: &Transaction<'_>, organization: OrganizationId) -> Result<u64, Error> {
    let make = "INSERT INTO ops.tree (organization) VALUES ($1) ON CONFLICT DO NOTHING";
    transaction.execute(&transaction.prepare_cached(make).await?, &[&organization.0]).await?;
    let lock = "SELECT size FROM ops.tree WHERE organization = $1 FOR UPDATE";
    let row = transaction.query_one(&transaction.prepare_cached(lock).await?, &[&organization.0]).await?;
    Ok(unsigned(row.get(0)))
}

pub async fn size(client: &impl GenericClient, organization: OrganizationId) -> Result<u64, Error> {
    let row = client.query_opt("SELECT size FROM ops.tree WHERE organization = $1", &[&organization.0]).await?;
    Ok(row.map_or(0, |row| unsigned(row.get(0))))
}

pub async fn set_size(transaction: &Transaction<'_>, organization: OrganizationId, size: u64) -> Result<(), Error> {
    let sql = "UPDATE ops.tree SET size = $2 WHERE organization = $1";
    let statement = transaction.prepare_cached(sql).await?;
    transaction.execute(&statement, &[&organization.0, &signed(size)]).await.map(drop)
}

/// Adds to a tile that has so many hashes before. The answer is false if it has not.
pub async fn grow(
    transaction: &Transaction<'_>,
    organization: OrganizationId,
    tile: TileId,
    before: usize,
    growth: &Growth,
) -> Result<bool, Error> {
    let sql = "INSERT INTO ops.tree_tile (organization, level, number, hashes, positions)
               SELECT $1, $2, $3, $4, $5 WHERE $6 = 0
                   OR EXISTS (SELECT FROM ops.tree_tile WHERE organization = $1 AND level = $2 AND number = $3)
               ON CONFLICT (organization, level, number) DO UPDATE
               SET hashes = tree_tile.hashes || excluded.hashes, positions = tree_tile.positions || excluded.positions
               WHERE octet_length(tree_tile.hashes) = $6";
    let statement = transaction.prepare_cached(sql).await?;
    let positions = (tile.level == 0).then_some(&growth.positions);
    let before = (before * Hash::BYTES) as i32;
    let (level, number, hashes) = (i16::from(tile.level), signed(tile.number), Hash::bytes_of(&growth.hashes));
    let grown =
        transaction.execute(&statement, &[&organization.0, &level, &number, &hashes, &positions, &before]).await?;
    Ok(grown == 1)
}

/// Those of the tiles that there are.
pub async fn tiles(client: &impl GenericClient, organization: OrganizationId, ids: &[TileId]) -> Result<Tiles, Error> {
    let sql = "SELECT tile.level, tile.number, tile.hashes
               FROM unnest($2::smallint[], $3::bigint[]) AS wanted (level, number)
               JOIN ops.tree_tile AS tile USING (level, number) WHERE tile.organization = $1";
    let levels: Vec<i16> = ids.iter().map(|id| id.level.into()).collect();
    let numbers: Vec<i64> = ids.iter().map(|id| signed(id.number)).collect();
    let statement = client.prepare_cached(sql).await?;
    let mut tiles = Tiles::default();
    for row in client.query(&statement, &[&organization.0, &levels, &numbers]).await? {
        let (level, number): (i16, i64) = (row.get(0), row.get(1));
        let id = TileId { level: level as u8, number: unsigned(number) };
        tiles.put(id, Hash::all_of(row.get(2)).unwrap_or_default());
    }
    Ok(tiles)
}

/// Where the entries of these leaves stand, from one up to another.
pub async fn positions(
    client: &impl GenericClient,
    organization: OrganizationId,
    from: u64,
    to: u64,
) -> Result<Vec<Position>, Error> {
    let sql = "SELECT number, positions FROM ops.tree_tile
               WHERE organization = $1 AND level = 0 AND number BETWEEN $2 AND $3 ORDER BY number";
    let width = WIDTH as u64;
    let (first, last) = (signed(from / width), signed(to.saturating_sub(1) / width));
    let mut found = vec![];
    for row in client.query(sql, &[&organization.0, &first, &last]).await? {
        let (number, positions): (i64, Vec<i64>) = (row.get(0), row.get(1));
        let leaves = (unsigned(number) * width..).zip(positions).filter(|(leaf, _)| (from..to).contains(leaf));
        found.extend(leaves.map(|(_, position)| Position::of_number(unsigned(position))));
    }
    Ok(found)
}

/// The leaf of the entry that stands there.
pub async fn leaf_at(
    client: &impl GenericClient,
    organization: OrganizationId,
    position: Position,
) -> Result<Option<u64>, Error> {
    let position = signed(position.number());
    let tiles = positions_from(client, organization, position).await?;
    let leaf = |(number, positions): (u64, Vec<i64>)| {
        positions.binary_search(&position).ok().map(|at| number * WIDTH as u64 + at as u64)
    };
    Ok(tiles.into_iter().find_map(leaf))
}

/// The first leaf whose entry stands behind this place.
pub async fn leaf_behind(
    client: &impl GenericClient,
    organization: OrganizationId,
    position: Position,
) -> Result<Option<u64>, Error> {
    let position = signed(position.number());
    let tiles = positions_from(client, organization, position).await?;
    let leaf = |(number, positions): (u64, Vec<i64>)| {
        let at = positions.partition_point(|found| *found <= position);
        (at < positions.len()).then_some(number * WIDTH as u64 + at as u64)
    };
    Ok(tiles.into_iter().find_map(leaf))
}

/// The tile of leaves that a position falls into, and the one behind it.
async fn positions_from(
    client: &impl GenericClient,
    organization: OrganizationId,
    position: i64,
) -> Result<Vec<(u64, Vec<i64>)>, Error> {
    let sql = "SELECT number, positions FROM ops.tree_tile
               WHERE organization = $1 AND level = 0 AND number >= coalesce(
                   (SELECT number FROM ops.tree_tile WHERE organization = $1 AND level = 0 AND positions[1] <= $2
                    ORDER BY positions[1] DESC LIMIT 1), 0)
               ORDER BY number LIMIT 2";
    let rows = client.query(sql, &[&organization.0, &position]).await?;
    Ok(rows.into_iter().map(|row| (unsigned(row.get(0)), row.get(1))).collect())
}

/// Organizations whose trees have grown since their last root was signed.
pub async fn unsigned_trees(client: &impl GenericClient) -> Result<Vec<OrganizationId>, Error> {
    let sql = "SELECT organization FROM ops.tree AS tree
               WHERE size > coalesce((SELECT max(size) FROM ops.signed_root AS root
                                      WHERE root.organization = tree.organization), 0)";
    Ok(client.query(sql, &[]).await?.into_iter().map(|row| OrganizationId(row.get(0))).collect())
}

fn unsigned(number: i64) -> u64 {
    number.unsigned_abs()
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
