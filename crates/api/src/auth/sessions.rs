//! People, agents and what they showed: from a secret to whoever it lets in.

use std::collections::HashMap;
use std::sync::LazyLock;
use std::time::Duration;

use deadpool_postgres::Pool;
use distr_postgres::BatchedLookup;
use moka::sync::Cache;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use super::last_use::LastUses;
use super::open_sockets::OpenSockets;
use super::throttle::Throttle;
use super::{Caller, MemberCaller, caller};
use crate::clock::SharedClock;
use crate::failure::Failure;
use crate::limits::shares::{self, Of, SharedClient};
use crate::ops::credential;

/// The tables of people and credentials, and what is remembered of those who come and go.
pub struct Sessions {
    pub pool: Pool,
    pub clock: SharedClock,
    pub throttle: Throttle,
    pub last_uses: LastUses,
    pub sockets: OpenSockets,
    /// the part of the cookie's name that is this hub's own
    pub cookie: String,
    /// by the hash of the secret that they show: one query for all who come at the same time
    by_secret: BatchedLookup<Vec<u8>, Caller>,
    /// the same by the id of a session, token or agent's credential, for those who showed its secret a while ago
    by_credential: BatchedLookup<Uuid, Caller>,
    /// hashes of the secrets that agents got or showed lately
    agents: Cache<Vec<u8>, ()>,
}

/// Of agents; those that were not here for the longest time are forgotten first.
const AGENTS: u64 = 100_000;
const FORGET_AGENTS: Duration = Duration::from_secs(60 * 60);

const BY_SECRET: &str = include_str!("authenticate.sql");
static BY_SECRETS: LazyLock<String> = LazyLock::new(|| BY_SECRET.replace("c.hash = $1", "c.hash = ANY($1)"));
static BY_IDS: LazyLock<String> = LazyLock::new(|| BY_SECRET.replace("c.hash = $1", "c.id = ANY($1)"));

impl Sessions {
    pub fn new(pool: Pool, clock: SharedClock, cookie: String) -> Self {
        let (by_secret, by_credential) = ((pool.clone(), clock.clone()), (pool.clone(), clock.clone()));
        Self {
            by_secret: BatchedLookup::start(move |hashes: Vec<Vec<u8>>| {
                let (pool, clock) = by_secret.clone();
                async move {
                    let rows = find(&pool, &BY_SECRETS, &hashes, &clock).await?;
                    Ok::<_, Failure>(rows.iter().filter_map(|row| Some((row.get("hash"), caller(row)?))).collect())
                }
            }),
            by_credential: BatchedLookup::start(move |ids: Vec<Uuid>| {
                let (pool, clock) = by_credential.clone();
                async move { all_by_credential(&pool, &clock, &ids).await }
            }),
            pool,
            clock,
            throttle: Throttle::default(),
            last_uses: LastUses::default(),
            sockets: OpenSockets::default(),
            cookie,
            agents: Cache::builder().max_capacity(AGENTS).time_to_idle(FORGET_AGENTS).build(),
        }
    }

    pub async fn client(&self) -> Result<SharedClient, Failure> {
        shares::client(Of::Operations, &self.pool).await
    }

    /// Nobody if the secret is unknown, expired or revoked, or its member or target is gone: told apart by no answer.
    pub async fn authenticate(&self, secret: &str) -> Result<Option<Caller>, Failure> {
        Ok(self.by_secret.find(credential::hash(secret)).await?)
    }

    /// Whether an agent got this secret, or came in with it, lately. It says nothing of whether it may now.
    pub fn was_an_agent(&self, secret: &str) -> bool {
        self.agents.contains_key(&credential::hash(secret))
    }

    pub fn remember_agent(&self, secret: &str) {
        self.agents.insert(credential::hash(secret), ());
    }

    pub fn forget_agent(&self, secret: &str) {
        self.agents.invalidate(&credential::hash(secret));
    }

    /// The same for somebody who showed the credential of this id before.
    pub async fn authenticate_again(&self, credential: Uuid) -> Result<Option<Caller>, Failure> {
        Ok(self.by_credential.find(credential).await?)
    }

    /// A check that a member may still come in, with the same rights.
    pub async fn check_again(&self, caller: &MemberCaller) -> Result<(), Failure> {
        match self.authenticate_again(caller.via.id()).await? {
            Some(Caller::Member(now)) if now.has_same_rights_as(caller) => Ok(()),
            _ => Err(Failure::Unauthenticated),
        }
    }

    /// The same for many at once; who is not in the answer may not come in.
    pub(super) async fn authenticate_all_again(&self, credentials: &[Uuid]) -> Result<HashMap<Uuid, Caller>, Failure> {
        all_by_credential(&self.pool, &self.clock, credentials).await
    }
}

async fn all_by_credential(pool: &Pool, clock: &SharedClock, ids: &[Uuid]) -> Result<HashMap<Uuid, Caller>, Failure> {
    let rows = find(pool, &BY_IDS, &ids, clock).await?;
    Ok(rows.iter().filter_map(|row| Some((row.get("id"), caller(row)?))).collect())
}

async fn find(pool: &Pool, sql: &str, keys: &(dyn ToSql + Sync), clock: &SharedClock) -> Result<Vec<Row>, Failure> {
    let client = pool.get().await?;
    let statement = client.prepare_cached(sql).await?;
    Ok(client.query(&statement, &[keys, &clock.now()]).await?)
}
