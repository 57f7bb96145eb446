//! A tree of hashes over leaves that are only ever added at its end (RFC 6962). Whoever has a root, which a checkpoint signs, can be
//! shown that a leaf is in the tree, and that an earlier root is of the same tree when it was smaller.

use ct_merkle::{ConsistencyProof, InclusionProof, RootHash};
use ct_merkle::{indices_for_consistency_proof, indices_for_inclusion_proof};
use sha2::Sha256;

use crate::hash::Hash;

/// A node over 2^`level` leaves, all of which are there: the leaves `number`·2^`level` and those behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId {
    /// 0 is a leaf's
    pub level: u32,
    pub number: u64,
}

/// What knows the hashes of nodes.
pub trait Nodes {
    /// Of a node that is complete; nothing if it is not known.
    fn node(&self, id: NodeId) -> Option<Hash>;
}

/// A node that a proof needs is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the hash of {} leaves from leaf {} on is not there", 1_u64 << .0.level, .0.number << .0.level)]
pub struct MissingNode(pub NodeId);

/// How a proof does not show what it should.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotProven {
    #[error("leaf {index} is not in a tree of {size} leaves")]
    OutOfRange { index: u64, size: u64 },
    #[error("the proof leads to another root than that of the tree of {size} leaves")]
    AnotherRoot { size: u64 },
    #[error("a tree of {size} leaves cannot go on from one of {old}")]
    Shrunk { old: u64, size: u64 },
    #[error(
        "the tree of {size} leaves does not go on from that of {old} leaves: one of both was made with other leaves"
    )]
    Forked { old: u64, size: u64 },
}

/// The first leaves of a history, as one hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Root {
    /// how many leaves
    pub size: u64,
    pub hash: Hash,
}

impl Root {
    pub fn of(size: u64, nodes: &impl Nodes) -> Result<Self, MissingNode> {
        if size == 0 {
            return Ok(Self { size, hash: Hash::of_nothing() });
        }
        Ok(Self { size, hash: range(0, size, nodes)? })
    }

    /// That the leaf of this hash stands at the index. The hashes are those of `inclusion`.
    pub fn includes(&self, index: u64, leaf: &[u8], proof: &[Hash]) -> Result<(), NotProven> {
        if index >= self.size {
            return Err(NotProven::OutOfRange { index, size: self.size });
        }
        let proof = InclusionProof::<Sha256>::from_bytes(Hash::bytes_of(proof));
        let verified = self.ours().verify_inclusion(&leaf, index, &proof);
        verified.map_err(|_| NotProven::AnotherRoot { size: self.size })
    }

    /// That this tree has the leaves of the old one, and then more. The hashes are those of `consistency`.
    pub fn goes_on_from(&self, old: &Root, proof: &[Hash]) -> Result<(), NotProven> {
        let (size, old_size) = (self.size, old.size);
        if old_size > size {
            return Err(NotProven::Shrunk { old: old_size, size });
        }
        let is_same = || if self == old { Ok(()) } else { Err(NotProven::Forked { old: old_size, size }) };
        match old_size {
            0 if old.hash == Hash::of_nothing() => return Ok(()),
            0 => return Err(NotProven::Forked { old: old_size, size }),
            _ if old_size == size => return is_same(),
            _ => {}
        }
        let proof = ConsistencyProof::<Sha256>::try_from_bytes(Hash::bytes_of(proof)).expect("whole hashes");
        let verified = self.ours().verify_consistency(&old.ours(), &proof);
        verified.map_err(|_| NotProven::Forked { old: old_size, size })
    }

    fn ours(&self) -> RootHash<Sha256> {
        RootHash::new(self.hash.0.into(), self.size)
    }
}

/// The hashes beside the way from a leaf to the root. The index is below the size.
pub fn inclusion(index: u64, size: u64, nodes: &impl Nodes) -> Result<Vec<Hash>, MissingNode> {
    indices_for_inclusion_proof(size, index).into_iter().map(|at| of_array_index(at, size, nodes)).collect()
}

/// The hashes from which both roots follow. The old size is not above the size.
pub fn consistency(old: u64, size: u64, nodes: &impl Nodes) -> Result<Vec<Hash>, MissingNode> {
    if old == 0 || old == size {
        return Ok(vec![]);
    }
    indices_for_consistency_proof(old, size - old).into_iter().map(|at| of_array_index(at, size, nodes)).collect()
}

/// The nodes of a tree in an array: a leaf at each even index, and a node's level is the number of ones at its index's end.
fn of_array_index(index: u64, size: u64, nodes: &impl Nodes) -> Result<Hash, MissingNode> {
    let level = index.trailing_ones();
    let first = (index >> (level + 1)) << level;
    range(first, size.min(first + (1 << level)), nodes)
}

/// The hash over the leaves from one up to another, as a node of the tree has it; `from` divides by the next power of two.
fn range(from: u64, to: u64, nodes: &impl Nodes) -> Result<Hash, MissingNode> {
    let count = to - from;
    if count.is_power_of_two() {
        let level = count.trailing_zeros();
        let id = NodeId { level, number: from >> level };
        return nodes.node(id).ok_or(MissingNode(id));
    }
    let left = 1 << count.ilog2();
    Ok(Hash::of_node(range(from, from + left, nodes)?, range(from + left, to, nodes)?))
}
