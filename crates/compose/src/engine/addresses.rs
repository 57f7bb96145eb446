//! Fixed addresses of services: an engine gives them in networks alone whose range the file says.

use std::net::IpAddr;

use serde_json::Value;

use crate::found::Found;
use crate::parts::Part;
use crate::variables::is_known;

/// `networks` is what the file has below that key, if it has it.
pub(super) fn check(networks: Option<&Value>, service: &Part<'_>, found: &mut Found) {
    for (path, name, attachment) in service.names("networks") {
        let network = networks.and_then(|networks| networks.get(name));
        // made by others, or perhaps so
        if network.and_then(|network| network.get("external")).is_some_and(|external| *external != Value::Bool(false)) {
            continue;
        }
        let ranges = ranges(network);
        if ranges.iter().any(|range| !is_known(range)) {
            continue;
        }
        for key in ["ipv4_address", "ipv6_address"] {
            let address = attachment.and_then(|attachment| attachment.get(key)).and_then(Value::as_str);
            let Some(address) = address.and_then(|address| address.parse::<IpAddr>().ok()) else { continue };
            if ranges.iter().any(|range| contains(range, address)) {
                continue;
            }
            let of_family = ranges.iter().copied().find(|range| range.contains(':') == address.is_ipv6());
            let reason = match of_family {
                Some(range) => format!("{address} lies outside of {range}, which the network {name:?} has"),
                None => format!(
                    "engines give a fixed address in a network with a subnet alone; write one below ipam.config of the network \
                     {name:?}, or take the address out"
                ),
            };
            found.add(path.key(key), reason);
        }
    }
}

fn ranges(network: Option<&Value>) -> Vec<&str> {
    let config = network.and_then(|network| network.pointer("/ipam/config")).and_then(Value::as_array);
    config.into_iter().flatten().filter_map(|range| range.get("subnet")?.as_str()).collect()
}

/// Whether the address is of the range, which is written as `10.0.0.0/24`. A range that is none contains everything: it is refused
/// elsewhere.
fn contains(range: &str, address: IpAddr) -> bool {
    let Some((base, length)) = range.split_once('/') else { return true };
    let (Ok(base), Ok(length)) = (base.parse::<IpAddr>(), length.parse::<u32>()) else { return true };
    let (base, address, bits) = match (base, address) {
        (IpAddr::V4(base), IpAddr::V4(address)) => (base.to_bits().into(), address.to_bits().into(), 32),
        (IpAddr::V6(base), IpAddr::V6(address)) => (base.to_bits(), address.to_bits(), 128),
        _ => return false,
    };
    let rest = bits - length.min(bits);
    let of_range = |address: u128| address.checked_shr(rest).unwrap_or_default();
    of_range(base) == of_range(address)
}
