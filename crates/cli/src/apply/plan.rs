//! The difference between what files want and what there is, as steps. Pure: it leaves no choice to who executes it.

mod branding;
mod catalogue;
mod policy;
mod rollout_policy;

use std::collections::BTreeSet;
use std::fmt::Display;

use chrono::{DateTime, Utc};
use distr_domain::rollout::policy::Policy;

use super::current::{self, Current};
use super::file::{Application, Customer, License, Wanted};
use crate::app::{Catalogue, FeatureTags, SigningKey};
use crate::branding::Branding;
use crate::license::Terms;
use crate::moment;
use crate::operation::{BrandingImage, SignedParts};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) kind: &'static str,
    pub(super) name: String,
    pub(super) action: Action,
    pub(super) differences: Vec<Difference>,
    /// What one should know though nothing is done about it.
    pub(super) note: Option<&'static str>,
}

/// With all that the execution needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Action {
    Nothing,
    CreateApplication { name: String, display_name: Option<String>, description: Option<String> },
    DescribeApplication { name: String, display_name: String, description: String },
    SetSigningKeys { name: String, keys: Vec<SigningKey>, requires: Option<SignedParts> },
    SetFeatureTags { name: String, features: Vec<FeatureTags> },
    SetCatalogue { name: String, catalogue: Catalogue },
    SetIcon { name: String, data: Option<String> },
    SetBranding { branding: Branding },
    SetBrandingImage { image: BrandingImage, data: Option<String> },
    CreateChannel { application: String, name: String },
    CreateCustomer { name: String, display_name: Option<String> },
    RenameCustomer { name: String, display_name: String },
    IssueLicense { customer: String, application: String, name: String, terms: Terms },
    AmendLicense { customer: String, name: String, terms: Terms },
    SetRolloutPolicy { name: String, policy: Box<Policy>, is_new: bool },
}

/// A field, and what it is and will be; nothing where there is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Difference {
    pub(super) field: &'static str,
    pub(super) from: Option<String>,
    pub(super) to: Option<String>,
}

impl Step {
    pub(super) fn changes(&self) -> bool {
        self.action != Action::Nothing
    }
}

/// In an order in which each step finds what it needs.
pub(super) fn plan(wanted: &Wanted, current: &Current, now: DateTime<Utc>) -> Vec<Step> {
    let applications = wanted.applications.iter().map(|of| application(&of.value, current));
    let customers = wanted.customers.iter().map(|of| customer(&of.value, current));
    let licenses = wanted.licenses.iter().map(|of| license(&of.value, current, now));
    applications
        .chain(catalogue::steps(wanted, current))
        .chain(policy::steps(wanted, current))
        .chain(channels(wanted, current))
        .chain(customers)
        .chain(licenses)
        .chain(rollout_policy::steps(wanted, current))
        .chain(branding::steps(wanted, current))
        .collect()
}

fn application(wanted: &Application, current: &Current) -> Step {
    let name = wanted.name.to_string();
    let step = |action, differences| Step {
        kind: "application",
        name: wanted.name.to_string(),
        action,
        differences,
        note: None,
    };
    let Some(now) = current.applications.get(&name) else {
        let differences =
            [new("displayName", wanted.display_name.as_ref()), new("description", wanted.description.as_ref())];
        let (display_name, description) = (wanted.display_name.clone(), wanted.description.clone());
        return step(
            Action::CreateApplication { name, display_name, description },
            differences.into_iter().flatten().collect(),
        );
    };
    let display_name = wanted.display_name.clone().unwrap_or_else(|| now.display_name.clone());
    let description = wanted.description.clone().unwrap_or_else(|| now.description.clone());
    let differences = [
        differs("displayName", some(&now.display_name), some(&display_name)),
        differs("description", some(&now.description), some(&description)),
    ];
    let differences: Vec<Difference> = differences.into_iter().flatten().collect();
    match differences.is_empty() {
        true => step(Action::Nothing, differences),
        false => step(Action::DescribeApplication { name, display_name, description }, differences),
    }
}

/// Of the applications' own lists and of the section, each once.
fn channels(wanted: &Wanted, current: &Current) -> impl Iterator<Item = Step> {
    let of_applications = wanted.applications.iter().flat_map(|of| {
        let application = of.value.name.to_string();
        of.value.channels.iter().map(move |channel| (application.clone(), channel.to_string()))
    });
    let of_section = wanted.channels.iter().map(|of| (of.value.app.to_string(), of.value.name.to_string()));
    let mut seen = BTreeSet::new();
    let each_once = of_applications.chain(of_section).filter(move |channel| seen.insert(channel.clone()));
    each_once.map(|(application, name)| {
        let now = current.applications.get(&application);
        let there = now.is_some_and(|application| application.channels.contains(&name));
        let full_name = format!("{application}/{name}");
        let action = if there { Action::Nothing } else { Action::CreateChannel { application, name } };
        Step { kind: "channel", name: full_name, action, differences: vec![], note: None }
    })
}

fn customer(wanted: &Customer, current: &Current) -> Step {
    let name = wanted.name.to_string();
    let step = |action, difference: Option<Difference>| {
        let differences = difference.into_iter().collect();
        Step { kind: "customer", name: wanted.name.to_string(), action, differences, note: None }
    };
    match (current.customers.get(&name), wanted.display_name.clone()) {
        (None, display_name) => {
            let difference = new("displayName", display_name.as_ref());
            step(Action::CreateCustomer { name, display_name }, difference)
        }
        (Some(now), Some(display_name)) if *now != display_name => {
            let difference = differs("displayName", some(now), some(&display_name));
            step(Action::RenameCustomer { name, display_name }, difference)
        }
        _ => step(Action::Nothing, None),
    }
}

fn license(wanted: &License, current: &Current, at: DateTime<Utc>) -> Step {
    let (customer, name, terms) = (wanted.customer.to_string(), wanted.name().to_string(), terms(wanted));
    let step = |action, differences, note| Step {
        kind: "license",
        name: format!("{}/{}", wanted.customer, wanted.name()),
        action,
        differences,
        note,
    };
    let Some(now) = current.licenses.get(&(customer.clone(), name.clone())) else {
        let mut differences = vec![Difference { field: "app", from: None, to: Some(wanted.app.to_string()) }];
        differences.extend(term_differences(&Terms::default(), &terms));
        return step(
            Action::IssueLicense { customer, application: wanted.app.to_string(), name, terms },
            differences,
            ended(wanted, at),
        );
    };
    let differences = term_differences(&sorted(now.terms.clone()), &terms);
    match differences.is_empty() {
        true => step(Action::Nothing, differences, note(now)),
        false => {
            let note = note(now).or_else(|| ended(wanted, at));
            step(Action::AmendLicense { customer, name, terms }, differences, note)
        }
    }
}

/// Nobody means a license that is over by mistake.
fn ended(wanted: &License, at: DateTime<Utc>) -> Option<&'static str> {
    wanted.expires.is_some_and(|end| end <= at).then_some("its end has passed: it entitles to nothing")
}

fn note(now: &current::License) -> Option<&'static str> {
    match now.status.as_str() {
        "REVOKED" => Some("it was revoked on the hub, and stays so"),
        "SUSPENDED" => Some("it is suspended on the hub, and stays so"),
        _ => None,
    }
}

/// The whole terms that a file gives.
pub(super) fn terms(license: &License) -> Terms {
    fn texts<T: Display>(items: &[T]) -> Vec<String> {
        items.iter().map(T::to_string).collect()
    }
    sorted(Terms {
        versions: license.versions.iter().flat_map(|ranges| &ranges.0).map(ToString::to_string).collect(),
        channels: texts(&license.channels),
        features: texts(&license.features),
        seats: license.seats,
        not_before: license.not_before,
        expires_at: license.expires,
    })
}

/// The order of a term's items means nothing.
pub(super) fn sorted(mut terms: Terms) -> Terms {
    for list in [&mut terms.versions, &mut terms.channels, &mut terms.features] {
        list.sort();
        list.dedup();
    }
    terms
}

fn term_differences(now: &Terms, wanted: &Terms) -> Vec<Difference> {
    let list = |items: &[String]| (!items.is_empty()).then(|| items.join(", "));
    let seats = |terms: &Terms| terms.seats.map(|seats| seats.to_string());
    let differences = [
        differs("versions", list(&now.versions), list(&wanted.versions)),
        differs("channels", list(&now.channels), list(&wanted.channels)),
        differs("features", list(&now.features), list(&wanted.features)),
        differs("seats", seats(now), seats(wanted)),
        differs("notBefore", now.not_before.map(moment::text), wanted.not_before.map(moment::text)),
        differs("expires", now.expires_at.map(moment::text), wanted.expires_at.map(moment::text)),
    ];
    differences.into_iter().flatten().collect()
}

fn new(field: &'static str, to: Option<&String>) -> Option<Difference> {
    differs(field, None, to.cloned())
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn differs(field: &'static str, from: Option<String>, to: Option<String>) -> Option<Difference> {
    (from != to).then_some(Difference { field, from, to })
}

#[cfg(test)]
mod tests;
