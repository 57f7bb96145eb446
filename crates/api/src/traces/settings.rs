//! What OpenTelemetry's standard environment says (its specification, "environment variables"). The address of the collector,
//! headers and timeout are the exporter's own to read.

use std::time::Duration;

use anyhow::{Context, bail};
use opentelemetry::KeyValue;
use opentelemetry_sdk::Resource;

use super::sampling::Sampler;

const SERVICE: &str = "distr-hub";

pub(super) struct Settings {
    pub(super) sampler: Sampler,
    /// spans that wait at most
    pub(super) queue: usize,
    /// spans that are sent at once at most
    pub(super) batch: usize,
    pub(super) delay: Duration,
}

impl Settings {
    /// Nothing if no collector is named, or traces are turned off.
    pub(super) fn read() -> anyhow::Result<Option<Self>> {
        Self::of(|name| std::env::var(name).ok().filter(|value| !value.trim().is_empty()))
    }

    fn of(read: impl Fn(&str) -> Option<String>) -> anyhow::Result<Option<Self>> {
        let named = ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"];
        let is_off = read("OTEL_SDK_DISABLED").is_some_and(|value| value.eq_ignore_ascii_case("true"))
            || read("OTEL_TRACES_EXPORTER").is_some_and(|value| value == "none");
        if is_off || !named.iter().any(|name| read(name).is_some()) {
            return Ok(None);
        }
        for name in ["OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"] {
            if let Some(other) = read(name).filter(|value| value != "http/protobuf") {
                bail!("{name} is {other:?}; traces are sent as \"http/protobuf\" only, mostly to port 4318");
            }
        }
        let number = |name: &str, default: usize| match read(name) {
            Some(text) => text.parse().ok().filter(|number| *number > 0).with_context(|| not(name, &text)),
            None => Ok(default),
        };
        Ok(Some(Self {
            sampler: sampler(read("OTEL_TRACES_SAMPLER").as_deref(), read("OTEL_TRACES_SAMPLER_ARG").as_deref())?,
            queue: number("OTEL_BSP_MAX_QUEUE_SIZE", 2_048)?,
            batch: number("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", 512)?,
            delay: Duration::from_millis(number("OTEL_BSP_SCHEDULE_DELAY", 5_000)? as u64),
        }))
    }
}

fn not(name: &str, text: &str) -> String {
    format!("{name} is {text:?}; use a whole number above 0")
}

fn sampler(name: Option<&str>, argument: Option<&str>) -> anyhow::Result<Sampler> {
    let name = name.unwrap_or("parentbased_always_on");
    let share = match name.strip_prefix("parentbased_").unwrap_or(name) {
        "always_on" => 1.0,
        "always_off" => 0.0,
        "traceidratio" => {
            let text = argument.unwrap_or("1.0");
            let share = text.parse().ok().filter(|share| (0.0..=1.0).contains(share));
            share.with_context(|| format!("OTEL_TRACES_SAMPLER_ARG is {text:?}; use a share from 0 to 1"))?
        }
        _ => bail!(
            "OTEL_TRACES_SAMPLER is {name:?}; use always_on, always_off or traceidratio, or one of them after parentbased_"
        ),
    };
    Ok(Sampler { share, parent_based: name.starts_with("parentbased_") })
}

/// Who sends: by `OTEL_SERVICE_NAME` and `OTEL_RESOURCE_ATTRIBUTES`, else this hub.
pub(super) fn resource() -> Resource {
    let told = Resource::builder().build();
    let is_named = told
        .iter()
        .any(|(key, value)| key.as_str() == "service.name" && !value.as_str().starts_with("unknown_service"));
    let builder = Resource::builder().with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")));
    match is_named {
        true => builder.build(),
        false => builder.with_service_name(SERVICE).build(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> anyhow::Result<Option<Settings>> {
        Settings::of(|name| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()))
    }

    const ENDPOINT: (&str, &str) = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318");

    #[test]
    fn without_a_collector_there_are_no_traces() {
        assert!(read(&[]).unwrap().is_none());
        assert!(read(&[("OTEL_SERVICE_NAME", "x")]).unwrap().is_none());
        assert!(read(&[ENDPOINT, ("OTEL_SDK_DISABLED", "true")]).unwrap().is_none());
        assert!(read(&[ENDPOINT, ("OTEL_TRACES_EXPORTER", "none")]).unwrap().is_none());
        let settings = read(&[ENDPOINT]).unwrap().unwrap();
        assert_eq!((settings.queue, settings.batch, settings.delay.as_secs()), (2_048, 512, 5));
        assert_eq!(settings.sampler, Sampler { share: 1.0, parent_based: true });
    }

    #[test]
    fn a_sampler_may_take_a_share() {
        let arguments = [("OTEL_TRACES_SAMPLER", "traceidratio"), ("OTEL_TRACES_SAMPLER_ARG", "0.25"), ENDPOINT];
        assert_eq!(read(&arguments).unwrap().unwrap().sampler, Sampler { share: 0.25, parent_based: false });
    }

    #[test]
    fn what_does_not_fit_is_named() {
        for bad in [
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
            ("OTEL_TRACES_SAMPLER", "jaeger_remote"),
            ("OTEL_BSP_MAX_QUEUE_SIZE", "0"),
            ("OTEL_BSP_SCHEDULE_DELAY", "soon"),
        ] {
            let error = read(&[ENDPOINT, bad]).err().expect("it is refused").to_string();
            assert!(error.contains(bad.0) && error.contains(bad.1), "{error}");
        }
    }
}
