//! What a catalogue says of applications, and their icons. What a file does not say stays as it is.

use super::{Action, Difference, Step, differs};
use crate::app::Catalogue;
use crate::apply::current::Current;
use crate::apply::file::{Application, PictureFile, Wanted};

pub(super) fn steps(wanted: &Wanted, current: &Current) -> impl Iterator<Item = Step> {
    wanted
        .applications
        .iter()
        .flat_map(|of| [catalogue(&of.value, current), icon(&of.value, current)].into_iter().flatten())
}

fn catalogue(wanted: &Application, current: &Current) -> Option<Step> {
    let Application { category, homepage, support, documentation, labels, .. } = wanted;
    let links = [homepage, support, documentation];
    if category.is_none() && labels.is_none() && links.iter().all(|link| link.is_none()) {
        return None;
    }
    let name = wanted.name.to_string();
    let now = current.applications.get(&name).map(|now| now.catalogue.clone()).unwrap_or_default();
    let mut then = now.clone();
    if let Some(category) = category {
        then.category = category.trim().to_owned();
    }
    for (link, of) in links.into_iter().zip([&mut then.homepage, &mut then.support, &mut then.documentation]) {
        if let Some(link) = link {
            *of = link.text();
        }
    }
    if let Some(labels) = labels {
        then.labels = labels.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect();
    }
    let differences = [
        differs("category", some(&now.category), some(&then.category)),
        differs("homepage", now.homepage.clone(), then.homepage.clone()),
        differs("support", now.support.clone(), then.support.clone()),
        differs("documentation", now.documentation.clone(), then.documentation.clone()),
        differs("labels", labelled(&now), labelled(&then)),
    ];
    let differences: Vec<Difference> = differences.into_iter().flatten().collect();
    let action = match differences.is_empty() {
        true => Action::Nothing,
        false => Action::SetCatalogue { name: name.clone(), catalogue: then },
    };
    Some(Step { kind: "catalogue", name, action, differences, note: None })
}

fn icon(wanted: &Application, current: &Current) -> Option<Step> {
    let file = wanted.icon.as_ref()?;
    let name = wanted.name.to_string();
    let now = current.applications.get(&name).and_then(|now| now.icon.as_ref()).map(|icon| icon.sent_digest.clone());
    let (difference, data) = picture(now, file);
    let action = match difference {
        Some(_) => Action::SetIcon { name: name.clone(), data },
        None => Action::Nothing,
    };
    Some(Step { kind: "icon", name, action, differences: difference.into_iter().collect(), note: None })
}

/// By the digest of what was sent, and what is to be sent.
pub(super) fn picture(now: Option<String>, file: &PictureFile) -> (Option<Difference>, Option<String>) {
    let then = file.picture.as_ref();
    let difference = differs("picture", now, then.map(|picture| picture.digest.clone()));
    (difference, then.map(|picture| picture.data.clone()))
}

fn some(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

fn labelled(of: &Catalogue) -> Option<String> {
    let labels: Vec<String> = of.labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
    (!labels.is_empty()).then(|| labels.join(", "))
}
