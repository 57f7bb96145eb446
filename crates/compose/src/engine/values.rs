//! Values of a service that compose hands on as they are, and every engine refuses: signals, capabilities, times of health checks,
//! addresses of hosts, options that exclude each other.

use std::net::IpAddr;

use serde_json::Value;

use crate::found::Found;
use crate::parts::Part;
use crate::quantity::nanoseconds;
use crate::variables::is_known;

const MILLISECOND: f64 = 1e6;

/// Signals of Linux by name, beside `RTMIN+1` to `RTMIN+15` and `RTMAX-14` to `RTMAX-1`.
const SIGNALS: [&str; 37] = [
    "ABRT", "ALRM", "BUS", "CHLD", "CLD", "CONT", "FPE", "HUP", "ILL", "INT", "IO", "IOT", "KILL", "PIPE", "POLL",
    "PROF", "PWR", "QUIT", "RTMAX", "RTMIN", "SEGV", "STKFLT", "STOP", "SYS", "TERM", "TRAP", "TSTP", "TTIN", "TTOU",
    "UNUSED", "URG", "USR1", "USR2", "VTALRM", "WINCH", "XCPU", "XFSZ",
];

/// Capabilities of Linux by name, and all of them.
const CAPABILITIES: [&str; 42] = [
    "ALL",
    "AUDIT_CONTROL",
    "AUDIT_READ",
    "AUDIT_WRITE",
    "BLOCK_SUSPEND",
    "BPF",
    "CHECKPOINT_RESTORE",
    "CHOWN",
    "DAC_OVERRIDE",
    "DAC_READ_SEARCH",
    "FOWNER",
    "FSETID",
    "IPC_LOCK",
    "IPC_OWNER",
    "KILL",
    "LEASE",
    "LINUX_IMMUTABLE",
    "MAC_ADMIN",
    "MAC_OVERRIDE",
    "MKNOD",
    "NET_ADMIN",
    "NET_BIND_SERVICE",
    "NET_BROADCAST",
    "NET_RAW",
    "PERFMON",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYSLOG",
    "SYS_ADMIN",
    "SYS_BOOT",
    "SYS_CHROOT",
    "SYS_MODULE",
    "SYS_NICE",
    "SYS_PACCT",
    "SYS_PTRACE",
    "SYS_RAWIO",
    "SYS_RESOURCE",
    "SYS_TIME",
    "SYS_TTY_CONFIG",
    "WAKE_ALARM",
];

pub(super) fn check(service: &Part<'_>, found: &mut Found) {
    if let Some(signal) = service.text("stop_signal").filter(|signal| is_known(signal) && !is_signal(signal)) {
        let reason = format!("no engine knows the signal {signal:?}; write SIGTERM, SIGINT or another one of Linux");
        found.add(service.path.key("stop_signal"), reason);
    }
    for (path, capability) in ["cap_add", "cap_drop"].into_iter().flat_map(|key| service.entries(key)) {
        let Some(name) = capability.as_str().filter(|name| is_known(name) && !is_capability(name)) else { continue };
        found.add(path, format!("there is no capability {name:?}; write one of Linux, such as NET_ADMIN"));
    }
    check_health(service, found);
    check_hosts(service, found);
    check_excluded(service, found);
}

fn is_signal(text: &str) -> bool {
    if let Ok(number) = text.parse::<i32>() {
        return number != 0;
    }
    let upper = text.to_ascii_uppercase();
    let name = upper.strip_prefix("SIG").unwrap_or(&upper);
    let offset = |name: &str, begin: &str, most: u32| {
        name.strip_prefix(begin).and_then(|n| n.parse::<u32>().ok()).is_some_and(|n| (1..=most).contains(&n))
    };
    SIGNALS.contains(&name) || offset(name, "RTMIN+", 15) || offset(name, "RTMAX-", 14)
}

fn is_capability(text: &str) -> bool {
    let upper = text.to_ascii_uppercase();
    CAPABILITIES.contains(&upper.strip_prefix("CAP_").unwrap_or(&upper))
}

fn check_health(service: &Part<'_>, found: &mut Found) {
    let Some(check) = service.map.get("healthcheck").and_then(Value::as_object) else { return };
    for key in ["interval", "timeout", "start_period", "start_interval"] {
        let time = check.get(key).and_then(Value::as_str).filter(|text| is_known(text)).and_then(nanoseconds);
        // 0 is the engine's default
        if time.is_some_and(|time| time != 0.0 && time < MILLISECOND) {
            let reason = "engines take no time of a health check below 1ms; write a longer one, or leave it out";
            found.add(service.path.key("healthcheck").key(key), reason);
        }
    }
}

fn check_hosts(service: &Part<'_>, found: &mut Found) {
    for (path, name, value) in service.names("extra_hosts") {
        let addresses: Vec<&str> = match value {
            None => {
                name.split_once('=').or_else(|| name.split_once(':')).map(|(_, address)| address).into_iter().collect()
            }
            Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).collect(),
            Some(value) => value.as_str().into_iter().collect(),
        };
        for address in addresses.into_iter().filter(|address| is_known(address) && !is_address(address)) {
            let reason = format!("engines take addresses alone, and {address:?} is none; write one, or host-gateway");
            found.add(path.clone(), reason);
        }
    }
}

fn is_address(text: &str) -> bool {
    let inner = text.strip_prefix('[').and_then(|inner| inner.strip_suffix(']')).unwrap_or(text);
    // what has nothing behind its colon is refused elsewhere
    ["", "host-gateway"].contains(&text) || inner.parse::<IpAddr>().is_ok()
}

/// Keys that compose takes together, and the engine does not.
fn check_excluded(service: &Part<'_>, found: &mut Found) {
    let is_set = |key: &str| match service.map.get(key) {
        None | Some(Value::Null) => false,
        Some(Value::String(text)) => !text.is_empty() && text != "0",
        Some(Value::Number(number)) => number.as_f64() != Some(0.0),
        Some(_) => true,
    };
    if service.text("uts") == Some("host") && is_set("hostname") {
        found.add(service.path.key("hostname"), "engines refuse a hostname beside \"uts: host\"; take one of them out");
    }
    for key in ["cpu_quota", "cpu_period"] {
        if is_set("cpus") && is_set(key) {
            found.add(service.path.key(key), format!("engines refuse {key} beside cpus; take one of them out"));
        }
    }
}
