//! What applications demand of their images, and what their features open: each whole, as a file gives it.

use super::{Action, Difference, Step, differs};
use crate::app::{FeatureTags, SigningKey};
use crate::apply::current::Current;
use crate::apply::file::{Application, Wanted};

pub(super) fn steps(wanted: &Wanted, current: &Current) -> impl Iterator<Item = Step> {
    wanted
        .applications
        .iter()
        .flat_map(|of| [signing_keys(&of.value, current), feature_tags(&of.value, current)].into_iter().flatten())
}

fn signing_keys(wanted: &Application, current: &Current) -> Option<Step> {
    let keys = wanted.signing_keys.as_ref()?.iter();
    let keys: Vec<SigningKey> =
        keys.map(|key| SigningKey { name: key.name.to_string(), pem: key.pem.trim().to_owned() }).collect();
    let name = wanted.name.to_string();
    let now = current.applications.get(&name).map(|application| application.signing_keys.clone()).unwrap_or_default();
    let names = |keys: &[SigningKey]| listed(keys.iter().map(|key| key.name.clone()));
    let difference = match now == keys {
        true => None,
        // the same names for other keys
        false => differs("keys", names(&now), names(&keys)).or(differs("keys", None, names(&keys))),
    };
    Some(step("signing policy", name.clone(), difference, Action::SetSigningKeys { name, keys }))
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
    Some(step("feature tags", name.clone(), difference, Action::SetFeatureTags { name, features }))
}

fn step(kind: &'static str, name: String, difference: Option<Difference>, action: Action) -> Step {
    let action = if difference.is_some() { action } else { Action::Nothing };
    Step { kind, name, action, differences: difference.into_iter().collect(), note: None }
}

fn listed(items: impl Iterator<Item = String>) -> Option<String> {
    let items: Vec<String> = items.collect();
    (!items.is_empty()).then(|| items.join(", "))
}
