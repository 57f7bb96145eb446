//! `distr entitlement`

use anyhow::Result;
use clap::Subcommand;

use crate::as_of::AsOf;
use crate::exit::Failure;
use crate::hub::Hub;
use crate::operation::{read, shown};
use crate::output::Columns;
use crate::session::Session;

shown!("src/entitlement.graphql": EntitlementCheck);
read!("src/entitlement.graphql": EntitlementOrganization);

const FIELDS: Columns = &[
    ("allowed", "/isAllowed"),
    ("license", "/license"),
    ("reason", "/reason"),
    ("code", "/code"),
    ("digest", "/digest"),
];

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Say whether a customer may pull an artifact, by which license, and else why not. Nothing is pulled
    Check {
        /// The artifact, as REPOSITORY:TAG or REPOSITORY@DIGEST; ORGANIZATION/ before it is taken, too
        artifact: String,
        /// The customer's name; not needed by the customer's own members
        #[arg(long, value_name = "NAME")]
        customer: Option<String>,
        #[command(flatten)]
        as_of: AsOf,
    },
}

impl Command {
    pub(crate) async fn run(self, session: &Session) -> Result<()> {
        let Self::Check { artifact, customer, as_of: AsOf { as_of } } = self;
        let (named, reference) = split(&artifact)?;
        let repository = match named.contains('/') {
            true => within(&named, &organization(&session.hub).await?),
            false => named,
        };
        let variables = entitlement_check::Variables { customer, repository, reference, as_of };
        session.out.show(session.hub.ask::<EntitlementCheck>(variables).await?.entitlement, FIELDS)
    }
}

async fn organization(hub: &Hub) -> Result<String> {
    let data = hub.ask::<EntitlementOrganization>(entitlement_organization::Variables).await?;
    Ok(data.organization.name)
}

/// The name of the repository within its organization.
fn within(named: &str, organization: &str) -> String {
    let own = named.strip_prefix(organization).and_then(|rest| rest.strip_prefix('/'));
    own.unwrap_or(named).to_owned()
}

/// Repository and reference.
fn split(artifact: &str) -> Result<(String, String), Failure> {
    let (repository, reference) = match artifact.split_once('@') {
        Some((name, digest)) => (name.split_once(':').map_or(name, |(name, _)| name), digest),
        None => artifact.rsplit_once(':').ok_or_else(|| {
            Failure::Usage(format!(
                "{artifact:?} names no tag and no digest; write REPOSITORY:TAG or REPOSITORY@DIGEST"
            ))
        })?,
    };
    Ok((repository.to_owned(), reference.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::{split, within};

    #[test]
    fn an_artifact_is_named_as_registries_name_it() {
        let of = |artifact| {
            split(artifact).map(|(named, of)| (within(&named, "acme"), of)).map_err(|error| error.to_string())
        };
        let is = |repository: &str, reference: &str| Ok((repository.to_owned(), reference.to_owned()));
        assert_eq!(of("hello:1.0.0"), is("hello", "1.0.0"));
        assert_eq!(of("acme/hello/web:1.0.0"), is("hello/web", "1.0.0"));
        assert_eq!(of("hello@sha256:00"), is("hello", "sha256:00"));
        assert_eq!(of("hello:1@sha256:00"), is("hello", "sha256:00"));
        assert!(of("hello").unwrap_err().contains("REPOSITORY:TAG"));
    }
}
