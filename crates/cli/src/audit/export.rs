//! `distr audit export`: checkpoint, tiles and entries of a period, in a folder that is there when all of it is.

use std::fs;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use chrono::{DateTime, SecondsFormat, Utc};
use clap::Args;
use distr_proof::checkpoint::Checkpoint;
use distr_proof::export::{CHECKPOINT, ENTRIES, EntryLine, PERIOD, Period, TILES};
use distr_proof::tile::TilePath;
use indicatif::ProgressBar;
use serde::Deserialize;

use super::{HistoryCheckpoint, history_checkpoint};
use crate::exit::Failure;
use crate::hub::Hub;
use crate::moment;
use crate::session::Session;

#[derive(Args)]
#[command(after_help = "\
All of it:       distr audit export history
November 2026:   distr audit export november --from 2026-11-01 --to 2026-11-30
Then, anywhere:  distr audit verify november --key acme.key")]
pub(crate) struct Export {
    /// A folder that is not there yet
    folder: PathBuf,
    /// What was committed from this time on; a date means from its begin (UTC)
    #[arg(long, value_name = "TIME", value_parser = moment::begin)]
    from: Option<DateTime<Utc>>,
    /// What was committed before this time; a date means through its end (UTC)
    #[arg(long, value_name = "TIME", value_parser = moment::end)]
    to: Option<DateTime<Utc>>,
}

/// Leaves from one up to another.
#[derive(Deserialize)]
struct Leaves {
    from: u64,
    to: u64,
}

#[derive(Deserialize)]
struct EntryPage {
    entries: Vec<EntryLine>,
    next: Option<Next>,
}

#[derive(Deserialize)]
struct Next {
    from: u64,
    after: String,
}

impl Export {
    pub(super) async fn run(self, Session { hub, out }: &Session) -> Result<()> {
        let Self { folder, from, to } = self;
        if folder.exists() {
            return Err(Failure::Usage(format!("{} is there already; name a new folder", folder.display())).into());
        }
        let parent = folder.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let making = tempfile::Builder::new().prefix(".distr-export-").tempdir_in(parent);
        let making = making.with_context(|| format!("making a folder in {}", parent.display()))?;

        let checkpoint = newest(hub).await?;
        let size = checkpoint.root.size;
        let history = History::of(hub, &checkpoint)?;
        fs::write(making.path().join(CHECKPOINT), checkpoint.to_string())?;
        fs::write(making.path().join(PERIOD), serde_json::to_string(&Period { from, to })? + "\n")?;
        history.tiles(making.path(), size, out.quiet).await?;
        let leaves = history.leaves(from, to, size).await?;
        let count = history.entries(making.path(), &leaves, out.quiet).await?;

        fs::rename(making.keep(), &folder).with_context(|| format!("making {}", folder.display()))?;
        let folder = folder.display();
        out.say(&format!("wrote {count} of {size} entries, and what proves them, to {folder}"))
    }
}

async fn newest(hub: &Hub) -> Result<Checkpoint> {
    let history = hub.ask::<HistoryCheckpoint>(history_checkpoint::Variables).await?.history;
    let note = history["checkpoint"]["note"].as_str().context("nothing is in the history yet")?;
    note.parse().context("reading the hub's checkpoint")
}

/// An organization's history at a hub.
struct History<'a> {
    hub: &'a Hub,
    organization: String,
}

impl<'a> History<'a> {
    fn of(hub: &'a Hub, checkpoint: &Checkpoint) -> Result<Self> {
        let organization = checkpoint.organization().context("the hub's checkpoint is of no organization")?;
        Ok(Self { hub, organization: organization.0.to_string() })
    }

    async fn get(&self, path: &str) -> Result<Vec<u8>> {
        self.hub.get(&format!("log/{}/{path}", self.organization)).await
    }

    async fn json<T: for<'de> Deserialize<'de>>(&self, path: &str) -> Result<T> {
        serde_json::from_slice(&self.get(path).await?).with_context(|| format!("reading {path}"))
    }

    async fn tiles(&self, folder: &Path, size: u64, quiet: bool) -> Result<()> {
        let bar = progress(TilePath::all_of(size).count() as u64, quiet);
        for tile in TilePath::all_of(size) {
            let path = folder.join(TILES).join(tile.to_string());
            fs::create_dir_all(path.parent().expect("it is in a folder"))?;
            fs::write(path, self.get(&format!("tile/{tile}")).await?)?;
            bar.inc(1);
        }
        bar.finish_and_clear();
        Ok(())
    }

    async fn leaves(&self, from: Option<DateTime<Utc>>, to: Option<DateTime<Utc>>, size: u64) -> Result<Leaves> {
        let text = |name: &str, time: Option<DateTime<Utc>>| {
            time.map_or_else(String::new, |time| {
                format!("&{name}={}", time.to_rfc3339_opts(SecondsFormat::Micros, true))
            })
        };
        self.json(&format!("leaves?size={size}{}{}", text("from", from), text("to", to))).await
    }

    /// How many there are.
    async fn entries(&self, folder: &Path, leaves: &Leaves, quiet: bool) -> Result<u64> {
        let mut file = BufWriter::new(fs::File::create(folder.join(ENTRIES))?);
        let bar = progress(leaves.to - leaves.from, quiet);
        let mut count = 0;
        let mut path = format!("entries?from={}&to={}", leaves.from, leaves.to);
        loop {
            let page: EntryPage = self.json(&path).await?;
            count += page.entries.len() as u64;
            bar.set_position(count);
            for entry in page.entries {
                serde_json::to_writer(&mut file, &entry)?;
                writeln!(file)?;
            }
            let Some(Next { from, after }) = page.next else { break };
            let next = format!("entries?from={from}&to={}&after={after}", leaves.to);
            if next == path {
                bail!("the hub's page ends where it began");
            }
            path = next;
        }
        file.into_inner().context("writing the entries")?.sync_all()?;
        bar.finish_and_clear();
        Ok(count)
    }
}

fn progress(count: u64, quiet: bool) -> ProgressBar {
    if quiet { ProgressBar::hidden() } else { ProgressBar::new(count) }
}
