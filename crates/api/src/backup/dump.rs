//! `pg_dump` and `pg_restore`, with the address in their environment.

use std::path::Path;
use std::process::Stdio;

use anyhow::{Context, bail};
use distr_embedded_postgres::client_program;
use distr_postgres::Address;
use tokio::process::Command;

use super::snapshot::Snapshot;

/// Whole or not at all.
pub(super) async fn dump(address: &Address, snapshot: &Snapshot, schemas: &[&str], to: &Path) -> anyhow::Result<()> {
    let part = to.with_extension("part");
    // `pg_dump` writes into what is there, and gives a new file to everybody
    super::create_private(&part).with_context(|| format!("cannot write {}", part.display()))?;
    let mut command = program("pg_dump", snapshot.server_major, address)?;
    command.args(["--format=custom", "--no-owner", "--no-privileges", "--snapshot", &snapshot.id, "--file"]).arg(&part);
    command.args(schemas.iter().map(|schema| format!("--schema={schema}")));
    if let Err(error) = run(command).await {
        let _ = std::fs::remove_file(&part);
        return Err(error);
    }
    let kept = std::fs::File::open(&part).and_then(|file| file.sync_all()).and_then(|()| std::fs::rename(&part, to));
    kept.with_context(|| format!("cannot write {}", to.display()))
}

/// Whole or not at all, into a database that has none of the dump's schemas.
pub(super) async fn load(address: &Address, server_major: u32, from: &Path) -> anyhow::Result<()> {
    let mut command = program("pg_restore", server_major, address)?;
    let database = address.config().get_dbname().context("the database's URL names no database")?;
    command.args(["--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges", "--dbname", database]);
    command.arg(from);
    run(command).await
}

fn program(name: &str, major: u32, address: &Address) -> anyhow::Result<Command> {
    let mut command = Command::new(client_program(name, major)?);
    command.envs(address.libpq_environment()).env("LC_ALL", "C").env("PGOPTIONS", "-c statement_timeout=0");
    command.env("PGAPPNAME", "distr-hub backup").stdin(Stdio::null()).kill_on_drop(true);
    Ok(command)
}

async fn run(mut command: Command) -> anyhow::Result<()> {
    let name = command.as_std().get_program().display().to_string();
    let output = command.output().await.with_context(|| format!("cannot run {name}"))?;
    if !output.status.success() {
        bail!("{name} failed: {}", String::from_utf8_lossy(&output.stderr).trim().replace('\n', "; "));
    }
    Ok(())
}
