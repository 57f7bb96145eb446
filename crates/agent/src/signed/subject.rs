//! What signatures say something of: one package of a release, as a runtime is given it.

use distr_domain::agent::{PinnedImage, RunChartInstruction, RunInstruction, Trust};
use distr_domain::names::Slug;
use distr_domain::oci::Digest;
use distr_domain::trust::SignedLayer;
use distr_domain::version::Version;
use distr_signature::{ReleaseStatement, SignedChart};

/// A package with what came along to verify it.
pub trait Subject {
    fn version(&self) -> &Version;

    /// The keys and parts to verify by; nothing if any image goes.
    fn trust(&self) -> Option<&Trust>;

    /// The images of the hub's registry, each with its own signature.
    fn images(&self) -> &[PinnedImage];

    /// Signatures of the release as a whole.
    fn signatures(&self) -> &[SignedLayer];

    /// Something that is the vendor's, as `organization/path`; nothing if the package has nothing of the hub's registry.
    fn repository(&self) -> Option<&str>;

    /// The statement that a signature of the whole has to make of this package.
    fn statement(&self, owner: &Slug, application: &Slug) -> ReleaseStatement;

    /// All digests that such a signature vouches for.
    fn named(&self) -> Vec<Digest>;
}

impl Subject for RunInstruction {
    fn version(&self) -> &Version {
        &self.version
    }

    fn trust(&self) -> Option<&Trust> {
        self.trust.as_ref()
    }

    fn images(&self) -> &[PinnedImage] {
        &self.images
    }

    fn signatures(&self) -> &[SignedLayer] {
        &self.signatures
    }

    fn repository(&self) -> Option<&str> {
        self.images.first().map(|image| image.repository.as_str())
    }

    fn statement(&self, owner: &Slug, application: &Slug) -> ReleaseStatement {
        let services = self.images.iter().map(|image| {
            let PinnedImage { service, repository, digest, .. } = image;
            (service.clone(), repository.clone(), digest.clone())
        });
        let release = ReleaseStatement::new((owner, application, &self.version), &self.compose, services);
        release.with_files(&self.files).of_one_package()
    }

    fn named(&self) -> Vec<Digest> {
        self.images.iter().map(|image| image.digest.clone()).chain(digests_in(&self.compose)).collect()
    }
}

impl Subject for RunChartInstruction {
    fn version(&self) -> &Version {
        &self.version
    }

    fn trust(&self) -> Option<&Trust> {
        self.trust.as_ref()
    }

    fn images(&self) -> &[PinnedImage] {
        &self.images
    }

    fn signatures(&self) -> &[SignedLayer] {
        &self.signatures
    }

    fn repository(&self) -> Option<&str> {
        Some(&self.chart.repository)
    }

    fn statement(&self, owner: &Slug, application: &Slug) -> ReleaseStatement {
        let chart = SignedChart::of(&self.chart.repository, &self.chart.digest, &self.lock, &self.settings);
        ReleaseStatement::of_chart((owner, application, &self.version), chart).of_one_package()
    }

    /// The chart, and what its lock names, which is signed with it.
    fn named(&self) -> Vec<Digest> {
        let locked = self.lock.images.iter().flat_map(|image| {
            let own = image.image.iter().map(|own| own.digest.clone());
            own.chain(digests_in(&image.reference)).collect::<Vec<_>>()
        });
        [self.chart.digest.clone()].into_iter().chain(locked).collect()
    }
}

/// The digests that a text names as images are named, as `…@sha256:…`.
fn digests_in(text: &str) -> impl Iterator<Item = Digest> {
    text.split('@').skip(1).filter_map(|rest| {
        let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == ':')).unwrap_or(rest.len());
        rest[..end].parse().ok()
    })
}
