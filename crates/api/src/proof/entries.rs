//! The entries of an organization that are evidence, with their places in the tree, as an export needs them: page by page, from the log
//! as it is now. What is in the log and not in the tree is told as well.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use distr_domain::ids::OrganizationId;
use distr_domain::instant::earlier;
use distr_eventlog::{Limit, Position, Selection};
use distr_proof::export::EntryLine;
use serde::Serialize;

use super::leaf::Leaf;
use super::signing::Signing;
use crate::failure::Failure;
use crate::ops::tree;

/// Leaves of a page.
const LEAVES: u64 = 1_000;
/// Of payloads, about.
const MAX_BYTES: usize = 4 * 1024 * 1024;
/// How much of the log one page looks through: others' entries lie between.
const MAX_SCANNED: usize = 50_000;
const PAGE: usize = 1_000;

/// Which entries.
#[derive(Debug, Clone, Copy)]
pub struct Entries {
    /// the leaf before which the page begins
    pub from: u64,
    /// where the page before it ended, if it ended before that leaf
    pub after: Option<Position>,
    /// leaves from this one on are not asked for
    pub to: u64,
}

#[derive(Debug, Serialize)]
pub struct EntryPage {
    pub entries: Vec<EntryLine>,
    /// where the next page begins; none if this is the last
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<Next>,
}

#[derive(Debug, Serialize)]
pub struct Next {
    pub from: u64,
    pub after: Position,
}

impl Signing {
    pub async fn entries(&self, organization: OrganizationId, asked: Entries) -> Result<EntryPage, Failure> {
        let client = self.client().await?;
        let size = tree::size(&*client, organization).await?;
        let to = asked.to.min(size).min(asked.from.saturating_add(LEAVES));
        let before = asked.from.saturating_sub(1);
        let positions = tree::positions(&*client, organization, before, to).await?;
        drop(client);
        let Some(end) = positions.last().copied().filter(|_| asked.from < to) else {
            return Ok(EntryPage { entries: vec![], next: None });
        };
        // earlier ones would come without their place in the tree, as if they had none
        if let Some(after) = asked.after.filter(|after| asked.from > 0 && *after < positions[0]) {
            let text = format!("after={after} is before the leaf {}: take both from one page's next", asked.from);
            return Err(Failure::BadInput(text));
        }
        let mut at = match asked.after {
            Some(after) => after,
            None if asked.from == 0 => Position::START,
            None => positions[0],
        };
        let leaves: HashMap<Position, u64> = positions.into_iter().zip(before..).collect();
        let (mut entries, mut bytes, mut scanned, mut next) = (vec![], 0, 0, asked.from);
        while at < end {
            if bytes >= MAX_BYTES || scanned >= MAX_SCANNED {
                return Ok(EntryPage { entries, next: Some(Next { from: next, after: at }) });
            }
            let page = self.log.scan(at, Limit::entries(PAGE), Selection::All).await?;
            if page.scanned_to == at {
                break;
            }
            scanned += page.entries.len().max(1);
            for entry in page.entries.iter().filter(|entry| entry.position() <= end) {
                let Some(leaf) = Leaf::of(entry).filter(|leaf| leaf.organization() == organization) else { continue };
                let index = leaves.get(&entry.position()).copied();
                next = next.max(index.map_or(0, |index| index + 1));
                bytes += leaf.payload.len();
                let payload = Some(String::from_utf8_lossy(leaf.payload).into_owned());
                entries.push(EntryLine { index, envelope: leaf.envelope, payload, payload_digest: None });
            }
            at = page.scanned_to;
        }
        let next = (to < asked.to.min(size)).then_some(Next { from: to, after: end });
        Ok(EntryPage { entries, next })
    }

    /// The leaves of a period, from one up to another: those that were committed in it, and one neighbour on each side, which shows
    /// that nothing is missing.
    pub async fn leaves_of(
        &self,
        organization: OrganizationId,
        from: Option<DateTime<Utc>>,
        to: Option<DateTime<Utc>>,
        size: u64,
    ) -> Result<(u64, u64), Failure> {
        let first = match from {
            Some(from) => self.first_at(organization, from, size).await?.saturating_sub(1),
            None => 0,
        };
        let end = match to {
            Some(to) => self.first_at(organization, to, size).await?.saturating_add(1).min(size),
            None => size,
        };
        Ok((first.min(end), end))
    }

    /// The first leaf that was committed then or later.
    async fn first_at(&self, organization: OrganizationId, at: DateTime<Utc>, size: u64) -> Result<u64, Failure> {
        // what was committed at that very instant is not before it
        let before = self.log.seek(earlier(at, chrono::TimeDelta::microseconds(1))).await?;
        let found = tree::leaf_behind(&*self.client().await?, organization, before).await?;
        Ok(found.unwrap_or(size).min(size))
    }
}
