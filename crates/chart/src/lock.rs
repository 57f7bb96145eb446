//! What several renderings of a chart run together: with no feature of a license, with each alone, with all, and with the values that
//! its author names.

use std::collections::{BTreeMap, BTreeSet};

use distr_domain::names::Slug;
use distr_domain::release::{LockedKind, RoleRule};

use crate::archive::ListedImage;
use crate::rendering::Rendering;

/// One rendering, and the features with which it was made.
pub struct Case {
    pub features: BTreeSet<Slug>,
    pub rendering: Rendering,
}

/// What all renderings run and have.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Found {
    pub images: Vec<FoundImage>,
    pub kinds: Vec<LockedKind>,
    pub rules: Vec<RoleRule>,
}

/// An image of some rendering.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundImage {
    pub reference: String,
    /// the features of which each one brings it; none if it is there without any
    pub features: Vec<Slug>,
    /// the objects that run it
    pub found: Vec<String>,
}

/// An image that no single feature brings.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "image {reference:?} runs only if the features {} are there together; let one of them bring it, or list it in the chart's \
     annotation distr.sh/images", .features.iter().map(Slug::as_str).collect::<Vec<_>>().join(" and ")
)]
pub struct Together {
    reference: String,
    features: Vec<Slug>,
}

/// The objects that are listed of an image.
const MAX_PLACES: usize = 20;

/// Puts the renderings together with the images that the chart lists.
pub fn join(cases: &[Case], listed: &[ListedImage]) -> Result<Found, Together> {
    let mut places: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let (mut kinds, mut rules) = (BTreeSet::new(), BTreeSet::new());
    for case in cases {
        for (reference, found) in &case.rendering.images {
            places.entry(reference).or_default().extend(found.iter().map(String::as_str));
        }
        kinds.extend(case.rendering.kinds.iter().cloned());
        rules.extend(case.rendering.rules.iter().cloned());
    }
    let listed_features = |reference: &str| {
        let of = listed.iter().filter(|of| of.image == reference).map(|of| of.feature.clone());
        of.collect::<Vec<_>>()
    };
    for of in listed {
        places.entry(&of.image).or_default();
    }
    let mut images = vec![];
    for (reference, places) in places {
        let listed = listed_features(reference);
        let features = match listed.iter().cloned().collect::<Option<Vec<_>>>() {
            Some(features) if !features.is_empty() => features,
            None => vec![],
            Some(_) => features_of(reference, cases)?,
        };
        let found = places.into_iter().take(MAX_PLACES).map(str::to_owned).collect();
        images.push(FoundImage { reference: reference.to_owned(), features, found });
    }
    Ok(Found { images, kinds: kinds.into_iter().collect(), rules: rules.into_iter().collect() })
}

fn features_of(reference: &str, cases: &[Case]) -> Result<Vec<Slug>, Together> {
    let with = cases.iter().filter(|case| case.rendering.images.contains_key(reference)).map(|case| &case.features);
    let with: Vec<_> = with.collect();
    if with.iter().any(|features| features.is_empty()) {
        return Ok(vec![]);
    }
    let single = with.iter().filter(|features| features.len() == 1).flat_map(|features| features.iter().cloned());
    let single = BTreeSet::from_iter(single);
    match single.is_empty() {
        false => Ok(single.into_iter().collect()),
        true => {
            let least = with.into_iter().min_by_key(|features| features.len()).cloned().unwrap_or_default();
            Err(Together { reference: reference.to_owned(), features: least.into_iter().collect() })
        }
    }
}

#[cfg(test)]
mod tests;
