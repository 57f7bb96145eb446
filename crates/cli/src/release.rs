//! `distr release`

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use chrono::NaiveDate;
use clap::{Args, Subcommand};

use crate::hub::PAGE;
use crate::operation::shown;
use crate::output::Columns;
use crate::session::Session;

shown!("src/release.graphql": ReleaseDraft ReleasePublish ReleaseDeprecate ReleaseRevoke ReleaseList ReleaseShow);

const COLUMNS: Columns = &[
    ("VERSION", "/version"),
    ("STATUS", "/status"),
    ("PUBLISHED", "/publishedAt"),
    ("REASON", "/reason"),
    ("NOTES", "/notes"),
];
const FIELDS: Columns = &[
    ("application", "/application"),
    ("version", "/version"),
    ("status", "/status"),
    ("reason", "/reason"),
    ("deprecated on", "/deprecatedOn"),
    ("published", "/publishedAt"),
    ("notes", "/notes"),
    ("artifacts", "/artifacts"),
    ("compose", "/compose"),
    ("id", "/id"),
];

/// Which release.
#[derive(Args)]
pub(crate) struct Of {
    /// The application's name
    #[arg(long, value_name = "NAME")]
    app: String,
    #[arg(long)]
    version: String,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Make or replace a draft
    Draft {
        #[command(flatten)]
        of: Of,
        /// The compose file; images of the hub's registry are pinned to what their tags are now
        #[arg(long, value_name = "FILE")]
        compose: PathBuf,
        #[arg(long)]
        notes: Option<String>,
    },
    /// Publish a release: from a compose file, or the draft that there is
    Publish {
        #[command(flatten)]
        of: Of,
        #[arg(long, value_name = "FILE")]
        compose: Option<PathBuf>,
        #[arg(long)]
        notes: Option<String>,
    },
    /// List an application's releases, the newest version first
    List {
        #[arg(long, value_name = "NAME")]
        app: String,
    },
    /// Show one release with its artifacts and its compose file
    Show {
        #[command(flatten)]
        of: Of,
    },
    /// Say that it should no longer be used from a date on; it can still be deployed
    Deprecate {
        #[command(flatten)]
        of: Of,
        #[arg(long, value_name = "DATE")]
        on: NaiveDate,
        #[arg(long)]
        reason: String,
    },
    /// Take it back for ever: nobody pulls or deploys it from now on
    Revoke {
        #[command(flatten)]
        of: Of,
        #[arg(long)]
        reason: String,
    },
}

impl Command {
    pub(crate) async fn run(self, session: &Session) -> Result<()> {
        let Session { hub, out } = session;
        match self {
            Self::Draft { of: Of { app: application, version }, compose, notes } => {
                let sentence = format!("drafted {application} {version}");
                let compose = read(&compose)?;
                let variables = release_draft::Variables { application, version, compose, notes };
                let data = hub.ask::<ReleaseDraft>(variables).await?;
                out.did(data.release_draft, "release", &sentence)
            }
            Self::Publish { of: Of { app: application, version }, compose, notes } => {
                let sentence = format!("published {application} {version}");
                let compose = compose.as_deref().map(read).transpose()?;
                let variables = release_publish::Variables { application, version, compose, notes };
                let data = hub.ask::<ReleasePublish>(variables).await?;
                out.did(data.release_publish, "release", &sentence)
            }
            Self::List { app: application } => {
                let variables =
                    |after| release_list::Variables { application: application.clone(), first: Some(PAGE), after };
                out.list(hub.list::<ReleaseList>("/application/releases", variables).await?, COLUMNS)
            }
            Self::Show { of: Of { app: application, version } } => {
                let data = hub.ask::<ReleaseShow>(release_show::Variables { application, version }).await?;
                out.show(data.release, FIELDS)
            }
            Self::Deprecate { of: Of { app: application, version }, on, reason } => {
                let sentence = format!("{application} {version} is deprecated from {on} on");
                let variables = release_deprecate::Variables { application, version, on, reason };
                let data = hub.ask::<ReleaseDeprecate>(variables).await?;
                out.did(data.release_deprecate, "release", &sentence)
            }
            Self::Revoke { of: Of { app: application, version }, reason } => {
                let sentence = format!("revoked {application} {version}");
                let data = hub.ask::<ReleaseRevoke>(release_revoke::Variables { application, version, reason }).await?;
                out.did(data.release_revoke, "release", &sentence)
            }
        }
    }
}

fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))
}
