//! What compose runs in a container after its start and before its stop. Plugins before 2.30 read these keys and run nothing of them,
//! without a word.

use std::time::Duration;

use distr_agent::fault::Failure;
use distr_domain::agent::ErrorCategory;
use serde_json::Value;

use crate::compose;

const HOOKS: [&str; 2] = ["post_start", "pre_stop"];
const SINCE: (u32, u32) = (2, 30);
const LIMIT: Duration = Duration::from_secs(60);

/// Whether the plugin of this host runs what the model asks for; it is only asked if there is something.
pub(super) async fn check(model: &Value) -> Result<(), Failure> {
    let Some((service, hook)) = first(model) else { return Ok(()) };
    let version = compose::version(LIMIT).await?;
    match runs_hooks(&version) {
        true => Ok(()),
        false => Err(Failure::passing(
            ErrorCategory::Runtime,
            format!(
                "service {service} has {hook}, which the docker compose plugin of this host ({version}) does not run; \
                 update the plugin to {}.{} or newer",
                SINCE.0, SINCE.1
            ),
        )),
    }
}

fn first(model: &Value) -> Option<(&str, &'static str)> {
    let services = model.get("services")?.as_object()?;
    let is_set =
        |service: &Value, hook: &str| service.get(hook).and_then(Value::as_array).is_some_and(|list| !list.is_empty());
    services.iter().find_map(|(name, service)| {
        let hook = HOOKS.into_iter().find(|hook| is_set(service, hook))?;
        Some((name.as_str(), hook))
    })
}

/// A version that cannot be read is of a plugin that somebody built; it is new.
fn runs_hooks(version: &str) -> bool {
    let mut numbers = version.trim_start_matches('v').split(['.', '-', '+']).map(str::parse::<u32>);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(major)), Some(Ok(minor))) => (major, minor) >= SINCE,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_plugin_runs_hooks_since_its_version_2_30() {
        for (version, runs) in [
            ("2.26.1-4", false),
            ("v2.29.7", false),
            ("2.30.0", true),
            ("2.40.3", true),
            ("5.0.1", true),
            ("dev", true),
        ] {
            assert_eq!(runs_hooks(version), runs, "{version}");
        }
    }

    #[test]
    fn a_hook_is_found_where_something_is_to_run() {
        let model = |web| json!({"services": {"db": {"image": "x"}, "web": web}});
        assert_eq!(first(&model(json!({"post_start": [{"command": ["x"]}]}))), Some(("web", "post_start")));
        assert_eq!(first(&model(json!({"pre_stop": [{"command": ["x"]}]}))), Some(("web", "pre_stop")));
        assert_eq!(first(&model(json!({"post_start": []}))), None);
    }
}
