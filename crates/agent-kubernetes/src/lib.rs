#![doc = include_str!("../README.md")]

pub mod health;
pub mod helm;
pub mod labels;
pub mod lock;
pub mod post_render;
pub mod revision;
pub mod said;
pub mod yaml;
