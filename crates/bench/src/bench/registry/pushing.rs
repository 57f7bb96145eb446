//! Bytes in: one large blob, and many small ones over eight connections, then the manifests that name them.

use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use async_trait::async_trait;
use futures_util::future::try_join_all;
use tokio::process::Command;
use tokio::time::Instant;

use super::client::Client;
use super::content::{Blob, Content, manifests_of, small};
use super::{Subject, Who};
use crate::sample::Measure;

pub(super) const CONNECTIONS: usize = 8;

/// MiB a second.
pub(super) struct PushLarge<'a> {
    pub(super) subject: Subject<'a>,
    pub(super) content: &'a Content,
    /// counts until everything is on the disk, whether the registry waits for that or not
    pub(super) on_disk: bool,
}

#[async_trait]
impl Measure for PushLarge<'_> {
    async fn sample(&mut self, _: Duration) -> Result<f64> {
        let large = self.content.large.another();
        let mut client = Client::open(self.subject.address(), &self.subject.token(Who::Vendor).await?).await?;
        sync().await?;
        let began = Instant::now();
        client.push_in_steps(&large).await?;
        if self.on_disk {
            sync().await?;
        }
        Ok(large.mebibytes() as f64 / began.elapsed().as_secs_f64())
    }
}

/// Blobs a second.
pub(super) struct PushSmall<'a> {
    pub(super) subject: Subject<'a>,
    pub(super) content: &'a Content,
    pub(super) on_disk: bool,
}

#[async_trait]
impl Measure for PushSmall<'_> {
    async fn sample(&mut self, _: Duration) -> Result<f64> {
        let blobs = small(self.content.small.len());
        let token = self.subject.token(Who::Vendor).await?;
        let open = || Client::open(self.subject.address(), &token);
        let mut clients = try_join_all((0..CONNECTIONS).map(|_| open())).await?;
        let manifests = manifests_of("pushed", &blobs);
        sync().await?;
        let began = Instant::now();
        let shares = blobs.chunks(blobs.len().div_ceil(CONNECTIONS));
        try_join_all(clients.iter_mut().zip(shares).map(|(client, share)| push_all(client, share))).await?;
        let shares = manifests.chunks(manifests.len().div_ceil(CONNECTIONS));
        try_join_all(clients.iter_mut().zip(shares).map(|(client, share)| put_all(client, share))).await?;
        if self.on_disk {
            sync().await?;
        }
        Ok(blobs.len() as f64 / began.elapsed().as_secs_f64())
    }
}

async fn push_all(client: &mut Client, blobs: &[Blob]) -> Result<()> {
    for blob in blobs {
        client.push(blob).await?;
    }
    Ok(())
}

async fn put_all(client: &mut Client, manifests: &[(String, Vec<u8>)]) -> Result<()> {
    for (tag, manifest) in manifests {
        client.put_manifest(tag, manifest).await?;
    }
    Ok(())
}

/// Everything that was written is on the disk; what one left behind slows nobody else down.
async fn sync() -> Result<()> {
    let status = Command::new("sync").stdin(Stdio::null()).status().await.context("cannot start sync")?;
    ensure!(status.success(), "sync failed");
    Ok(())
}
