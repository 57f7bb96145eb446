//! When a token was used last, and roughly from where. Noted in memory; one statement every so often writes it down, so
//! that a use costs no write.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Mutex;

use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use uuid::Uuid;

use crate::failure::Failure;
use crate::ops::credential::LastUse;

#[derive(Default)]
pub struct LastUses {
    unwritten: Mutex<HashMap<Uuid, LastUse>>,
}

impl LastUses {
    /// `address` is nothing where it is not known.
    pub fn note(&self, token: Uuid, at: DateTime<Utc>, address: Option<IpAddr>) {
        let at = at.duration_trunc(TimeDelta::minutes(1)).unwrap_or(at);
        let mut unwritten = self.lock();
        let noted = unwritten.get(&token).filter(|noted| noted.at == at && (noted.from.is_some() || address.is_none()));
        if noted.is_none() {
            unwritten.insert(token, LastUse { at, from: address.map(network) });
        }
    }

    /// What is not written down yet.
    pub fn unwritten(&self, token: Uuid) -> Option<LastUse> {
        self.lock().get(&token).cloned()
    }

    pub async fn write(&self, client: &deadpool_postgres::Client) -> Result<(), Failure> {
        let noted: Vec<(Uuid, LastUse)> = self.lock().iter().map(|(id, used)| (*id, used.clone())).collect();
        if noted.is_empty() {
            return Ok(());
        }
        let ids: Vec<Uuid> = noted.iter().map(|(id, _)| *id).collect();
        let times: Vec<DateTime<Utc>> = noted.iter().map(|(_, used)| used.at).collect();
        let networks: Vec<Option<&str>> = noted.iter().map(|(_, used)| used.from.as_deref()).collect();
        client.execute(include_str!("last_use.sql"), &[&ids, &times, &networks]).await?;
        // what was noted meanwhile stays for the next time
        let mut unwritten = self.lock();
        for (id, written) in noted {
            if unwritten.get(&id) == Some(&written) {
                unwritten.remove(&id);
            }
        }
        Ok(())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Uuid, LastUse>> {
        self.unwritten.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

/// The network of an address: all that is kept of it.
pub(crate) fn network(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => {
            let [a, b, c, _] = address.octets();
            format!("{a}.{b}.{c}.0/24")
        }
        IpAddr::V6(address) => {
            let [a, b, c, ..] = address.segments();
            format!("{}/48", std::net::Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_told_as_its_network() {
        let network = |text: &str| network(text.parse().unwrap());
        assert_eq!(network("203.0.113.77"), "203.0.113.0/24");
        assert_eq!(network("::ffff:203.0.113.77"), "203.0.113.0/24");
        assert_eq!(network("2001:db8:7:8::9"), "2001:db8:7::/48");
    }

    #[test]
    fn a_use_is_noted_to_the_minute_and_keeps_its_network() {
        let (uses, token) = (LastUses::default(), Uuid::from_u128(1));
        let second = |second| DateTime::from_timestamp(second, 0).unwrap();
        uses.note(token, second(61), Some([203, 0, 113, 77].into()));
        uses.note(token, second(119), None);
        let noted = LastUse { at: second(60), from: Some("203.0.113.0/24".into()) };
        assert_eq!(uses.unwritten(token), Some(noted));
    }
}
