//! Verifies a release before anything of it is written, pulled or run: with the keys of this host if it pins any, else with
//! those that its hub names. No network, no clock. The images are pulled by the digests that are verified here.

use std::collections::BTreeMap;
use std::fmt;

use distr_domain::agent::{ErrorCategory, PinnedImage, Trust};
use distr_domain::names::Slug;
use distr_domain::oci::Digest;
use distr_domain::trust::{SignedParts, TrustedKey};
use distr_signature::{Claim, PublicKey, verify, verify_release};

use crate::fault::Failure;
use crate::host_trust::HostTrust;

mod subject;

pub use subject::Subject;

/// What signatures say of a release: by whose key an image may run here. Of an image that is not in it nobody vouched.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Verified {
    required: bool,
    pinned: bool,
    whole: Option<Slug>,
    keys: BTreeMap<Digest, Slug>,
}

impl Verified {
    /// Whether only that may run for which there is a key. If not, every image goes, signed or not.
    pub fn is_required(&self) -> bool {
        self.required
    }

    /// The trusted key that vouches for the image with this digest: it signed the image, or the release that names it, be it
    /// by a service or in the text of the compose file.
    pub fn key_of(&self, digest: &Digest) -> Option<&Slug> {
        self.keys.get(digest)
    }

    /// The trusted key that signed the release as a whole, its compose file included.
    pub fn signer_of_release(&self) -> Option<&Slug> {
        self.whole.as_ref()
    }
}

impl fmt::Display for Verified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whose = if self.pinned { "pinned on this host" } else { "named by the hub" };
        match &self.whole {
            Some(key) => write!(f, "the release as a whole is signed by key \"{key}\", {whose}"),
            None if self.required => write!(f, "each image is signed by a key {whose}; the compose file is not signed"),
            None => write!(f, "nothing is verified: no key is pinned on this host, and the hub names none"),
        }
    }
}

/// The parts of the release that are signed, or why it may not run.
pub fn check(host: &HostTrust, application: &Slug, run: &impl Subject) -> Result<Verified, Failure> {
    check_floor(host, application, run)?;
    let pinned = host.is_pinned();
    let (keys, requires) = match run.trust() {
        // the release's own signature covers its images, whatever the hub demands of them
        _ if pinned => (public(&host.keys, "this host pins")?, SignedParts::Release),
        Some(Trust { keys, requires }) => (public(keys, "the release trusts")?, *requires),
        None => return Ok(Verified::default()),
    };
    let mut verified = Verified { required: true, pinned, ..Verified::default() };
    if requires.release() {
        let key = check_whole(application, run, &keys)?;
        verified.keys.extend(run.named().into_iter().map(|digest| (digest, key.clone())));
        verified.whole = Some(key);
    }
    if requires.images() {
        for image in run.images() {
            verified.keys.insert(image.digest.clone(), check_image(image, &keys)?);
        }
    }
    Ok(verified)
}

/// An old release keeps its signature for ever, and whoever hands out releases may hand out that one.
fn check_floor(host: &HostTrust, application: &Slug, run: &impl Subject) -> Result<(), Failure> {
    match host.floors.get(application) {
        Some(floor) if run.version() < floor => Err(refused(format!(
            "{application} {} may not run here: this host takes no version below {floor}, \
             see `distr-agent trust set-floor`",
            run.version()
        ))),
        _ => Ok(()),
    }
}

fn public(keys: &[TrustedKey], whose: &str) -> Result<Vec<PublicKey>, Failure> {
    let keys: Result<_, _> = keys.iter().map(PublicKey::parse).collect();
    keys.map_err(|error| refused(format!("{whose} {error}")))
}

/// The name of the key that signed the release as a whole.
fn check_whole(application: &Slug, run: &impl Subject, keys: &[PublicKey]) -> Result<Slug, Failure> {
    let version = run.version();
    let name = |reason: &dyn fmt::Display| format!("{application} {version} may not run here: {reason}");
    let owner = run.repository().and_then(|repository| repository.split('/').next()?.parse::<Slug>().ok());
    let owner = owner.ok_or_else(|| refused(name(&"it has no image of the hub's registry")))?;
    match verify_release(&run.statement(&owner, application), run.signatures(), keys) {
        Ok(key) => {
            tracing::info!(%application, %version, key = %key.name, "signature of the release verified");
            Ok(key.name.clone())
        }
        Err(reason) => Err(refused(name(&reason))),
    }
}

/// The name of the key that signed it.
fn check_image(image: &PinnedImage, keys: &[PublicKey]) -> Result<Slug, Failure> {
    let claims: Vec<Claim> = image.signature.iter().filter_map(Claim::read).collect();
    match verify(&image.digest, &claims, keys) {
        Ok((key, _)) => {
            tracing::info!(image = image.repository, digest = %image.digest, key = %key.name, "signature verified");
            Ok(key.name.clone())
        }
        Err(reason) => {
            let PinnedImage { service, repository, digest, .. } = image;
            Err(refused(format!("service {service}: image {repository}@{digest} may not run here: {reason}")))
        }
    }
}

fn refused(text: String) -> Failure {
    Failure::bad(ErrorCategory::Entitlement, text)
}

#[cfg(test)]
mod tests;
