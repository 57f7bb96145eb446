//! The right edge of a tree, to which leaves are added: of each level the tile that is not full yet. It is all that growing needs.

use crate::hash::Hash;
use crate::tile::{TileId, Tiles, WIDTH, perfect};
use crate::tree::{MissingNode, NodeId, Nodes, Root};

/// A tree that grows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Edge {
    size: u64,
    /// of each level the hashes of the tile that is not full, the lowest first
    open: Vec<Vec<Hash>>,
}

/// The tiles of an edge are not those of a tree of that size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the tiles at the end of a tree of {size} leaves are not there as they should be")]
pub struct BadEdge {
    size: u64,
}

impl Edge {
    /// The tiles at the end of a tree of this size that are not full.
    pub fn tiles_of(size: u64) -> Vec<(TileId, usize)> {
        let mut tiles = vec![];
        let (mut level, mut hashes) = (0, size);
        while hashes > 0 {
            let (number, rest) = (hashes / WIDTH as u64, (hashes % WIDTH as u64) as usize);
            if rest > 0 {
                tiles.push((TileId { level, number }, rest));
            }
            (level, hashes) = (level + 1, number);
        }
        tiles
    }

    /// The edge of a tree whose open tiles are there.
    pub fn of(size: u64, tiles: &Tiles) -> Result<Self, BadEdge> {
        let mut open: Vec<Vec<Hash>> = vec![];
        for (id, width) in Self::tiles_of(size) {
            let hashes = tiles.get(id).and_then(|hashes| hashes.get(..width)).ok_or(BadEdge { size })?;
            open.resize(usize::from(id.level) + 1, vec![]);
            open[usize::from(id.level)] = hashes.to_vec();
        }
        Ok(Self { size, open })
    }

    pub fn size(&self) -> u64 {
        self.size
    }

    /// Adds a leaf, and tells of each tile what comes to its end.
    pub fn push(&mut self, leaf: Hash, mut grows: impl FnMut(TileId, Hash)) {
        let (mut hash, mut number) = (leaf, self.size);
        self.size += 1;
        for level in 0_u8.. {
            if self.open.len() <= usize::from(level) {
                self.open.push(Vec::with_capacity(WIDTH));
            }
            let open = &mut self.open[usize::from(level)];
            number /= WIDTH as u64;
            grows(TileId { level, number }, hash);
            open.push(hash);
            if open.len() < WIDTH {
                return;
            }
            hash = perfect(open);
            open.clear();
        }
    }

    pub fn root(&self) -> Root {
        Root::of(self.size, self).unwrap_or_else(|MissingNode(id)| unreachable!("{id:?} is at the edge"))
    }
}

impl Nodes for Edge {
    /// The complete nodes from which the root follows: those that begin in an open tile.
    fn node(&self, id: NodeId) -> Option<Hash> {
        let (level, below) = ((id.level / 8) as usize, id.level % 8);
        let first = ((id.number << below) % WIDTH as u64) as usize;
        self.open.get(level)?.get(first..first + (1 << below)).map(perfect)
    }
}

#[cfg(test)]
mod tests;
