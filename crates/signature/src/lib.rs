#![doc = include_str!("../README.md")]

mod canonical;
mod claim;
mod dsse;
mod key;
mod kind;
mod release;
mod verdict;

pub use canonical::{Canonical, signature_count};
pub use claim::{Claim, SIMPLE_SIGNING, is_signed};
pub use dsse::{BUNDLE, DSSE, IN_TOTO, MAX_SIGNATURES, bundle, envelope_layer, pre_authentication};
pub use key::{InvalidKey, PublicKey, key_id};
pub use kind::{Kind, kind_of_predicate, kind_of_type};
pub use release::{PREDICATE, ReleaseStatement, ReleaseUnverified, SignedChart, verify_release};
pub use verdict::{Unverified, verify};
