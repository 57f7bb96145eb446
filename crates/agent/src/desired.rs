//! The last desired state, kept on disk, so that an agent that starts without its hub goes on where it was.

use std::{fs, io};

use distr_domain::agent::DesiredState;

use crate::data_dir::DataDir;
use crate::durable::{self, Access};
use crate::keeper::Item;

pub fn load(data: &DataDir) -> io::Result<Option<DesiredState>> {
    match fs::read(data.desired()) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        bytes => Ok(Some(serde_json::from_slice(&bytes?)?)),
    }
}

/// Returns when it is on the disk, and wherever else it is kept.
pub async fn keep(data: &DataDir, desired: &DesiredState) -> io::Result<()> {
    data.keep(Item::Desired, &serde_json::to_vec(desired)?).await?;
    store(data, desired)
}

/// On the disk alone.
pub fn store(data: &DataDir, desired: &DesiredState) -> io::Result<()> {
    durable::write(&data.desired(), &serde_json::to_vec(desired)?, Access::Owner)
}
