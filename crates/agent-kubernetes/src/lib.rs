#![doc = include_str!("../README.md")]

pub mod apply;
pub mod children;
pub mod cluster;
pub mod drift;
pub mod health;
pub mod helm;
pub mod labels;
pub mod lock;
pub mod objects;
pub mod post_render;
pub mod preflight;
pub mod revision;
pub mod rights;
pub mod said;
pub mod wait;
pub mod yaml;
