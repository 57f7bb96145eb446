//! A tree in tiles of 256 hashes (C2SP's tlog-tiles): a tile of level 0 has hashes of leaves, and one of the next level the hashes of
//! whole tiles. A tile that is full never changes.

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;

use crate::hash::Hash;
use crate::tree::{NodeId, Nodes};

/// How many hashes a tile holds.
pub const WIDTH: usize = 256;
/// Levels of nodes in a tile.
const HEIGHT: u32 = 8;
/// Above it there is no tile in a tree of 2^63 leaves.
const MAX_LEVEL: u8 = 7;

/// Where a tile stands in its tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TileId {
    pub level: u8,
    pub number: u64,
}

/// A tile's address below the tree's: `0/x001/234`, `0/000.p/17`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TilePath {
    pub id: TileId,
    /// how many hashes, from 1 to 256
    pub width: usize,
}

/// A text that is no address of a tile.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a tile: use LEVEL/NUMBER in groups of three digits, as 0/x001/234 or 0/000.p/17")]
pub struct InvalidTilePath(String);

impl TilePath {
    /// Of all tiles of a tree, the lowest first.
    pub fn all_of(size: u64) -> impl Iterator<Item = TilePath> {
        let levels = (0..=MAX_LEVEL).map(move |level| (level, size >> (HEIGHT * u32::from(level))));
        levels.take_while(|(_, hashes)| *hashes > 0).flat_map(|(level, hashes)| {
            let full = hashes / WIDTH as u64;
            let rest = (hashes % WIDTH as u64) as usize;
            let whole = (0..full).map(move |number| TilePath { id: TileId { level, number }, width: WIDTH });
            whole.chain((rest > 0).then_some(TilePath { id: TileId { level, number: full }, width: rest }))
        })
    }
}

impl fmt::Display for TilePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let TileId { level, number } = self.id;
        write!(f, "{level}/")?;
        let mut groups = vec![number % 1000];
        let mut rest = number / 1000;
        while rest > 0 {
            groups.push(rest % 1000);
            rest /= 1000;
        }
        while let Some(group) = groups.pop() {
            match groups.is_empty() {
                true => write!(f, "{group:03}")?,
                false => write!(f, "x{group:03}/")?,
            }
        }
        if self.width < WIDTH {
            write!(f, ".p/{}", self.width)?;
        }
        Ok(())
    }
}

impl FromStr for TilePath {
    type Err = InvalidTilePath;

    fn from_str(text: &str) -> Result<Self, InvalidTilePath> {
        let parsed = parse(text).filter(|path| path.to_string() == text);
        parsed.ok_or_else(|| InvalidTilePath(text.chars().take(60).collect()))
    }
}

fn parse(text: &str) -> Option<TilePath> {
    let (level, rest) = text.split_once('/')?;
    let level = level.parse().ok().filter(|level| *level <= MAX_LEVEL)?;
    let (numbers, width) = match rest.split_once(".p/") {
        Some((numbers, width)) => (numbers, width.parse().ok().filter(|width| (1..WIDTH).contains(width))?),
        None => (rest, WIDTH),
    };
    let mut number = 0_u64;
    for group in numbers.split('/') {
        let group: u64 = group.strip_prefix('x').unwrap_or(group).parse().ok()?;
        number = number.checked_mul(1000)?.checked_add(group)?;
    }
    Some(TilePath { id: TileId { level, number }, width })
}

/// Tiles at hand, in which nodes are found.
#[derive(Debug, Clone, Default)]
pub struct Tiles(HashMap<TileId, Vec<Hash>>);

impl Tiles {
    pub fn put(&mut self, id: TileId, hashes: Vec<Hash>) {
        self.0.insert(id, hashes);
    }

    /// A hash at the end of a tile, which begins with it if there is none.
    pub fn append(&mut self, id: TileId, hash: Hash) {
        self.0.entry(id).or_default().push(hash);
    }

    pub fn get(&self, id: TileId) -> Option<&[Hash]> {
        self.0.get(&id).map(Vec::as_slice)
    }
}

/// The tile that has a node's hash, or those that it is made of.
pub fn tile_of(node: NodeId) -> TileId {
    let (level, below) = (node.level / HEIGHT, node.level % HEIGHT);
    TileId { level: level as u8, number: (node.number << below) / WIDTH as u64 }
}

impl Nodes for Tiles {
    fn node(&self, id: NodeId) -> Option<Hash> {
        let below = id.level % HEIGHT;
        let first = ((id.number << below) % WIDTH as u64) as usize;
        let hashes = self.get(tile_of(id))?.get(first..first + (1 << below))?;
        Some(perfect(hashes))
    }
}

/// The node over a power of two of nodes that stand beside each other.
pub fn perfect(hashes: &[Hash]) -> Hash {
    match hashes {
        [one] => *one,
        _ => {
            let (left, right) = hashes.split_at(hashes.len() / 2);
            Hash::of_node(perfect(left), perfect(right))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tile_has_the_address_of_the_standard() {
        let path = |level, number, width| TilePath { id: TileId { level, number }, width };
        for (tile, text) in [
            (path(0, 0, 256), "0/000"),
            (path(1, 5, 256), "1/005"),
            (path(0, 1_234_067, 256), "0/x001/x234/067"),
            (path(2, 0, 17), "2/000.p/17"),
            (path(0, 1000, 1), "0/x001/000.p/1"),
        ] {
            assert_eq!(tile.to_string(), text);
            assert_eq!(text.parse(), Ok(tile));
        }
        for bad in [
            "",
            "0",
            "0/",
            "0/0",
            "0/00",
            "8/000",
            "0/000.p/0",
            "0/000.p/256",
            "0/001/000",
            "0/x000/001",
            "a/000",
            "0/-01",
        ] {
            assert!(bad.parse::<TilePath>().is_err(), "{bad}");
        }
        assert!("0/x018/x446/x744/x073/x709/x551/616".parse::<TilePath>().is_err(), "beyond 64 bits");
    }

    #[test]
    fn the_tiles_of_a_tree() {
        let all = |size| TilePath::all_of(size).map(|path| path.to_string()).collect::<Vec<_>>();
        assert_eq!(all(0), Vec::<String>::new());
        assert_eq!(all(1), ["0/000.p/1"]);
        assert_eq!(all(256), ["0/000", "1/000.p/1"]);
        assert_eq!(all(70_000).len(), 273 + 1 + 1 + 1 + 1);
    }
}
