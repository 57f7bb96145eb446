//! The port to where charts and images come from. Images are pulled by the nodes; the agent asks only whether they are there.

use async_trait::async_trait;
use aws_lc_rs::digest;
use distr_agent::fault::Failure;
use distr_domain::agent::{ChartSource, PinnedImage};
use distr_domain::oci::{Algorithm, Digest};

/// The most bytes of a chart's archive, which the hub keeps to, too.
pub const MAX_ARCHIVE: u64 = 10 << 20;

/// Where charts come from, and images are.
#[async_trait]
pub trait Charts: Send + Sync + 'static {
    /// The archive of a chart, with the digest that the release has.
    async fn archive(&self, registry: &str, chart: &ChartSource) -> Result<Vec<u8>, Failure>;

    /// Ends well if the image is there and this target may pull it now.
    async fn check(&self, registry: &str, image: &PinnedImage) -> Result<(), Failure>;
}

/// Whether these are the bytes of the chart's archive.
pub fn is_archive(bytes: &[u8], chart: &ChartSource) -> bool {
    bytes.len() as u64 == chart.size && is_of(bytes, &chart.archive)
}

/// Whether the bytes have the digest.
pub fn is_of(bytes: &[u8], wanted: &Digest) -> bool {
    let algorithm = match wanted.algorithm() {
        Algorithm::Sha256 => &digest::SHA256,
        Algorithm::Sha512 => &digest::SHA512,
    };
    hex::encode(digest::digest(algorithm, bytes)) == wanted.hex()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_archive_is_known_by_its_size_and_digest() {
        let digest = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        let of = |size| ChartSource {
            repository: "acme/charts/shop".to_owned(),
            digest: digest.parse().unwrap(),
            archive: digest.parse().unwrap(),
            size,
            name: "shop".to_owned(),
            version: "1.0.0".to_owned(),
        };
        assert!(is_archive(b"abc", &of(3)));
        assert!(!is_archive(b"abc", &of(4)) && !is_archive(b"abd", &of(3)));
    }
}
