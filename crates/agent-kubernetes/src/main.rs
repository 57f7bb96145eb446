//! `distr-agent-kubernetes`: the agent of a cluster. Helm calls it, too, as its post-renderer.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use distr_agent_kubernetes::post_render::{Plan, post_render, refusal};

#[derive(Parser)]
#[command(name = "distr-agent-kubernetes", version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Pin the images of the manifests on standard input by the release's lock; Helm calls this
    PostRender {
        /// The file in which the agent wrote down the images of this release
        plan: PathBuf,
    },
}

fn main() -> ExitCode {
    let Command::PostRender { plan } = Cli::parse().command;
    match render(&plan) {
        Ok(()) => ExitCode::SUCCESS,
        Err(text) => {
            eprintln!("{text}");
            // without the file Helm's own words are told, which name no image
            let _ = std::fs::write(refusal(&plan), text);
            ExitCode::FAILURE
        }
    }
}

fn render(plan: &Path) -> Result<(), String> {
    let text = std::fs::read(plan).map_err(|error| format!("cannot read the plan: {error}"))?;
    let plan: Plan = serde_json::from_slice(&text).map_err(|error| format!("the plan is not understood: {error}"))?;
    let manifests = io::read_to_string(io::stdin()).map_err(|error| format!("cannot read the manifests: {error}"))?;
    let rendered = post_render(&manifests, &plan).map_err(|refused| {
        let sentences: Vec<String> = refused.iter().map(ToString::to_string).collect();
        sentences.join("\n")
    })?;
    io::stdout().write_all(rendered.as_bytes()).map_err(|error| format!("cannot write the manifests: {error}"))
}
