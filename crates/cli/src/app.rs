//! `distr app`

mod catalogue;
mod policy;

use std::path::PathBuf;

use anyhow::Result;
use clap::Subcommand;
use distr_domain::link::Link;
use serde_json::Value;

use crate::hub::{Hub, PAGE};
use crate::label;
use crate::operation::{SignedParts, shown};
use crate::output::Columns;
use crate::picture;
use crate::session::Session;

shown!("src/app.graphql": AppCreate AppDescribe AppList AppShow AppSetSigningPolicy AppSetFeatureTags AppCatalogue AppSetIcon);

pub(crate) use catalogue::{Catalogue, catalogue, set_icon};
pub(crate) use policy::{FeatureTags, SigningKey, set_feature_tags, set_signing_keys};

const COLUMNS: Columns =
    &[("NAME", "/name"), ("DISPLAY NAME", "/displayName"), ("CHANNELS", "/channels"), ("CREATED", "/createdAt")];
const FIELDS: Columns = &[
    ("name", "/name"),
    ("display name", "/displayName"),
    ("description", "/description"),
    ("category", "/category"),
    ("homepage", "/homepage"),
    ("support", "/support"),
    ("documentation", "/documentation"),
    ("labels", "/labels"),
    ("icon", "/icon/path"),
    ("channels", "/channels"),
    ("signing keys", "/signingKeys"),
    ("must be signed", "/signingRequires"),
    ("policy changes", "/signingPolicyChanges"),
    ("feature tags", "/featureTags"),
    ("created", "/createdAt"),
    ("id", "/id"),
];

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Create an application
    Create {
        name: String,
        /// What people read [default: the name]
        #[arg(long)]
        display_name: Option<String>,
        #[arg(long)]
        description: Option<String>,
    },
    /// List the applications
    List,
    /// Show one application
    Show { name: String },
    /// Say whose signatures a release needs to be published, promoted and deployed from now on; without a key, none. For owners
    SetSigningKeys {
        name: String,
        /// A public key and the name that it goes by; may be given several times
        #[arg(long = "key", value_name = "NAME=FILE")]
        keys: Vec<policy::KeyFile>,
        /// What one of the keys must have signed [default: as it is; at first images-and-release]
        #[arg(long)]
        require: Option<SignedParts>,
        /// Why; needed to change a policy that is in force
        #[arg(long)]
        reason: Option<String>,
    },
    /// Change what people read about an application
    Describe {
        name: String,
        #[arg(long)]
        display_name: Option<String>,
        #[arg(long)]
        description: Option<String>,
    },
    /// Change what a catalogue says of an application; what is not given stays, and an empty value takes it back
    Catalogue {
        name: String,
        /// What kind of product it is, in a word or two
        #[arg(long)]
        category: Option<String>,
        /// The product's own page
        #[arg(long, value_parser = link)]
        homepage: Option<String>,
        /// Where its users find help: https://… or mailto:…
        #[arg(long, value_parser = link)]
        support: Option<String>,
        /// Its documentation
        #[arg(long, value_parser = link)]
        documentation: Option<String>,
        #[command(flatten)]
        labels: label::Change,
    },
    /// Set the icon of an application, or take it back
    Icon {
        name: String,
        /// A PNG, WebP or SVG file of up to 128 KiB
        #[arg(required_unless_present = "remove")]
        file: Option<PathBuf>,
        /// Take the icon back
        #[arg(long, conflicts_with = "file")]
        remove: bool,
    },
}

fn link(text: &str) -> Result<String, String> {
    match text.is_empty() {
        true => Ok(String::new()),
        false => text.parse::<Link>().map(String::from).map_err(|error| error.to_string()),
    }
}

impl Command {
    pub(crate) async fn run(self, session: &Session) -> Result<()> {
        let Session { hub, out } = session;
        match self {
            Self::Create { name, display_name, description } => {
                let sentence = format!("created application \"{name}\"");
                out.did(create(hub, name, display_name, description).await?, "application", &sentence)
            }
            Self::List => out.list(list(hub).await?, COLUMNS),
            Self::Show { name } => out.show(find(session, name).await?, FIELDS),
            Self::SetSigningKeys { name, keys, require, reason } => {
                let keys: Vec<SigningKey> = keys.iter().map(policy::KeyFile::read).collect::<Result<_>>()?;
                let sentence = match keys.len() {
                    0 => format!("releases of \"{name}\" need no signature"),
                    count => format!("releases of \"{name}\" need a signature by one of {count} keys"),
                };
                out.did(set_signing_keys(hub, name, keys, require, reason).await?, "application", &sentence)
            }
            Self::Describe { name, display_name, description } => {
                // what is not given stays as it is
                let now = find(session, name.clone()).await?;
                let kept = |field: &str| now[field].as_str().unwrap_or_default().to_owned();
                let sentence = format!("described application \"{name}\"");
                let display_name = display_name.unwrap_or_else(|| kept("displayName"));
                let description = description.unwrap_or_else(|| kept("description"));
                out.did(describe(hub, name, display_name, description).await?, "application", &sentence)
            }
            Self::Catalogue { name, category, homepage, support, documentation, labels } => {
                let mut then: Catalogue = serde_json::from_value(find(session, name.clone()).await?)?;
                then.category = category.unwrap_or(then.category);
                then.homepage = homepage.or(then.homepage);
                then.support = support.or(then.support);
                then.documentation = documentation.or(then.documentation);
                labels.apply(&mut then.labels);
                let sentence = format!("set what the catalogue says of \"{name}\"");
                out.did(catalogue(hub, name, then).await?, "application", &sentence)
            }
            Self::Icon { name, file, remove: _ } => {
                let data = file.map(|file| picture::base64(&file)).transpose()?;
                let done = if data.is_some() { "set" } else { "removed" };
                let sentence = format!("{done} the icon of \"{name}\"");
                out.did(set_icon(hub, name, data).await?, "application", &sentence)
            }
        }
    }
}

pub(crate) async fn create(
    hub: &Hub,
    name: String,
    display_name: Option<String>,
    description: Option<String>,
) -> Result<Value> {
    let variables = app_create::Variables { name, display_name, description };
    Ok(hub.ask::<AppCreate>(variables).await?.application_create)
}

pub(crate) async fn describe(hub: &Hub, name: String, display_name: String, description: String) -> Result<Value> {
    let variables = app_describe::Variables { name, display_name, description: Some(description) };
    Ok(hub.ask::<AppDescribe>(variables).await?.application_describe)
}

pub(crate) async fn list(hub: &Hub) -> Result<Vec<Value>> {
    hub.list::<AppList>("/applications", |after| app_list::Variables { first: Some(PAGE), after }).await
}

async fn find(session: &Session, name: String) -> Result<Value> {
    let data = session.hub.ask::<AppShow>(app_show::Variables { name }).await?;
    Ok(data.application)
}
