//! Table `ops.master_key`: which key the secrets are sealed with, so that a hub with another one does not start, and one that
//! was running while the key was rotated seals nothing that nobody can open.

use std::path::Path;

use anyhow::{Context, bail};
use distr_domain::ids::{CustomerId, OrganizationId};
use distr_postgres::Address;
use tokio_postgres::{Client, Transaction};
use tracing::info;

use super::proof_key;
use super::secret::{Cipher, Place};
use crate::master_key::MasterKey;

/// The key of this hub, once it is known to be the one that opens the secrets. A rotation that was cut off after it had
/// changed the database is finished here.
pub async fn in_force(database: &Address, data_dir: &Path) -> anyhow::Result<MasterKey> {
    let client = database.connect().await?;
    let known = client.query_opt("SELECT id FROM ops.master_key", &[]).await?;
    let Some(known) = known else { return first(&client, data_dir).await };
    let (master, id): (_, String) = (MasterKey::find(data_dir)?, known.get(0));
    let Some(master) = master else {
        bail!(
            "the secrets of this database are sealed with the master key {id}, and there is none here; \
             give it in DISTR_MASTER_KEY or in {}",
            data_dir.join(MasterKey::FILE).display()
        )
    };
    if id == master.id() {
        return Ok(master);
    }
    let next = data_dir.join(MasterKey::NEXT_FILE);
    match MasterKey::of_file(&next) {
        Ok(next) if next.id() == id && !MasterKey::in_environment() => {
            put_in_place(data_dir)?;
            Ok(next)
        }
        _ => bail!(
            "the secrets of this database are sealed with the master key {id}, and this one is {}; \
             give the right one in DISTR_MASTER_KEY or in {}",
            master.id(),
            data_dir.join(MasterKey::FILE).display()
        ),
    }
}

/// The key of a hub whose database knows of none yet. Of two hubs that begin at the same time, one has it.
async fn first(client: &Client, data_dir: &Path) -> anyhow::Result<MasterKey> {
    let found = MasterKey::find(data_dir)?;
    let is_new = found.is_none();
    let master = match found {
        Some(found) => found,
        None => MasterKey::make(data_dir)?,
    };
    client.execute("INSERT INTO ops.master_key (id) VALUES ($1) ON CONFLICT DO NOTHING", &[&master.id()]).await?;
    let id: String = client.query_one("SELECT id FROM ops.master_key", &[]).await?.get(0);
    if id != master.id() {
        if is_new {
            // nothing was sealed with it
            std::fs::remove_file(data_dir.join(MasterKey::FILE)).context("cannot remove the key that was just made")?;
        }
        bail!("another hub has just begun with this database and the master key {id}; give that one to this hub, too");
    }
    Ok(master)
}

/// Seals all secrets with the new key, in one transaction. Answers with how many there are. With a key that is in force
/// already it has nothing to do.
pub async fn reseal(database: &Address, old: &MasterKey, new: &MasterKey) -> anyhow::Result<u64> {
    let mut client = database.connect().await?;
    let transaction = client.transaction().await?;
    let row = transaction.query_opt("SELECT id FROM ops.master_key FOR UPDATE", &[]).await?;
    let id: String = row.context("this hub has never run; there is nothing to rotate")?.get(0);
    if id == new.id() {
        return Ok(0);
    }
    if id != old.id() {
        bail!("the secrets are sealed with the master key {id}, and this one is {}; give the right one", old.id());
    }
    let (old, sealed_anew) = (Cipher::new(old), Cipher::new(new));
    let count = reseal_rows(&transaction, &old, &sealed_anew).await?;
    proof_key::reseal(&transaction, &old, &sealed_anew).await?;
    transaction.execute("UPDATE ops.master_key SET id = $1", &[&new.id()]).await?;
    transaction.commit().await?;
    Ok(count)
}

async fn reseal_rows(transaction: &Transaction<'_>, old: &Cipher, new: &Cipher) -> anyhow::Result<u64> {
    let sql = "SELECT organization, customer, name, nonce, ciphertext FROM ops.secret";
    let update = transaction
        .prepare(
            "UPDATE ops.secret SET nonce = $4, ciphertext = $5 WHERE organization = $1 AND customer = $2 AND name = $3",
        )
        .await?;
    let mut count = 0;
    for row in transaction.query(sql, &[]).await? {
        let place = Place { organization: OrganizationId(row.get(0)), customer: CustomerId(row.get(1)) };
        let name: String = row.get(2);
        let value = old.open(place, &name, row.get(3), row.get(4))?;
        let sealed = new.seal(place, &name, &value)?;
        let of = (&place.organization.0, &place.customer.0);
        transaction.execute(&update, &[of.0, of.1, &name, &sealed.nonce, &sealed.ciphertext]).await?;
        count += 1;
    }
    Ok(count)
}

/// The last step of a rotation.
pub fn put_in_place(data_dir: &Path) -> anyhow::Result<()> {
    let (next, file) = (data_dir.join(MasterKey::NEXT_FILE), data_dir.join(MasterKey::FILE));
    std::fs::rename(&next, &file).with_context(|| format!("cannot rename {}", next.display()))?;
    std::fs::File::open(data_dir)?.sync_all()?;
    info!(file = %file.display(), "the new master key is in its place");
    Ok(())
}
