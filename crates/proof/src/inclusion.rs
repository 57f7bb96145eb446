//! A proof in one file that a leaf is in a history (C2SP's tlog-proof): the way from the leaf to a root, and the checkpoint of the root.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::checkpoint::{Checkpoint, InvalidCheckpoint};
use crate::hash::Hash;
use crate::note::VerifierKey;
use crate::tree::NotProven;

const HEADER: &str = "c2sp.org/tlog-proof@v1";
/// More hashes than any way has.
const MAX_HASHES: usize = 63;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InclusionFile {
    pub index: u64,
    /// the leaf's bytes, so that the file shows what it proves
    pub leaf: Vec<u8>,
    pub hashes: Vec<Hash>,
    pub checkpoint: Checkpoint,
}

/// Why a file proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidInclusion {
    #[error("this is not a proof: it has {HEADER:?}, the leaf, its index and hashes, an empty line, and a checkpoint")]
    Form,
    #[error(transparent)]
    Checkpoint(#[from] InvalidCheckpoint),
    #[error(transparent)]
    NotProven(#[from] NotProven),
}

impl InclusionFile {
    /// That its leaf is in the history of whoever has the key.
    pub fn verify(&self, key: &VerifierKey) -> Result<(), InvalidInclusion> {
        Checkpoint::verified(&self.checkpoint.to_string(), key)?;
        Ok(self.checkpoint.root.includes(self.index, &self.leaf, &self.hashes)?)
    }
}

impl fmt::Display for InclusionFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{HEADER}\nextra {}\nindex {}", STANDARD.encode(&self.leaf), self.index)?;
        for hash in &self.hashes {
            writeln!(f, "{hash}")?;
        }
        write!(f, "\n{}", self.checkpoint)
    }
}

impl FromStr for InclusionFile {
    type Err = InvalidInclusion;

    fn from_str(text: &str) -> Result<Self, InvalidInclusion> {
        let (proof, checkpoint) = text.split_once("\n\n").ok_or(InvalidInclusion::Form)?;
        let mut lines = proof.lines();
        if lines.next() != Some(HEADER) {
            return Err(InvalidInclusion::Form);
        }
        let leaf = lines.next().and_then(|line| line.strip_prefix("extra "));
        let leaf = leaf.and_then(|leaf| STANDARD.decode(leaf).ok()).ok_or(InvalidInclusion::Form)?;
        let index = lines.next().and_then(|line| line.strip_prefix("index ")).and_then(|index| index.parse().ok());
        let hashes: Vec<Hash> = lines.map(str::parse).collect::<Result<_, _>>().map_err(|_| InvalidInclusion::Form)?;
        match index {
            Some(index) if hashes.len() <= MAX_HASHES => {
                Ok(Self { index, leaf, hashes, checkpoint: checkpoint.parse()? })
            }
            _ => Err(InvalidInclusion::Form),
        }
    }
}

#[cfg(test)]
mod tests {
    use distr_domain::ids::OrganizationId;
    use uuid::Uuid;

    use super::*;
    use crate::checkpoint::Origin;
    use crate::edge::Edge;
    use crate::note::SignerKey;
    use crate::tile::Tiles;
    use crate::tree::inclusion;

    #[test]
    fn a_file_proves_its_leaf_and_no_other() {
        let origin = Origin { organization: OrganizationId(Uuid::from_u128(1)), log: Uuid::from_u128(2) };
        let key = SignerKey::new(&Origin::key_name(origin.organization), &[1; 32]).unwrap();
        let (mut edge, mut tiles) = (Edge::default(), Tiles::default());
        (0..300_u32).for_each(|leaf| edge.push(Hash::of_leaf(&leaf.to_be_bytes()), |id, hash| tiles.append(id, hash)));
        let file = InclusionFile {
            index: 7,
            leaf: 7_u32.to_be_bytes().into(),
            hashes: inclusion(7, 300, &tiles).unwrap(),
            checkpoint: Checkpoint::sign(origin, edge.root(), [&key]),
        };
        let read: InclusionFile = file.to_string().parse().unwrap();
        assert_eq!(read, file);
        assert_eq!(read.verify(key.verifier()), Ok(()));
        let other = InclusionFile { leaf: 8_u32.to_be_bytes().into(), ..file.clone() };
        assert_eq!(other.verify(key.verifier()), Err(NotProven::AnotherRoot { size: 300 }.into()));
        for bad in ["", "c2sp.org/tlog-proof@v1\nindex 7\n\n", "c2sp.org/tlog-proof@v1\nextra AAAA\nindex x\n\n"] {
            assert!(bad.parse::<InclusionFile>().is_err(), "{bad:?}");
        }
        assert!(file.to_string().replacen("\n\n", "\nAAAA\n\n", 1).parse::<InclusionFile>().is_err());
    }
}
