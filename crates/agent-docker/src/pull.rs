//! Brings the images of a release to the engine: those of our registry by digest, with the agent's own credential; those
//! of others as the compose file names them, without one. What is there already is not asked for again.

use std::time::Duration;

use async_trait::async_trait;
use bollard::auth::DockerCredentials;
use bollard::errors::Error;
use bollard::query_parameters::CreateImageOptions;
use distr_agent::fault::Failure;
use distr_agent::secret::Secret;
use distr_domain::agent::ErrorCategory;
use futures_util::StreamExt;
use tokio::time::timeout;

use crate::engine::Engine;
use crate::model::{Healthcheck, Model};
use crate::said;

/// The user name of every agent; the secret says which.
const USER: &str = "agent";
/// A pull that says nothing for so long has hung.
const SILENCE: Duration = Duration::from_secs(120);

/// A place from which images come that the engine does not have.
#[async_trait]
pub trait ImageSource: Send + Sync {
    /// Brings one image to the engine.
    async fn fetch(&self, engine: &Engine, image: &str) -> Result<(), Failure>;
}

/// The registries that the images name; the credential is for the hub's own.
pub struct Registries<'a> {
    /// `host[:port]` of the hub's registry
    pub own: &'a str,
    pub secret: &'a Secret,
}

/// Fetches what is missing, and completes the model with the health checks that the images bring along.
pub async fn images(engine: &Engine, source: &dyn ImageSource, model: &mut Model) -> Result<(), Failure> {
    for service in model.services.values_mut() {
        let Some(image) = &service.image else { continue };
        let check = match engine.image(image).await? {
            Some(check) => check,
            None => {
                source.fetch(engine, image).await?;
                engine.image(image).await?.flatten()
            }
        };
        let own = check.filter(|check| check.test.as_ref().is_some_and(|test| !test.is_empty()));
        let own = own.map(|check| Healthcheck {
            disable: false,
            interval: nanoseconds(check.interval),
            timeout: nanoseconds(check.timeout),
            start_period: nanoseconds(check.start_period),
            retries: check.retries.and_then(|retries| u32::try_from(retries).ok()).filter(|retries| *retries > 0),
        });
        service.healthcheck = Healthcheck::together(service.healthcheck.take(), own);
    }
    Ok(())
}

#[async_trait]
impl ImageSource for Registries<'_> {
    async fn fetch(&self, engine: &Engine, image: &str) -> Result<(), Failure> {
        let credentials = image.starts_with(&format!("{}/", self.own)).then(|| DockerCredentials {
            username: Some(USER.to_owned()),
            password: Some(self.secret.expose().to_owned()),
            serveraddress: Some(self.own.to_owned()),
            ..Default::default()
        });
        pull(engine, image, credentials).await
    }
}

async fn pull(engine: &Engine, image: &str, credentials: Option<DockerCredentials>) -> Result<(), Failure> {
    let (name, tag) = split(image);
    let options =
        CreateImageOptions { from_image: Some(name.to_owned()), tag: Some(tag.to_owned()), ..Default::default() };
    let is_own = credentials.is_some();
    tracing::info!(image, "pull");
    let mut progress = std::pin::pin!(engine.docker().await?.create_image(Some(options), None, credentials));
    loop {
        match timeout(SILENCE, progress.next()).await {
            Ok(None) => return Ok(()),
            Ok(Some(Ok(_))) => {}
            Ok(Some(Err(error))) => return Err(refused(image, error, is_own)),
            Err(_) => {
                let text = format!("cannot pull {image}: nothing came for {} s", SILENCE.as_secs());
                return Err(Failure::passing(ErrorCategory::Network, text));
            }
        }
    }
}

/// Repository, and digest or tag: without one the engine would pull every tag.
fn split(image: &str) -> (&str, &str) {
    if let Some(parts) = image.split_once('@') {
        return parts;
    }
    match image.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => (name, tag),
        _ => (image, "latest"),
    }
}

fn refused(image: &str, error: Error, is_own: bool) -> Failure {
    match error {
        Error::DockerStreamError { error } => said::of_pull(image, &error, is_own),
        Error::DockerResponseServerError { message, .. } => said::of_pull(image, &message, is_own),
        error => Failure::passing(ErrorCategory::Runtime, format!("cannot pull {image}: {error}")),
    }
}

fn nanoseconds(value: Option<i64>) -> Option<Duration> {
    let nanoseconds = u64::try_from(value?).ok()?;
    (nanoseconds > 0).then(|| Duration::from_nanos(nanoseconds))
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn an_image_is_split_into_repository_and_digest_or_tag() {
        for (image, parts) in [
            ("h:5000/a/b@sha256:00", ("h:5000/a/b", "sha256:00")),
            ("h:5000/a/b:1", ("h:5000/a/b", "1")),
            ("h:5000/a/b", ("h:5000/a/b", "latest")),
            ("postgres", ("postgres", "latest")),
            ("a/b:1@sha256:00", ("a/b:1", "sha256:00")),
        ] {
            assert_eq!(split(image), parts, "{image}");
        }
    }
}
