//! What compose takes, and every engine refuses when it makes or starts the container: a version with it never runs anywhere.

mod addresses;
mod mounts;
mod values;

use std::collections::BTreeMap;

use serde_json::Value;

use crate::found::Found;
use crate::parts::{Part, parts};
use crate::quantity::bytes;
use crate::variables::is_known;

/// The most that Linux takes for a host name, in bytes.
const HOSTNAME: usize = 64;
/// The least memory that an engine gives a container, in bytes.
const MEMORY: i64 = 6 * 1024 * 1024;

pub(crate) fn check(file: &Value, found: &mut Found) {
    let mut taken = BTreeMap::new();
    for service in parts(file, "services") {
        check_names(&service, found);
        check_network(&service, found);
        check_values(&service, found);
        values::check(&service, found);
        mounts::check(file, &service, found);
        addresses::check(file.get("networks"), &service, found);
        check_ports(&service, &mut taken, found);
    }
}

fn known<'a>(service: &Part<'a>, key: &str) -> Option<&'a str> {
    service.text(key).filter(|text| is_known(text) && !text.is_empty())
}

fn check_names(service: &Part<'_>, found: &mut Found) {
    let is_inner = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
    let is_name =
        |name: &str| name.len() > 1 && name.as_bytes()[0].is_ascii_alphanumeric() && name.bytes().all(is_inner);
    let name = known(service, "container_name").map(|name| name.strip_prefix('/').unwrap_or(name));
    if let Some(name) = name.filter(|name| !is_name(name)) {
        let reason = format!(
            "engines take no container named {name:?}; write two or more letters, digits, _, . and -, the first a letter or a digit"
        );
        found.add(service.path.key("container_name"), reason);
    }
    if let Some(name) = known(service, "hostname").filter(|name| name.len() > HOSTNAME) {
        let reason =
            format!("a host name of {} bytes is more than the {HOSTNAME} that a container can have", name.len());
        found.add(service.path.key("hostname"), reason);
    }
}

/// A service in the network of another has that one's name, hosts and ports.
fn check_network(service: &Part<'_>, found: &mut Found) {
    let mode = known(service, "network_mode").unwrap_or_default();
    let Some((_, other)) = mode.split_once(':').filter(|(kind, _)| ["service", "container"].contains(kind)) else {
        return;
    };
    for key in ["ports", "hostname", "extra_hosts", "dns", "mac_address"] {
        let is_said = match service.map.get(key) {
            None | Some(Value::Null) => false,
            Some(Value::Array(list)) => !list.is_empty(),
            Some(Value::Object(map)) => !map.is_empty(),
            Some(_) => true,
        };
        if is_said {
            let reason =
                format!("engines refuse {key} beside network_mode {mode:?}; give it to {other:?}, whose network it is");
            found.add(service.path.key(key), reason);
        }
    }
}

fn check_values(service: &Part<'_>, found: &mut Found) {
    if let Some(folder) = known(service, "working_dir").filter(|folder| !folder.starts_with('/')) {
        let reason = format!("engines take a whole path alone; write /{folder}, or where it is");
        found.add(service.path.key("working_dir"), reason);
    }
    let size = |key: &str| match service.map.get(key) {
        Some(Value::String(text)) if is_known(text) => bytes(text),
        Some(Value::Number(number)) => number.as_i64(),
        _ => None,
    };
    let (limit, reservation) = (size("mem_limit").filter(|limit| *limit > 0), size("mem_reservation"));
    if limit.is_some_and(|limit| limit < MEMORY) {
        found.add(service.path.key("mem_limit"), "engines give a container 6 MiB at least; write 6m or more");
    }
    if let (Some(limit), Some(reservation)) = (limit, reservation)
        && reservation > limit
    {
        found.add(service.path.key("mem_reservation"), "is more than mem_limit; take it down, or the limit up");
    }
    for (path, name, limits) in service.names("ulimits") {
        let number = |key: &str| limits.and_then(|limits| limits.get(key)).and_then(Value::as_i64);
        if let (Some(soft), Some(hard)) = (number("soft"), number("hard"))
            && hard >= 0
            && !(0..=hard).contains(&soft)
        {
            found
                .add(path, format!("the soft limit of {name} is above its hard limit; take it down to {hard} at most"));
        }
    }
}

/// Where a published port is.
type Place = (String, u16);

/// Of services that always run.
fn check_ports(service: &Part<'_>, taken: &mut BTreeMap<Place, Vec<(String, String)>>, found: &mut Found) {
    // without a network of its own, or in the host's, compose and engine pass its ports over
    let has_ports = !["host", "none"].contains(&service.text("network_mode").unwrap_or_default());
    if service.entries("profiles").next().is_some() || !has_ports {
        return;
    }
    for (path, port) in service.entries("ports") {
        let Some((address, place)) = published(port) else { continue };
        if let Some(count) = replicas(service).filter(|count| *count > 1) {
            let reason = format!(
                "the service has {count} containers, of which only one can have port {} of the host; publish a range, or let a proxy \
                 of the release pass on to them",
                place.1
            );
            found.add(path, reason);
            continue;
        }
        let others = taken.entry(place).or_default();
        let meets = |other: &String| *other == address || is_any(other) || is_any(&address);
        match others.iter().find(|(other, _)| meets(other)) {
            Some((_, other)) => found.add(path, in_use(port, other, service.name)),
            None => others.push((address, service.name.to_owned())),
        }
    }
}

fn replicas(service: &Part<'_>) -> Option<u64> {
    let scale = service.map.get("scale").filter(|scale| !scale.is_null());
    scale.or_else(|| service.map.get("deploy")?.get("replicas"))?.as_u64()
}

fn in_use(port: &Value, other: &str, own: &str) -> String {
    let whose = if other == own { "this service".to_owned() } else { format!("the service {other:?}") };
    let port = port.as_str().map_or_else(|| port["published"].to_string(), |port| format!("{port:?}"));
    format!("{whose} publishes the port of {port} of the host already, and only one can have it")
}

fn is_any(address: &str) -> bool {
    ["", "0.0.0.0", "[::]", "::"].contains(&address)
}

/// The address and the place of one fixed port.
fn published(port: &Value) -> Option<(String, Place)> {
    let (address, host, protocol) = match port {
        Value::String(text) if is_known(text) => {
            let (rest, container) = text.rsplit_once(':')?;
            let protocol = container.split_once('/').map_or("tcp", |(_, protocol)| protocol);
            let (address, host) = rest.rsplit_once(':').unwrap_or(("", rest));
            (address.to_owned(), host.to_owned(), protocol.to_ascii_lowercase())
        }
        Value::Object(map) => {
            let text = |key: &str| map.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
            let host = match map.get("published")? {
                Value::String(text) => text.clone(),
                number => number.to_string(),
            };
            let protocol = Some(text("protocol")).filter(|protocol| !protocol.is_empty());
            (text("host_ip"), host, protocol.unwrap_or_else(|| "tcp".to_owned()))
        }
        _ => return None,
    };
    // 0 is any that is free
    let port = host.parse().ok().filter(|port| *port > 0)?;
    Some((address, (protocol, port)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::path::Path;

    fn reasons(services: Value) -> Vec<String> {
        let mut found = Found::default();
        let resolved = crate::variables::resolve(&json!({ "services": services }), &mut found);
        check(&resolved, &mut found);
        found.0.into_iter().map(|(path, reason): (Path, String)| format!("{}: {reason}", path.words())).collect()
    }

    #[test]
    fn what_no_engine_takes_is_told_with_its_place() {
        for (service, place, words) in [
            (
                json!({"container_name": "a b"}),
                "container_name",
                "engines take no container named \"a b\"; write two or more",
            ),
            (json!({"container_name": "x"}), "container_name", "engines take no container named \"x\""),
            (json!({"hostname": "h".repeat(65)}), "hostname", "a host name of 65 bytes is more than the 64"),
            (
                json!({"network_mode": "service:vpn", "ports": ["80:80"]}),
                "ports",
                "engines refuse ports beside network_mode \"service:vpn\"; give it to \"vpn\"",
            ),
            (json!({"network_mode": "container:vpn", "hostname": "box"}), "hostname", "engines refuse hostname beside"),
            (json!({"working_dir": "app"}), "working_dir", "engines take a whole path alone; write /app"),
            (
                json!({"ports": ["80:80"], "deploy": {"replicas": 3}}),
                "ports, entry 1",
                "the service has 3 containers, of which only one can have port 80 of the host; publish a range",
            ),
            (json!({"ports": [{"target": 80, "published": "80"}], "scale": 2}), "ports, entry 1", "the service has 2"),
            (
                json!({"volumes": ["data:/data:ro", "more:/data/more"]}),
                "volumes, entry 2",
                "\"/data/more\" is within \"/data\", which is mounted read-only: engines make no place in it",
            ),
            (json!({"mem_limit": "4m"}), "mem_limit", "engines give a container 6 MiB at least"),
            (json!({"mem_limit": "64m", "mem_reservation": "128m"}), "mem_reservation", "is more than mem_limit"),
            (
                json!({"ulimits": {"nofile": {"soft": 2000, "hard": 1000}}}),
                "ulimits.nofile",
                "the soft limit of nofile is above its hard limit; take it down to 1000",
            ),
            (
                json!({"ports": ["127.0.0.1:80:80", {"target": 81, "published": "80"}]}),
                "ports, entry 2",
                "this service publishes the port of \"80\" of the host already",
            ),
            (json!({"stop_signal": "SIGFOO"}), "stop_signal", "no engine knows the signal \"SIGFOO\"; write SIGTERM"),
            (json!({"stop_signal": "0"}), "stop_signal", "no engine knows the signal \"0\""),
            (json!({"cap_add": ["NET_FOO"]}), "cap_add, entry 1", "there is no capability \"NET_FOO\"; write one of"),
            (json!({"cap_drop": ["all", "X"]}), "cap_drop, entry 2", "there is no capability \"X\""),
            (
                json!({"healthcheck": {"interval": "100us"}}),
                "healthcheck.interval",
                "engines take no time of a health check below 1ms",
            ),
            (json!({"healthcheck": {"timeout": "-3s"}}), "healthcheck.timeout", "engines take no time"),
            (
                json!({"extra_hosts": ["db:1.2.3"]}),
                "extra_hosts, entry 1",
                "engines take addresses alone, and \"1.2.3\" is none; write one, or host-gateway",
            ),
            (json!({"extra_hosts": {"db": "example.com"}}), "extra_hosts.db", "engines take addresses alone"),
            (json!({"uts": "host", "hostname": "x"}), "hostname", "engines refuse a hostname beside \"uts: host\""),
            (json!({"cpus": 0.5, "cpu_quota": 5000}), "cpu_quota", "engines refuse cpu_quota beside cpus"),
            (json!({"volumes": ["data"]}), "volumes, entry 1", "engines mount at a whole path of the container alone"),
            (json!({"volumes": ["/"]}), "volumes, entry 1", "engines mount nothing at the root of a container"),
            (
                json!({"volumes": [{"type": "tmpfs", "target": "x"}]}),
                "volumes, entry 1",
                "engines mount at a whole path",
            ),
            (json!({"tmpfs": "run"}), "tmpfs", "engines mount at a whole path"),
            (json!({"tmpfs": ["/run:foo=1"]}), "tmpfs, entry 1", "engines take no option \"foo=1\" of a tmpfs"),
            (json!({"tmpfs": ["/run:size=abc"]}), "tmpfs, entry 1", "engines take no option \"size=abc\""),
            (json!({"tmpfs": ["/run:rw,mode=999"]}), "tmpfs, entry 1", "engines take no option \"mode=999\""),
            (
                json!({"networks": {"n": {"ipv4_address": "10.9.9.9"}}}),
                "networks.n.ipv4_address",
                "engines give a fixed address in a network with a subnet alone; write one below ipam.config of the network \"n\"",
            ),
        ] {
            let reasons = reasons(json!({ "web": service }));
            let begins = format!("service \"web\", key {place}: {words}");
            assert!(matches!(&reasons[..], [one] if one.starts_with(&begins)), "{reasons:?}");
        }
        let two = reasons(json!({"a": {"ports": ["8080:80"]}, "b": {"ports": ["8080:81/tcp"]}}));
        assert!(
            matches!(&two[..], [one] if one.contains("the service \"a\" publishes the port of \"8080:81/tcp\"")),
            "{two:?}"
        );
    }

    #[test]
    fn a_fixed_address_lies_in_its_network() {
        let reasons = |network: Value, address: &str| {
            let file = json!({
                "networks": {"n": network},
                "services": {"web": {"networks": {"n": {"ipv4_address": address}}}},
            });
            let mut found = Found::default();
            check(&crate::variables::resolve(&file, &mut Found::default()), &mut found);
            found.0.into_iter().map(|(_, reason)| reason).collect::<Vec<_>>()
        };
        let of = |subnet: &str| json!({"ipam": {"config": [{"subnet": subnet}]}});
        for network in [of("10.9.0.0/16"), of("10.9.9.9/32"), of("0.0.0.0/0"), of("${S}"), json!({"external": true})] {
            assert_eq!(reasons(network, "10.9.9.9"), Vec::<String>::new());
        }
        assert_eq!(
            reasons(of("10.97.0.0/24"), "10.9.9.9"),
            ["10.9.9.9 lies outside of 10.97.0.0/24, which the network \"n\" has"]
        );
        assert!(reasons(of("fd97::/64"), "10.9.9.9")[0].starts_with("engines give a fixed address in a network"));
        assert_eq!(reasons(Value::Null, "${A}"), Vec::<String>::new());
    }

    #[test]
    fn what_compose_does_with_configs_and_secrets_is_told() {
        let reasons = |service: Value| {
            let file = json!({
                "configs": {"f": {"file": "./f"}, "c": {"content": "x"}},
                "secrets": {"f": {"file": "./f"}, "e": {"environment": "E"}},
                "services": {"web": service},
            });
            let mut found = Found::default();
            check(&file, &mut found);
            found.0.into_iter().map(|(path, reason)| format!("{}: {reason}", path.words())).collect::<Vec<_>>()
        };
        for (service, place, words) in [
            (
                json!({"secrets": [{"source": "f", "uid": "5"}]}),
                "secrets, entry 1, key uid",
                "compose passes this over where a secret is a file",
            ),
            (
                json!({"configs": [{"source": "f", "mode": 256}]}),
                "configs, entry 1, key mode",
                "compose passes this over where a config is a file",
            ),
            (
                json!({"read_only": true, "configs": ["c"]}),
                "configs, entry 1",
                "compose copies a config without a file into the container, which no engine lets it do",
            ),
            (
                json!({"tmpfs": ["/run:size=1m"], "secrets": ["e"]}),
                "secrets, entry 1",
                "compose copies a secret without a file to \"/run/secrets/e\", where the tmpfs \"/run\" then hides it",
            ),
            (
                json!({"configs": [{"source": "c", "uid": "web"}]}),
                "configs, entry 1, key uid",
                "compose takes numbers alone, and \"web\" is none",
            ),
        ] {
            let reasons = reasons(service);
            let begins = format!("service \"web\", key {place}: {words}");
            assert!(matches!(&reasons[..], [one] if one.starts_with(&begins)), "{reasons:?}");
        }
        let fine = json!({
            "tmpfs": ["/running", "/tmp"],
            "secrets": ["f", {"source": "e", "uid": "5", "mode": 256}],
            "configs": [{"source": "c", "target": "/etc/c"}],
        });
        assert_eq!(reasons(fine), Vec::<String>::new());
        assert_eq!(reasons(json!({"read_only": true, "tmpfs": "/run", "secrets": ["f"]})), Vec::<String>::new());
    }

    #[test]
    fn what_engines_take_passes() {
        let services = json!({
            "web": {"container_name": "/web", "hostname": "web.example", "working_dir": "/app", "mem_limit": "6m",
                "ports": ["127.0.0.1:80:80", "127.0.0.2:80:80", "80:80/udp", "8000-8001:80-81", "81", "${P}:82"],
                "ulimits": {"nproc": 5, "nofile": {"soft": 1, "hard": -1}, "core": {"soft": 0, "hard": 0}}},
            "vpn": {"network_mode": "service:web", "ports": [], "mem_limit": 0},
            "more": {"stop_signal": "sigrtmin+3", "cap_add": ["net_admin", "CAP_SYS_TIME", "${C}"], "cap_drop": ["ALL"],
                "healthcheck": {"interval": "0s", "timeout": "1ms", "start_period": "${P}"},
                "extra_hosts": ["a:1.2.3.4", "b=[::1]", "c:host-gateway", "d:${IP}"], "uts": "host", "cpus": 0.5, "cpu_quota": 0,
                "volumes": ["/data", "d:/d", "${V}", {"type": "tmpfs", "target": "/t"}],
                "tmpfs": ["/run", "/tmp:rw,noexec,size=64m,mode=1777,uid=1,nr_inodes=1k", "/s:size=50%", "/v:size=${S}"]},
            "off": {"network_mode": "none", "ports": ["127.0.0.1:80:80"]},
            "debug": {"profiles": ["debug"], "ports": ["127.0.0.1:80:80"]},
            "host": {"network_mode": "host", "hostname": "box", "working_dir": "${DIR}"},
        });
        assert_eq!(reasons(services), Vec::<String>::new());
    }
}
