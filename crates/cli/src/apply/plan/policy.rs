//! What applications demand of their images, and what their features open: each whole, as a file gives it.

use super::{Action, Difference, Step, differs};
use crate::app::{FeatureTags, SigningKey};
use crate::apply::current::Current;
use crate::apply::file::{Application, Wanted};
use crate::operation::SignedParts;

pub(super) fn steps(wanted: &Wanted, current: &Current) -> impl Iterator<Item = Step> {
    wanted
        .applications
        .iter()
        .flat_map(|of| [signing_policy(&of.value, current), feature_tags(&of.value, current)].into_iter().flatten())
}

/// The keys, what they must have signed, or both: what is not said stays as it is.
fn signing_policy(wanted: &Application, current: &Current) -> Option<Step> {
    let requires = wanted.signing_requires.map(SignedParts::from);
    if wanted.signing_keys.is_none() && requires.is_none() {
        return None;
    }
    let name = wanted.name.to_string();
    let now = current.applications.get(&name);
    let now_keys = now.map(|now| now.signing_keys.clone()).unwrap_or_default();
    let wanted_keys = wanted.signing_keys.as_ref().map(|keys| {
        keys.iter().map(|key| SigningKey { name: key.name.to_string(), pem: key.pem.trim().to_owned() }).collect()
    });
    let keys: Vec<SigningKey> = wanted_keys.unwrap_or_else(|| now_keys.clone());
    // a policy without keys demands nothing
    let now_requires = now.filter(|_| !now_keys.is_empty()).map(|now| now.signing_requires);
    let requires = requires.filter(|_| !keys.is_empty());
    // the hub's own choice for a first policy
    let kept = now_requires.unwrap_or(SignedParts::ImagesAndRelease);
    let requires_then = (!keys.is_empty()).then(|| requires.unwrap_or(kept));
    let shown = |keys: &[SigningKey]| listed(keys.iter().map(SigningKey::shown));
    let differences = [
        differs("keys", shown(&now_keys), shown(&keys)),
        differs("must be signed", now_requires.map(SignedParts::label), requires_then.map(SignedParts::label)),
    ];
    let differences: Vec<Difference> = differences.into_iter().flatten().collect();
    let note = "signingRequires demands nothing without signingKeys";
    let note = (keys.is_empty() && wanted.signing_requires.is_some()).then_some(note);
    let action = match differences.is_empty() {
        true => Action::Nothing,
        false => Action::SetSigningKeys { name: name.clone(), keys, requires },
    };
    Some(Step { kind: "signing policy", name, action, differences, note })
}

fn feature_tags(wanted: &Application, current: &Current) -> Option<Step> {
    let features = wanted.feature_tags.as_ref()?.iter().map(|of| FeatureTags {
        feature: of.feature.to_string(),
        repository: of.repository.to_string(),
        tags: of.tags.iter().map(ToString::to_string).collect(),
    });
    let features: Vec<FeatureTags> = features.collect();
    let name = wanted.name.to_string();
    let now = current.applications.get(&name).map(|application| application.feature_tags.clone()).unwrap_or_default();
    let text = |features: &[FeatureTags]| {
        listed(features.iter().map(|of| format!("{} opens {}:{}", of.feature, of.repository, of.tags.join("|"))))
    };
    let difference = differs("features", text(&now), text(&features));
    let action = match difference {
        Some(_) => Action::SetFeatureTags { name: name.clone(), features },
        None => Action::Nothing,
    };
    Some(Step { kind: "feature tags", name, action, differences: difference.into_iter().collect(), note: None })
}

fn listed(items: impl Iterator<Item = String>) -> Option<String> {
    let items: Vec<String> = items.collect();
    (!items.is_empty()).then(|| items.join(", "))
}
