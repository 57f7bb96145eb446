//! `distr audit report`: what was agreed in a license, what was used of it and what was refused, told from a verified export alone. The
//! page and its data are checked by anybody, with the public key and without the export.

mod page;
mod proven;
mod story;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use chrono::{DateTime, Utc};
use clap::Args;
use distr_domain::names::Slug;
use distr_proof::export::{self, Entries, Period};
use distr_proof::note::VerifierKey;
use serde_json::Value;

use super::verify;
use crate::exit::Failure;
use crate::moment;
use crate::output::Output;
use proven::Proven;
use story::Asked;

#[derive(Args)]
#[command(after_help = "\
Export all of the history, then:  distr audit report history --key acme.key --customer globex --license hello-2026 --file report.html
Then, anywhere:                   distr audit verify report.html --key acme.key")]
pub(crate) struct Report {
    /// A folder that `distr audit export` wrote, without --from
    folder: PathBuf,
    /// The public key of whose history it should be; a file, or the key itself
    #[arg(long, value_name = "FILE|KEY")]
    key: String,
    /// The customer's name
    #[arg(long)]
    customer: Slug,
    /// The license's name
    #[arg(long)]
    license: Slug,
    /// Tell what was used and refused from this time on; a date means from its begin (UTC). What was agreed is told from the first day
    #[arg(long, value_name = "TIME", value_parser = moment::begin)]
    from: Option<DateTime<Utc>>,
    /// Tell what was before this time; a date means through its end (UTC)
    #[arg(long, value_name = "TIME", value_parser = moment::end)]
    to: Option<DateTime<Utc>>,
    /// The page, which ends with .html; the same as data is written beside it, with .json
    #[arg(long, value_name = "FILE")]
    file: PathBuf,
}

impl Report {
    pub(super) fn run(self, out: &Output) -> Result<()> {
        let Self { folder, key, customer, license, from, to, file } = self;
        if file.extension().is_none_or(|extension| extension != "html") {
            let text =
                format!("{} does not end with .html: name the page, its data is written beside it", file.display());
            return Err(Failure::Usage(text).into());
        }
        let data = file.with_extension("json");
        if let Some(there) = [&file, &data].into_iter().find(|path| path.exists()) {
            return Err(Failure::Usage(format!("{} is there already; name a new file", there.display())).into());
        }
        let asked = Asked { customer, license, from, to };
        let proven = prove(&folder, &verify::key(&key)?, asked)?;
        fs::write(&data, serde_json::to_string_pretty(&proven)? + "\n").with_context(|| writing(&data))?;
        fs::write(&file, page::page(&proven)?).with_context(|| writing(&file))?;
        let count = proven.evidence.len();
        out.say(&format!("wrote {} and {}, which rest on {count} proven entries", file.display(), data.display()))
    }
}

fn writing(path: &Path) -> String {
    format!("writing {}", path.display())
}

/// Verifies the folder first: nothing is told of one that is not as it was signed, or not whole.
fn prove(folder: &Path, key: &VerifierKey, asked: Asked) -> Result<Proven> {
    let period = Period { from: None, to: asked.to };
    let report = export::verify(folder, key, None, Some(period))?;
    if let Some(finding) = report.findings.first() {
        bail!(
            "{} tells nothing, with {} findings: {finding}; a report needs an export from the beginning, which has no --from",
            folder.display(),
            report.found
        );
    }
    let tiles = export::tiles(folder, report.checkpoint.root.size)?;
    Proven::of(asked, Entries::of(folder)?, report.checkpoint, &tiles)
}

/// Checks a page of a report, or its data; the answer says what it is about.
pub(super) fn check(text: &str, key: &VerifierKey) -> Result<String> {
    let data = page::data(text).unwrap_or(text);
    let proven: Proven = serde_json::from_str(data).context("this is no report")?;
    // nobody is to read as proven what is not looked at
    if serde_json::to_value(&proven)? != serde_json::from_str::<Value>(data)? {
        bail!(
            "the report says something that this version of distr does not know, or says it otherwise than distr does"
        );
    }
    proven.check(key)?;
    if data.len() != text.len() && page::page(&proven)? != text {
        bail!("the data in the page is proven, and the page around it is not what this version of distr writes of it");
    }
    Ok(proven.summary())
}
