//! Image references, as far as it matters which registry they name and whether their content is fixed.

use std::net::{IpAddr, Ipv4Addr};

use crate::oci::Digest;

/// The registry of a reference that names none.
pub const DEFAULT_REGISTRY: &str = "docker.io";

/// A reference such as `host:5000/path:tag@sha256:…`, in its parts. Nothing in it is a variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageName<'a> {
    /// `host[:port]` as it is spelled, or `docker.io`
    pub registry: &'a str,
    pub path: &'a str,
    pub tag: Option<&'a str>,
    pub digest: Option<Digest>,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidImage {
    #[error("it holds a variable")]
    Variable,
    #[error("its digest is not sha256: and 64, or sha512: and 128 lower-case hexadecimal digits")]
    Digest,
    #[error("it is not a reference such as host/path:tag")]
    Malformed,
}

impl<'a> ImageName<'a> {
    pub fn parse(text: &'a str) -> Result<Self, InvalidImage> {
        if text.contains('$') {
            return Err(InvalidImage::Variable);
        }
        let (name, digest) = match text.split_once('@') {
            Some((name, digest)) => (name, Some(digest.parse().map_err(|_| InvalidImage::Digest)?)),
            None => (text, None),
        };
        let (registry, rest) = match name.split_once('/') {
            Some((host, rest)) if is_host(host) => (host, rest),
            _ => (DEFAULT_REGISTRY, name),
        };
        let (path, tag) = rest.split_once(':').map_or((rest, None), |(path, tag)| (path, Some(tag)));
        let is_path = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '_' | '-');
        let is_registry = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '[' | ']');
        match !path.is_empty() && path.chars().all(is_path) && registry.chars().all(is_registry) {
            true => Ok(Self { registry, path, tag, digest }),
            false => Err(InvalidImage::Malformed),
        }
    }
}

/// Whether a client that pulls from `registry` may reach the same one as `own`, although it is spelled otherwise: every name
/// of this machine, and the same host with another port, another case, or a dot at its end. Both are `host[:port]`.
pub fn is_alias(registry: &str, own: &str) -> bool {
    registry != own && (names_this_machine(registry) || host(registry) == host(own))
}

/// Names that mean the machine that asks: loopback and unspecified addresses, in whatever notation.
pub fn names_this_machine(registry: &str) -> bool {
    let host = host(registry);
    let is_number = host.split('.').all(|part| part.starts_with("0x") || part.bytes().all(|c| c.is_ascii_digit()));
    match host.parse::<IpAddr>().map(|address| address.to_canonical()) {
        Ok(address) => address.is_loopback() || address.is_unspecified(),
        // 127.1, 2130706433, 0x7f.1: resolvers read them as addresses
        Err(_) if is_number => first_octet(&host).is_none_or(|octet| matches!(octet, 0 | 127)),
        Err(_) => {
            ["localhost", "ip6-localhost", "ip6-loopback"].contains(&host.as_str()) || host.ends_with(".localhost")
        }
    }
}

/// As `inet_aton` reads it; nothing for what is no such number.
fn first_octet(host: &str) -> Option<u8> {
    let (first, rest) = host.split_once('.').map_or((host, None), |(first, rest)| (first, Some(rest)));
    let number = match first.strip_prefix("0x") {
        Some(digits) => u32::from_str_radix(digits, 16),
        None if first.len() > 1 && first.starts_with('0') => u32::from_str_radix(first, 8),
        None => first.parse(),
    };
    match rest {
        Some(_) => u8::try_from(number.ok()?).ok(),
        None => Some(Ipv4Addr::from(number.ok()?).octets()[0]),
    }
}

/// Lower case, without port, brackets and the dot at the end.
fn host(registry: &str) -> String {
    let registry = registry.to_ascii_lowercase();
    let host = match registry.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => registry.split(':').next().unwrap_or_default(),
    };
    host.trim_end_matches('.').to_owned()
}

/// What clients take for a host and not for the beginning of a path.
fn is_host(first: &str) -> bool {
    first == "localhost" || first.contains(['.', ':', '[']) || first.chars().any(|c| c.is_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_comes_apart_as_clients_read_it() {
        let digest = format!("sha256:{}", "a".repeat(64));
        for (text, registry, path, tag) in [
            ("postgres:17", "docker.io", "postgres", Some("17")),
            ("library/postgres", "docker.io", "library/postgres", None),
            ("localhost/a/b:1", "localhost", "a/b", Some("1")),
            ("LOCALHOST:5000/a", "LOCALHOST:5000", "a", None),
            ("[::1]:5000/a/b:1", "[::1]:5000", "a/b", Some("1")),
        ] {
            assert_eq!(ImageName::parse(text).unwrap(), ImageName { registry, path, tag, digest: None }, "{text}");
            let pinned = format!("{text}@{digest}");
            assert_eq!(ImageName::parse(&pinned).unwrap().digest, Some(digest.parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn what_is_no_fixed_reference_says_why() {
        for (text, fault) in [
            ("${SIDE:-hub/acme/evil:1}${NONE:+@sha256:}", InvalidImage::Variable),
            ("a@sha256:ab", InvalidImage::Digest),
            ("a@sha256:", InvalidImage::Digest),
            ("", InvalidImage::Malformed),
            ("a b", InvalidImage::Malformed),
            ("hub.example/", InvalidImage::Malformed),
        ] {
            assert_eq!(ImageName::parse(text), Err(fault), "{text}");
        }
    }

    #[test]
    fn a_registry_is_known_under_its_other_names() {
        let own = "hub.example:8443";
        for alias in ["HUB.example:8443", "hub.example", "hub.example.:8443", "hub.example:443", "localhost:8443"] {
            assert!(is_alias(alias, own), "{alias}");
        }
        for alias in ["127.0.0.1:1", "127.9.9.9", "[::1]:8443", "0.0.0.0:80", "127.1:80", "2130706433:80", "0x7f.1:80"]
        {
            assert!(is_alias(alias, own), "{alias}");
        }
        for alias in ["[::ffff:127.0.0.1]:80", "0177.0.0.1:80", "hub.localhost:80", "[0:0:0:0:0:0:0:1]:80"] {
            assert!(is_alias(alias, own), "{alias}");
        }
        for other in [own, "docker.io", "ghcr.io", "10.0.0.1:5000", "hub.example.org"] {
            assert!(!is_alias(other, own), "{other}");
        }
        assert!(!is_alias("127.0.0.1:8080", "127.0.0.1:8080"));
        assert!(is_alias("localhost:8080", "127.0.0.1:8080"));
    }
}
