//! Table `ops.proof_key`: what organizations sign the roots of their histories with. A key that is replaced signs beside its
//! successor for a while, so that whoever knows only one of both follows.

use aws_lc_rs::rand;
use chrono::{DateTime, TimeDelta, Utc};
use deadpool_postgres::GenericClient;
use distr_domain::ids::{CustomerId, OrganizationId};
use distr_proof::checkpoint::Origin;
use distr_proof::note::{SignerKey, VerifierKey};
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use super::secret::{Cipher, Place};
use crate::failure::Failure;
use crate::master_key::MasterKey;

/// A key signs for so long beside the one that took its place.
const OVERLAP: TimeDelta = TimeDelta::days(90);

/// Opens the keys.
pub struct ProofKeys {
    cipher: Cipher,
}

/// A key without its secret.
#[derive(Debug, Clone)]
pub struct PublicKey {
    pub key: VerifierKey,
    pub begins_at: DateTime<Utc>,
    /// it signs until then; nothing for the newest
    pub ends_at: Option<DateTime<Utc>>,
}

/// That sign one checkpoint; those who read it look at twice as many signatures.
const MAX_SIGNERS: i64 = 8;

impl ProofKeys {
    pub fn new(master: &MasterKey) -> Self {
        Self { cipher: Cipher::new(master) }
    }

    /// Those that sign now, the newest first; one is made if there is none.
    pub async fn signers(
        &self,
        client: &impl GenericClient,
        organization: OrganizationId,
        now: DateTime<Utc>,
    ) -> Result<Vec<SignerKey>, Failure> {
        let found = self.find(client, organization, now).await?;
        if !found.is_empty() {
            return Ok(found);
        }
        self.make(client, organization, now, Some(now)).await?;
        let found = self.find(client, organization, now).await?;
        // a root that nobody signed is worth nothing
        let none = || Failure::fault(std::io::Error::other("no key of the history can sign"));
        if found.is_empty() { Err(none()) } else { Ok(found) }
    }

    /// The key that is to be the next one. It signs nothing yet.
    pub async fn next(
        &self,
        client: &impl GenericClient,
        organization: OrganizationId,
        now: DateTime<Utc>,
    ) -> Result<VerifierKey, Failure> {
        let sql = "SELECT public FROM ops.proof_key WHERE organization = $1 AND begins_at IS NULL";
        loop {
            self.make(client, organization, now, None).await?;
            // somebody else may let it sign meanwhile
            if let Some(row) = client.query_opt(sql, &[&organization.0]).await? {
                return verifier(organization, row.get(0));
            }
        }
    }

    async fn find(
        &self,
        client: &impl GenericClient,
        organization: OrganizationId,
        now: DateTime<Utc>,
    ) -> Result<Vec<SignerKey>, Failure> {
        let sql = "SELECT public, nonce, ciphertext FROM ops.proof_key
                   WHERE organization = $1 AND begins_at IS NOT NULL AND coalesce(ends_at > $2, true)
                   ORDER BY begins_at DESC LIMIT $3";
        let rows = client.query(sql, &[&organization.0, &now, &MAX_SIGNERS]).await?;
        let open = |row: &tokio_postgres::Row| {
            let public: Vec<u8> = row.get(0);
            let seed = self.cipher.open(place(organization), &hex::encode(public), row.get(1), row.get(2))?;
            let seed = hex::decode(seed).ok().and_then(|seed| seed.try_into().ok());
            let seed = seed.ok_or_else(|| Failure::fault(std::io::Error::other("a proof key has another length")))?;
            SignerKey::new(&Origin::key_name(organization), &seed).map_err(Failure::fault)
        };
        rows.iter().map(open).collect()
    }

    /// Nothing if there is one already that begins then, or that does not yet.
    async fn make(
        &self,
        client: &impl GenericClient,
        organization: OrganizationId,
        now: DateTime<Utc>,
        begins: Option<DateTime<Utc>>,
    ) -> Result<(), Failure> {
        let mut seed = [0; 32];
        rand::fill(&mut seed).map_err(|_| Failure::fault(std::io::Error::other("no randomness for a proof key")))?;
        let key = SignerKey::new(&Origin::key_name(organization), &seed).map_err(Failure::fault)?;
        let public = key.verifier().public().as_slice();
        let sealed = self.cipher.seal(place(organization), &hex::encode(public), &hex::encode(seed))?;
        // not with a key that a rotation has taken out of force; another hub may have been faster
        let sql = "INSERT INTO ops.proof_key (organization, public, nonce, ciphertext, made_at, begins_at)
                   SELECT $1, $2, $3, $4, $5, $6 FROM ops.master_key WHERE id = $7 FOR SHARE
                   ON CONFLICT DO NOTHING";
        let key_id = self.cipher.key_id();
        let parameters: [&(dyn ToSql + Sync); 7] =
            [&organization.0, &public, &sealed.nonce, &sealed.ciphertext, &now, &begins, &key_id];
        match client.execute(sql, &parameters).await? {
            0 => self.cipher.check_in_force(client).await,
            _ => Ok(()),
        }
    }
}

/// Whether there is a key that does not sign yet, or more than one that does: what was told of them may not be done.
pub async fn may_be_unsettled(
    client: &impl GenericClient,
    organization: OrganizationId,
    now: DateTime<Utc>,
) -> Result<bool, Failure> {
    let sql = "SELECT count(*) > 1 FROM ops.proof_key WHERE organization = $1 AND coalesce(ends_at > $2, true)";
    Ok(client.query_one(sql, &[&organization.0, &now]).await?.get(0))
}

/// Nobody else settles the keys until the end of the transaction.
pub async fn lock(
    transaction: &deadpool_postgres::Transaction<'_>,
    organization: OrganizationId,
) -> Result<(), Failure> {
    transaction.execute("SELECT FROM ops.proof_key WHERE organization = $1 FOR UPDATE", &[&organization.0]).await?;
    Ok(())
}

/// Lets the next key sign, in the place of the newest, which goes on for as long as the overlap. Of many, the oldest end.
pub async fn begin(
    transaction: &deadpool_postgres::Transaction<'_>,
    organization: OrganizationId,
    key: &VerifierKey,
    now: DateTime<Utc>,
) -> Result<(), Failure> {
    let public = key.public().as_slice();
    let sql = "SELECT FROM ops.proof_key WHERE organization = $1 AND public = $2 AND begins_at IS NULL";
    if transaction.query_opt(sql, &[&organization.0, &public]).await?.is_none() {
        return Ok(());
    }
    // those that are ending already end no later
    let sql = "UPDATE ops.proof_key SET ends_at = $2
               WHERE organization = $1 AND begins_at IS NOT NULL AND coalesce(ends_at > $2, true)";
    transaction.execute(sql, &[&organization.0, &(now + OVERLAP)]).await?;
    // behind all others, also where this hub's clock is behind that of another
    let sql = "UPDATE ops.proof_key SET begins_at = greatest($3, (
                   SELECT max(begins_at) + interval '1 microsecond' FROM ops.proof_key WHERE organization = $1))
               WHERE organization = $1 AND public = $2";
    transaction.execute(sql, &[&organization.0, &public, &now]).await?;
    let sql = "UPDATE ops.proof_key SET ends_at = $2 WHERE organization = $1 AND ends_at > $2 AND public NOT IN (
                   SELECT public FROM ops.proof_key WHERE organization = $1 AND begins_at IS NOT NULL
                   ORDER BY begins_at DESC LIMIT $3)";
    transaction.execute(sql, &[&organization.0, &now, &MAX_SIGNERS]).await?;
    Ok(())
}

/// Keys that began before this one sign no more.
pub async fn end_before(
    transaction: &deadpool_postgres::Transaction<'_>,
    organization: OrganizationId,
    key: &VerifierKey,
    now: DateTime<Utc>,
) -> Result<(), Failure> {
    let sql = "UPDATE ops.proof_key SET ends_at = $3
               WHERE organization = $1 AND coalesce(ends_at > $3, true) AND begins_at <
                   (SELECT begins_at FROM ops.proof_key WHERE organization = $1 AND public = $2)";
    transaction.execute(sql, &[&organization.0, &key.public().as_slice(), &now]).await?;
    Ok(())
}

fn verifier(organization: OrganizationId, public: Vec<u8>) -> Result<VerifierKey, Failure> {
    let public = public.try_into().map_err(|_| Failure::fault(std::io::Error::other("a key has another length")))?;
    VerifierKey::new(&Origin::key_name(organization), public).map_err(Failure::fault)
}

/// All that ever signed, the newest first.
pub async fn public_keys(client: &impl GenericClient, organization: OrganizationId) -> Result<Vec<PublicKey>, Failure> {
    let sql = "SELECT public, begins_at, ends_at FROM ops.proof_key
               WHERE organization = $1 AND begins_at IS NOT NULL ORDER BY begins_at DESC";
    let rows = client.query(sql, &[&organization.0]).await?;
    let key = |row: tokio_postgres::Row| {
        Ok(PublicKey { key: verifier(organization, row.get(0))?, begins_at: row.get(1), ends_at: row.get(2) })
    };
    rows.into_iter().map(key).collect()
}

/// Seals all keys anew.
pub(super) async fn reseal(
    transaction: &tokio_postgres::Transaction<'_>,
    old: &Cipher,
    new: &Cipher,
) -> anyhow::Result<()> {
    let update = "UPDATE ops.proof_key SET nonce = $3, ciphertext = $4 WHERE organization = $1 AND public = $2";
    for row in transaction.query("SELECT organization, public, nonce, ciphertext FROM ops.proof_key", &[]).await? {
        let (organization, public): (Uuid, Vec<u8>) = (row.get(0), row.get(1));
        let (place, name) = (place(OrganizationId(organization)), hex::encode(&public));
        let seed = old.open(place, &name, row.get(2), row.get(3))?;
        let sealed = new.seal(place, &name, &seed)?;
        transaction.execute(update, &[&organization, &public, &sealed.nonce, &sealed.ciphertext]).await?;
    }
    Ok(())
}

/// Of no customer.
fn place(organization: OrganizationId) -> Place {
    Place { organization, customer: CustomerId(Uuid::nil()) }
}
