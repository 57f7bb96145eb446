#![doc = include_str!("../README.md")]

pub mod checkpoint;
pub mod edge;
pub mod export;
pub mod hash;
pub mod inclusion;
pub mod leaf;
pub mod note;
pub mod tile;
pub mod tree;
