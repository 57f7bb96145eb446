//! Whether one of the trusted keys signed an image.

use distr_domain::oci::Digest;

use crate::claim::Claim;
use crate::key::PublicKey;

/// Why not. Of several reasons the nearest to a yes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unverified {
    #[error("it is not signed")]
    Unsigned,
    #[error("it is signed by an unknown key, and by none of {trusted}")]
    UnknownKey { trusted: String },
    #[error("the signature by key \"{key}\" that is attached to it is of another image, {signed}")]
    OtherDigest { key: String, signed: Digest },
}

impl Unverified {
    /// The nearest to a yes of two reasons; of two that are as near, this one.
    pub fn or_nearer(self, other: Self) -> Self {
        match (&self, &other) {
            (Self::OtherDigest { .. }, _)
            | (_, Self::Unsigned)
            | (Self::UnknownKey { .. }, Self::UnknownKey { .. }) => self,
            _ => other,
        }
    }
}

/// The key that signed this subject, and the index of the claim that says so.
pub fn verify<'k>(
    subject: &Digest,
    claims: &[Claim],
    keys: &'k [PublicKey],
) -> Result<(&'k PublicKey, usize), Unverified> {
    let mut nearest = Unverified::Unsigned;
    for (index, claim) in claims.iter().enumerate().filter(|(_, claim)| claim.is_signature()) {
        match (claim.signer(keys), claim.subjects.contains(subject)) {
            (Some(key), true) => return Ok((key, index)),
            (Some(key), false) => {
                let signed = claim.subjects.first().cloned();
                nearest =
                    signed.map_or(nearest, |signed| Unverified::OtherDigest { key: key.name.to_string(), signed });
            }
            (None, _) if nearest == Unverified::Unsigned => {
                let names: Vec<String> = keys.iter().map(|key| format!("\"{}\"", key.name)).collect();
                nearest = Unverified::UnknownKey { trusted: names.join(", ") };
            }
            (None, _) => {}
        }
    }
    Err(nearest)
}

#[cfg(test)]
mod tests;
