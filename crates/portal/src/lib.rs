#![doc = include_str!("../README.md")]

mod asset;
mod document;
mod files;

pub use asset::{Asset, asset};
pub use document::{Document, HEADERS, Side, document};
