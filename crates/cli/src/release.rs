//! `distr release`

mod chart;
mod helm;
mod key;
mod one_file;
mod package;
mod path;
mod sign;

use std::path::{Path, PathBuf};

use anyhow::Result;
use chrono::NaiveDate;
use clap::{Args, Subcommand};

use crate::as_of::AsOf;
use crate::exit::Failure;
use crate::hub::PAGE;
use crate::moment;
use crate::operation::{read, shown};
use crate::output::{Columns, warn};
use crate::session::Session;
use package::Packages;

shown!("src/release.graphql": ReleaseDraft ReleaseSign ReleasePublish ReleaseDeprecate ReleaseRevoke ReleaseList ReleaseShow);
read!("src/release.graphql": RegistryHost);

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
    ("required", "/required"),
    ("outdated by", "/outdatedBy"),
    ("no return", "/noReturn"),
    ("blocked", "/blockedUpgrades"),
    ("withheld", "/withheld"),
    ("notes", "/notes"),
    ("images", "/images"),
    ("signatures of the whole", "/signatures"),
    ("compose", "/compose/file"),
    ("files", "/compose/files"),
    ("chart", "/chart/reference"),
    ("chart runs", "/chart/runs"),
    ("chart takes", "/chart/takes"),
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
        #[command(flatten)]
        from: package::From,
        #[arg(long)]
        notes: Option<String>,
    },
    /// Publish a release: from a compose file, a chart or both, or the draft that there is
    Publish {
        #[command(flatten)]
        of: Of,
        #[command(flatten)]
        from: package::From,
        #[arg(long)]
        notes: Option<String>,
        /// Sign the release as a whole with this private key before it is published, as `distr release sign --key` does
        #[arg(long, value_name = "KEY")]
        sign: Option<PathBuf>,
    },
    /// Sign a release as a whole: its compose file, its chart and the digest of each image
    Sign {
        #[command(flatten)]
        of: Of,
        #[command(flatten)]
        how: sign::How,
        /// The compose file, if it is to be signed as it lies here and not as the hub has it; they must be the same
        #[arg(long, value_name = "PATH")]
        compose: Option<PathBuf>,
    },
    /// List an application's releases, the newest version first
    List {
        #[arg(long, value_name = "NAME")]
        app: String,
        #[command(flatten)]
        as_of: AsOf,
    },
    /// Show one release with its images and its packages
    Show {
        #[command(flatten)]
        of: Of,
        #[command(flatten)]
        as_of: AsOf,
    },
    /// Say that it should no longer be used from a date on; it can still be deployed
    Deprecate {
        #[command(flatten)]
        of: Of,
        /// The day from which it should no longer be used, such as 2027-12-31
        #[arg(long, value_name = "DATE", value_parser = moment::day)]
        on: NaiveDate,
        #[arg(long)]
        reason: String,
    },
    #[command(flatten)]
    Path(path::Command),
    /// Take it back for ever: nobody deploys it from now on, and nobody pulls it by a license; what is in a public repository stays
    /// there for everybody
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
            Self::Draft { of: Of { app: application, version }, from, notes } => {
                let sentence = format!("drafted {application} {version}");
                let packages = from.collect(session, &application).await?;
                if packages.is_empty() {
                    let text = "a draft is made of something: name --compose, --chart or both".to_owned();
                    return Err(Failure::Usage(text).into());
                }
                let packages = packages.inputs();
                let variables = release_draft::Variables { application, version, packages, notes };
                let data = hub.ask::<ReleaseDraft>(variables).await?;
                warn(&data.release_draft);
                out.did(data.release_draft, "release", &sentence)
            }
            Self::Sign { of, how, compose } => sign::run(session, of, how, compose).await,
            Self::Publish { of: Of { app: application, version }, from, notes, sign } => {
                let sentence = format!("published {application} {version}");
                let packages = from.collect(session, &application).await?;
                let (packages, notes) = match &sign {
                    None => (packages, notes),
                    Some(key) => {
                        sign_draft(session, &application, &version, (packages, notes), key).await?;
                        (Packages::default(), None)
                    }
                };
                let packages = (!packages.is_empty()).then(|| packages.inputs());
                let variables = release_publish::Variables { application, version, packages, notes };
                let data = hub.ask::<ReleasePublish>(variables).await?;
                warn(&data.release_publish);
                out.did(data.release_publish, "release", &sentence)
            }
            Self::List { app: application, as_of: AsOf { as_of } } => {
                let variables = |after| release_list::Variables {
                    application: application.clone(),
                    first: Some(PAGE),
                    after,
                    as_of: as_of.clone(),
                };
                out.list(hub.list::<ReleaseList>("/application/releases", variables).await?, COLUMNS)
            }
            Self::Show { of: Of { app: application, version }, as_of: AsOf { as_of } } => {
                let data = hub.ask::<ReleaseShow>(release_show::Variables { application, version, as_of }).await?;
                out.show(if out.is_json() { data.release } else { package::spread(data.release) }, FIELDS)
            }
            Self::Deprecate { of: Of { app: application, version }, on, reason } => {
                let sentence = format!("{application} {version} is deprecated from {on} on");
                let variables = release_deprecate::Variables { application, version, on, reason };
                let data = hub.ask::<ReleaseDeprecate>(variables).await?;
                out.did(data.release_deprecate, "release", &sentence)
            }
            Self::Path(command) => command.run(session).await,
            Self::Revoke { of: Of { app: application, version }, reason } => {
                let sentence = format!("revoked {application} {version}");
                let data = hub.ask::<ReleaseRevoke>(release_revoke::Variables { application, version, reason }).await?;
                out.did(data.release_revoke, "release", &sentence)
            }
        }
    }
}

/// Makes the draft if there is something to make it of, and signs it.
async fn sign_draft(
    Session { hub, .. }: &Session,
    application: &str,
    version: &str,
    (packages, notes): (Packages, Option<String>),
    key: &Path,
) -> Result<()> {
    // before anything is drafted
    let key = key::PrivateKey::read(key)?;
    let (application, version) = (application.to_owned(), version.to_owned());
    if !packages.is_empty() {
        let variables = release_draft::Variables {
            application: application.clone(),
            version: version.clone(),
            packages: packages.clone().inputs(),
            notes,
        };
        let drafted = hub.ask::<ReleaseDraft>(variables).await?.release_draft;
        warn(&drafted);
    }
    let variables = release_show::Variables { application: application.clone(), version: version.clone(), as_of: None };
    let release = hub.ask::<ReleaseShow>(variables).await?.release;
    let shown = package::Shown::of(&release)?;
    // as it lies here, whatever the hub says of it
    let shown = package::Shown { compose: packages.compose.or(shown.compose), ..shown };
    let statement = sign::statement(hub, &application, &version, &shown, &release).await?;
    if let Some(envelope) = sign::sign(&statement, &key, &release)? {
        sign::attach(hub, application, version, envelope).await?;
    }
    Ok(())
}
