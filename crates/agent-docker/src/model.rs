//! The compose file as `docker compose config --format json` resolves it: only what the agent needs to know of it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::{Deserialize, Deserializer};
use serde_json::Value;

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Model {
    pub name: String,
    #[serde(deserialize_with = "or_default")]
    pub services: BTreeMap<String, Service>,
    #[serde(deserialize_with = "or_default")]
    pub networks: BTreeMap<String, Network>,
    #[serde(deserialize_with = "or_default")]
    pub volumes: BTreeMap<String, Volume>,
    #[serde(rename = "x-distr", deserialize_with = "or_default")]
    pub distr: Extension,
}

/// What a vendor may say to the agent in the compose file.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Extension {
    pub strategy: Option<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Service {
    pub image: Option<String>,
    pub container_name: Option<String>,
    #[serde(deserialize_with = "or_default")]
    pub ports: Vec<Value>,
    #[serde(deserialize_with = "or_default")]
    pub volumes: Vec<Mount>,
    #[serde(deserialize_with = "or_default")]
    pub networks: BTreeMap<String, Option<Attachment>>,
    pub network_mode: Option<String>,
    pub pid: Option<String>,
    pub ipc: Option<String>,
    pub privileged: bool,
    #[serde(deserialize_with = "or_default")]
    pub devices: Vec<Value>,
    #[serde(deserialize_with = "or_default")]
    pub gpus: Vec<Value>,
    #[serde(deserialize_with = "or_default")]
    pub volumes_from: Vec<String>,
    pub scale: Option<usize>,
    pub deploy: Option<Deploy>,
    pub healthcheck: Option<Healthcheck>,
    #[serde(deserialize_with = "or_default")]
    pub depends_on: BTreeMap<String, Dependency>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Mount {
    pub r#type: String,
    pub source: Option<String>,
    pub read_only: bool,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Attachment {
    pub ipv4_address: Option<String>,
    pub ipv6_address: Option<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Deploy {
    pub replicas: Option<usize>,
    /// kept whole: only whether devices are reserved is asked
    pub resources: Value,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Healthcheck {
    pub disable: bool,
    #[serde(deserialize_with = "duration")]
    pub interval: Option<Duration>,
    #[serde(deserialize_with = "duration")]
    pub timeout: Option<Duration>,
    #[serde(deserialize_with = "duration")]
    pub start_period: Option<Duration>,
    pub retries: Option<u32>,
}

impl Healthcheck {
    /// As the engine has it: what the file leaves out is the image's.
    pub fn together(file: Option<Self>, image: Option<Self>) -> Option<Self> {
        match (file, image) {
            (Some(file), Some(image)) if !file.disable => Some(Self {
                disable: false,
                interval: file.interval.or(image.interval),
                timeout: file.timeout.or(image.timeout),
                start_period: file.start_period.or(image.start_period),
                retries: file.retries.or(image.retries),
            }),
            (file, image) => file.or(image),
        }
    }
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Dependency {
    pub condition: String,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Network {
    pub name: String,
    pub external: bool,
    pub driver: Option<String>,
    pub ipam: Value,
    pub internal: bool,
    pub attachable: bool,
    pub enable_ipv6: Option<bool>,
    #[serde(deserialize_with = "or_default")]
    pub driver_opts: BTreeMap<String, Value>,
    #[serde(deserialize_with = "or_default")]
    pub labels: BTreeMap<String, Value>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Volume {
    pub name: String,
    pub external: bool,
    #[serde(deserialize_with = "or_default")]
    pub driver_opts: BTreeMap<String, Value>,
}

impl Service {
    pub fn replicas(&self) -> usize {
        self.scale.or(self.deploy.as_ref().and_then(|deploy| deploy.replicas)).unwrap_or(1)
    }

    pub fn reserves_devices(&self) -> bool {
        let reserved = self.deploy.as_ref().and_then(|deploy| deploy.resources.pointer("/reservations/devices"));
        !self.devices.is_empty() || !self.gpus.is_empty() || reserved.is_some_and(|list| list != &Value::Null)
    }
}

impl Model {
    /// Services that others wait for to end: migrations and the like. They are well when they ended with 0.
    pub fn jobs(&self) -> BTreeSet<String> {
        let dependencies = self.services.values().flat_map(|service| &service.depends_on);
        let ends = dependencies.filter(|(_, dependency)| dependency.condition == "service_completed_successfully");
        ends.map(|(name, _)| name.clone()).collect()
    }
}

fn or_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(from: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or_default())
}

fn duration<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Duration>, D::Error> {
    let Some(text) = Option::<String>::deserialize(from)? else { return Ok(None) };
    let invalid = || serde::de::Error::custom(format!("{text:?} is not a duration"));
    parse_duration(&text).map(Some).ok_or_else(invalid)
}

/// Go's text for durations, which compose prints: `1m30s`, `1.5s`, `500ms`.
fn parse_duration(text: &str) -> Option<Duration> {
    let mut rest = text;
    let mut total = 0.0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, unit_on) = rest.split_at(digits);
        let unit_length = unit_on.find(|c: char| c.is_ascii_digit()).unwrap_or(unit_on.len());
        let (unit, after) = unit_on.split_at(unit_length);
        let seconds = match unit {
            "h" => 3600.0,
            "m" => 60.0,
            "s" => 1.0,
            "ms" => 1e-3,
            "us" | "µs" => 1e-6,
            "ns" => 1e-9,
            _ => return None,
        };
        total += number.parse::<f64>().ok()? * seconds;
        rest = after;
    }
    Duration::try_from_secs_f64(total).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_file_leaves_out_of_a_health_check_is_the_images() {
        let check = |interval: u64, start_period: Option<u64>| {
            let start_period = start_period.map(Duration::from_secs);
            Some(Healthcheck { interval: Some(Duration::from_secs(interval)), start_period, ..Healthcheck::default() })
        };
        let together = Healthcheck::together(check(5, None), check(30, Some(300)));
        assert_eq!(together, check(5, Some(300)));
        assert_eq!(Healthcheck::together(None, check(30, None)), check(30, None));
        let disabled = Some(Healthcheck { disable: true, ..Healthcheck::default() });
        assert_eq!(Healthcheck::together(disabled.clone(), check(30, None)), disabled);
    }

    #[test]
    fn durations_are_read_as_go_prints_them() {
        for (text, millis) in [("1s", 1000), ("1m30s", 90_000), ("1.5s", 1500), ("500ms", 500), ("2h0m0s", 7_200_000)] {
            assert_eq!(parse_duration(text), Some(Duration::from_millis(millis)), "{text}");
        }
        assert_eq!((parse_duration("5"), parse_duration("x")), (None, None));
    }

    #[test]
    fn the_resolved_file_of_compose_is_understood() {
        let model: Model = serde_json::from_str(include_str!("model/resolved.json")).unwrap();
        let web = &model.services["web"];
        assert_eq!(web.replicas(), 2);
        assert_eq!(web.healthcheck.as_ref().unwrap().interval, Some(Duration::from_secs(90)));
        assert!(web.reserves_devices());
        assert_eq!(model.jobs(), BTreeSet::from(["migrate".to_owned()]));
    }
}
