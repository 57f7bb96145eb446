//! The agent against a real engine, the real compose plugin and a real registry. Images are made on the spot from a
//! static busybox; nothing is fetched from outside.

mod asked_before;
mod crash;
mod drift;
mod engine_restart;
mod env_files;
mod full_disk;
mod home;
mod host_paths;
mod install;
mod killed;
mod lacking;
mod neighbours;
mod policy;
mod process;
mod refused;
mod registry;
mod remove;
mod rollback;
mod running;
mod signed;
mod site;
mod traffic;
mod upgrade;
