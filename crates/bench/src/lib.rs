#![doc = include_str!("../README.md")]

pub mod bench;
pub mod clock;
pub mod fleet;
pub mod load;
pub mod process;
pub mod row;
pub mod sample;
pub mod site;
pub mod socket;
pub mod wire;
