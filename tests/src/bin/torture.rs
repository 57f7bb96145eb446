//! `script/torture`: kill runs for minutes. Ends with 1 when anything was lost, doubled or different.

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use distr_tests::torture::{Limit, Plan, run};

#[derive(Parser)]
#[command(
    name = "torture",
    about = "Kills hubs, Postgres, agents and connections at random moments, and checks everything"
)]
struct Arguments {
    #[arg(long, default_value_t = 3)]
    minutes: u64,
    /// So many rounds, however long they take
    #[arg(long)]
    rounds: Option<usize>,
    /// Of an earlier run; the processes' own timing is not in it
    #[arg(long)]
    seed: Option<u64>,
    #[arg(long, default_value_t = 12)]
    writers: usize,
    /// Agents that speak the protocol and run nothing
    #[arg(long, default_value_t = 20)]
    simulated: usize,
    /// Real agents on the Docker engine
    #[arg(long, default_value_t = 2)]
    machines: usize,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let limit = match arguments.rounds {
        Some(rounds) => Limit::Rounds(rounds),
        None => Limit::Time(Duration::from_secs(arguments.minutes * 60)),
    };
    let plan = Plan {
        seed: arguments.seed.unwrap_or_else(|| rand::random_range(0..1_000_000)),
        limit,
        writers: arguments.writers,
        simulated: arguments.simulated,
        machines: arguments.machines,
        round: Duration::from_secs(8),
    };
    match run(&plan).await {
        Ok((summary, dir)) => {
            println!("\nseed {}\n{summary}", plan.seed);
            match summary.findings.none() {
                true => ExitCode::SUCCESS,
                false => {
                    println!("logs and data are in {}", dir.display());
                    ExitCode::FAILURE
                }
            }
        }
        Err(error) => {
            println!("torture with seed {}: {error:#}", plan.seed);
            ExitCode::FAILURE
        }
    }
}
