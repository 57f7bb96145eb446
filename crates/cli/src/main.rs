#![doc = include_str!("../README.md")]

mod alerts;
mod app;
mod apply;
mod args;
mod as_of;
mod audit;
mod branding;
mod channel;
mod clock;
mod completion;
mod customer;
mod deploy;
mod entitlement;
mod events;
mod exit;
mod fleet;
mod globals;
mod hub;
mod input;
mod label;
mod license;
mod login;
mod man;
mod member;
mod moment;
mod names;
mod operation;
mod output;
mod picture;
mod policy;
mod profile;
mod progress;
mod release;
mod repository;
mod rollout;
mod scalar;
mod secret;
mod session;
mod sign_ins;
mod socket;
mod target;
mod terminal;
mod token;
mod version;

use std::process::ExitCode;

use args::Cli;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    provider.install_default().expect("nothing installs a provider before main does");
    exit::report(Cli::read().run().await)
}
