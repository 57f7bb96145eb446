//! What an application demands of its images, and what its features open: signing keys and tags.

use async_graphql::{Context, Enum, InputObject, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};
use distr_domain::application::{self as domain, Application as Decider, ApplicationCommand};
use distr_domain::ids::ApplicationId;
use distr_domain::permission::Permission;
use distr_domain::trust::{self as domain_trust, TrustedKey};
use distr_projections::application::{ChangedKey, SigningChange};
use distr_signature::key_id;

use super::application::{self, ApplicationPayload};
use super::context::{ContextExt, execute, line};
use super::guard::{May, MayEverywhere};
use super::scalar::{Name, Pattern, Position, RepositoryName};
use crate::failure::Failure;
use crate::operations::trust;

/// They are looked at with each pull of a customer.
const MAX_PATTERNS: usize = 50;

/// A public key that an application trusts.
#[derive(SimpleObject)]
pub(super) struct SigningKey {
    /// The name that the vendor gave the key.
    name: Name,
    /// The public key, in PEM.
    pem: String,
    /// The fingerprint: SHA-256 of the key as DER, in base64; null for a kind of key that this hub does not support any
    /// more.
    id: Option<String>,
}

/// The parts of a release that a trusted key must have signed.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "domain_trust::SignedParts")]
pub enum SignedParts {
    /// Each image by itself, as `cosign sign` does. The compose file is not signed.
    Images,
    /// The release as a whole: the compose file with the digest of each image.
    Release,
    /// Each image, and the release as a whole.
    ImagesAndRelease,
}

/// The name and the fingerprint of a key.
#[derive(SimpleObject)]
pub(super) struct IdentifiedKey {
    /// The name by which the policy calls the key; another key may have had the same name before.
    name: Name,
    /// The fingerprint: SHA-256 of the key as DER, in base64; null for a kind of key that this hub does not support any
    /// more.
    id: Option<String>,
}

impl From<&ChangedKey> for IdentifiedKey {
    fn from(key: &ChangedKey) -> Self {
        Self { name: Name(key.name.clone()), id: key.id.clone() }
    }
}

/// A change of an application's signing policy.
#[derive(SimpleObject)]
pub(super) struct SigningPolicyChange {
    /// The time of the change.
    at: DateTime<Utc>,
    /// The position of the change in the log.
    position: Position,
    /// The actor who made the change: `member:<id>` or `robot:<id>`.
    actor: String,
    /// The names of the keys that are trusted from then on; empty if any release goes.
    keys: Vec<Name>,
    /// The same keys with their fingerprints, which tell keys of the same name apart.
    identified_keys: Vec<IdentifiedKey>,
    /// The parts of a release that the trusted keys must have signed from then on; without keys, nothing is demanded.
    requires: SignedParts,
    /// The reason for the change; it may be null where no policy was in force before.
    reason: Option<String>,
}

impl From<&SigningChange> for SigningPolicyChange {
    fn from(change: &SigningChange) -> Self {
        Self {
            at: change.at,
            position: distr_eventlog::Position::of_number(change.position).into(),
            actor: change.actor.clone(),
            keys: change.keys.iter().map(|key| Name(key.name.clone())).collect(),
            identified_keys: change.keys.iter().map(IdentifiedKey::from).collect(),
            requires: change.requires.into(),
            reason: change.reason.clone(),
        }
    }
}

/// A public key that an application is to trust.
#[derive(InputObject)]
pub(super) struct SigningKeyInput {
    /// The name of the key, unique in the policy.
    name: Name,
    /// The public key in PEM, `-----BEGIN PUBLIC KEY-----` …, of up to 8 KiB: ECDSA P-256 or P-384, Ed25519, or RSA of
    /// 2048 bits or more.
    pem: String,
}

/// The tags of a repository that a feature opens, whatever release they are in or not.
#[derive(SimpleObject, InputObject)]
#[graphql(input_name = "FeatureTagsInput")]
pub(super) struct FeatureTags {
    /// The feature that a license has to include.
    feature: Name,
    /// The repository whose tags are meant.
    repository: RepositoryName,
    /// The patterns of the tags, at least one, in which `*` stands for any run of characters.
    tags: Vec<Pattern>,
}

impl From<&TrustedKey> for SigningKey {
    fn from(key: &TrustedKey) -> Self {
        Self { name: key.name.clone().into(), pem: key.pem.clone(), id: key_id(key) }
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
    /// Sets the keys whose signatures a release needs to be published, promoted and deployed from now on. Deployments
    /// that run are left alone. A policy that is in force changes only with a reason. The mutation is for owners.
    #[graphql(guard = "May(Permission::ManageSigningPolicy)")]
    async fn application_set_signing_policy(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The name of the application.")] name: Name,
        #[graphql(desc = "The keys that are trusted from now on, at most 20; without keys, any release goes.")]
        keys: Vec<SigningKeyInput>,
        #[graphql(
            desc = "The parts of a release that one of the keys must have signed. The demand stays as it is if left \
                    out; the first policy demands both."
        )]
        requires: Option<SignedParts>,
        #[graphql(
            desc = "The reason for the change, one line of 1 to 500 characters. A reason may be left out only where no \
                    policy is in force."
        )]
        reason: Option<String>,
    ) -> Result<ApplicationPayload> {
        let keys = keys.into_iter().map(|key| TrustedKey { name: key.name.0, pem: key.pem.trim().to_owned() });
        let id = ApplicationId::of(ctx.organization()?, &name.0);
        let before = ctx.hub().commands.load::<Decider>(id.0).await?.signing_policy;
        let policy = trust::policy(keys.collect(), requires.map(Into::into), &before)?;
        let reason = reason.map(|reason| line("reason", reason, 500)).transpose()?;
        Ok(set(ctx, &name, ApplicationCommand::SetSigningPolicy { policy, reason }).await?)
    }

    /// Sets the tags that features open by themselves, all at once: whoever has a license with the feature in force may
    /// pull them.
    #[graphql(guard = "MayEverywhere(Permission::Publish)")]
    async fn application_set_feature_tags(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The name of the application.")] name: Name,
        #[graphql(desc = "The features with their tags, in the place of all before; at most 50 patterns in all.")]
        features: Vec<FeatureTags>,
    ) -> Result<ApplicationPayload> {
        let patterns: usize = features.iter().map(|of| of.tags.len().max(1)).sum();
        if patterns > MAX_PATTERNS {
            return Err(Failure::BadInput(format!("use at most {MAX_PATTERNS} patterns in all")).into());
        }
        let features = features.into_iter().map(domain::FeatureTags::from).collect();
        Ok(set(ctx, &name, ApplicationCommand::SetFeatureTags { features }).await?)
    }
}

async fn set(ctx: &Context<'_>, name: &Name, command: ApplicationCommand) -> Result<ApplicationPayload, Failure> {
    let id = ApplicationId::of(ctx.organization()?, &name.0);
    let outcome = execute::<Decider>(ctx, id.0, command).await?;
    Ok(ApplicationPayload { application: application::load(ctx, name).await?, outcome })
}
