//! How many connections there may be: of one network, so that nobody takes them all, and in all, so that files and the
//! database can still be opened. An eighth of those is for files that requests hold. One too many is closed before a byte of it is
//! read. Proxies are many clients: they count in the whole alone, and the sockets of their clients are counted by client.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard};

use distr_registry::site;
use metrics::{counter, gauge};

/// Descriptors that are kept for files, the database and connections that the hub itself opens.
const RESERVE: u64 = 256;
const MOST: u64 = 100_000;

pub struct Connections {
    most: usize,
    most_of_one: usize,
    /// as metrics call the limits: of all, and of one
    limits: [&'static str; 2],
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    all: usize,
    by_site: HashMap<IpAddr, usize>,
}

/// One connection; it counts until it is dropped.
pub struct Counted {
    connections: Arc<Connections>,
    site: Option<IpAddr>,
}

impl Connections {
    /// `files` may be open at once; an eighth of them, and at least 256, is kept for other things, and of the rest an eighth
    /// for `of_files`. No network has more than three quarters of what there may be.
    pub fn new(files: u64, most_of_one: u32) -> Self {
        Self::of(free(files) / 8 * 7, most_of_one, ["all", "address"])
    }

    /// Requests that hold a file, or a connection to a bucket, for as long as their clients like.
    pub fn of_files(files: u64, most_of_one: u32) -> Self {
        Self::of(free(files) / 8, most_of_one, ["files"; 2])
    }

    /// Sockets, whose connections are counted already, but not by client if they come through a proxy.
    pub fn of_sockets(most_of_one: u32) -> Self {
        Self::of(MOST, most_of_one, ["sockets"; 2])
    }

    /// Requests over HTTP/2, many of which share a connection.
    pub fn of_requests(most_of_one: u32) -> Self {
        Self::of(MOST, most_of_one, ["requests"; 2])
    }

    fn of(most: u64, most_of_one: u32, limits: [&'static str; 2]) -> Self {
        let most = usize::try_from(most.clamp(16, MOST)).unwrap_or(usize::MAX);
        let most_of_one = (most_of_one as usize).min(most / 4 * 3);
        Self { most, most_of_one, limits, open: Mutex::default() }
    }

    /// Nothing if there are too many. `address` is none for a connection that counts in the whole alone.
    pub fn enter(self: &Arc<Self>, address: Option<IpAddr>) -> Option<Counted> {
        let site = address.map(site);
        let mut open = self.lock();
        if open.all >= self.most {
            counter!("distr_connections_refused_total", "limit" => self.limits[0]).increment(1);
            return None;
        }
        if let Some(site) = site {
            let of_site = open.by_site.entry(site).or_default();
            if *of_site >= self.most_of_one {
                counter!("distr_connections_refused_total", "limit" => self.limits[1]).increment(1);
                return None;
            }
            *of_site += 1;
        }
        open.all += 1;
        Some(Counted { connections: self.clone(), site })
    }

    /// How many are open now.
    pub fn open(&self) -> usize {
        self.lock().all
    }

    pub fn record(&self) {
        gauge!("distr_connections").set(self.open() as f64);
        for limit in ["all", "address", "sockets", "requests", "files"] {
            counter!("distr_connections_refused_total", "limit" => limit).increment(0);
        }
        gauge!("distr_connections_limit").set(self.most as f64);
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

/// Descriptors that are not kept for other things.
fn free(files: u64) -> u64 {
    files.saturating_sub(RESERVE.max(files / 8))
}

impl Drop for Counted {
    fn drop(&mut self) {
        let mut open = self.connections.lock();
        open.all -= 1;
        if let Some(site) = self.site
            && let Some(of_site) = open.by_site.get_mut(&site)
        {
            *of_site -= 1;
            if *of_site == 0 {
                open.by_site.remove(&site);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_network_takes_its_share_and_no_more() {
        let connections = Arc::new(Connections::new(1024, 3));
        let enter = |address: &str| connections.enter(Some(address.parse().unwrap()));
        let held: Vec<_> = (1..=3).map(|n| enter(&format!("2001:db8::{n}")).unwrap()).collect();
        assert!(enter("2001:db8::4").is_none());
        assert!(enter("2001:db8:0:1::1").is_some());
        drop(held);
        assert!(enter("2001:db8::4").is_some());
        assert_eq!((connections.open(), connections.lock().by_site.len()), (0, 0));
    }

    #[test]
    fn descriptors_are_kept_in_reserve_whoever_comes() {
        let connections = Arc::new(Connections::new(512, 10_000));
        let files = Arc::new(Connections::of_files(512, 10_000));
        let of_files = (0..300).map_while(|_| files.enter(None)).collect::<Vec<_>>().len();
        let held: Vec<_> = (0..300).filter_map(|_| connections.enter(None)).collect();
        assert_eq!((held.len(), of_files), (224, 32));
        let address = Some("192.0.2.1".parse().unwrap());
        assert!(connections.enter(address).is_none());
        drop(held);
        let of_one = (0..300).map_while(|_| connections.enter(address)).collect::<Vec<_>>().len();
        assert_eq!(of_one, 168);
    }
}
