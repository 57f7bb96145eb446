//! Ports for servers that are started a moment later, stopped, and started again there.

use std::net::{Ipv4Addr, TcpListener};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU16, Ordering};

use rand::RngExt;

/// Below those that a kernel gives to outgoing connections (from 32768 on, if nobody changed it): one of these might sit on
/// the port while its server is not there.
const FIRST: u16 = 10_000;
const COUNT: u16 = 22_000;

static NEXT: LazyLock<AtomicU16> = LazyLock::new(|| AtomicU16::new(rand::rng().random_range(0..COUNT)));

/// A port that nobody listens on, at any address; no other call in this process gets it.
pub fn free_port() -> u16 {
    for _ in 0..COUNT {
        let port = FIRST + NEXT.fetch_add(1, Ordering::Relaxed) % COUNT;
        if TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)).is_ok() {
            return port;
        }
    }
    panic!("no port from {FIRST} on is free");
}
