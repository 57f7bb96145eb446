//! `distr-bench`: measures what is asked for, and prints the table.

use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use distr_bench::bench::{Bench, Session};
use distr_bench::row::{Format, print};
use distr_bench::sample::Effort;

/// Measures Distr on this machine, against peers and limits in the same run. script/bench builds what it needs.
#[derive(Parser)]
#[command(name = "distr-bench", version)]
struct Cli {
    /// What to measure; by default everything
    benches: Vec<Bench>,
    #[arg(short, long, value_enum, default_value = "table")]
    output: Format,
    /// The same as --output markdown
    #[arg(long, conflicts_with = "output")]
    markdown: bool,
    #[command(flatten)]
    effort: Effort,
}

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    let benches = if cli.benches.is_empty() { Bench::value_variants().to_vec() } else { cli.benches };
    let format = if cli.markdown { Format::Markdown } else { cli.output };
    match Session::new(cli.effort).run(benches).await {
        Ok(rows) => {
            println!("{}", print(&rows, format));
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("distr-bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}
