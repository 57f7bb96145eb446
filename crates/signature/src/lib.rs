#![doc = include_str!("../README.md")]

mod claim;
mod dsse;
mod key;
mod kind;
mod verdict;

pub use claim::{BUNDLE, Claim, DSSE, SIMPLE_SIGNING, is_signed};
pub use key::{InvalidKey, PublicKey};
pub use kind::{Kind, kind_of_predicate, kind_of_type};
pub use verdict::{Unverified, verify};
