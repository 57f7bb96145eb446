//! `distr-hub analyst`: logins that may read the views of the schema `analytics` and do nothing else.

use anyhow::{Context, bail};
use aws_lc_rs::rand;
use distr_domain::names::Slug;
use distr_postgres::Address;
use tokio_postgres::Client;
use tokio_postgres::config::Host;

use crate::boot;
use crate::config::StorageConfig;

/// What every analyst is a member of; the read models' schema makes it.
const ROLE: &str = "distr_analyst";

/// Of a role's name, in Postgres.
const LONGEST: usize = 63;

#[derive(Debug, Clone, clap::Args)]
pub struct AnalystConfig {
    #[command(flatten)]
    pub storage: StorageConfig,
    #[command(subcommand)]
    pub action: Action,
}

#[derive(Debug, Clone, clap::Subcommand)]
pub enum Action {
    /// Make a login, or give it a new password, and print how it connects
    Add { name: Slug },
    /// Take the login away; sessions that are open are ended
    Remove { name: Slug },
    /// Print the logins
    List,
}

pub async fn run(config: AnalystConfig) -> anyhow::Result<()> {
    let database = boot::attach_database(&config.storage).await?;
    let client = database.main.connect().await.context("cannot connect to the database")?;
    let outcome = match &config.action {
        Action::Add { name } => add(&client, &database.main, name).await,
        Action::Remove { name } => remove(&client, name).await,
        Action::List => list(&client).await,
    };
    drop(client);
    database.close().await?;
    outcome
}

async fn add(client: &Client, database: &Address, name: &Slug) -> anyhow::Result<()> {
    if client.query_opt("SELECT FROM pg_roles WHERE rolname = $1", &[&ROLE]).await?.is_none() {
        bail!("there is no role {ROLE}; start a hub first, whose database user may make roles");
    }
    let login = login(name);
    if login.len() > LONGEST {
        bail!("the name is too long: use at most {} characters", LONGEST - ROLE.len() - 1);
    }
    let known = client.query_opt("SELECT FROM pg_roles WHERE rolname = $1", &[&login]).await?.is_some();
    let mut random = [0; 24];
    rand::fill(&mut random).context("no randomness for a password")?;
    let password = hex::encode(random);
    let verb = if known { "ALTER" } else { "CREATE" };
    // the settings are defaults that an analyst could change; what holds is that nothing else is granted
    client
        .batch_execute(&format!(
            "BEGIN;
             {verb} ROLE \"{login}\" LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION CONNECTION LIMIT 8
                 PASSWORD '{password}';
             GRANT {ROLE} TO \"{login}\";
             ALTER ROLE \"{login}\" SET default_transaction_read_only = on;
             ALTER ROLE \"{login}\" SET statement_timeout = '60s';
             ALTER ROLE \"{login}\" SET idle_in_transaction_session_timeout = '60s';
             ALTER ROLE \"{login}\" SET search_path = analytics;
             ALTER ROLE \"{login}\" SET timezone = 'UTC';
             COMMIT"
        ))
        .await
        .with_context(|| format!("cannot make the login {login}"))?;
    let (host, port) = address(client, database).await?;
    let name = database.config().get_dbname().unwrap_or("postgres");
    println!("postgres://{login}:{password}@{host}:{port}/{name}");
    Ok(())
}

/// Where others than the hub reach the database.
async fn address(client: &Client, database: &Address) -> anyhow::Result<(String, u16)> {
    let port = database.config().get_ports().first().copied().unwrap_or(5432);
    match database.config().get_hosts().first() {
        Some(Host::Tcp(host)) => Ok((host.clone(), port)),
        _ => {
            let listens: String = client.query_one("SHOW listen_addresses", &[]).await?.get(0);
            match listens.split(',').next() {
                Some(host) if !host.is_empty() => Ok((host.trim().to_owned(), port)),
                _ => bail!(
                    "the login is made, but the hub's Postgres takes connections from nobody else: start the hub with \
                     DISTR_POSTGRES_PORT set to a free port, and ask again"
                ),
            }
        }
    }
}

async fn remove(client: &Client, name: &Slug) -> anyhow::Result<()> {
    let login = login(name);
    if !logins(client).await?.contains(&login) {
        bail!("there is no analyst \"{name}\"; see `distr-hub analyst list`");
    }
    client.batch_execute(&format!("ALTER ROLE \"{login}\" NOLOGIN")).await?;
    client.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1", &[&login]).await?;
    client.batch_execute(&format!("DROP ROLE \"{login}\"")).await.context("cannot take the login away")?;
    println!("{login} is gone");
    Ok(())
}

async fn list(client: &Client) -> anyhow::Result<()> {
    for login in logins(client).await? {
        println!("{login}");
    }
    Ok(())
}

async fn logins(client: &Client) -> anyhow::Result<Vec<String>> {
    let sql = "SELECT member.rolname::text FROM pg_auth_members m
               JOIN pg_roles member ON member.oid = m.member
               JOIN pg_roles role ON role.oid = m.roleid
               WHERE role.rolname = $1 ORDER BY 1";
    Ok(client.query(sql, &[&ROLE]).await?.iter().map(|row| row.get(0)).collect())
}

/// Apart from every other role of the server.
fn login(name: &Slug) -> String {
    format!("{ROLE}_{name}")
}
