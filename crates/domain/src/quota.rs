//! How many bytes a repository or an organization may hold in the registry, and the rule whether more fit.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::names::InvalidName;
use crate::rejection::Rejection;

/// Bytes that may be held at most: `10737418240`, `10GiB`, `500 MB`. At most 8 PiB, which every reader of JSON has exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "u64", into = "u64")]
pub struct Quota(u64);

/// Whose quota it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Holder {
    Repository,
    Organization,
}

/// What is held, and the most that may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usage {
    pub bytes: u64,
    pub quota: Option<Quota>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the {} holds {held} of the {} bytes of its quota ({quota}), and this needs {more} more; delete tags and manifests, \
     whose space is free after a collection, or have {} raise the quota",
    holder.name(), quota.bytes(), holder.who_raises()
)]
pub struct QuotaExceeded {
    pub holder: Holder,
    pub quota: Quota,
    pub held: u64,
    pub more: u64,
}

const UNITS: [(&str, u64); 9] = [
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("TiB", 1 << 40),
    ("KB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("TB", 1_000_000_000_000),
    ("B", 1),
];

impl Quota {
    const MAX: u64 = 1 << 53;

    pub fn try_new(bytes: u64) -> Result<Self, InvalidName> {
        match bytes <= Self::MAX {
            true => Ok(Self(bytes)),
            false => Err(invalid(&bytes.to_string())),
        }
    }

    pub fn bytes(self) -> u64 {
        self.0
    }
}

impl Usage {
    /// How many bytes more may be held; `None`: any.
    pub fn room(&self) -> Option<u64> {
        self.quota.map(|quota| quota.0.saturating_sub(self.bytes))
    }

    /// Whether this many more may be held. What adds nothing may always come, however low the quota has become.
    pub fn admit(&self, holder: Holder, more: u64) -> Result<(), QuotaExceeded> {
        match self.quota {
            Some(quota) if more > 0 && self.bytes.saturating_add(more) > quota.0 => {
                Err(QuotaExceeded { holder, quota, held: self.bytes, more })
            }
            _ => Ok(()),
        }
    }
}

impl Holder {
    fn name(self) -> &'static str {
        match self {
            Self::Repository => "repository",
            Self::Organization => "organization",
        }
    }

    fn who_raises(self) -> &'static str {
        match self {
            Self::Repository => "an owner",
            Self::Organization => "the operator of the hub",
        }
    }
}

impl Rejection for QuotaExceeded {
    fn code(&self) -> &'static str {
        match self.holder {
            Holder::Repository => "quota.repository",
            Holder::Organization => "quota.organization",
        }
    }
}

fn invalid(text: &str) -> InvalidName {
    InvalidName::new(
        "quota",
        text,
        "use a whole number of bytes, KiB, MiB, GiB, TiB, KB, MB, GB or TB, at most 8192 TiB",
    )
}

impl FromStr for Quota {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, InvalidName> {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = text.split_at(digits);
        let unit = unit.trim_start();
        let times = match unit {
            "" => Some(1),
            unit => UNITS.iter().find(|(name, _)| name.eq_ignore_ascii_case(unit)).map(|(_, times)| *times),
        };
        let bytes = number.parse::<u64>().ok().zip(times).and_then(|(number, times)| number.checked_mul(times));
        bytes.and_then(|bytes| Self::try_new(bytes).ok()).ok_or_else(|| invalid(text))
    }
}

impl TryFrom<u64> for Quota {
    type Error = InvalidName;

    fn try_from(bytes: u64) -> Result<Self, InvalidName> {
        Self::try_new(bytes)
    }
}

impl From<Quota> for u64 {
    fn from(quota: Quota) -> u64 {
        quota.0
    }
}

/// In the largest unit of which it is a whole number.
impl fmt::Display for Quota {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = UNITS.iter().filter(|(_, times)| self.0 >= *times && self.0.is_multiple_of(*times));
        match whole.max_by_key(|(_, times)| *times) {
            Some((unit, times)) => write!(f, "{} {unit}", self.0 / times),
            None => f.write_str("0 B"),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_quota_is_a_number_of_bytes_or_of_a_unit() {
        let cases = [
            ("0", 0, "0 B"),
            ("1", 1, "1 B"),
            ("1000", 1000, "1 KB"),
            ("10GiB", 10 << 30, "10 GiB"),
            ("500 MB", 500_000_000, "500 MB"),
            ("1536kib", 1536 << 10, "1536 KiB"),
            ("8192TiB", 1 << 53, "8192 TiB"),
        ];
        for (text, bytes, shown) in cases {
            let quota: Quota = text.parse().unwrap();
            assert_eq!((quota.bytes(), quota.to_string().as_str()), (bytes, shown));
        }
        for bad in ["", "GiB", "-1", "+1", "1.5GiB", "10 G", "8193TiB", "18446744073709551615TiB", "1 GiB x"] {
            assert!(bad.parse::<Quota>().is_err(), "{bad}");
        }
    }

    #[test]
    fn the_last_byte_fits_and_one_more_does_not() {
        let usage = Usage { bytes: 7, quota: Some(Quota(10)) };
        assert_eq!((usage.room(), usage.admit(Holder::Repository, 3)), (Some(3), Ok(())));
        let exceeded = usage.admit(Holder::Repository, 4).unwrap_err();
        assert_eq!(
            exceeded.to_string(),
            "the repository holds 7 of the 10 bytes of its quota (10 B), and this needs 4 more; delete tags and \
             manifests, whose space is free after a collection, or have an owner raise the quota"
        );
    }

    #[test]
    fn what_is_held_already_may_come_again_under_any_quota() {
        let usage = Usage { bytes: 7, quota: Some(Quota(0)) };
        assert_eq!((usage.room(), usage.admit(Holder::Organization, 0)), (Some(0), Ok(())));
        assert!(usage.admit(Holder::Organization, 1).is_err());
    }

    proptest! {
        /// Whatever comes, in whatever order, what is admitted never makes more than the quota.
        #[test]
        fn what_is_admitted_stays_within_the_quota(quota in 0..200_u64, sizes in proptest::collection::vec(0..60_u64, 0..20)) {
            let mut usage = Usage { bytes: 0, quota: Some(Quota(quota)) };
            for size in sizes {
                let fits = usage.admit(Holder::Repository, size).is_ok();
                prop_assert_eq!(fits, size <= usage.room().unwrap());
                if fits {
                    usage.bytes += size;
                }
            }
            prop_assert!(usage.bytes <= quota);
        }

        #[test]
        fn a_quota_reads_back_as_it_is_shown(bytes in 0..=Quota::MAX) {
            prop_assert_eq!(Quota(bytes).to_string().parse::<Quota>().unwrap(), Quota(bytes));
        }
    }
}
