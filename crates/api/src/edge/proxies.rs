//! Reverse proxies that are believed about their clients: `X-Forwarded-For` of a trusted peer says who the client is, by the
//! rule of `networks`, and `X-Forwarded-Proto` whether it spoke HTTPS. A list that is not believed leaves the peer. `Forwarded`
//! is not looked at: a proxy that writes one of two headers passes on the other as the client made it up.

use std::net::IpAddr;

use actix_web::http::header::{HeaderMap, HeaderName};
use distr_registry::Client;

use super::networks::{self, TrustedProxies};

pub(super) const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

impl TrustedProxies {
    /// Who sent a request that came from this peer. `is_tls`: the peer itself speaks TLS.
    pub fn client(&self, peer: Option<IpAddr>, is_tls: bool, headers: &HeaderMap) -> Client {
        match peer.filter(|peer| self.contains(*peer)) {
            None => Client { address: peer, is_secure: is_tls },
            Some(peer) => {
                let lines: Vec<&[u8]> = headers.get_all(FORWARDED_FOR).map(|line| line.as_bytes()).collect();
                let scheme = headers.get_all(FORWARDED_PROTO).last().map(|line| line.as_bytes());
                Client {
                    address: self.client_of(&lines).or(Some(peer)),
                    is_secure: scheme.and_then(networks::is_secure).unwrap_or(is_tls),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    fn client(peer: &str, lines: &[(&'static str, &str)]) -> (String, bool) {
        let proxies: TrustedProxies = "10.0.0.0/8, 192.0.2.7,fd00::/8".parse().unwrap();
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
        }
        let client = proxies.client(Some(peer.parse().unwrap()), false, &headers);
        (client.address.unwrap().to_string(), client.is_secure)
    }

    const FOR: &str = "x-forwarded-for";
    const PROTO: &str = "x-forwarded-proto";

    #[test]
    fn the_client_is_the_rightmost_hop_that_is_not_trusted() {
        let cases: [(&str, &[&str], &str); 12] = [
            ("10.1.1.1", &["203.0.113.9"], "203.0.113.9"),
            // what the client made up stands on the left
            ("10.1.1.1", &["1.1.1.1, 203.0.113.9"], "203.0.113.9"),
            ("10.1.1.1", &["1.1.1.1", "203.0.113.9, 10.9.9.9"], "203.0.113.9"),
            ("192.0.2.7", &["203.0.113.9:4711"], "203.0.113.9"),
            ("fd00::1", &["[2001:db8::9]:443"], "2001:db8::9"),
            ("fd00::1", &["2001:db8::9"], "2001:db8::9"),
            ("::ffff:10.1.1.1", &["::ffff:203.0.113.9"], "203.0.113.9"),
            // a client within the trusted network
            ("10.1.1.1", &["10.2.2.2, 10.3.3.3"], "10.2.2.2"),
            // what is no list of addresses
            ("10.1.1.1", &["203.0.113.9, unknown"], "10.1.1.1"),
            ("10.1.1.1", &[""], "10.1.1.1"),
            ("10.1.1.1", &[], "10.1.1.1"),
            // and who is not trusted
            ("198.51.100.1", &["203.0.113.9"], "198.51.100.1"),
        ];
        for (peer, lines, expected) in cases {
            let lines: Vec<_> = lines.iter().map(|line| (FOR, *line)).collect();
            assert_eq!(client(peer, &lines).0, expected, "{peer} {lines:?}");
        }
    }

    #[test]
    fn the_scheme_is_what_the_last_proxy_says() {
        assert!(client("10.1.1.1", &[(PROTO, "https")]).1);
        assert!(client("10.1.1.1", &[(PROTO, "http, HTTPS")]).1);
        assert!(!client("10.1.1.1", &[(PROTO, "https"), (PROTO, "http")]).1);
        assert!(!client("10.1.1.1", &[(PROTO, "gopher")]).1);
        assert!(!client("198.51.100.1", &[(PROTO, "https")]).1);
    }

    #[test]
    fn networks_are_named_one_by_one() {
        let parsed = |text: &str| text.parse::<TrustedProxies>().map_err(|error| error.to_string());
        assert_eq!(parsed("").unwrap(), TrustedProxies::default());
        assert!(parsed("10.1.2.3/8").unwrap().contains("10.200.0.1".parse().unwrap()));
        assert!(parsed("proxy.example.com").unwrap_err().contains("proxy.example.com"));
        assert!(parsed("0.0.0.0/0").unwrap_err().contains("every address"));
        assert!(parsed("10.0.0.0/33").is_err());
    }
}
