//! A signed root (C2SP's tlog-checkpoint): what whoever made it can never take back.

use std::fmt;
use std::str::FromStr;

use distr_domain::ids::OrganizationId;
use uuid::Uuid;

use crate::hash::Hash;
use crate::note::{InvalidNote, NotSigned, Note, SignerKey, VerifierKey};
use crate::tree::Root;

/// Which history a root is of: an organization's, in one log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Origin {
    pub organization: OrganizationId,
    pub log: Uuid,
}

/// A root that is signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    pub origin: String,
    pub root: Root,
    note: Note,
}

/// Why a text is no checkpoint that counts.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidCheckpoint {
    #[error(transparent)]
    Note(#[from] InvalidNote),
    #[error("a checkpoint says where it is from, how many leaves there are, and their root, in three lines")]
    Form,
    #[error(transparent)]
    NotSigned(#[from] NotSigned),
}

/// Whether it is one word, of characters that are seen.
fn is_name(origin: &str) -> bool {
    !origin.is_empty() && !origin.contains(|c: char| c.is_whitespace() || c.is_control())
}

impl Origin {
    /// The name of an organization's keys.
    pub fn key_name(organization: OrganizationId) -> String {
        format!("distr/{}", organization.0)
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", Self::key_name(self.organization), self.log)
    }
}

impl Checkpoint {
    pub fn sign<'a>(origin: Origin, root: Root, keys: impl IntoIterator<Item = &'a SignerKey>) -> Self {
        let origin = origin.to_string();
        let text = format!("{origin}\n{}\n{}\n", root.size, root.hash);
        Self { note: Note::sign(text, keys), origin, root }
    }

    /// One that the key signed.
    pub fn verified(text: &str, key: &VerifierKey) -> Result<Self, InvalidCheckpoint> {
        let checkpoint: Self = text.parse()?;
        checkpoint.note.verify(key)?;
        Ok(checkpoint)
    }

    /// Whose history it says it is of.
    pub fn organization(&self) -> Option<OrganizationId> {
        let (organization, _) = self.origin.strip_prefix("distr/")?.split_once('/')?;
        organization.parse().ok().map(OrganizationId)
    }

    /// By whom it says it is signed.
    pub fn signers(&self) -> Vec<String> {
        self.note.signers()
    }
}

impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.note.fmt(f)
    }
}

impl FromStr for Checkpoint {
    type Err = InvalidCheckpoint;

    /// What it says, whoever signed it.
    fn from_str(text: &str) -> Result<Self, InvalidCheckpoint> {
        let note: Note = text.parse()?;
        // no other line break counts: whoever reads lines in another way must not find another root
        let mut lines = note.text.split('\n');
        let (origin, size, hash) = (lines.next(), lines.next(), lines.next());
        let origin = origin.filter(|origin| is_name(origin)).ok_or(InvalidCheckpoint::Form)?.to_owned();
        let size_text = size.ok_or(InvalidCheckpoint::Form)?;
        let size: u64 = size_text.parse().map_err(|_| InvalidCheckpoint::Form)?;
        let hash: Hash = hash.and_then(|hash| hash.parse().ok()).ok_or(InvalidCheckpoint::Form)?;
        match size.to_string() == size_text {
            true => Ok(Self { origin, root: Root { size, hash }, note }),
            false => Err(InvalidCheckpoint::Form),
        }
    }
}
