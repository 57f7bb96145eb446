//! A signature of a release as a whole, made elsewhere: held against the release before it is kept.

use distr_domain::application::Application;
use distr_domain::ids::{ApplicationId, OrganizationId};
use distr_domain::rejection::Rejection;
use distr_domain::release::{Release, ReleaseCommand};
use distr_domain::trust::{ReleaseSignature, SignedLayer, VerifiedSignature};
use distr_signature::{Canonical, MAX_SIGNATURES, ReleaseStatement, envelope_layer, signature_count, verify_release};

use super::trust::{self, Subject};
use crate::commands::Commands;
use crate::failure::Failure;
use crate::models::ReadModels;

/// Why a release does not take a signature.
#[derive(Debug, thiserror::Error)]
pub enum SignatureRejection {
    #[error("what was signed is not release {release}: {difference}")]
    OfAnother { release: String, difference: String },
    #[error("release {release} cannot take this signature: {reason}")]
    UnknownKey { release: String, reason: String },
}

impl Rejection for SignatureRejection {
    fn code(&self) -> &'static str {
        match self {
            Self::OfAnother { .. } => "release.signature_of_another",
            Self::UnknownKey { .. } => "release.unknown_key",
        }
    }
}

/// It goes into the log and to each agent; an honest one has some hundred bytes for each service.
const MAX_ENVELOPE: usize = 64 * 1024;

/// The command that keeps the signature, without what else the envelope holds: of what the release is now, and by a key that its application trusts, if it trusts
/// some keys only.
pub async fn command(
    (commands, models): (&Commands, &ReadModels),
    (organization, id): (OrganizationId, ApplicationId),
    release: Release,
    envelope: &str,
) -> Result<ReleaseCommand, Failure> {
    let layer = layer(envelope)?;
    let signed = ReleaseStatement::read(&layer).ok_or_else(|| {
        let message = "the envelope has no in-toto statement of a release; \
                       `distr release sign --print-statement` prints the one to sign";
        Failure::BadInput(message.to_owned())
    })?;
    let application = commands.load::<Application>(id.0).await?;
    let (Some(name), Some(version)) = (&application.name, &release.version) else {
        return Err(Failure::not_found("release", id));
    };
    let subject = Subject {
        organization,
        application: name,
        version,
        packages: &release.content.packages,
        images: &release.content.images,
        signatures: &[],
        published: None,
    };
    let statement = trust::statement(models, &subject).await?;
    if let Some(difference) = statement.difference(&signed) {
        let release = format!("{name} {version}");
        return Err(Failure::rejected(SignatureRejection::OfAnother { release, difference: difference.to_string() }));
    }
    let keys = trust::public_keys(&application.signing_policy.keys)?;
    let Some(Canonical { signer, payload, layer: kept }) = Canonical::read(&layer, &keys) else {
        return Err(Failure::BadInput("the envelope has no signature; sign the statement first".to_owned()));
    };
    if signer.is_none() && !keys.is_empty() {
        let release = format!("{name} {version}");
        let reason = verify_release(&statement, &[layer], &keys).err().map_or_else(String::new, |no| no.to_string());
        return Err(Failure::rejected(SignatureRejection::UnknownKey { release, reason }));
    }
    let signature = ReleaseSignature {
        key: signer.map(|key| key.name.clone()),
        verified: signer.map(|key| VerifiedSignature { key_id: key.id().to_owned(), payload }),
        layer: kept,
    };
    Ok(ReleaseCommand::Sign { signature, content: release.content })
}

fn layer(envelope: &str) -> Result<SignedLayer, Failure> {
    if envelope.len() > MAX_ENVELOPE {
        let message = format!("the envelope has {} bytes; use at most {MAX_ENVELOPE}", envelope.len());
        return Err(Failure::BadInput(message));
    }
    let layer = envelope_layer(envelope).ok_or_else(|| {
        Failure::BadInput("the envelope is not JSON; give a sigstore bundle or a DSSE envelope".to_owned())
    })?;
    match signature_count(&layer) {
        count if count > MAX_SIGNATURES => {
            Err(Failure::BadInput(format!("the envelope has {count} signatures; use at most {MAX_SIGNATURES}")))
        }
        _ => Ok(layer),
    }
}
