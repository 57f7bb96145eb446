//! Ports of a service: the short form `[[ADDRESS:]HOST:]CONTAINER[/PROTOCOL]`, and the long one.

use std::net::IpAddr;

use serde_json::Value;

use crate::found::Found;
use crate::parts::parts;
use crate::variables::is_known;

pub(crate) fn check(file: &Value, found: &mut Found) {
    for service in parts(file, "services") {
        for (path, port) in service.entries("ports") {
            let refused = match port {
                Value::String(text) if is_known(text) => refused(text),
                Value::Number(number) if number.is_i64() || number.is_u64() => refused(&number.to_string()),
                Value::Object(map) if !map.contains_key("target") => {
                    Some("the key \"target\" is missing; add the port in the container".to_owned())
                }
                _ => None,
            };
            if let Some(reason) = refused {
                found.add(path, reason);
            }
        }
    }
}

/// Why compose refuses the port, if it does.
fn refused(text: &str) -> Option<String> {
    let parts: Vec<&str> = text.split(':').collect();
    let (address, host, container) = match &parts[..] {
        [container] => (String::new(), "", *container),
        [host, container] => (String::new(), *host, *container),
        [address @ .., host, container] => (address.join(":"), *host, *container),
        [] => (String::new(), "", ""),
    };
    let (container, protocol) = container.split_once('/').unwrap_or((container, ""));
    // of more than one slash compose looks at what is between the first two
    let protocol = protocol.split('/').next().unwrap_or_default();
    if let Some(reason) = refused_address(text, &address) {
        return Some(reason);
    }
    if container.is_empty() {
        return Some(format!("{text:?} names no port of the container; write it last, as in \"8080:80\""));
    }
    let Some(inside) = range(container) else { return Some(no_port(text, container)) };
    let outside = match host {
        "" => None,
        host => match range(host) {
            Some(range) => Some(range),
            None => return Some(no_port(text, host)),
        },
    };
    let length = |(start, end): (u16, u16)| end - start;
    if outside.is_some_and(|outside| length(outside) != length(inside) && length(inside) != 0) {
        return Some(format!("{text:?} has ranges of different lengths; give both as many ports"));
    }
    if !["", "tcp", "udp", "sctp"].contains(&protocol.to_ascii_lowercase().as_str()) {
        return Some(format!("{text:?} has the protocol {protocol:?}; use tcp, udp or sctp"));
    }
    (inside.0 == 0).then(|| format!("{text:?} names port 0 of the container; name the port on which it listens"))
}

fn refused_address(text: &str, address: &str) -> Option<String> {
    let bare = address.strip_prefix('[').and_then(|address| address.strip_suffix(']'));
    let is_fine = match bare {
        Some(bare) => bare.parse::<IpAddr>().is_ok(),
        None => address.is_empty() || (!address.contains(':') && address.parse::<IpAddr>().is_ok()),
    };
    let advice = match address.contains(':') && bare.is_none() {
        true => "write at most ADDRESS:HOST:CONTAINER, and an IPv6 address in brackets",
        false => "write the address in digits, or leave it out",
    };
    (!is_fine).then(|| format!("{text:?} begins with {address:?}, which is no IP address; {advice}"))
}

fn no_port(text: &str, part: &str) -> String {
    match text == part {
        true => format!("{part:?} is no port; write a number up to 65535 or a range such as 8000-8010"),
        false => format!("{text:?}: {part:?} is no port; write a number up to 65535 or a range such as 8000-8010"),
    }
}

fn range(text: &str) -> Option<(u16, u16)> {
    let port = |text: &str| if text.starts_with('+') { None } else { text.parse::<u16>().ok() };
    let mut parts = text.split('-');
    let start = port(parts.next()?)?;
    let end = parts.next().map_or(Some(start), port)?;
    (start <= end).then_some((start, end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_that_compose_takes() {
        for good in [
            "80",
            "8080:80",
            ":80",
            "127.0.0.1:8080:80",
            "127.0.0.1::80",
            "[::1]:8080:80",
            "80/udp",
            "80/TCP",
            "80/",
            "8000-8010:80",
            "8000-8010:8000-8010",
            "8000-8010",
            "0:80",
            "080",
        ] {
            assert_eq!(refused(good), None, "{good}");
        }
    }

    #[test]
    fn each_mistake_has_its_words() {
        for (text, reason) in [
            ("http", "\"http\" is no port; write a number up to 65535"),
            ("70000:80", "\"70000:80\": \"70000\" is no port"),
            ("80: 81", "\"80: 81\": \" 81\" is no port"),
            ("8010-8000", "\"8010-8000\" is no port"),
            ("80:", "\"80:\" names no port of the container"),
            ("", "\"\" names no port of the container"),
            ("0", "\"0\" names port 0 of the container"),
            ("80/http", "\"80/http\" has the protocol \"http\"; use tcp, udp or sctp"),
            ("80-81:8000-8010", "\"80-81:8000-8010\" has ranges of different lengths"),
            (
                "localhost:80:80",
                "\"localhost:80:80\" begins with \"localhost\", which is no IP address; write the address in digits",
            ),
            (
                "::1:80:80",
                "\"::1:80:80\" begins with \"::1\", which is no IP address; write at most ADDRESS:HOST:CONTAINER",
            ),
            ("1:2:3:4", "\"1:2:3:4\" begins with \"1:2\", which is no IP address; write at most"),
            ("256.1.1.1:80:80", "\"256.1.1.1:80:80\" begins with \"256.1.1.1\""),
        ] {
            let refused = refused(text).unwrap_or_default();
            assert!(refused.starts_with(reason), "{text}: {refused}");
        }
    }
}
