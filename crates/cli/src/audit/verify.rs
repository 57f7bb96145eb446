//! `distr audit verify`: from files and a public key alone.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use chrono::{DateTime, Utc};
use clap::Args;
use distr_proof::checkpoint::Checkpoint;
use distr_proof::export::{self, Period, Report};
use distr_proof::inclusion::InclusionFile;
use distr_proof::note::VerifierKey;
use serde_json::json;

use super::report;
use crate::exit::Failure;
use crate::input;
use crate::moment;
use crate::output::{Output, remark};

#[derive(Args)]
#[command(after_help = "\
An export:  distr audit verify november --key acme.key --since october.checkpoint --from 2026-11-01 --to 2026-11-30
A proof:    distr audit verify event.tlog-proof --key acme.key
A report:   distr audit verify report.html --key acme.key")]
pub(crate) struct Verify {
    /// A folder that `distr audit export` wrote, a file of `distr audit proof`, or a page or its data of `distr audit report`
    path: PathBuf,
    /// The public key of whose history it should be, as `distr audit key` printed it when you began to trust it; a file, or the key itself
    #[arg(long, value_name = "FILE|KEY")]
    key: String,
    /// A checkpoint that you kept: the history must go on from it
    #[arg(long, value_name = "FILE")]
    since: Option<PathBuf>,
    /// Hold the folder to this period, whatever it says of itself: all that was committed from this time on must be there; a date means
    /// from its begin (UTC)
    #[arg(long, value_name = "TIME", value_parser = moment::begin)]
    from: Option<DateTime<Utc>>,
    /// And all before this time; a date means through its end (UTC)
    #[arg(long, value_name = "TIME", value_parser = moment::end)]
    to: Option<DateTime<Utc>>,
}

impl Verify {
    pub(super) fn run(self, out: &Output) -> Result<()> {
        let key = key(&self.key)?;
        let since = self.since.as_deref().map(|path| checkpoint(path, &key)).transpose()?;
        if self.path.is_dir() {
            let wanted = Period { from: self.from, to: self.to };
            return folder(&self.path, &key, (since.as_ref(), wanted), out);
        }
        if since.is_some() || self.from.is_some() || self.to.is_some() {
            let text = "--since, --from and --to are for a folder: a proof or a report has no other entries";
            return Err(Failure::Usage(text.into()).into());
        }
        file(&self.path, &key, out)
    }
}

/// A file that holds the key, or the key.
pub(super) fn key(text: &str) -> Result<VerifierKey> {
    let path = Path::new(text);
    let key = match path.is_file() {
        true => input::text(path)?,
        false => text.to_owned(),
    };
    key.trim().parse().map_err(|error| Failure::Usage(format!("--key: {error}")).into())
}

fn checkpoint(path: &Path, key: &VerifierKey) -> Result<Checkpoint> {
    Checkpoint::verified(&input::text(path)?, key).with_context(|| format!("{} does not count", path.display()))
}

fn folder(path: &Path, key: &VerifierKey, (since, wanted): (Option<&Checkpoint>, Period), out: &Output) -> Result<()> {
    let is_wanted = wanted != Period::default();
    let report = export::verify(path, key, since, is_wanted.then_some(wanted))?;
    let Report { checkpoint, period, entries, range: (first, end), without_payload, findings, found } = report;
    let findings: Vec<String> = findings.iter().map(ToString::to_string).collect();
    if out.is_json() {
        let (size, root, signers) = (checkpoint.root.size, checkpoint.root.hash.to_string(), checkpoint.signers());
        out.json(&json!({
            "origin": checkpoint.origin, "size": size, "root": root, "signers": signers,
            "period": period, "entries": entries, "first": first, "end": end, "withoutPayload": without_payload,
            "findings": findings, "found": found,
        }))?;
    }
    match found {
        0 => {
            let (size, signer) = (checkpoint.root.size, key.label());
            out.say(&format!("{entries} entries are as {signer} signed them, among {size} of its history"))?;
            out.say(&format!("{}: all of that time are there", committed(period)))?;
            if !is_wanted && period != Period::default() {
                out.say("the folder names this period itself: with --from and --to it is held to yours")?;
            }
            if without_payload > 0 {
                out.say(&format!("of {without_payload} the payload is gone, and its digest is proven"))?;
            }
            match since {
                Some(since) => {
                    out.say(&format!("it goes on from the checkpoint of {} entries that you kept", since.root.size))
                }
                None => {
                    out.say("keep its checkpoint: with --since it shows next time that nothing before it was changed")
                }
            }
        }
        _ => {
            if !out.is_json() {
                findings.iter().for_each(|finding| remark(finding));
                if found > findings.len() as u64 {
                    remark(&format!("… and {} more", found - findings.len() as u64));
                }
            }
            bail!("{} is not as it was signed: {found} findings", path.display())
        }
    }
}

fn committed(Period { from, to }: Period) -> String {
    let [from, to] = [from, to].map(|time| time.map(moment::text));
    match (from, to) {
        (None, None) => "committed at any time".to_owned(),
        (Some(from), None) => format!("committed from {from} on"),
        (None, Some(to)) => format!("committed before {to}"),
        (Some(from), Some(to)) => format!("committed from {from} on and before {to}"),
    }
}

fn file(path: &Path, key: &VerifierKey, out: &Output) -> Result<()> {
    let text = input::text(path)?;
    if text.starts_with(['<', '{']) {
        let summary = report::check(&text, key).with_context(|| format!("{} is not proven", path.display()))?;
        out.say(&summary)?;
        return out.say(&format!("each line is as {} signed it; that none is left out, an export shows", key.label()));
    }
    let proof: InclusionFile = text.parse().with_context(|| format!("reading {}", path.display()))?;
    proof.verify(key).with_context(|| format!("{} proves nothing", path.display()))?;
    let leaf = String::from_utf8_lossy(&proof.leaf);
    let size = proof.checkpoint.root.size;
    if out.is_json() {
        return out
            .json(&json!({ "index": proof.index, "size": size, "leaf": leaf, "origin": proof.checkpoint.origin }));
    }
    out.say(&format!("entry {} of {size}, as {} signed it:", proof.index, key.label()))?;
    leaf.lines().try_for_each(|line| out.say(&format!("  {line}")))
}
