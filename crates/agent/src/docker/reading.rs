//! A compose file as the plugin understands it, twice: before anything is put in, and resolved. Both ask nothing of the engine.

use std::time::Duration;

use distr_domain::agent::ErrorCategory;
use distr_domain::names::Slug;
use serde_json::Value;

use crate::docker::compose::{Project, Selection};
use crate::docker::folder::{Folder, READ_FILE};
use crate::docker::resolved::Resolved;
use crate::fault::{Blame, Failure};

/// Reading files takes no longer.
const LIMIT: Duration = Duration::from_secs(60);
const RAW: [&str; 7] =
    ["config", "--no-interpolate", "--no-normalize", "--no-path-resolution", "--no-consistency", "--format", "json"];

/// The vendor's file with its variables in it. What compose says of it is of the vendor's own text, and may be told.
pub async fn raw(project: &str, folder: &Folder) -> Result<Value, Failure> {
    let project = Project { name: project, folder: folder.path(), files: &[READ_FILE], profiles: &[] };
    let json = project.run(Selection::Everything, &RAW, LIMIT).await.map_err(of_config).map_err(in_own_words)?;
    serde_json::from_str(&json).map_err(not_understood)
}

pub async fn resolved(
    project: &str,
    folder: &Folder,
    files: &[&str],
    profiles: &[Slug],
    selection: Selection,
) -> Result<Resolved, Failure> {
    let project = Project { name: project, folder: folder.path(), files, profiles };
    let json = project.run(selection, &["config", "--format", "json"], LIMIT).await.map_err(of_config)?;
    Resolved::read(&json).map_err(not_understood)
}

pub(crate) fn not_understood(error: serde_json::Error) -> Failure {
    Failure::bad(ErrorCategory::Config, format!("the resolved compose file is not understood: {error}"))
}

fn in_own_words(trouble: Failure) -> Failure {
    match trouble.blame {
        Blame::Generation => Failure { text: trouble.words, words: String::new(), ..trouble },
        Blame::Surroundings => trouble,
    }
}

/// Resolving asks nothing of the engine, so what fails is in the file.
fn of_config(trouble: Failure) -> Failure {
    match trouble.blame {
        Blame::Generation => Failure { category: ErrorCategory::Config, ..trouble },
        Blame::Surroundings => trouble,
    }
}
