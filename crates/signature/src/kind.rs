//! What an attachment is, by its types alone.

/// What is attached to an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Signature,
    /// SPDX, CycloneDX
    Sbom,
    /// how it was built: in-toto, SLSA
    Provenance,
    /// another signed statement
    Attestation,
    Other,
}

/// By the predicate of a signed statement.
pub fn kind_of_predicate(predicate_type: &str) -> Kind {
    let begins = |prefixes: &[&str]| prefixes.iter().any(|prefix| predicate_type.starts_with(prefix));
    match predicate_type {
        _ if begins(&["https://spdx.dev/Document", "https://cyclonedx.org/bom"]) => Kind::Sbom,
        _ if begins(&["https://slsa.dev/provenance", "cosign.sigstore.dev/attestation/v1", "https://in-toto.io/"]) => {
            Kind::Provenance
        }
        _ => Kind::Attestation,
    }
}

/// By an artifact's type or the media type of its layer.
pub fn kind_of_type(media_type: &str) -> Kind {
    let sbom = ["spdx", "cyclonedx", "syft"];
    match media_type {
        _ if sbom.iter().any(|word| media_type.contains(word)) => Kind::Sbom,
        _ if media_type == crate::SIMPLE_SIGNING || media_type.contains("cncf.notary.signature") => Kind::Signature,
        _ if media_type.contains("slsa") || media_type.contains("provenance") => Kind::Provenance,
        _ if media_type.contains("in-toto") || crate::is_signed(media_type) => Kind::Attestation,
        _ => Kind::Other,
    }
}
