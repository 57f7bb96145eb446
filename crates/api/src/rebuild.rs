//! `distr-hub rebuild`: the read models anew from the log, while hubs serve. The work is `distr_projections::rebuild`; here
//! is what an operator types and sees.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use distr_eventlog::Position;
use distr_postgres::Address;
use distr_projections::{Comparison, RebuildError, RebuildOptions, RebuildReport, Step, cancel, rebuild, verify};

use crate::boot::{self, Database};
use crate::config::StorageConfig;
use crate::ops;

#[derive(Debug, Clone, clap::Args)]
pub struct RebuildConfig {
    #[command(flatten)]
    pub storage: StorageConfig,
    /// Build and compare only; the live read models stay
    #[arg(long, conflicts_with_all = ["accept_differences", "cancel"])]
    pub verify: bool,
    /// Throw away what an earlier rebuild that was ended has made, and begin anew
    #[arg(long)]
    pub restart: bool,
    /// Swap although the new read models differ from the live ones; for when a bug was fixed
    #[arg(long)]
    pub accept_differences: bool,
    /// End the rebuild that runs in this database; what it has made is kept
    #[arg(long, conflicts_with_all = ["restart", "accept_differences"])]
    pub cancel: bool,
}

pub async fn run(config: RebuildConfig) -> anyhow::Result<()> {
    let database = boot::attach_database(&config.storage).await?;
    let outcome = match config.cancel {
        true => end_other(&database.main).await,
        false => tokio::select! {
            outcome = work(&config, &database) => outcome,
            () = boot::stop_signal() => {
                Err(anyhow::anyhow!("cancelled; what was made is kept, and the next rebuild goes on from there"))
            }
        },
    };
    database.close().await?;
    outcome
}

async fn end_other(database: &Address) -> anyhow::Result<()> {
    match cancel(database).await.context("cannot end the rebuild")? {
        true => println!("the rebuild was ended; the next one goes on from where it stood"),
        false => println!("no rebuild is running"),
    }
    Ok(())
}

async fn work(config: &RebuildConfig, database: &Database) -> anyhow::Result<()> {
    let opened = database.eventlog.open().await.context("cannot open the event log")?;
    let log = opened.port();
    // which entries are parked stands there
    ops::migrate(&database.main).await.context("cannot migrate the schema ops")?;
    let options =
        RebuildOptions { restart: config.restart, accept_differences: config.accept_differences, wait: false };
    let mut meter = Meter::default();
    let told = |step: Step<'_>| meter.tell(&step);
    let outcome = match config.verify {
        true => verify(&database.main, log.clone(), options, told).await.map(Outcome::Verified),
        false => rebuild(&database.main, log.clone(), options, told).await.map(Outcome::Rebuilt),
    };
    opened.close().await;
    match outcome {
        Ok(outcome) => {
            outcome.say()?;
            meter.say_times();
            Ok(())
        }
        Err(RebuildError::Differs(comparison)) => {
            print_comparison(&comparison);
            bail!(
                "the new read models differ from the live ones, which go on; the new ones are in schema read_next. \
                 if they are right, run `distr-hub rebuild --accept-differences`"
            )
        }
        Err(error) => Err(error).context("cannot rebuild the read models"),
    }
}

enum Outcome {
    Verified(Comparison),
    Rebuilt(RebuildReport),
}

impl Outcome {
    fn say(self) -> anyhow::Result<()> {
        match self {
            Self::Verified(comparison) => {
                print_comparison(&comparison);
                if !comparison.is_equal() {
                    bail!(
                        "what the log says differs from the live read models; it is in schema read_next to be looked at"
                    );
                }
                println!("equal at position {}", comparison.position);
            }
            Self::Rebuilt(report) => {
                match &report.comparison {
                    Some(comparison) => print_comparison(comparison),
                    None => println!("not compared: the live read models had another shape"),
                }
                println!("{} entries applied; read models stand at {}", report.applied, report.position);
                if !report.dropped {
                    println!("the old read models are still being read; the next rebuild or start of a hub drops them");
                }
            }
        }
        Ok(())
    }
}

fn print_comparison(comparison: &Comparison) {
    for table in &comparison.tables {
        let rows = match table.live_rows == table.new_rows {
            true => format!("{} rows", table.new_rows),
            false => format!("{} rows, live {}", table.new_rows, table.live_rows),
        };
        let verdict = if table.differences.is_empty() { "equal" } else { "DIFFERS" };
        println!("{}: {verdict}, {rows}, checksum {}", table.table, table.checksum);
        for difference in &table.differences {
            println!("  {} {} {}", table.table, difference.key, difference.kind);
        }
    }
}

/// Says how it goes, at most once a second, on standard error.
struct Meter {
    began: Instant,
    from: Option<Position>,
    said: Option<Instant>,
    /// when the new edition was whole
    built: Option<Instant>,
    compared: Option<Instant>,
}

impl Default for Meter {
    fn default() -> Self {
        Self { began: Instant::now(), from: None, said: None, built: None, compared: None }
    }
}

impl Meter {
    fn tell(&mut self, step: &Step<'_>) {
        match step {
            Step::Resumed(at) => {
                self.from = Some(*at);
                self.line(&format!("going on from position {at}, where an earlier rebuild was ended"), true);
            }
            Step::Building { done, head, applied } => self.building(*done, *head, *applied),
            Step::Comparing => {
                self.built = Some(Instant::now());
                self.line("comparing with the live read models", true);
            }
            Step::Compared(_) => self.compared = Some(Instant::now()),
            Step::Swapped(pause) => {
                self.line(&format!("swapped; the live projections waited {} ms", pause.as_millis()), true);
            }
        }
    }

    fn say_times(&self) {
        if let (Some(built), Some(compared)) = (self.built, self.compared) {
            let seconds = |from: Instant, to: Instant| to.duration_since(from).as_secs_f64();
            println!("built in {:.2} s, compared in {:.2} s", seconds(self.began, built), seconds(built, compared));
        }
    }

    fn building(&mut self, done: Position, head: Position, applied: u64) {
        if self.said.is_some_and(|said| said.elapsed() < Duration::from_secs(1)) && done < head {
            return;
        }
        self.said = Some(Instant::now());
        let seconds = self.began.elapsed().as_secs_f64().max(0.001);
        let moved = done.number().saturating_sub(self.from.unwrap_or_default().number());
        let left = done.behind(head) as f64 * seconds / (moved.max(1)) as f64;
        let rate = applied as f64 / seconds;
        self.line(&format!("{done} of {head}, {rate:.0} entries/s, about {left:.0} s left"), done >= head);
    }

    /// On a terminal a line that will be followed by a newer one is written over.
    fn line(&self, text: &str, last: bool) {
        let mut err = std::io::stderr().lock();
        let _ = match (err.is_terminal(), last) {
            (true, false) => write!(err, "\r\x1b[2K{text}"),
            (true, true) => writeln!(err, "\r\x1b[2K{text}"),
            (false, _) => writeln!(err, "{text}"),
        };
        let _ = err.flush();
    }
}
