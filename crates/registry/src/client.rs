//! The client of a request. The hub knows which proxies it trusts and leaves what it found out with the request; without
//! that the client is whoever holds the connection.

use std::net::{IpAddr, Ipv6Addr};

use actix_web::{HttpMessage, HttpRequest};

/// Where a request came from, and whether its client spoke HTTPS.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Client {
    pub address: Option<IpAddr>,
    pub is_secure: bool,
}

impl Client {
    pub fn of(request: &HttpRequest) -> Self {
        let noted = request.extensions().get::<Self>().copied();
        noted.unwrap_or_else(|| Self {
            address: request.peer_addr().map(|peer| peer.ip().to_canonical()),
            is_secure: false,
        })
    }
}

/// The network that limits count an address by: IPv6 by /64, as whoever has one address there has them all.
pub fn site(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_one_ipv6_network_are_one_site() {
        let site = |text: &str| site(text.parse().unwrap()).to_string();
        assert_eq!(site("2001:db8:1:2:3:4:5:6"), site("2001:db8:1:2::9"));
        assert_ne!(site("2001:db8:1:2::1"), site("2001:db8:1:3::1"));
        assert_eq!(site("::ffff:192.0.2.1"), "192.0.2.1");
    }
}
