//! One manifest of one repository: pushed, deleted, pushed again.

use super::ArtifactEvent::{self, *};
use super::{ArtifactRejection, Manifest, Pin};
use crate::decider::{Category, Decider};
use crate::names::RepositoryPath;
use crate::oci::Digest;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ManifestCommand {
    Push {
        repository: RepositoryPath,
        manifest: Manifest,
    },
    Delete {
        repository: RepositoryPath,
        digest: Digest,
        /// Whether the read models show it. That is what counts for one that was pushed before manifests had streams.
        listed: bool,
        /// a release that needs it
        pin: Option<Pin>,
        /// an index that lists it
        index: Option<Digest>,
        reason: Option<String>,
    },
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub enum StoredManifest {
    #[default]
    NeverSeen,
    Present,
    Deleted,
}

impl Decider for StoredManifest {
    const CATEGORY: Category = Category::Artifact;
    type Command = ManifestCommand;
    type Event = ArtifactEvent;
    type Rejection = ArtifactRejection;

    fn decide(&self, command: &Self::Command) -> Result<Vec<Self::Event>, Self::Rejection> {
        match (command, self) {
            (ManifestCommand::Push { .. }, Self::Present) => Ok(vec![]),
            (ManifestCommand::Push { repository, manifest }, _) => {
                Ok(vec![ManifestPushed { repository: repository.clone(), manifest: manifest.clone() }])
            }
            (ManifestCommand::Delete { digest, listed, .. }, state)
                if *state == Self::Deleted || (*state == Self::NeverSeen && !listed) =>
            {
                Err(ArtifactRejection::ManifestUnknown { digest: digest.clone() })
            }
            (ManifestCommand::Delete { digest, pin: Some(pin), .. }, _) => {
                Err(ArtifactRejection::Pinned { digest: digest.clone(), pin: pin.clone() })
            }
            (ManifestCommand::Delete { digest, index: Some(index), .. }, _) => {
                Err(ArtifactRejection::Listed { digest: digest.clone(), index: index.clone() })
            }
            (ManifestCommand::Delete { repository, digest, pin: None, index: None, reason, .. }, _) => {
                let (repository, digest, reason) = (repository.clone(), digest.clone(), reason.clone());
                Ok(vec![ManifestDeleted { repository, digest, reason }])
            }
        }
    }

    fn evolve(&mut self, event: &Self::Event) {
        match event {
            ManifestPushed { .. } => *self = Self::Present,
            ManifestDeleted { .. } => *self = Self::Deleted,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decider::given::given;

    fn digest() -> Digest {
        format!("sha256:{}", "a".repeat(64)).parse().unwrap()
    }

    fn repository() -> RepositoryPath {
        "hello".parse().unwrap()
    }

    fn manifest() -> Manifest {
        Manifest {
            digest: digest(),
            media_type: "application/vnd.oci.image.manifest.v1+json".into(),
            size: 2,
            blobs: vec![],
            children: vec![],
            subject: None,
            artifact_type: None,
        }
    }

    fn pushed() -> ArtifactEvent {
        ManifestPushed { repository: repository(), manifest: manifest() }
    }

    fn deleted() -> ArtifactEvent {
        ManifestDeleted { repository: repository(), digest: digest(), reason: None }
    }

    fn push() -> ManifestCommand {
        ManifestCommand::Push { repository: repository(), manifest: manifest() }
    }

    fn delete(listed: bool, pin: Option<Pin>) -> ManifestCommand {
        ManifestCommand::Delete { repository: repository(), digest: digest(), listed, pin, index: None, reason: None }
    }

    #[test]
    fn an_identical_push_changes_nothing() {
        given::<StoredManifest>([]).when(push()).then([pushed()]);
        given::<StoredManifest>([pushed()]).when(push()).then_nothing();
        given::<StoredManifest>([pushed(), deleted()]).when(push()).then([pushed()]);
    }

    #[test]
    fn what_is_not_there_cannot_be_deleted() {
        let unknown = || ArtifactRejection::ManifestUnknown { digest: digest() };
        given::<StoredManifest>([]).when(delete(false, None)).then_rejected(unknown());
        // the read models may be a moment behind: the stream knows better
        given::<StoredManifest>([pushed(), deleted()]).when(delete(true, None)).then_rejected(unknown());
        given::<StoredManifest>([pushed()]).when(delete(false, None)).then([deleted()]);
        given::<StoredManifest>([]).when(delete(true, None)).then([deleted()]);
    }

    #[test]
    fn what_an_index_lists_goes_after_the_index() {
        let index: Digest = format!("sha256:{}", "b".repeat(64)).parse().unwrap();
        let (repository, digest) = (repository(), digest());
        let command = ManifestCommand::Delete {
            repository,
            digest: digest.clone(),
            listed: true,
            pin: None,
            index: Some(index.clone()),
            reason: None,
        };
        given::<StoredManifest>([pushed()]).when(command).then_rejected(ArtifactRejection::Listed { digest, index });
    }

    #[test]
    fn what_a_release_names_cannot_be_deleted() {
        let pin = Pin { application: "hello".parse().unwrap(), version: "1.0.0".parse().unwrap() };
        let rejection = ArtifactRejection::Pinned { digest: digest(), pin: pin.clone() };
        assert_eq!(rejection.to_string(), "release hello 1.0.0 names it; revoke the release first");
        given::<StoredManifest>([pushed()]).when(delete(true, Some(pin))).then_rejected(rejection);
    }
}
