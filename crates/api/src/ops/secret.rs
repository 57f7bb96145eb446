//! Table `ops.secret`: values that a configuration names and only the agent that needs them is told. AES-256-GCM; the
//! place of a value is authenticated with it, so that a row that is moved to another customer does not open.

use std::collections::BTreeMap;

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use chrono::{DateTime, Utc};
use deadpool_postgres::{Client, GenericClient, Pool, Transaction};
use distr_domain::ids::{CustomerId, OrganizationId};

use crate::failure::Failure;
use crate::limits::shares::{self, Of, SharedClient};
use crate::master_key::MasterKey;

/// The secrets of customers, sealed with the master key that is in force.
pub struct Vault {
    pool: Pool,
    cipher: Cipher,
}

/// Seals and opens values with one master key.
pub(super) struct Cipher {
    key: RandomizedNonceKey,
    key_id: String,
}

/// A value that nobody can read without the key and its place.
pub(super) struct Sealed {
    pub(super) nonce: Vec<u8>,
    pub(super) ciphertext: Vec<u8>,
}

/// Where a secret belongs.
#[derive(Clone, Copy)]
pub struct Place {
    pub organization: OrganizationId,
    pub customer: CustomerId,
}

impl Place {
    fn associated(self, name: &str) -> Vec<u8> {
        [self.organization.0.as_bytes(), self.customer.0.as_bytes(), name.as_bytes()].concat()
    }
}

impl Vault {
    pub fn new(pool: Pool, master: &MasterKey) -> Self {
        Self { pool, cipher: Cipher::new(master) }
    }

    pub async fn client(&self) -> Result<SharedClient, Failure> {
        shares::client(Of::Operations, &self.pool).await
    }

    pub async fn set(
        &self,
        client: &impl GenericClient,
        place: Place,
        name: &str,
        value: &str,
        at: DateTime<Utc>,
    ) -> Result<(), Failure> {
        let sealed = self.cipher.seal(place, name, value)?;
        // not with a key that a rotation has taken out of force
        let stored = client
            .execute(
                "INSERT INTO secret (organization, customer, name, nonce, ciphertext, changed_at)
                 SELECT $1, $2, $3, $4, $5, $6 FROM master_key WHERE id = $7 FOR SHARE
                 ON CONFLICT (organization, customer, name) DO UPDATE
                 SET nonce = excluded.nonce, ciphertext = excluded.ciphertext, changed_at = excluded.changed_at",
                &[
                    &place.organization.0,
                    &place.customer.0,
                    &name,
                    &sealed.nonce,
                    &sealed.ciphertext,
                    &at,
                    &self.cipher.key_id,
                ],
            )
            .await?;
        match stored {
            0 => self.cipher.check_in_force(client).await,
            _ => Ok(()),
        }
    }

    /// When each of these names was set last; a name without a value is not in the answer.
    pub async fn changed(&self, place: Place, names: &[String]) -> Result<BTreeMap<String, DateTime<Utc>>, Failure> {
        let sql = "SELECT name, changed_at FROM secret WHERE organization = $1 AND customer = $2 AND name = ANY($3)";
        let rows = self.client().await?.query(sql, &[&place.organization.0, &place.customer.0, &names]).await?;
        Ok(rows.into_iter().map(|row| (row.get(0), row.get(1))).collect())
    }

    /// The values of these names; a name without a value is not in the answer.
    pub async fn get(&self, place: Place, names: &[String]) -> Result<BTreeMap<String, String>, Failure> {
        let client = self.client().await?;
        let rows = client
            .query(
                "SELECT name, nonce, ciphertext FROM secret
                 WHERE organization = $1 AND customer = $2 AND name = ANY($3)",
                &[&place.organization.0, &place.customer.0, &names],
            )
            .await?;
        rows.into_iter()
            .map(|row| {
                let name: String = row.get(0);
                let value = self.cipher.open(place, &name, row.get(1), row.get(2))?;
                Ok((name, value))
            })
            .collect()
    }
}

impl Cipher {
    pub(super) fn new(master: &MasterKey) -> Self {
        let key = master.derive("secrets");
        let key = RandomizedNonceKey::new(&AES_256_GCM, &key).expect("the key has the cipher's length");
        Self { key, key_id: master.id() }
    }

    /// Of the master key.
    pub(super) fn key_id(&self) -> &str {
        &self.key_id
    }

    /// What is sealed with a key that a rotation has taken out of force nobody opens.
    pub(super) async fn check_in_force(&self, client: &impl GenericClient) -> Result<(), Failure> {
        match client.query_opt("SELECT FROM ops.master_key WHERE id = $1", &[&self.key_id]).await? {
            Some(_) => Ok(()),
            None => Err(Failure::fault(std::io::Error::other("another master key is in force; restart this hub"))),
        }
    }

    pub(super) fn seal(&self, place: Place, name: &str, value: &str) -> Result<Sealed, Failure> {
        let mut ciphertext = value.as_bytes().to_vec();
        let nonce = self
            .key
            .seal_in_place_append_tag(Aad::from(place.associated(name)), &mut ciphertext)
            .map_err(|_| Failure::fault(std::io::Error::other("cannot encrypt a secret")))?;
        Ok(Sealed { nonce: nonce.as_ref().to_vec(), ciphertext })
    }

    pub(super) fn open(&self, place: Place, name: &str, nonce: &[u8], sealed: &[u8]) -> Result<String, Failure> {
        let unreadable = || Failure::fault(std::io::Error::other(format!("secret {name:?} cannot be decrypted")));
        let nonce: [u8; NONCE_LEN] = nonce.try_into().map_err(|_| unreadable())?;
        let mut plain = sealed.to_vec();
        let opened = self
            .key
            .open_in_place(Nonce::assume_unique_for_key(nonce), Aad::from(place.associated(name)), &mut plain)
            .map_err(|_| unreadable())?;
        String::from_utf8(opened.to_vec()).map_err(|_| unreadable())
    }
}

/// The names alone, in order.
pub async fn names(client: &Client, place: Place) -> Result<Vec<String>, Failure> {
    let rows = client
        .query(
            "SELECT name FROM secret WHERE organization = $1 AND customer = $2 ORDER BY name",
            &[&place.organization.0, &place.customer.0],
        )
        .await?;
    Ok(rows.into_iter().map(|row| row.get(0)).collect())
}

/// Until the transaction ends, nobody else changes the secret of this name.
pub async fn lock<'a>(client: &'a mut Client, place: Place, name: &str) -> Result<Transaction<'a>, Failure> {
    let transaction = client.transaction().await?;
    let key = format!("secret {} {name}", place.customer);
    transaction.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", &[&key]).await?;
    Ok(transaction)
}

pub async fn remove(client: &impl GenericClient, place: Place, name: &str) -> Result<bool, Failure> {
    let sql = "DELETE FROM secret WHERE organization = $1 AND customer = $2 AND name = $3";
    Ok(client.execute(sql, &[&place.organization.0, &place.customer.0, &name]).await? == 1)
}
