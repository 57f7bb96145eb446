//! Refresh tokens: what a client keeps in place of a password (`offline_token`, `access_type=offline`). Each stands for the
//! credential that it was given for, and ends with it. Only its hash is stored.

use std::sync::Arc;

use aws_lc_rs::{digest, rand};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use deadpool_postgres::Pool;
use tokio_postgres::types::Json;

use crate::caller::{Caller, Callers};
use crate::clock::Clock;
use crate::fault::Fault;

const LIFE: TimeDelta = TimeDelta::days(30);
const PREFIX: &str = "dsr_";

/// The refresh tokens in Postgres.
pub(crate) struct RefreshTokens {
    pool: Pool,
    callers: Arc<dyn Callers>,
    clock: Clock,
}

impl RefreshTokens {
    pub(crate) fn new(pool: Pool, callers: Arc<dyn Callers>, clock: Clock) -> Self {
        Self { pool, callers, clock }
    }

    pub(crate) async fn issue(&self, caller: &Caller) -> Result<String, Fault> {
        let mut bytes = [0; 32];
        rand::fill(&mut bytes).map_err(|_| Fault::NoRandomness)?;
        let secret = format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes));
        let (now, client) = ((self.clock)(), self.pool.get().await?);
        let statement = client.prepare_cached(include_str!("refresh/issue.sql")).await?;
        client.execute(&statement, &[&hash(&secret), &Json(caller), &now, &(now + LIFE)]).await?;
        Ok(secret)
    }

    /// Whose it is, as that caller is now.
    pub(crate) async fn redeem(&self, secret: &str) -> Result<Option<Caller>, Fault> {
        let client = self.pool.get().await?;
        let statement = client.prepare_cached(include_str!("refresh/redeem.sql")).await?;
        let row = client.query_opt(&statement, &[&hash(secret), &(self.clock)()]).await?;
        let Some(row) = row else { return Ok(None) };
        let Json(caller): Json<Caller> = row.get(0);
        self.callers.current(&caller).await.map_err(Fault::Callers)
    }
}

/// The secret is random: a plain hash is enough.
fn hash(secret: &str) -> Vec<u8> {
    digest::digest(&digest::SHA256, secret.as_bytes()).as_ref().to_vec()
}
