//! Refresh tokens: what a client keeps in place of a password (`offline_token`, `access_type=offline`). Each stands for the
//! credential that it was given for, and ends with it. Only its hash is stored.

use aws_lc_rs::{digest, rand};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use tokio_postgres::types::Json;

use crate::caller::Caller;
use crate::error::OciError;
use crate::fault::Fault;
use crate::registry::Registry;

const LIFE: TimeDelta = TimeDelta::days(30);
const PREFIX: &str = "dsr_";

impl Registry {
    pub(crate) async fn issue_refresh_token(&self, caller: &Caller) -> Result<String, OciError> {
        let mut bytes = [0; 32];
        rand::fill(&mut bytes).map_err(|_| Fault::NoRandomness)?;
        let secret = format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes));
        let (now, client) = (self.now(), self.client().await?);
        let statement = client.prepare_cached(include_str!("refresh/issue.sql")).await?;
        client.execute(&statement, &[&hash(&secret), &Json(caller), &now, &(now + LIFE)]).await?;
        Ok(secret)
    }

    /// Whose it is, as that caller is now.
    pub(crate) async fn redeem_refresh_token(&self, secret: &str) -> Result<Option<Caller>, OciError> {
        let client = self.client().await?;
        let statement = client.prepare_cached(include_str!("refresh/redeem.sql")).await?;
        let row = client.query_opt(&statement, &[&hash(secret), &self.now()]).await?;
        let Some(row) = row else { return Ok(None) };
        let Json(caller): Json<Caller> = row.get(0);
        Ok(self.callers.current(&caller).await.map_err(Fault::Callers)?)
    }
}

/// The secret is random: a plain hash is enough.
fn hash(secret: &str) -> Vec<u8> {
    digest::digest(&digest::SHA256, secret.as_bytes()).as_ref().to_vec()
}
