//! Services that need one which is not always there when they are: compose refuses the file where its profile is off.

use std::collections::BTreeSet;

use crate::extends::{Service, Services};
use crate::found::Found;
use crate::path::Path;
use crate::references::{listed, shared};
use crate::variables::is_known;

/// Services that extend each other, from the first to the last; more is no file that somebody wrote.
const MOST_BASES: usize = 32;

/// Whether each service has all that it needs, with any one of its profiles alone.
pub(crate) fn check(services: &Services<'_>, found: &mut Found) {
    for service in services.values() {
        let own = profiles(service, services);
        let needed = listed(&service.part).into_iter().chain(shared(&service.part)).filter(|needed| needed.required);
        for (path, other) in needed.filter_map(|needed| Some((needed.path, services.get(needed.name)?))) {
            let others = profiles(other, services);
            let is_on = others.is_empty() || (!own.is_empty() && own.is_subset(&others));
            let are_known = own.iter().chain(&others).all(|profile| is_known(profile));
            if !is_on && are_known {
                let reason = reason(&path, other.part.name, &own, &others);
                found.add(path, reason);
            }
        }
    }
}

/// Its own, and those of what it extends.
pub(crate) fn profiles<'a>(service: &Service<'a>, services: &Services<'a>) -> BTreeSet<&'a str> {
    let parts = bases(service, services).into_iter();
    parts.flat_map(|service| service.part.names("profiles")).map(|(_, profile, _)| profile).collect()
}

/// The service, what it extends, what that extends.
pub(crate) fn bases<'s, 'a>(service: &Service<'a>, services: &'s Services<'a>) -> Vec<&'s Service<'a>> {
    let names = std::iter::successors(Some(service.part.name), |name| services.get(name)?.base);
    names.take(MOST_BASES).filter_map(|name| services.get(name)).collect()
}

fn reason(path: &Path, name: &str, own: &BTreeSet<&str>, others: &BTreeSet<&str>) -> String {
    let of = |profiles: &BTreeSet<&str>| {
        let shown: Vec<String> = profiles.iter().map(|name| format!("{name:?}")).collect();
        format!("{} {}", if shown.len() == 1 { "profile" } else { "profiles" }, shown.join(", "))
    };
    let when = match own.is_empty() {
        true => "this one runs without it as well".to_owned(),
        false => format!("this one runs with the {}", of(own)),
    };
    let advice = match path.matches("services.*.depends_on.*") {
        true => "give both the same, or write \"required: false\" below the name in depends_on",
        false => "give both the same",
    };
    format!("the service {name:?} runs only with the {}, and {when}, and would be refused; {advice}", of(others))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::extends::services;

    fn reasons(own: Value, others: Value, needs: (&str, Value)) -> Vec<String> {
        let mut found = Found::default();
        let (key, needs) = needs;
        let file = json!({"services": {"a": {"profiles": own, key: needs}, "b": {"profiles": others}}});
        check(&services(&file, &mut Found::default()), &mut found);
        found.0.into_iter().map(|(path, reason)| format!("{}: {reason}", path.words())).collect()
    }

    #[test]
    fn a_service_whose_needs_another_profile_has_is_told() {
        let at = "service \"a\", key depends_on, entry 1: the service \"b\" runs only with the";
        let advice = "give both the same, or write \"required: false\" below the name in depends_on";
        let needs = || ("depends_on", json!(["b"]));
        assert_eq!(
            reasons(json!([]), json!(["p", "q"]), needs()),
            [format!(
                "{at} profiles \"p\", \"q\", and this one runs without it as well, and would be refused; {advice}"
            )]
        );
        assert_eq!(
            reasons(json!(["q", "p"]), json!(["p"]), needs()),
            [format!(
                "{at} profile \"p\", and this one runs with the profiles \"p\", \"q\", and would be refused; {advice}"
            )]
        );
        let mode = &reasons(json!([]), json!(["p"]), ("network_mode", json!("service:b")))[0];
        assert!(mode.ends_with("would be refused; give both the same"), "{mode}");
    }

    #[test]
    fn a_service_that_has_all_it_needs_passes() {
        for (own, others) in [([].as_slice(), [].as_slice()), (&["p"], &[]), (&["p"], &["p", "q"]), (&["\0"], &["p"])] {
            assert_eq!(reasons(json!(own), json!(others), ("depends_on", json!(["b"]))), Vec::<String>::new());
        }
        assert_eq!(
            reasons(json!([]), json!(["p"]), ("depends_on", json!({"b": {"required": false}}))),
            Vec::<String>::new()
        );
    }
}
