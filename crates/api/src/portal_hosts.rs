//! `distr-hub portal-host`: at which hosts the customers of an organization find their portal. A hub that serves looks at each
//! request, so that nothing has to be started again.

use std::net::IpAddr;

use anyhow::{Context, bail};
use deadpool_postgres::Client;
use distr_domain::ids::OrganizationId;
use distr_domain::names::Slug;
use distr_projections::{organization, read_pool};
use url::Url;

use crate::boot::{Database, attach_database};
use crate::config::StorageConfig;
use crate::ops;
use crate::ops::portal_host;

#[derive(Debug, Clone, clap::Args)]
pub struct PortalHostConfig {
    #[command(flatten)]
    pub storage: StorageConfig,
    #[command(subcommand)]
    pub command: PortalHostCommand,
}

#[derive(Debug, Clone, clap::Subcommand)]
pub enum PortalHostCommand {
    /// Give a host to an organization: its customers find their portal there. The proxy in front speaks TLS for it
    Add {
        /// Name of the host, such as portal.acme.example, without a port
        host: String,
        /// Name of the organization
        #[arg(long)]
        organization: Slug,
        /// The hub's own address, whose name is no portal's
        #[arg(long, env = "DISTR_PUBLIC_URL")]
        public_url: Option<Url>,
    },
    /// List the hosts, and whose portal is at each
    List,
    /// Take a host back: nothing is found there from then on
    Remove {
        /// Name of the host
        host: String,
    },
}

pub async fn run(config: PortalHostConfig) -> anyhow::Result<String> {
    let database = attach_database(&config.storage).await?;
    let outcome = run_in(&database, config.command).await;
    database.close().await.and(outcome)
}

async fn run_in(database: &Database, command: PortalHostCommand) -> anyhow::Result<String> {
    ops::migrate(&database.main).await.context("cannot migrate the schema ops")?;
    let client = ops::pool(&database.main, 1).get().await.context("cannot connect to the database")?;
    match command {
        PortalHostCommand::Add { host, organization, public_url } => {
            let host = checked(&host, public_url.as_ref())?;
            add(database, &client, &host, &organization).await
        }
        PortalHostCommand::List => list(&client).await,
        PortalHostCommand::Remove { host } => {
            let host = host.to_ascii_lowercase();
            match portal_host::remove(&client, &host).await? {
                true => Ok(format!("nothing is found at {host} any more")),
                false => bail!("{host} is no portal host; `distr-hub portal-host list` names those that are"),
            }
        }
    }
}

async fn add(database: &Database, client: &Client, host: &str, name: &Slug) -> anyhow::Result<String> {
    let models = read_pool(&database.main, 1).get().await.context("cannot connect to the database")?;
    let found = organization::find(&models, OrganizationId::of(name)).await;
    if found.context("cannot read the organizations; has a hub run on this database?")?.is_none() {
        bail!("there is no organization \"{name}\"");
    }
    let before = portal_host::add(client, host, name).await?;
    let before = before.map(|before| format!("; it was the portal of \"{before}\" before")).unwrap_or_default();
    Ok(format!("{host} is the portal of \"{name}\"{before}"))
}

async fn list(client: &Client) -> anyhow::Result<String> {
    let hosts = portal_host::list(client).await?;
    if hosts.is_empty() {
        return Ok("there is no portal host; customers find their portal at /p/<organization> of the hub".into());
    }
    let lines =
        hosts.iter().map(|of| format!("{} is the portal of \"{}\", since {}", of.host, of.organization, of.added_at));
    Ok(lines.collect::<Vec<_>>().join("\n"))
}

/// In lower case. An address is no name, this machine's own name is everybody's, and at the hub's own vendors are, too.
fn checked(host: &str, hub: Option<&Url>) -> anyhow::Result<String> {
    let host = host.to_ascii_lowercase();
    let is_label = |label: &str| {
        let is_known = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        (1..=63).contains(&label.len())
            && label.bytes().all(is_known)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let is_name = host.len() <= 253 && host.split('.').all(is_label);
    if !is_name || host.parse::<IpAddr>().is_ok() || host == "localhost" {
        bail!(
            "{host:?} is no name of a host for a portal; give one such as portal.acme.example, without https:// and a port"
        );
    }
    if hub.and_then(Url::host_str).is_some_and(|own| own.eq_ignore_ascii_case(&host)) {
        bail!("{host} is the hub's own name, at which its vendors are, too; give the portal another");
    }
    Ok(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_a_name() {
        assert_eq!(checked("Portal.Acme.Example", None).unwrap(), "portal.acme.example");
        assert!(checked("acme.localhost", None).is_ok());
        for bad in [
            "",
            "localhost",
            "127.0.0.1",
            "::1",
            "https://x.example",
            "x.example:443",
            "x.example/",
            "a..b",
            "-a.b",
            "ä.b",
        ] {
            assert!(checked(bad, None).is_err(), "{bad}");
        }
        let hub = Some("https://Hub.example:8443/distr".parse().unwrap());
        assert!(checked("hub.example", hub.as_ref()).is_err() && checked("acme.hub.example", hub.as_ref()).is_ok());
    }
}
