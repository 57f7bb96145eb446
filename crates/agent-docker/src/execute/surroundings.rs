//! Whether the host has what a release takes for granted, asked before what serves is taken down: trouble that heals is then tried
//! again for as long as it lasts, and nobody's service stands still for it.

use std::collections::HashMap;

use bollard::models::{ContainerSummary, PortSummary};
use distr_agent::fault::Failure;
use distr_domain::agent::ErrorCategory;

use crate::engine::Engine;
use crate::impossible::{Published, meet, published};
use crate::model::Model;

/// `project` is the release's own: what it has is its to replace.
pub(super) async fn check(engine: &Engine, project: &str, model: &Model) -> Result<(), Failure> {
    for network in model.networks.values().filter(|network| network.external) {
        if !engine.has_network(&network.name).await? {
            return Err(absent("network", &network.name));
        }
    }
    for volume in model.volumes.values().filter(|volume| volume.external) {
        if !engine.has_volume(&volume.name).await? {
            return Err(absent("volume", &volume.name));
        }
    }
    let running = engine.running().await?;
    match published(model).find_map(|port| Some((holder(&running, project, &port)?, port.number))) {
        None => Ok(()),
        Some((container, port)) => Err(Failure::passing(
            ErrorCategory::Resources,
            format!(
                "a published port is already in use on this host; free it, or deploy with another (port {port}, container \
                 {container})"
            ),
        )),
    }
}

fn absent(kind: &str, name: &str) -> Failure {
    let text = format!("a {kind} that the release takes for granted is not on this host; create it ({kind} {name})");
    Failure::passing(ErrorCategory::Config, text)
}

/// The name of another's container that has the port.
fn holder(running: &[ContainerSummary], project: &str, wanted: &Published<'_>) -> Option<String> {
    let is_other = |container: &&ContainerSummary| {
        let label = |labels: &HashMap<String, String>| labels.get("com.docker.compose.project").cloned();
        container.labels.as_ref().and_then(label).as_deref() != Some(project)
    };
    let has_it = |port: &PortSummary| {
        let protocol = port.typ.map(|kind| kind.to_string()).unwrap_or_default();
        port.public_port == Some(wanted.number)
            && protocol == wanted.protocol
            && meet(port.ip.as_deref().unwrap_or_default(), wanted.address)
    };
    let container = running.iter().filter(is_other).find(|one| one.ports.iter().flatten().any(has_it))?;
    let name = container.names.iter().flatten().next().map(|name| name.trim_start_matches('/').to_owned());
    Some(name.unwrap_or_else(|| "without a name".to_owned()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_port_is_in_use_if_another_project_has_it() {
        let running: Vec<ContainerSummary> = serde_json::from_value(json!([
            {"Names": ["/own"], "Labels": {"com.docker.compose.project": "own"}, "Ports": [{"PrivatePort": 80, "PublicPort": 80, "IP": "0.0.0.0", "Type": "tcp"}]},
            {"Names": ["/proxy"], "Labels": {}, "Ports": [
                {"PrivatePort": 80, "Type": "tcp"},
                {"PrivatePort": 80, "PublicPort": 81, "IP": "127.0.0.1", "Type": "tcp"},
            ]},
        ]))
        .unwrap();
        let holder = |port: serde_json::Value| {
            let model = json!({"services": {"web": {"ports": [port]}}});
            let model: Model = serde_json::from_value(model).unwrap();
            let wanted = published(&model).next().unwrap();
            holder(&running, "own", &wanted)
        };
        let tcp =
            |published: &str, ip: &str| json!({"target": 80, "published": published, "protocol": "tcp", "host_ip": ip});
        assert_eq!(holder(tcp("81", "")).as_deref(), Some("proxy"));
        assert_eq!(holder(tcp("81", "127.0.0.1")).as_deref(), Some("proxy"));
        assert_eq!(holder(tcp("81", "127.0.0.2")), None);
        assert_eq!(holder(tcp("80", "")), None, "its own");
        assert_eq!(holder(json!({"target": 80, "published": "81", "protocol": "udp"})), None);
    }
}
