//! One tag of one repository: where it points.

use super::ArtifactEvent::{self, *};
use super::ArtifactRejection;
use crate::decider::{Category, Decider};
use crate::names::RepositoryPath;
use crate::oci::{Digest, Tag};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagCommand {
    pub repository: RepositoryPath,
    pub tag: Tag,
    /// Where the read models show it. That is what counts for one that was moved before tags had streams.
    pub listed: Option<Digest>,
    /// whether the repository's settings forbid it to move once it is there
    pub immutable: bool,
    pub change: TagChange,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TagChange {
    Move {
        to: Digest,
    },
    Delete {
        reason: Option<String>,
    },
    /// Deletes it if it still points there: its manifest is gone.
    DeleteAt {
        digest: Digest,
        reason: Option<String>,
    },
}

#[derive(Debug, Default)]
pub struct TagPointer {
    /// nothing: no event was seen; `Some(None)`: it was deleted
    at: Option<Option<Digest>>,
}

impl Decider for TagPointer {
    const CATEGORY: Category = Category::Artifact;
    type Command = TagCommand;
    type Event = ArtifactEvent;
    type Rejection = ArtifactRejection;

    fn decide(&self, command: &Self::Command) -> Result<Vec<Self::Event>, Self::Rejection> {
        let TagCommand { repository, tag, listed, immutable, change } = command;
        let at = self.at.as_ref().unwrap_or(listed);
        let deleted = |reason: &Option<String>| {
            vec![TagDeleted { repository: repository.clone(), tag: tag.clone(), reason: reason.clone() }]
        };
        match (change, at) {
            (TagChange::Move { to }, Some(at)) if at == to && self.at.is_some() => Ok(vec![]),
            (TagChange::Move { to }, Some(at)) if *immutable && at != to => {
                Err(ArtifactRejection::TagImmutable { tag: tag.clone(), at: at.clone() })
            }
            (TagChange::Move { to }, _) => {
                Ok(vec![TagMoved { repository: repository.clone(), tag: tag.clone(), digest: to.clone() }])
            }
            (TagChange::Delete { .. }, None) => Err(ArtifactRejection::TagUnknown { tag: tag.clone() }),
            (TagChange::Delete { .. }, Some(at)) if *immutable => {
                Err(ArtifactRejection::TagImmutable { tag: tag.clone(), at: at.clone() })
            }
            (TagChange::Delete { reason }, Some(_)) => Ok(deleted(reason)),
            (TagChange::DeleteAt { digest, reason }, Some(at)) if at == digest => Ok(deleted(reason)),
            (TagChange::DeleteAt { .. }, _) => Ok(vec![]),
        }
    }

    fn evolve(&mut self, event: &Self::Event) {
        match event {
            TagMoved { digest, .. } => self.at = Some(Some(digest.clone())),
            TagDeleted { .. } => self.at = Some(None),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decider::given::given;

    fn digest(of: char) -> Digest {
        format!("sha256:{}", of.to_string().repeat(64)).parse().unwrap()
    }

    fn moved(to: char) -> ArtifactEvent {
        TagMoved { repository: "hello".parse().unwrap(), tag: "1".parse().unwrap(), digest: digest(to) }
    }

    fn deleted() -> ArtifactEvent {
        TagDeleted { repository: "hello".parse().unwrap(), tag: "1".parse().unwrap(), reason: None }
    }

    fn command(change: TagChange) -> TagCommand {
        let (repository, tag) = ("hello".parse().unwrap(), "1".parse().unwrap());
        TagCommand { repository, tag, listed: None, immutable: false, change }
    }

    fn to(of: char) -> TagCommand {
        command(TagChange::Move { to: digest(of) })
    }

    fn immutable(command: TagCommand) -> TagCommand {
        TagCommand { immutable: true, ..command }
    }

    fn listed(at: char, command: TagCommand) -> TagCommand {
        TagCommand { listed: Some(digest(at)), ..command }
    }

    #[test]
    fn a_tag_moves_and_stays_where_it_is() {
        given::<TagPointer>([]).when(to('a')).then([moved('a')]);
        given::<TagPointer>([moved('a')]).when(to('a')).then_nothing();
        given::<TagPointer>([moved('a')]).when(to('b')).then([moved('b')]);
    }

    #[test]
    fn an_immutable_tag_takes_only_the_same_again() {
        let rejection = || ArtifactRejection::TagImmutable { tag: "1".parse().unwrap(), at: digest('a') };
        given::<TagPointer>([]).when(immutable(to('a'))).then([moved('a')]);
        given::<TagPointer>([moved('a')]).when(immutable(to('a'))).then_nothing();
        given::<TagPointer>([moved('a')]).when(immutable(to('b'))).then_rejected(rejection());
        given::<TagPointer>([moved('a')])
            .when(immutable(command(TagChange::Delete { reason: None })))
            .then_rejected(rejection());
        given::<TagPointer>([]).when(listed('a', immutable(to('b')))).then_rejected(rejection());
    }

    #[test]
    fn a_tag_is_deleted_once() {
        let delete = || command(TagChange::Delete { reason: None });
        let unknown = || ArtifactRejection::TagUnknown { tag: "1".parse().unwrap() };
        given::<TagPointer>([]).when(delete()).then_rejected(unknown());
        given::<TagPointer>([moved('a')]).when(delete()).then([deleted()]);
        given::<TagPointer>([moved('a'), deleted()]).when(listed('a', delete())).then_rejected(unknown());
        given::<TagPointer>([]).when(listed('a', delete())).then([deleted()]);
    }

    #[test]
    fn a_deletion_keeps_its_reason() {
        let reason = Some("pushed by mistake".to_owned());
        let deleted =
            TagDeleted { repository: "hello".parse().unwrap(), tag: "1".parse().unwrap(), reason: reason.clone() };
        given::<TagPointer>([moved('a')]).when(command(TagChange::Delete { reason })).then([deleted]);
    }

    #[test]
    fn a_tag_goes_with_its_manifest_unless_it_has_moved_on() {
        let delete = || command(TagChange::DeleteAt { digest: digest('a'), reason: None });
        given::<TagPointer>([moved('a')]).when(delete()).then([deleted()]);
        given::<TagPointer>([moved('b')]).when(delete()).then_nothing();
        given::<TagPointer>([]).when(delete()).then_nothing();
    }
}
