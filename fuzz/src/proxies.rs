//! Lists of trusted proxies, and what proxies and clients put into `X-Forwarded-For` and `X-Forwarded-Proto`.

#[rustfmt::skip]
#[path = "../../crates/api/src/edge/networks.rs"]
mod networks;

use networks::TrustedProxies;

/// The first line is the setting, the others are lines of the header.
pub fn proxy_headers(bytes: &[u8]) {
    let mut lines = bytes.split(|byte| *byte == b'\n');
    let Some(proxies) = lines.next().and_then(crate::text).and_then(|text| text.parse::<TrustedProxies>().ok()) else {
        return;
    };
    let lines: Vec<&[u8]> = lines.collect();
    let _ = lines.last().and_then(|line| networks::is_secure(line));
    let Some(client) = proxies.client_of(&lines) else { return };
    // what a client puts before what its proxy says changes nothing, unless the proxies themselves are all there is
    if !proxies.contains(client) {
        let made_up: Vec<&[u8]> = [&b"1.1.1.1, nonsense"[..]].into_iter().chain(lines).collect();
        assert_eq!(proxies.client_of(&made_up), Some(client));
    }
    assert_eq!(client, client.to_canonical());
}
