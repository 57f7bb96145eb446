//! From the hub's instruction to what Helm is given: the values and the post-renderer's plan. Pure.

use distr_agent::fault::Failure;
use distr_domain::agent::{ErrorCategory, RunChartInstruction};
use serde_json::{Map, Value, json};

use crate::lock::pins;
use crate::post_render::{Plan, PodSecurity, Yielded};

/// The values for Helm: the hub's, and over them the names of Secrets and the registry. `secret` is the name of the release's Secret; no value of it is
/// among them.
pub fn values(run: &RunChartInstruction, secret: &str, registry: &str) -> Result<Map<String, Value>, Failure> {
    let mut values = run.values.clone();
    let mut put = |path: &distr_domain::value_path::ValuePath, value: Value| {
        path.set(&mut values, value).map_err(|error| Failure::bad(ErrorCategory::Config, error.to_string()))
    };
    for (variable, place) in &run.settings.secrets {
        // one that nobody set has no Secret: the chart's own default counts
        if run.secrets.contains_key(variable) {
            put(&place.existing_secret, json!(secret))?;
            place.key.path.iter().try_for_each(|path| put(path, json!(place.key.name)))?;
        }
    }
    run.settings.images.registry.iter().try_for_each(|path| put(path, json!(registry)))?;
    Ok(values)
}

/// What goes into the release's Secret, by the keys under which the chart looks for it.
pub fn secrets(run: &RunChartInstruction) -> std::collections::BTreeMap<String, distr_agent::secret::Secret> {
    let places = &run.settings.secrets;
    let of = |(variable, value): (&String, &String)| {
        let key = places.get(variable)?.key.name.clone();
        Some((key, distr_agent::secret::Secret::new(value)))
    };
    run.secrets.iter().filter_map(of).collect()
}

/// The post-renderer's plan. Of the last two, the first are fields with the values that they have in the cluster.
pub fn plan(
    run: &RunChartInstruction,
    (deployment, namespace, registry): (&str, &str, &str),
    pull_secret: Option<String>,
    (yields, pod_security): (Vec<Yielded>, PodSecurity),
) -> Plan {
    // `organization/path`
    let organization = run.chart.repository.split('/').next().unwrap_or_default();
    Plan {
        deployment: deployment.to_owned(),
        namespace: namespace.to_owned(),
        images: pins(&run.lock, organization, registry),
        pull_secret,
        image_paths: run.settings.images.paths.clone(),
        yields,
        pod_security,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn instruction() -> RunChartInstruction {
        let digest = "sha256:f817763fbb6dfb7f2124c80808ec6293e0c0144f70eaefedd75d5e0ece5e7fbc";
        serde_json::from_value(json!({
            "version": "1.4.0",
            "chart": {"repository": "acme/charts/shop", "digest": digest, "archive": digest, "size": 1, "name": "shop", "version": "1.0.0"},
            "lock": {"registry": "hub.example", "images": [
                {"reference": "acme/web:1", "image": {"repository": "web", "digest": digest}},
            ], "kinds": [], "cases": 1, "tool": "helm v4.1.4"},
            "settings": {
                "secrets": {
                    "DB_PASSWORD": {"existing_secret": "database.existingSecret", "key": {"name": "password", "path": "database.secretKey"}},
                    "UNSET": {"existing_secret": "other.existingSecret", "key": {"name": "other"}},
                },
                "images": {"registry": "global.imageRegistry"},
            },
            "values": {"database": {"size": 3}},
            "secrets": {"DB_PASSWORD": "hunter2"},
            "images": [],
        }))
        .unwrap()
    }

    #[test]
    fn values_have_the_names_of_secrets_and_no_value_of_one() {
        let values = Value::Object(values(&instruction(), "shop-distr-abc", "mirror.local").unwrap());
        assert_eq!(
            values,
            json!({
                "database": {"size": 3, "existingSecret": "shop-distr-abc", "secretKey": "password"},
                "global": {"imageRegistry": "mirror.local"},
            })
        );
        let secrets = secrets(&instruction());
        assert_eq!(secrets.keys().collect::<Vec<_>>(), ["password"]);
        assert_eq!(secrets["password"].expose(), "hunter2");
    }

    #[test]
    fn a_path_that_leads_through_a_number_is_the_releases_fault() {
        let mut run = instruction();
        run.values.insert("database".to_owned(), json!(3));
        assert_eq!(values(&run, "s", "r").unwrap_err().category, ErrorCategory::Config);
    }

    #[test]
    fn a_plan_pins_what_the_lock_has() {
        let plan = plan(&instruction(), ("0d6f1c2e", "shop", "mirror.local"), None, (vec![], PodSecurity::Baseline));
        assert!(plan.images["mirror.local/acme/web:1"].starts_with("mirror.local/acme/web@sha256:"));
        assert_eq!(plan.deployment, "0d6f1c2e");
    }
}
