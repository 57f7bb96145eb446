//! What an application demands of its images, and what its features open: signing keys and tags.

use async_graphql::{Context, InputObject, Object, Result, SimpleObject};
use distr_domain::application::{self as domain, Application as Decider, ApplicationCommand};
use distr_domain::ids::ApplicationId;
use distr_domain::permission::Permission;
use distr_domain::trust::TrustedKey;
use distr_signature::PublicKey;

use super::application::{self, ApplicationPayload};
use super::context::{ContextExt, execute};
use super::guard::May;
use super::scalar::{Name, Pattern, Repository};
use crate::error::ApiError;
use crate::operations::trust;

/// They are looked at with each pull of a customer.
const MAX_PATTERNS: usize = 50;

/// A public key that an application trusts.
#[derive(SimpleObject)]
pub(super) struct SigningKey {
    name: Name,
    pem: String,
    /// SHA-256 of the key, in base64
    id: Option<String>,
}

#[derive(InputObject)]
pub(super) struct SigningKeyInput {
    name: Name,
    /// `-----BEGIN PUBLIC KEY-----` …: ECDSA P-256 or P-384, Ed25519, RSA
    pem: String,
}

/// The tags of a repository that a feature opens, whatever release they are in or not.
#[derive(SimpleObject, InputObject)]
#[graphql(input_name = "FeatureTagsInput")]
pub(super) struct FeatureTags {
    feature: Name,
    repository: Repository,
    /// `*` stands for any run of characters
    tags: Vec<Pattern>,
}

impl From<&TrustedKey> for SigningKey {
    fn from(key: &TrustedKey) -> Self {
        let id = PublicKey::parse(key).ok().map(|key| key.id().to_owned());
        Self { name: key.name.clone().into(), pem: key.pem.clone(), id }
    }
}

impl From<domain::FeatureTags> for FeatureTags {
    fn from(of: domain::FeatureTags) -> Self {
        let tags = of.tags.into_iter().map(Pattern).collect();
        Self { feature: of.feature.into(), repository: of.repository.into(), tags }
    }
}

impl From<FeatureTags> for domain::FeatureTags {
    fn from(of: FeatureTags) -> Self {
        let tags = of.tags.into_iter().map(|pattern| pattern.0).collect();
        Self { feature: of.feature.0, repository: of.repository.0, tags }
    }
}

#[derive(Default)]
pub(super) struct ApplicationPolicyMutation;

#[Object]
impl ApplicationPolicyMutation {
    /// Says whose signatures let an image into a release, from the next one on; no keys: any image goes. The agents verify
    /// each release with the keys of the moment in which it was published.
    #[graphql(guard = "May(Permission::Publish)")]
    async fn application_set_signing_policy(
        &self,
        ctx: &Context<'_>,
        name: Name,
        keys: Vec<SigningKeyInput>,
    ) -> Result<ApplicationPayload> {
        let keys = keys.into_iter().map(|key| TrustedKey { name: key.name.0, pem: key.pem.trim().to_owned() });
        let policy = trust::policy(keys.collect())?;
        Ok(set(ctx, &name, ApplicationCommand::SetSigningPolicy { policy }).await?)
    }

    /// Says which tags features open by themselves, all at once: who has a license with the feature in force may pull them.
    #[graphql(guard = "May(Permission::Publish)")]
    async fn application_set_feature_tags(
        &self,
        ctx: &Context<'_>,
        name: Name,
        features: Vec<FeatureTags>,
    ) -> Result<ApplicationPayload> {
        let patterns: usize = features.iter().map(|of| of.tags.len().max(1)).sum();
        if patterns > MAX_PATTERNS {
            return Err(ApiError::BadInput(format!("use at most {MAX_PATTERNS} patterns in all")).into());
        }
        let features = features.into_iter().map(domain::FeatureTags::from).collect();
        Ok(set(ctx, &name, ApplicationCommand::SetFeatureTags { features }).await?)
    }
}

async fn set(ctx: &Context<'_>, name: &Name, command: ApplicationCommand) -> Result<ApplicationPayload, ApiError> {
    let id = ApplicationId::of(ctx.organization()?, &name.0);
    let outcome = execute::<Decider>(ctx, id.0, command).await?;
    Ok(ApplicationPayload { application: application::load(ctx, name).await?, outcome })
}
