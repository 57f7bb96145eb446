//! From the ids in the log to the names that people know: for tables only; JSON has the ids. What has no name here, because
//! it is new, gone or one of very many, is shown by the end of its id.

use std::collections::HashMap;

use anyhow::Result;
use serde_json::Value;

use crate::exit::Failure;
use crate::hub::{Hub, PAGE};
use crate::operation::shown;

shown!("src/names.graphql": NamesOfApplications NamesOfCustomers NamesOfLicenses NamesOfTargets NamesOfMembers);

/// Fewer at once, as each brings its releases along.
const APPLICATIONS: i64 = 20;

#[derive(Default)]
pub(crate) struct Names(HashMap<String, String>);

impl Names {
    pub(crate) async fn load(hub: &Hub) -> Result<Self> {
        let mut names = Self::default();
        let variables = |after| names_of_applications::Variables { first: Some(APPLICATIONS), after };
        for application in visible(hub.list::<NamesOfApplications>("/applications", variables).await)? {
            let name = text(&application["name"]);
            for channel in items(&application["channels"]) {
                names.learn(&channel["id"], format!("{name}/{}", text(&channel["name"])));
            }
            for release in items(&application["releases"]["nodes"]) {
                names.learn(&release["id"], format!("{name} {}", text(&release["version"])));
            }
            names.learn(&application["id"], name.to_owned());
        }
        let variables = |after| names_of_customers::Variables { first: Some(PAGE), after };
        for customer in visible(hub.list::<NamesOfCustomers>("/customers", variables).await)? {
            names.learn(&customer["id"], text(&customer["name"]).to_owned());
        }
        let variables = |after| names_of_licenses::Variables { first: Some(PAGE), after };
        for license in visible(hub.list::<NamesOfLicenses>("/licenses", variables).await)? {
            names.learn(&license["id"], format!("{}/{}", text(&license["customer"]["name"]), text(&license["name"])));
        }
        let variables = |after| names_of_targets::Variables { first: Some(PAGE), after };
        for target in visible(hub.list::<NamesOfTargets>("/targets", variables).await)? {
            let name = format!("{}/{}", text(&target["customer"]["name"]), text(&target["name"]));
            for deployment in items(&target["deployments"]) {
                let application = text(&deployment["application"]["name"]);
                names.learn(&deployment["id"], format!("{application} on {name}"));
            }
            names.learn(&target["id"], name);
        }
        let variables = |after| names_of_members::Variables { first: Some(PAGE), after };
        for member in visible(hub.list::<NamesOfMembers>("/members", variables).await)? {
            let called = member["email"].as_str().unwrap_or_else(|| text(&member["name"]));
            names.learn(&member["id"], called.to_owned());
        }
        Ok(names)
    }

    fn learn(&mut self, id: &Value, name: String) {
        self.0.insert(text(id).to_owned(), name);
    }

    /// `license-<id>` as `license globex/hello-2026`; `member:<id>` as `member owner@acme.example`.
    pub(crate) fn of(&self, reference: &str) -> String {
        let Some((kind, id)) = split(reference) else {
            return reference.to_owned();
        };
        match self.0.get(id) {
            Some(name) => format!("{kind} {name}").trim_start().to_owned(),
            None => format!("{kind} …{}", &id[id.len() - 8..]).trim_start().to_owned(),
        }
    }
}

/// Who may not see something does without its names.
fn visible(items: Result<Vec<Value>>) -> Result<Vec<Value>> {
    match items {
        Err(error) if matches!(error.downcast_ref(), Some(Failure::Refused { code, .. }) if code == "forbidden") => {
            Ok(vec![])
        }
        other => other,
    }
}

/// The kind and the id of what ends with a UUID.
fn split(reference: &str) -> Option<(&str, &str)> {
    let at = reference.len().checked_sub(36)?;
    let (kind, id) = reference.split_at_checked(at)?;
    let is_id = id.chars().enumerate().all(|(at, c)| match at {
        8 | 13 | 18 | 23 => c == '-',
        _ => c.is_ascii_hexdigit(),
    });
    is_id.then(|| (kind.trim_end_matches(['-', ':']), id))
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0192aaaa-bbbb-7ccc-8ddd-0123456789ab";

    #[test]
    fn what_has_a_name_is_shown_by_it_and_the_rest_by_the_end_of_its_id() {
        let names = Names([(ID.to_owned(), "globex/hello-2026".to_owned())].into());
        assert_eq!(names.of(&format!("license-{ID}")), "license globex/hello-2026");
        assert_eq!(Names::default().of(&format!("member:{ID}")), "member …456789ab");
        assert_eq!(Names::default().of(ID), "…456789ab");
        for other in ["operator", "policy:observation", "-", "é-no-id-é-no-id-é-no-id-é-no-id-é-no-id-é"] {
            assert_eq!(Names::default().of(other), other);
        }
    }
}
