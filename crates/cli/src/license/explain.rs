//! Releases that ranges and channels cover.

use anyhow::Result;
use distr_domain::version::{Version, VersionRanges};
use serde_json::{Value, json};

use super::{LicenseReach, Terms, license_reach};
use crate::channel;
use crate::hub::{Hub, PAGE};
use crate::output::{line, remark};
use crate::session::Session;

/// How many covered versions a sentence names.
const NAMED: usize = 20;

/// The releases of an application that may be deployed, the newest first, and those of them that terms cover.
struct Reach {
    all: usize,
    /// of those that are not covered
    pre_releases: usize,
    covered: Vec<String>,
}

/// `distr license explain`.
pub(super) async fn run(
    Session { hub, out }: &Session,
    ranges: &[VersionRanges],
    written: &[String],
    application: Option<String>,
    channels: Vec<String>,
) -> Result<()> {
    let versions = ranges.iter().flat_map(|ranges| &ranges.0).map(ToString::to_string).collect();
    let terms = Terms { versions, channels, ..Terms::default() };
    let reach = match &application {
        Some(application) => Some(reach(hub, application, &terms).await?),
        None => None,
    };
    if out.is_json() {
        let covered = reach.as_ref().map(|reach| &reach.covered);
        return out.json(&json!({ "ranges": terms.versions, "application": application, "covered": covered }));
    }
    for (written, ranges) in written.iter().zip(ranges) {
        line(&format!("{written:?} is {ranges}"))?;
    }
    if let (Some(reach), Some(application)) = (reach, application) {
        line(&reach.sentence(&application))?;
    }
    Ok(())
}

/// Says what the terms of a license cover today. Only helps the reader: what cannot be asked is not said.
pub(super) async fn remark_reach(hub: &Hub, license: &Value) {
    let Some(application) = license["application"]["name"].as_str() else { return };
    let Ok(terms) = Terms::of(license) else { return };
    if let Ok(reach) = reach(hub, application, &terms).await {
        remark(&reach.sentence(application));
    }
}

async fn reach(hub: &Hub, application: &str, terms: &Terms) -> Result<Reach> {
    let variables = |after| license_reach::Variables { application: application.to_owned(), first: Some(PAGE), after };
    let releases = hub.list::<LicenseReach>("/application/releases", variables).await?;
    let mut channels = match terms.channels.is_empty() {
        true => vec![],
        false => channel::list(hub, application.to_owned(), None).await?,
    };
    channels.retain(|channel| terms.channels.iter().any(|name| channel["name"] == name.as_str()));
    let ranges: Vec<VersionRanges> = terms.versions.iter().map(|range| range.parse()).collect::<Result<_, _>>()?;
    let usable =
        releases.iter().filter(|release| matches!(release["status"].as_str(), Some("PUBLISHED" | "DEPRECATED")));
    let usable: Vec<&Value> = usable.collect();
    let is_covered = |release: &&&Value| {
        let version = release["version"].as_str().and_then(|version| version.parse::<Version>().ok());
        let in_range =
            ranges.is_empty() || version.is_some_and(|version| ranges.iter().any(|range| range.contains(&version)));
        let is_promoted =
            |channel: &Value| channel["versions"].as_array().is_some_and(|of| of.contains(&release["version"]));
        in_range && (terms.channels.is_empty() || channels.iter().any(is_promoted))
    };
    let covered = usable.iter().filter(is_covered).filter_map(|release| release["version"].as_str().map(str::to_owned));
    let covered: Vec<String> = covered.collect();
    let versions = usable.iter().filter_map(|release| release["version"].as_str());
    let left_out = versions.filter(|version| !covered.iter().any(|covered| covered == version));
    let is_pre = |version: &&str| version.parse::<Version>().is_ok_and(|version| version.is_pre_release());
    let pre_releases = if ranges.is_empty() { 0 } else { left_out.filter(is_pre).count() };
    Ok(Reach { all: usable.len(), pre_releases, covered })
}

impl Reach {
    fn sentence(&self, application: &str) -> String {
        let Self { all, pre_releases, covered } = self;
        let mut named = covered.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
        if covered.len() > NAMED {
            named.push_str(&format!(" and {} more", covered.len() - NAMED));
        }
        let sentence = match covered.len() {
            _ if *all == 0 => format!("{application} has no release yet"),
            0 => format!("covers none of the {all} releases of {application}"),
            count => format!("covers {count} of the {all} releases of {application}: {named}"),
        };
        match pre_releases {
            0 => sentence,
            count => format!(
                "{sentence}; of those left out {count} are pre-releases, which a range includes only if it names one of the same version"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Reach;

    #[test]
    fn a_sentence_names_what_is_covered() {
        let of = |all, covered: &[&str]| {
            Reach { all, pre_releases: 0, covered: covered.iter().map(ToString::to_string).collect() }.sentence("hello")
        };
        assert_eq!(of(0, &[]), "hello has no release yet");
        assert_eq!(of(3, &[]), "covers none of the 3 releases of hello");
        assert_eq!(of(3, &["1.1.0", "1.0.0"]), "covers 2 of the 3 releases of hello: 1.1.0, 1.0.0");
        let many: Vec<String> = (0..25).map(|number| format!("1.{number}.0")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert!(of(25, &many).ends_with("1.19.0 and 5 more"));
    }
}
