//! `distr audit`: what proves that the log is as it was, for people who do not trust whoever keeps it.

mod export;
mod report;
mod verify;
mod why;

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Subcommand;
use serde_json::Value;

use crate::globals::Globals;
use crate::operation::shown;
use crate::output::{Columns, Output, line};
use crate::session::Session;

shown!("src/audit.graphql": HistoryCheckpoint HistoryKeys HistoryKeyReplace EventProof);

const KEYS: Columns = &[("KEY", "/key"), ("SIGNS FROM", "/beginsAt"), ("SIGNS UNTIL", "/endsAt")];

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Print the public key that checkpoints are signed with; write it down when you begin to trust
    Key {
        /// The keys that signed before, too
        #[arg(long)]
        all: bool,
    },
    /// Put a new key in the place of the one that signs checkpoints; both sign for 90 days
    ReplaceKey {
        /// Why, which stays in the history
        #[arg(long)]
        reason: String,
        /// The old key signs no more, as when it was stolen: give the new one to whoever has the old one
        #[arg(long)]
        at_once: bool,
    },
    /// Show why an event is in the log: what led to it, what it rests on, what followed
    Why {
        /// Where the event stands in the log, as `distr events` shows it
        position: u64,
    },
    /// Print the newest checkpoint: the root of the history, signed. Whoever keeps it can show later what it was
    Checkpoint,
    /// Write a period of the history with its proofs into a folder
    Export(export::Export),
    /// Write the proof of one event into a file
    Proof {
        /// Where the event stands in the log, as `distr events` shows it
        position: u64,
        /// The file; standard output if left out
        #[arg(long, short, value_name = "FILE")]
        file: Option<PathBuf>,
    },
    /// Write what was agreed in a license, used and refused, as a page that anybody can check
    Report(report::Report),
    /// Verify an export, a proof or a report from its files alone, without any connection
    Verify(verify::Verify),
}

impl Command {
    pub(crate) async fn run(self, globals: &Globals, session: impl FnOnce() -> Result<Session>) -> Result<()> {
        match self {
            Self::Verify(verify) => verify.run(&Output::new(globals)),
            Self::Report(report) => report.run(&Output::new(globals)),
            Self::Export(export) => export.run(&session()?).await,
            Self::Key { all } => key(&session()?, all).await,
            Self::ReplaceKey { reason, at_once } => replace_key(&session()?, reason, at_once).await,
            Self::Why { position } => why::run(&session()?, position).await,
            Self::Checkpoint => checkpoint(&session()?).await,
            Self::Proof { position, file } => proof(&session()?, position, file).await,
        }
    }
}

async fn key(Session { hub, out }: &Session, all: bool) -> Result<()> {
    let mut keys = match hub.ask::<HistoryKeys>(history_keys::Variables).await?.history["keys"].take() {
        Value::Array(keys) => keys,
        _ => vec![],
    };
    if all {
        return out.list(keys, KEYS);
    }
    keys.truncate(1);
    let key = keys.pop().context("the hub has no key")?;
    match out.is_json() {
        true => out.json(&key),
        // nothing else, as it is to be kept in a file
        false => line(key["key"].as_str().unwrap_or_default()),
    }
}

async fn replace_key(Session { hub, out }: &Session, reason: String, at_once: bool) -> Result<()> {
    let mut data = hub.ask::<HistoryKeyReplace>(history_key_replace::Variables { at_once, reason }).await?;
    match data.history_key_replace["keys"].take() {
        Value::Array(keys) => out.list(keys, KEYS),
        _ => Ok(()),
    }
}

async fn checkpoint(Session { hub, out }: &Session) -> Result<()> {
    let mut history = hub.ask::<HistoryCheckpoint>(history_checkpoint::Variables).await?.history;
    let checkpoint = history["checkpoint"].take();
    let note = checkpoint["note"].as_str().context("nothing is in the history yet")?;
    match out.is_json() {
        true => out.json(&checkpoint),
        false => line(note.trim_end()),
    }
}

async fn proof(Session { hub, out }: &Session, position: u64, file: Option<PathBuf>) -> Result<()> {
    let variables = event_proof::Variables { position: position.to_string() };
    let proof = hub.ask::<EventProof>(variables).await?.event_proof;
    let text = proof["file"].as_str().unwrap_or_default();
    match file {
        Some(path) => {
            std::fs::write(&path, text).with_context(|| format!("writing {}", path.display()))?;
            out.say(&format!("wrote the proof of the event at position {position} to {}", path.display()))
        }
        None if out.is_json() => out.json(&proof),
        None => line(text.trim_end()),
    }
}
