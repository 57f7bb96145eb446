//! The one form in which a signature of a release is kept: nothing of it can be varied by whoever has not the key, so that one
//! signature does not pass for many.

use aws_lc_rs::digest;
use distr_domain::oci::Digest;
use distr_domain::trust::SignedLayer;

use crate::dsse::{Envelope, bundle, rewritten};
use crate::key::PublicKey;

pub struct Canonical<'k> {
    /// the key that signed it, of those that were asked for
    pub signer: Option<&'k PublicKey>,
    /// of what was signed
    pub payload: Digest,
    /// with the payload and the signer's signature alone; without a signer with all signatures
    pub layer: SignedLayer,
}

impl<'k> Canonical<'k> {
    /// Nothing if the layer is no envelope around an in-toto statement, or nothing has signed it.
    pub fn read(layer: &SignedLayer, keys: &'k [PublicKey]) -> Option<Self> {
        let (envelope, hint) = Envelope::read(layer)?;
        let payload = envelope.is_in_toto().then(|| envelope.payload())??;
        let (message, signatures) = (envelope.message(&payload), envelope.signatures());
        let mut pairs = keys.iter().flat_map(|key| signatures.iter().map(move |signature| (key, signature)));
        let verified = pairs.find(|(key, signature)| key.verifies(&message, signature));
        let layer = match verified {
            Some((key, signature)) => bundle(&payload, key.id(), signature),
            None if signatures.is_empty() => return None,
            None => rewritten(&payload, hint.as_deref(), &signatures),
        };
        let hex = hex::encode(digest::digest(&digest::SHA256, &payload));
        let payload = format!("sha256:{hex}").parse().expect("64 hexadecimal digits");
        Some(Self { signer: verified.map(|(key, _)| key), payload, layer })
    }
}

/// How many signatures an envelope has; none if the layer is no envelope.
pub fn signature_count(layer: &SignedLayer) -> usize {
    Envelope::read(layer).map_or(0, |(envelope, _)| envelope.count())
}

#[cfg(test)]
mod tests;
