//! How customers see the organization. What a file does not say stays as it is.

use super::catalogue::picture;
use super::{Action, Difference, Step, differs};
use crate::apply::current::Current;
use crate::apply::file::{self, Wanted};
use crate::branding::Branding;
use crate::operation::BrandingImage;

pub(super) fn steps(wanted: &Wanted, current: &Current) -> impl Iterator<Item = Step> {
    wanted.branding.iter().flat_map(|of| words(&of.value, current).into_iter().chain(pictures(&of.value, current)))
}

fn words(wanted: &file::Branding, current: &Current) -> Option<Step> {
    let file::Branding { accent, accent_dark, support, home_text, .. } = wanted;
    if accent.is_none() && accent_dark.is_none() && support.is_none() && home_text.is_none() {
        return None;
    }
    let now = &current.branding;
    let then = Branding {
        accent: accent.as_ref().map_or(now.accent.clone(), |accent| accent.text()),
        accent_dark: accent_dark.as_ref().map_or(now.accent_dark.clone(), |accent| accent.text()),
        support: support.as_ref().map_or(now.support.clone(), |support| support.text()),
        home_text: home_text.as_ref().map_or(now.home_text.clone(), |text| text.trim().to_owned()),
        ..Branding::default()
    };
    let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let differences = [
        differs("accent", now.accent.clone(), then.accent.clone()),
        differs("accentDark", now.accent_dark.clone(), then.accent_dark.clone()),
        differs("support", now.support.clone(), then.support.clone()),
        differs("homeText", text(&now.home_text), text(&then.home_text)),
    ];
    let differences: Vec<Difference> = differences.into_iter().flatten().collect();
    let action = match differences.is_empty() {
        true => Action::Nothing,
        false => Action::SetBranding { branding: then },
    };
    Some(step("organization".into(), action, differences))
}

fn pictures(wanted: &file::Branding, current: &Current) -> impl Iterator<Item = Step> {
    let now = &current.branding;
    let files = [
        (BrandingImage::Logo, &wanted.logo, &now.logo),
        (BrandingImage::LogoDark, &wanted.logo_dark, &now.logo_dark),
        (BrandingImage::Favicon, &wanted.favicon, &now.favicon),
    ];
    files.into_iter().filter_map(|(image, file, now)| {
        let (difference, data) = picture(now.as_ref().map(|now| now.sent_digest.clone()), file.as_ref()?);
        let action = match difference {
            Some(_) => Action::SetBrandingImage { image, data },
            None => Action::Nothing,
        };
        Some(step(image.label(), action, difference.into_iter().collect()))
    })
}

fn step(name: String, action: Action, differences: Vec<Difference>) -> Step {
    Step { kind: "branding", name, action, differences, note: None }
}
