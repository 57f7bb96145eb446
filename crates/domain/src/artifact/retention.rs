//! What a repository keeps, and so what of it goes: a pure function of its settings, what it holds and the clock. The preview
//! that people see and the deletion that follows are the same plan.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::oci::{Digest, Tag};
use crate::pattern::Pattern;

/// A tag stays if one of the rules says so; without any rule about tags all of them stay. A manifest stays as long as a tag
/// or a release leads to it, as part of an index or as what is attached to it, too.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retention {
    /// as many of the tags as were moved last
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keep_last: Option<u32>,
    /// tags that were moved within so many days
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keep_days: Option<u32>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keep_tags: Vec<Pattern>,
    /// manifests that nothing leads to stay so many days after their push; for ever, if it is not set
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub untagged_days: Option<u32>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct HeldTag {
    pub name: Tag,
    pub digest: Digest,
    pub moved_at: DateTime<Utc>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct HeldManifest {
    pub digest: Digest,
    /// what an index lists
    pub children: Vec<Digest>,
    pub subject: Option<Digest>,
    pub pushed_at: DateTime<Utc>,
    /// whether a release names it
    pub released: bool,
}

/// All that a repository holds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Holding {
    pub tags: Vec<HeldTag>,
    pub manifests: Vec<HeldManifest>,
}

/// What goes, in an order that never takes a part before the whole.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    pub tags: Vec<Tag>,
    pub manifests: Vec<Digest>,
}

impl Holding {
    /// All manifests, in an order that never takes a part before the whole.
    pub fn manifests_wholes_first(&self) -> Vec<Digest> {
        wholes_first(self, &BTreeSet::new())
    }
}

impl Retention {
    pub fn plan(&self, holding: &Holding, now: DateTime<Utc>) -> Plan {
        let kept_tags = self.kept_tags(holding, now);
        let roots = holding.tags.iter().filter(|tag| kept_tags.contains(&tag.name)).map(|tag| &tag.digest);
        let released = holding.manifests.iter().filter(|manifest| manifest.released).map(|manifest| &manifest.digest);
        let young = holding.manifests.iter().filter(|manifest| self.is_young(manifest, now));
        let roots = roots.chain(released).chain(young.map(|manifest| &manifest.digest));
        let kept = reachable(holding, roots.cloned().collect());
        let gone = holding.tags.iter().filter(|tag| !kept_tags.contains(&tag.name) && !attaches_to(tag, &kept));
        Plan { tags: gone.map(|tag| tag.name.clone()).collect(), manifests: wholes_first(holding, &kept) }
    }

    /// Tags of what is attached to a manifest follow that manifest, and do not count here.
    fn kept_tags(&self, holding: &Holding, now: DateTime<Utc>) -> BTreeSet<Tag> {
        let mut newest: Vec<&HeldTag> = holding.tags.iter().filter(|tag| !tag.name.is_referrer_tag()).collect();
        newest.sort_by(|a, b| (b.moved_at, &b.name).cmp(&(a.moved_at, &a.name)));
        let has_rules = self.keep_last.is_some() || self.keep_days.is_some() || !self.keep_tags.is_empty();
        let stays = |(place, tag): &(usize, &HeldTag)| {
            !has_rules
                || self.keep_last.is_some_and(|last| *place < last as usize)
                || self.keep_days.is_some_and(|days| now - tag.moved_at <= TimeDelta::days(days.into()))
                || self.keep_tags.iter().any(|pattern| pattern.matches(tag.name.as_str()))
        };
        newest.into_iter().enumerate().filter(stays).map(|(_, tag)| tag.name.clone()).collect()
    }

    fn is_young(&self, manifest: &HeldManifest, now: DateTime<Utc>) -> bool {
        self.untagged_days.is_none_or(|days| now - manifest.pushed_at <= TimeDelta::days(days.into()))
    }
}

/// Whether it is the referrers' tag of something that stays.
fn attaches_to(tag: &HeldTag, kept: &BTreeSet<Digest>) -> bool {
    tag.name.is_referrer_tag() && kept.iter().any(|digest| tag.name.is_referrer_tag_of(digest))
}

/// These, what they list, what is attached to them, and what their referrers' tags point to.
fn reachable(holding: &Holding, roots: BTreeSet<Digest>) -> BTreeSet<Digest> {
    let mut leads: BTreeMap<&Digest, Vec<&Digest>> = BTreeMap::new();
    for manifest in &holding.manifests {
        leads.entry(&manifest.digest).or_default().extend(&manifest.children);
        if let Some(subject) = &manifest.subject {
            leads.entry(subject).or_default().push(&manifest.digest);
        }
    }
    let by_tag: Vec<&HeldTag> = holding.tags.iter().filter(|tag| tag.name.is_referrer_tag()).collect();
    let mut kept = BTreeSet::new();
    let mut open: Vec<&Digest> = roots.iter().collect();
    while let Some(digest) = open.pop() {
        if kept.insert(digest.clone()) {
            open.extend(leads.get(digest).into_iter().flatten());
            let attached = by_tag.iter().filter(|tag| tag.name.is_referrer_tag_of(digest));
            open.extend(attached.map(|tag| &tag.digest));
        }
    }
    kept
}

/// The manifests that are not kept; each index before what it lists.
fn wholes_first(holding: &Holding, kept: &BTreeSet<Digest>) -> Vec<Digest> {
    let gone: BTreeMap<&Digest, &HeldManifest> = holding
        .manifests
        .iter()
        .filter(|manifest| !kept.contains(&manifest.digest))
        .map(|manifest| (&manifest.digest, manifest))
        .collect();
    let mut wholes: BTreeMap<&Digest, usize> = BTreeMap::new();
    for part in gone.values().flat_map(|manifest| manifest.children.iter().collect::<BTreeSet<_>>()) {
        *wholes.entry(part).or_default() += 1;
    }
    let mut free: Vec<&Digest> = gone.keys().copied().filter(|digest| !wholes.contains_key(digest)).collect();
    let mut order = Vec::with_capacity(gone.len());
    while let Some(digest) = free.pop() {
        order.push(digest.clone());
        for part in gone[digest].children.iter().collect::<BTreeSet<_>>() {
            if let Some(left) = wholes.get_mut(part) {
                *left -= 1;
                if *left == 0 && gone.contains_key(part) {
                    free.push(part);
                }
            }
        }
    }
    order
}

#[cfg(test)]
mod tests;
