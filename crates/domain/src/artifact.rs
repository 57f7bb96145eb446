//! A repository of the registry: its manifests and tags. The bytes are elsewhere, stored and verified before the fact.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::decider::{Category, Decider};
use crate::names::RepositoryPath;
use crate::oci::{Descriptor, Digest, Tag};
use crate::rejection::Rejection;

/// What the registry read from a manifest's bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    pub digest: Digest,
    pub media_type: String,
    /// bytes of the manifest itself
    pub size: u64,
    /// config and layers
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub blobs: Vec<Descriptor>,
    /// manifests that an index lists
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub children: Vec<Descriptor>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<Digest>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact_type: Option<String>,
}

/// Who may pull from a repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Visibility {
    /// the vendor, and whom a license entitles
    #[default]
    Private,
    /// everybody, without signing in
    Public,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
pub enum ArtifactEvent {
    ManifestPushed { repository: RepositoryPath, manifest: Manifest },
    TagMoved { repository: RepositoryPath, tag: Tag, digest: Digest },
    TagDeleted { repository: RepositoryPath, tag: Tag },
    ManifestDeleted { repository: RepositoryPath, digest: Digest },
    VisibilityChanged { repository: RepositoryPath, visibility: Visibility },
}
use ArtifactEvent::*;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ArtifactCommand {
    /// Stores the manifest and, if a tag is named, moves it there.
    Push {
        repository: RepositoryPath,
        manifest: Manifest,
        tag: Option<Tag>,
    },
    DeleteTag {
        tag: Tag,
    },
    /// Deletes the manifest and every tag that points to it.
    DeleteManifest {
        digest: Digest,
    },
    /// Also before the first push.
    SetVisibility {
        repository: RepositoryPath,
        visibility: Visibility,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ArtifactRejection {
    #[error("tag \"{tag}\" is not in the repository")]
    TagUnknown { tag: Tag },
    #[error("manifest \"{digest}\" is not in the repository")]
    ManifestUnknown { digest: Digest },
    #[error("manifest \"{digest}\" lists \"{missing}\", which is not in the repository; push it first")]
    ChildMissing { digest: Digest, missing: Digest },
}

impl Rejection for ArtifactRejection {
    fn code(&self) -> &'static str {
        match self {
            Self::TagUnknown { .. } => "artifact.tag_unknown",
            Self::ManifestUnknown { .. } => "artifact.manifest_unknown",
            Self::ChildMissing { .. } => "artifact.child_missing",
        }
    }
}

#[derive(Debug, Default)]
pub struct Artifact {
    repository: Option<RepositoryPath>,
    manifests: BTreeSet<Digest>,
    tags: BTreeMap<Tag, Digest>,
    visibility: Visibility,
}

impl Artifact {
    fn push(
        &self,
        repository: &RepositoryPath,
        manifest: &Manifest,
        tag: Option<&Tag>,
    ) -> Result<Vec<ArtifactEvent>, ArtifactRejection> {
        let digest = &manifest.digest;
        if let Some(child) = manifest.children.iter().find(|child| !self.manifests.contains(&child.digest)) {
            return Err(ArtifactRejection::ChildMissing { digest: digest.clone(), missing: child.digest.clone() });
        }
        let mut events = vec![];
        if !self.manifests.contains(digest) {
            events.push(ManifestPushed { repository: repository.clone(), manifest: manifest.clone() });
        }
        if let Some(tag) = tag
            && self.tags.get(tag) != Some(digest)
        {
            events.push(TagMoved { repository: repository.clone(), tag: tag.clone(), digest: digest.clone() });
        }
        Ok(events)
    }

    fn delete_manifest(&self, repository: &RepositoryPath, digest: &Digest) -> Vec<ArtifactEvent> {
        let tags = self.tags.iter().filter(|(_, at)| *at == digest);
        tags.map(|(tag, _)| TagDeleted { repository: repository.clone(), tag: tag.clone() })
            .chain([ManifestDeleted { repository: repository.clone(), digest: digest.clone() }])
            .collect()
    }
}

impl Decider for Artifact {
    const CATEGORY: Category = Category::Artifact;
    type Command = ArtifactCommand;
    type Event = ArtifactEvent;
    type Rejection = ArtifactRejection;

    fn decide(&self, command: &Self::Command) -> Result<Vec<Self::Event>, Self::Rejection> {
        match (command, &self.repository) {
            (ArtifactCommand::Push { repository, manifest, tag }, _) => self.push(repository, manifest, tag.as_ref()),
            (ArtifactCommand::DeleteTag { tag }, Some(repository)) if self.tags.contains_key(tag) => {
                Ok(vec![TagDeleted { repository: repository.clone(), tag: tag.clone() }])
            }
            (ArtifactCommand::DeleteTag { tag }, _) => Err(ArtifactRejection::TagUnknown { tag: tag.clone() }),
            (ArtifactCommand::DeleteManifest { digest }, Some(repository)) if self.manifests.contains(digest) => {
                Ok(self.delete_manifest(repository, digest))
            }
            (ArtifactCommand::DeleteManifest { digest }, _) => {
                Err(ArtifactRejection::ManifestUnknown { digest: digest.clone() })
            }
            (ArtifactCommand::SetVisibility { visibility, .. }, _) if *visibility == self.visibility => Ok(vec![]),
            (ArtifactCommand::SetVisibility { repository, visibility }, _) => {
                Ok(vec![VisibilityChanged { repository: repository.clone(), visibility: *visibility }])
            }
        }
    }

    fn evolve(&mut self, event: &Self::Event) {
        match event {
            ManifestPushed { repository, manifest } => {
                self.repository = Some(repository.clone());
                self.manifests.insert(manifest.digest.clone());
            }
            TagMoved { tag, digest, .. } => {
                self.tags.insert(tag.clone(), digest.clone());
            }
            TagDeleted { tag, .. } => {
                self.tags.remove(tag);
            }
            ManifestDeleted { digest, .. } => {
                self.manifests.remove(digest);
            }
            VisibilityChanged { visibility, .. } => self.visibility = *visibility,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decider::given::given;

    fn repository() -> RepositoryPath {
        "hello".parse().unwrap()
    }

    fn digest(of: char) -> Digest {
        format!("sha256:{}", of.to_string().repeat(64)).parse().unwrap()
    }

    fn manifest(of: char) -> Manifest {
        Manifest {
            digest: digest(of),
            media_type: "application/vnd.oci.image.manifest.v1+json".into(),
            size: 2,
            blobs: vec![],
            children: vec![],
            subject: None,
            artifact_type: None,
        }
    }

    fn pushed(of: char) -> ArtifactEvent {
        ManifestPushed { repository: repository(), manifest: manifest(of) }
    }

    fn tagged(of: char) -> ArtifactEvent {
        TagMoved { repository: repository(), tag: "1".parse().unwrap(), digest: digest(of) }
    }

    fn push(of: char) -> ArtifactCommand {
        ArtifactCommand::Push { repository: repository(), manifest: manifest(of), tag: Some("1".parse().unwrap()) }
    }

    #[test]
    fn an_identical_push_changes_nothing() {
        given::<Artifact>([]).when(push('a')).then([pushed('a'), tagged('a')]);
        given::<Artifact>([pushed('a'), tagged('a')]).when(push('a')).then_nothing();
    }

    #[test]
    fn a_tag_moves_to_another_manifest() {
        given::<Artifact>([pushed('a'), tagged('a')]).when(push('b')).then([pushed('b'), tagged('b')]);
    }

    #[test]
    fn an_index_needs_its_children() {
        let mut index = manifest('c');
        index.children = vec![Descriptor { digest: digest('a'), size: 2, media_type: manifest('a').media_type }];
        let push = ArtifactCommand::Push { repository: repository(), manifest: index, tag: None };
        given::<Artifact>([])
            .when(push)
            .then_rejected(ArtifactRejection::ChildMissing { digest: digest('c'), missing: digest('a') });
    }

    #[test]
    fn a_repository_is_private_until_it_is_made_public() {
        let set = |visibility| ArtifactCommand::SetVisibility { repository: repository(), visibility };
        let public = VisibilityChanged { repository: repository(), visibility: Visibility::Public };
        given::<Artifact>([]).when(set(Visibility::Private)).then_nothing();
        given::<Artifact>([]).when(set(Visibility::Public)).then([public.clone()]);
        given::<Artifact>([public]).when(set(Visibility::Public)).then_nothing();
    }

    #[test]
    fn deleting_a_manifest_deletes_its_tags() {
        given::<Artifact>([pushed('a'), tagged('a')])
            .when(ArtifactCommand::DeleteManifest { digest: digest('a') })
            .then([
                TagDeleted { repository: repository(), tag: "1".parse().unwrap() },
                ManifestDeleted { repository: repository(), digest: digest('a') },
            ]);
    }
}
