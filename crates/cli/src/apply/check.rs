//! What can be known to be wrong before anything is sent: things named twice, things that nobody makes, a license that
//! cannot become what a file says.

use std::collections::{BTreeMap, BTreeSet};

use distr_domain::names::Slug;

use super::current::Current;
use super::file::{License, Place, Placed, Wanted, Wrong};
use super::plan::terms;
use crate::exit::Failure;

pub(super) fn check(wanted: &Wanted, current: &Current) -> Result<(), Failure> {
    let mut wrong = Wrong::default();
    once(&mut wrong, "application", wanted.applications.iter().map(|of| (of.value.name.to_string(), &of.place)));
    once(&mut wrong, "customer", wanted.customers.iter().map(|of| (of.value.name.to_string(), &of.place)));
    let licenses = wanted.licenses.iter();
    once(&mut wrong, "license", licenses.map(|of| (format!("{}/{}", of.value.customer, of.value.name()), &of.place)));
    let policies = wanted.rollout_policies.iter();
    once(&mut wrong, "rollout policy", policies.map(|of| (of.value.name.to_string(), &of.place)));
    // all there is to name it by
    once(&mut wrong, "branding", wanted.branding.iter().map(|of| ("the organization".to_owned(), &of.place)));
    let known = Known::of(wanted, current);
    for channel in &wanted.channels {
        wrong.look(known.application(&channel.value.app, &channel.place));
    }
    for license in &wanted.licenses {
        let Placed { value, place } = license;
        wrong.look(known.customer(&value.customer, place));
        if wrong.look(known.application(&value.app, place)).is_some() {
            for channel in &value.channels {
                wrong.look(known.channel(&value.app, channel, place));
            }
        }
        wrong.look(check_terms(license, current));
    }
    wrong.end()
}

fn once<'a>(wrong: &mut Wrong, kind: &str, named: impl Iterator<Item = (String, &'a Place)>) {
    let mut seen = BTreeSet::new();
    for (name, place) in named {
        if seen.contains(&name) {
            wrong.look::<()>(Err(place.refuse(&format!("{kind} \"{name}\" is named a second time"))));
        }
        seen.insert(name);
    }
}

fn check_terms(license: &Placed<License>, current: &Current) -> Result<(), Failure> {
    let Placed { value: license, place } = license;
    if let (Some(begin), Some(end)) = (license.not_before, license.expires)
        && end <= begin
    {
        return Err(place.refuse("the license would end before it begins"));
    }
    let name = license.name();
    let Some(now) = current.licenses.get(&(license.customer.to_string(), name.to_string())) else { return Ok(()) };
    if now.application != license.app.as_str() {
        let text = format!(
            "license \"{name}\" of {} is for {}, and stays so; use another name",
            license.customer, now.application
        );
        return Err(place.refuse(&text));
    }
    if now.is_revoked() && terms(license) != super::plan::sorted(now.terms.clone()) {
        let text =
            format!("license \"{name}\" of {} was revoked, which is for ever; use another name", license.customer);
        return Err(place.refuse(&text));
    }
    Ok(())
}

/// What there is or will be.
struct Known {
    /// channels by application
    applications: BTreeMap<String, BTreeSet<String>>,
    customers: BTreeSet<String>,
}

impl Known {
    fn of(wanted: &Wanted, current: &Current) -> Self {
        let mut applications: BTreeMap<String, BTreeSet<String>> = current
            .applications
            .iter()
            .map(|(name, application)| (name.clone(), application.channels.clone()))
            .collect();
        for application in wanted.applications.iter().map(|of| &of.value) {
            let channels = application.channels.iter().map(Slug::to_string);
            applications.entry(application.name.to_string()).or_default().extend(channels);
        }
        for channel in wanted.channels.iter().map(|of| &of.value) {
            if let Some(channels) = applications.get_mut(channel.app.as_str()) {
                channels.insert(channel.name.to_string());
            }
        }
        let named = wanted.customers.iter().map(|of| of.value.name.to_string());
        Self { applications, customers: current.customers.keys().cloned().chain(named).collect() }
    }

    fn application(&self, name: &Slug, place: &Place) -> Result<&BTreeSet<String>, Failure> {
        let missing = || place.refuse(&format!("there is no application \"{name}\" on the hub or in the files"));
        self.applications.get(name.as_str()).ok_or_else(missing)
    }

    fn channel(&self, application: &Slug, name: &Slug, place: &Place) -> Result<(), Failure> {
        match self.application(application, place)?.contains(name.as_str()) {
            true => Ok(()),
            false => Err(place.refuse(&format!("application \"{application}\" has no channel \"{name}\""))),
        }
    }

    fn customer(&self, name: &Slug, place: &Place) -> Result<(), Failure> {
        match self.customers.contains(name.as_str()) {
            true => Ok(()),
            false => Err(place.refuse(&format!("there is no customer \"{name}\" on the hub or in the files"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::*;

    fn refusal(text: &str) -> String {
        let mut wanted = Wanted::default();
        file::parse("f.yaml", text, &mut wanted).unwrap();
        check(&wanted, &Current::default()).unwrap_err().to_string()
    }

    #[test]
    fn a_name_stands_once() {
        let error = refusal("customers:\n- name: globex\n- name: globex\n");
        assert_eq!(error, "f.yaml:3:3: customer \"globex\" is named a second time");
    }

    #[test]
    fn a_license_names_what_there_is_or_will_be() {
        let license = "licenses:\n- {customer: globex, app: hello, channels: [stable]}\n";
        assert!(refusal(license).contains("no customer \"globex\""));
        let with_customer = format!("customers: [{{name: globex}}]\n{license}");
        assert!(refusal(&with_customer).contains("no application \"hello\""));
        let with_both = format!("applications: [{{name: hello}}]\n{with_customer}");
        assert!(refusal(&with_both).contains("has no channel \"stable\""));
    }

    #[test]
    fn all_that_is_wrong_is_told() {
        let error = refusal("channels: [{app: hello, name: beta}]\nlicenses:\n- {customer: globex, app: shop}\n");
        assert_eq!(error.matches("f.yaml:").count(), 3, "{error}");
        assert!(["\"hello\"", "\"globex\"", "\"shop\""].iter().all(|name| error.contains(name)), "{error}");
    }

    #[test]
    fn a_license_does_not_end_before_it_begins() {
        let text = "applications: [{name: hello}]\ncustomers: [{name: globex}]\n\
            licenses: [{customer: globex, app: hello, notBefore: 2027-01-01, expires: 2026-01-01}]\n";
        assert!(refusal(text).contains("end before it begins"));
    }
}
