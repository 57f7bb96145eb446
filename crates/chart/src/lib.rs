#![doc = include_str!("../README.md")]

pub mod archive;
mod depth;
pub mod lock;
pub mod rendering;
pub mod schema;
pub mod settings;
pub mod values;
mod yaml;

pub use archive::{ChartContent, InvalidChart};
