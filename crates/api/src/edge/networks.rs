//! Lists of proxies, and of the addresses that a request came by. The rule: a list is read from the right; the first address
//! in it that is no trusted proxy is the client. A list that holds anything but addresses up to there is not believed.

use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use ipnet::IpNet;

/// Proxies before one another; what a list holds beyond that is not looked at.
const MAX_HOPS: usize = 32;

/// Addresses and networks of proxies, as `10.0.0.0/8, 192.0.2.7, 2001:db8::/32`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrustedProxies(Vec<IpNet>);

#[derive(Debug, thiserror::Error)]
pub enum InvalidProxies {
    #[error("{0:?} is neither an address nor a network such as 10.0.0.0/8")]
    NotANetwork(String),
    #[error("{0} holds every address: anybody could claim to be anybody; name the proxies alone")]
    Everybody(IpNet),
}

impl FromStr for TrustedProxies {
    type Err = InvalidProxies;

    fn from_str(text: &str) -> Result<Self, InvalidProxies> {
        let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
        parts.map(network).collect::<Result<_, _>>().map(Self)
    }
}

fn network(text: &str) -> Result<IpNet, InvalidProxies> {
    let address = text.parse::<IpAddr>().map(|address| IpNet::from(address.to_canonical()));
    let network =
        address.or_else(|_| text.parse::<IpNet>()).map_err(|_| InvalidProxies::NotANetwork(text.to_owned()))?;
    match network.prefix_len() {
        0 => Err(InvalidProxies::Everybody(network)),
        _ => Ok(network.trunc()),
    }
}

impl TrustedProxies {
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }

    /// The rightmost hop that is not trusted; where all are, the leftmost. `lines` are the header's, in their order.
    pub(super) fn client_of(&self, lines: &[&[u8]]) -> Option<IpAddr> {
        let hops = lines.iter().rev().flat_map(|line| line.rsplit(|byte| *byte == b','));
        let mut last = None;
        for hop in hops.take(MAX_HOPS) {
            last = Some(address(hop)?);
            if last.is_some_and(|hop| !self.contains(hop)) {
                break;
            }
        }
        last
    }
}

/// An address, with or without a port: `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]`, `[2001:db8::1]:80`.
fn address(hop: &[u8]) -> Option<IpAddr> {
    let hop = std::str::from_utf8(hop).ok()?.trim();
    let bracketed = || hop.strip_prefix('[')?.strip_suffix(']')?.parse().ok().map(IpAddr::V6);
    let with_port = || hop.parse::<SocketAddr>().ok().map(|hop| hop.ip());
    hop.parse().ok().or_else(bracketed).or_else(with_port).map(|hop| hop.to_canonical())
}

/// Whether the client spoke HTTPS, as the last proxy said, if it said one of the two.
pub(super) fn is_secure(line: &[u8]) -> Option<bool> {
    let last = line.rsplit(|byte| *byte == b',').next()?;
    match last.trim_ascii() {
        scheme if scheme.eq_ignore_ascii_case(b"https") => Some(true),
        scheme if scheme.eq_ignore_ascii_case(b"http") => Some(false),
        _ => None,
    }
}
