//! Manifests a second, each asked for with a token that is verified: `HEAD` by the tag and `GET` by the digest, as Docker and
//! containerd ask; by the vendor's robot and by customers' robots with a license.

use std::time::Duration;

use anyhow::Result;
use async_trait::async_trait;
use futures_util::future::try_join_all;
use tokio::time::Instant;

use super::client::Client;
use super::content::Content;
use super::pulling::customers;
use super::{Subject, Who};
use crate::sample::Measure;

const CLIENTS: usize = 64;

#[derive(Debug, Clone, Copy)]
pub(super) struct Asking {
    vendor: bool,
    head: bool,
}

impl Asking {
    pub(super) const ALL: [Self; 4] = [
        Self { vendor: true, head: false },
        Self { vendor: true, head: true },
        Self { vendor: false, head: false },
        Self { vendor: false, head: true },
    ];

    pub(super) fn name(self) -> String {
        let method = if self.head { "HEAD" } else { "GET" };
        let who = if self.vendor { "vendor" } else { "licensed customers" };
        format!("manifest {method}.{who}")
    }
}

/// Requests a second.
pub(super) struct Ask<'a> {
    pub(super) subject: Subject<'a>,
    pub(super) content: &'a Content,
    pub(super) asking: Asking,
}

#[async_trait]
impl Measure for Ask<'_> {
    async fn sample(&mut self, time: Duration) -> Result<f64> {
        let clients = match self.asking.vendor {
            true => vendors(self.subject).await?,
            false => customers(self.subject, CLIENTS).await?,
        };
        let (images, head, began) = (&self.content.images, self.asking.head, Instant::now());
        let asked = try_join_all(clients.into_iter().enumerate().map(async |(number, mut client)| {
            let mut count = 0;
            for image in images.iter().cycle().skip(number) {
                match head {
                    true => client.head_manifest(&image.tag).await?,
                    false => client.manifest(&image.manifest.digest).await?,
                };
                count += 1;
                if began.elapsed() >= time {
                    break;
                }
            }
            anyhow::Ok(count)
        }));
        let count: u32 = asked.await?.into_iter().sum();
        Ok(f64::from(count) / began.elapsed().as_secs_f64())
    }
}

async fn vendors(subject: Subject<'_>) -> Result<Vec<Client>> {
    let token = subject.token(Who::Vendor).await?;
    try_join_all((0..CLIENTS).map(|_| Client::open(subject.address(), &token))).await
}
