//! `distr repository`

use anyhow::Result;
use clap::Subcommand;

use crate::hub::PAGE;
use crate::operation::{Visibility, shown};
use crate::output::Columns;
use crate::session::Session;

shown!("src/repository.graphql": RepositoryList RepositorySetVisibility);

const COLUMNS: Columns = &[
    ("NAME", "/name"),
    ("VISIBILITY", "/visibility"),
    ("MANIFESTS", "/manifests"),
    ("TAGS", "/tags"),
    ("LAST PUSHED", "/lastPushedAt"),
];

#[derive(Subcommand)]
pub(crate) enum Command {
    /// List what was pushed to
    List,
    /// Say who may pull from a repository, also before the first push
    SetVisibility { name: String, visibility: Visibility },
}

impl Command {
    pub(crate) async fn run(self, session: &Session) -> Result<()> {
        let Session { hub, out } = session;
        match self {
            Self::List => {
                let variables = |after| repository_list::Variables { first: Some(PAGE), after };
                out.list(hub.list::<RepositoryList>("/repositories", variables).await?, COLUMNS)
            }
            Self::SetVisibility { name, visibility } => {
                let sentence = match visibility {
                    Visibility::Public => format!("everybody may pull from repository \"{name}\""),
                    Visibility::Private => format!("repository \"{name}\" needs a role or a license"),
                };
                let variables = repository_set_visibility::Variables { name, visibility };
                let data = hub.ask::<RepositorySetVisibility>(variables).await?;
                out.did(data.repository_set_visibility, "", &sentence)
            }
        }
    }
}
