//! Bytes out, to customers with a license: one large blob, many small ones over eight connections, and many clients that
//! each pull whole images.

use std::time::Duration;

use anyhow::{Result, ensure};
use async_trait::async_trait;
use futures_util::future::try_join_all;
use tokio::time::Instant;

use super::client::Client;
use super::content::{Blob, Content, Image};
use super::pushing::CONNECTIONS;
use super::{CUSTOMERS, Subject, Who};
use crate::sample::Measure;

const CLIENTS: usize = 64;
const MEBIBYTE: f64 = 1024.0 * 1024.0;

/// MiB a second.
pub(super) struct PullLarge<'a> {
    pub(super) subject: Subject<'a>,
    pub(super) content: &'a Content,
}

#[async_trait]
impl Measure for PullLarge<'_> {
    async fn sample(&mut self, _: Duration) -> Result<f64> {
        let large = &self.content.large;
        let mut client = Client::open(self.subject.address(), &self.subject.token(Who::Customer(0)).await?).await?;
        let began = Instant::now();
        ensure!(client.blob(large.digest()).await? == large.size(), "the blob has another size");
        Ok(large.mebibytes() as f64 / began.elapsed().as_secs_f64())
    }
}

/// Blobs a second.
pub(super) struct PullSmall<'a> {
    pub(super) subject: Subject<'a>,
    pub(super) content: &'a Content,
}

#[async_trait]
impl Measure for PullSmall<'_> {
    async fn sample(&mut self, _: Duration) -> Result<f64> {
        let blobs = &self.content.small;
        let mut clients = customers(self.subject, CONNECTIONS).await?;
        let began = Instant::now();
        let shares = blobs.chunks(blobs.len().div_ceil(CONNECTIONS));
        try_join_all(clients.iter_mut().zip(shares).map(|(client, share)| pull_all(client, share))).await?;
        Ok(blobs.len() as f64 / began.elapsed().as_secs_f64())
    }
}

/// MiB a second, over all clients.
pub(super) struct PullMany<'a> {
    pub(super) subject: Subject<'a>,
    pub(super) content: &'a Content,
}

impl PullMany<'_> {
    pub(super) const NAME: &'static str = "pull.64 clients";
}

#[async_trait]
impl Measure for PullMany<'_> {
    /// Each client begins with another image; those that are under way at the end are ended, and count.
    async fn sample(&mut self, time: Duration) -> Result<f64> {
        let clients = customers(self.subject, CLIENTS).await?;
        let (images, began) = (&self.content.images, Instant::now());
        let pulled = try_join_all(clients.into_iter().enumerate().map(async |(number, mut client)| {
            let mut bytes = 0;
            for image in images.iter().cycle().skip(number) {
                pull(&mut client, image).await?;
                bytes += image.size();
                if began.elapsed() >= time {
                    break;
                }
            }
            anyhow::Ok(bytes)
        }));
        let bytes: u64 = pulled.await?.into_iter().sum();
        Ok(bytes as f64 / MEBIBYTE / began.elapsed().as_secs_f64())
    }
}

/// Connections of so many clients, of one customer after another.
pub(super) async fn customers(subject: Subject<'_>, clients: usize) -> Result<Vec<Client>> {
    let mut opened = vec![];
    for number in 0..clients {
        let token = subject.token(Who::Customer(number % CUSTOMERS)).await?;
        opened.push(Client::open(subject.address(), &token).await?);
    }
    Ok(opened)
}

async fn pull_all(client: &mut Client, blobs: &[Blob]) -> Result<()> {
    for blob in blobs {
        ensure!(client.blob(&blob.digest).await? == blob.bytes.len() as u64, "a blob has another size");
    }
    Ok(())
}

/// By the tag, then what it names.
async fn pull(client: &mut Client, image: &Image) -> Result<()> {
    client.head_manifest(&image.tag).await?;
    client.manifest(&image.manifest.digest).await?;
    pull_all(client, &image.blobs).await
}
