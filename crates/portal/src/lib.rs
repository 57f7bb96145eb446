#![doc = include_str!("../README.md")]

mod accent;
mod asset;
mod document;
mod files;

pub use accent::{Accent, Accents};
pub use asset::{Asset, asset};
pub use document::{Brand, Document, HEADERS, Side, document};
