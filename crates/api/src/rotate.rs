//! `distr-hub rotate-master-key`: a new key, and all secrets sealed with it. The registry's tokens are signed with a key that
//! is derived from it, so these are signed anew, too: Docker asks for new ones by itself.

use crate::boot::attach_database;
use crate::config::StorageConfig;
use crate::master_key::MasterKey;
use crate::ops::{self, master_key};

const NEW: &str = "DISTR_NEW_MASTER_KEY";

/// In this order, so that it can be cut off anywhere: the new key is written beside the old one, the database changes in one
/// transaction, the new key takes the old one's place. The next start or rotation finishes what was cut off.
pub async fn rotate_master_key(config: StorageConfig) -> anyhow::Result<String> {
    let old = MasterKey::find_or_say(&config.data_dir)?;
    let new = new_key(&config)?;
    let database = attach_database(&config).await?;
    let outcome = async {
        ops::migrate(&database.main).await?;
        master_key::reseal(&database.main, &old, &new).await
    };
    let outcome = outcome.await;
    let count = database.close().await.and(outcome)?;
    let then = match MasterKey::in_environment() {
        true => format!("set DISTR_MASTER_KEY to what {NEW} is, and restart every hub"),
        false => {
            master_key::put_in_place(&config.data_dir)?;
            "restart every hub; other hubs need a copy of master.key".to_owned()
        }
    };
    Ok(format!("{count} secrets are sealed with the master key {}; {then}", new.id()))
}

fn new_key(config: &StorageConfig) -> anyhow::Result<MasterKey> {
    if MasterKey::in_environment() {
        return MasterKey::of_variable(NEW);
    }
    let next = config.data_dir.join(MasterKey::NEXT_FILE);
    if next.exists() {
        return MasterKey::of_file(&next);
    }
    let new = if std::env::var_os(NEW).is_some() { MasterKey::of_variable(NEW)? } else { MasterKey::new()? };
    new.write(&next)?;
    Ok(new)
}
