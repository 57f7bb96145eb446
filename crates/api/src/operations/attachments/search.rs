//! The search for a signature among what is attached to an image and may bear one. What the tags of the older scheme point to is
//! looked at, then the oldest referrers, so that nobody hides a signature behind what comes later, then the newest, so that a
//! signature that is made again is found whatever came before. None of the three takes from what is read of another.

use distr_domain::oci::Digest;
use distr_domain::trust::SignedLayer;
use distr_projections::artifact::AttachedRow;
use distr_projections::artifact::candidates::{self, Candidates, Order};

use super::{MAX_LAYER, MAX_SIGNATURE, MIN_BYTES, Subject, read, spend};
use crate::failure::Failure;
use crate::models::Artifacts;

/// Bytes that are read of the oldest referrers, and of the newest.
const MAX_HALF: u64 = 4 * 1024 * 1024;
/// Bytes of a manifest that is looked at: an honest one names its signature and little else.
const MAX_MANIFEST: u64 = 1024 * 1024;
/// Referrers that are asked for at once.
const PAGE: u16 = 50;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Searched {
    Found,
    /// it is in nothing that may bear a signature
    Nowhere,
    /// it is in nothing that was looked at, and there is more that may bear a signature
    NotInSome,
}

/// Shows `look` the signed layers of one attachment after the other until it finds what it looks for.
pub async fn search(
    artifacts: &Artifacts,
    subject: Subject<'_>,
    look: impl FnMut(Vec<SignedLayer>) -> bool,
) -> Result<Searched, Failure> {
    let mut search = Search { artifacts, subject, look, tagged: vec![], passed_over: false };
    if search.look_at_tagged().await? {
        return Ok(Searched::Found);
    }
    let reached = match search.look_at_untagged(Order::OldestFirst, 0).await? {
        Half::ToTheLimit(position) => search.look_at_untagged(Order::NewestFirst, position).await?,
        reached => reached,
    };
    Ok(match reached {
        Half::Found => Searched::Found,
        Half::ToTheEnd if !search.passed_over => Searched::Nowhere,
        Half::ToTheEnd | Half::ToTheLimit(_) => Searched::NotInSome,
    })
}

struct Search<'a, L> {
    artifacts: &'a Artifacts,
    subject: Subject<'a>,
    look: L,
    /// what was looked at as tags point to it
    tagged: Vec<Digest>,
    /// whether there was a manifest that is too large
    passed_over: bool,
}

/// How far a search among the oldest or the newest referrers went.
enum Half {
    Found,
    /// over all of them
    ToTheEnd,
    /// as far as is read; the referrers up to this position were looked at, if it began with the oldest
    ToTheLimit(u64),
}

enum Looked {
    Found,
    NotFound,
    /// it was not read, as too much was read before
    NotRead,
}

impl<L: FnMut(Vec<SignedLayer>) -> bool> Search<'_, L> {
    async fn look_at_tagged(&mut self) -> Result<bool, Failure> {
        let Subject { organization, repository, digest } = self.subject;
        let tagged =
            candidates::tagged(&*self.artifacts.models.client().await?, organization, repository, digest, MAX_MANIFEST)
                .await?;
        self.tagged = tagged.iter().map(|found| found.manifest.digest.clone()).collect();
        for found in tagged {
            // enough for any one: who moves one tag hides nothing that another points to
            let mut left = MAX_MANIFEST + MAX_LAYER + MIN_BYTES;
            if let Looked::Found = self.look_at(found, &mut left).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Those after the position `above`.
    async fn look_at_untagged(&mut self, order: Order, mut above: u64) -> Result<Half, Failure> {
        let Subject { organization, repository, digest } = self.subject;
        let (mut left, mut below) = (MAX_HALF, u64::MAX);
        loop {
            let page = Candidates {
                order,
                between: (above, below),
                without: &self.tagged,
                first: PAGE,
                max_size: MAX_MANIFEST,
                max_bytes: left,
            };
            let page =
                candidates::untagged(&*self.artifacts.models.client().await?, organization, repository, digest, &page)
                    .await?;
            if page.is_empty() {
                return Ok(Half::ToTheEnd);
            }
            for found in page {
                let position = found.manifest.position;
                match self.look_at(found, &mut left).await? {
                    Looked::Found => return Ok(Half::Found),
                    Looked::NotRead => return Ok(Half::ToTheLimit(above)),
                    Looked::NotFound => {}
                }
                match order {
                    Order::OldestFirst => above = position,
                    Order::NewestFirst => below = position,
                }
            }
        }
    }

    async fn look_at(&mut self, found: AttachedRow, left: &mut u64) -> Result<Looked, Failure> {
        if found.manifest.size > MAX_MANIFEST {
            self.passed_over = true;
            return Ok(if spend(left, MIN_BYTES) { Looked::NotFound } else { Looked::NotRead });
        }
        if !found.is_whole {
            return Ok(Looked::NotRead);
        }
        let signed = read(self.artifacts, found, MAX_SIGNATURE, left).await?.signed;
        Ok(match (self.look)(signed) {
            true => Looked::Found,
            false if *left == 0 => Looked::NotRead,
            false => Looked::NotFound,
        })
    }
}
