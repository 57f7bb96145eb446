use ct_merkle::mem_backed_tree::MemoryBackedTree;
use proptest::prelude::*;
use sha2::Sha256;

use super::*;
use crate::tile::TilePath;
use crate::tree::{NotProven, consistency, inclusion};

/// A tree of these leaves, as a hub keeps it, grown in steps: each time from nothing but its tiles.
fn tiles_of(leaves: &[Vec<u8>], step: usize) -> (Tiles, Edge) {
    let (mut tiles, mut edge) = (Tiles::default(), Edge::default());
    for leaves in leaves.chunks(step) {
        edge = Edge::of(edge.size(), &tiles).expect("the edge is among the tiles");
        for leaf in leaves {
            edge.push(Hash::of_leaf(leaf), |id, hash| tiles.append(id, hash));
        }
    }
    (tiles, edge)
}

fn leaves(count: usize) -> Vec<Vec<u8>> {
    (0..count).map(|number| number.to_be_bytes().to_vec()).collect()
}

fn root_of_the_library(leaves: &[Vec<u8>]) -> Root {
    let mut tree = MemoryBackedTree::<Sha256, Vec<u8>>::new();
    leaves.iter().for_each(|leaf| tree.push(leaf.clone()));
    Root { size: leaves.len() as u64, hash: Hash((*tree.root().as_bytes()).into()) }
}

#[test]
fn an_edge_has_the_root_of_the_standard() {
    for count in [0, 1, 2, 3, 255, 256, 257, 511, 512, 513, 1000, 65_535, 65_536, 65_537, 66_000] {
        let leaves = leaves(count);
        let (tiles, edge) = tiles_of(&leaves, 977);
        let expected = root_of_the_library(&leaves);
        assert_eq!(edge.root(), expected, "{count} leaves");
        assert_eq!(Root::of(count as u64, &tiles), Ok(expected), "{count} leaves");
        let widths = TilePath::all_of(count as u64).map(|tile| (tile.id, tile.width));
        assert!(widths.into_iter().all(|(id, width)| tiles.get(id).is_some_and(|hashes| hashes.len() == width)));
    }
}

proptest! {
    #[test]
    fn what_is_there_is_proven_and_nothing_else(count in 1..700_usize, at in 0..700_usize, old in 0..700_usize) {
        let (at, old) = (at % count, old % (count + 1));
        let leaves = leaves(count);
        let (tiles, edge) = tiles_of(&leaves, 100);
        let root = edge.root();

        let proof = inclusion(at as u64, count as u64, &tiles).unwrap();
        prop_assert_eq!(root.includes(at as u64, &leaves[at], &proof), Ok(()));
        prop_assert!(root.includes(at as u64, b"another", &proof).is_err());
        prop_assert!(root.includes(at as u64 + 1, &leaves[at], &proof).is_err());
        if let [first, ..] = proof[..] {
            let mut forged = proof.clone();
            forged[0] = Hash::of_node(first, first);
            prop_assert!(root.includes(at as u64, &leaves[at], &forged).is_err());
            prop_assert!(root.includes(at as u64, &leaves[at], &proof[1..]).is_err());
        }

        let earlier = root_of_the_library(&leaves[..old]);
        let proof = consistency(old as u64, count as u64, &tiles).unwrap();
        prop_assert_eq!(root.goes_on_from(&earlier, &proof), Ok(()));
        let mut others = leaves[..old].to_vec();
        if let Some(last) = others.last_mut() {
            *last = b"another".to_vec();
            prop_assert!(root.goes_on_from(&root_of_the_library(&others), &proof).is_err());
        }
        if old < count {
            prop_assert_eq!(
                earlier.goes_on_from(&root, &proof),
                Err(NotProven::Shrunk { old: count as u64, size: old as u64 })
            );
        }
    }
}

#[test]
fn a_node_that_is_missing_is_named() {
    let (tiles, _) = tiles_of(&leaves(300), 300);
    let without = {
        let mut few = Tiles::default();
        let id = TileId { level: 0, number: 1 };
        few.put(id, tiles.get(id).unwrap().to_vec());
        few
    };
    let missing = inclusion(260, 300, &without).unwrap_err();
    assert_eq!(missing.to_string(), "the hash of 256 leaves from leaf 0 on is not there");
}
