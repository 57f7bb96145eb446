//! The one way in which a repository changes: commands on the streams of its manifests and tags, then the wait until the read
//! models show it. Several streams, no transaction: the order of the steps makes each state in between a good one.

use std::collections::BTreeSet;
use std::time::Duration;

use deadpool_postgres::{Client, Pool};
use distr_domain::artifact::manifest::{ManifestCommand, StoredManifest};
use distr_domain::artifact::settings::{RepositorySettings, SettingsChange, SettingsCommand, is_immutable};
use distr_domain::artifact::tag::{TagChange, TagCommand, TagPointer};
use distr_domain::artifact::{ArtifactEvent, ArtifactRejection, Manifest, TagAt};
use distr_domain::decider::Decider;
use distr_domain::ids::{ArtifactId, ManifestId, TagId};
use distr_domain::names::RepositoryPath;
use distr_domain::oci::{Digest, Tag};
use distr_domain::pattern::Pattern;
use distr_eventlog::{Context, EventLog, ExecuteError, Position, ReadError, StreamName, execute, executed};
use distr_projections::{Progress, artifact, repository};
use uuid::Uuid;

use crate::fault::{Fault, OperationError};
use crate::links;

/// How long a change waits for the read models before it says that it does not show yet.
const SHOWN_WITHIN: Duration = Duration::from_secs(10);

/// Of the stream of one manifest, which is short.
const EVENTS_AT_ONCE: usize = 100;

/// A change of one repository of the context's organization.
pub struct Changing<'a> {
    pub log: &'a dyn EventLog,
    /// of the read models; no connection is held while the change waits for them
    pub pool: &'a Pool,
    pub shown: &'a Progress,
    pub repository: &'a RepositoryPath,
    pub context: Context,
    /// why something is deleted, in the words of whoever asks for it
    pub reason: Option<String>,
}

/// Whether a manifest is a part of an index that stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Parts {
    /// the read models are asked
    Asked,
    /// the indexes that list it have just gone, which the read models may not show yet
    Known,
}

fn to_delete(event: ArtifactEvent) -> Option<(Vec<TagAt>, Vec<Digest>)> {
    match event {
        ArtifactEvent::RepositoryEmptied { tags, manifests, .. } => Some((tags, manifests)),
        _ => None,
    }
}

/// The outcome of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Changed {
    /// Where the log stands with this change.
    pub position: Position,
    /// False if it was so already.
    pub changed: bool,
}

/// The reason why a change was not made.
pub type ChangeError = OperationError<ArtifactRejection>;

impl From<ExecuteError<ArtifactRejection>> for ChangeError {
    fn from(error: ExecuteError<ArtifactRejection>) -> Self {
        match error {
            ExecuteError::Rejected(no) => Self::Rejected(no),
            broken => Self::Fault(Fault::Change(broken)),
        }
    }
}

impl Changing<'_> {
    /// Stores the manifest and moves these tags to it.
    pub async fn push(&self, manifest: Manifest, tags: &[Tag]) -> Result<Changed, ChangeError> {
        let to = manifest.digest.clone();
        let immutable = self.immutable().await?;
        let parts: Vec<Digest> =
            BTreeSet::from_iter(manifest.children.iter().map(|child| &child.digest)).into_iter().cloned().collect();
        // they were there when the push was checked
        if let Some(digest) = self.absent(&parts).await?.into_iter().next() {
            return Err(ChangeError::Rejected(ArtifactRejection::ManifestUnknown { digest }));
        }
        let stored = self.store(manifest.clone(), &self.context).await?;
        let mut last = stored;
        for tag in tags {
            let is_immutable = is_immutable(immutable.as_deref(), tag);
            // where it stands matters for a tag without a stream of its own only if it may not move from there
            let listed = if is_immutable { self.listed(tag).await? } else { None };
            let change = TagChange::Move { to: to.clone() };
            last = last.max(self.tag(tag, listed, is_immutable, change).await?);
        }
        if !tags.is_empty() {
            // a deletion of the manifest that came between has not seen the tags
            last = last.max(self.store(manifest, &self.again()).await?);
        }
        let shown = self.show(last).await?;
        // a deletion of a part that came between has not seen this index
        self.keep(&parts).await?;
        Ok(shown)
    }

    pub async fn delete_tag(&self, tag: &Tag) -> Result<Changed, ChangeError> {
        let is_immutable = is_immutable(self.immutable().await?.as_deref(), tag);
        let deleted = self
            .tag(tag, self.listed(tag).await?, is_immutable, TagChange::Delete { reason: self.reason.clone() })
            .await?;
        self.show(deleted).await
    }

    /// With every tag that points to it.
    pub async fn delete_manifest(&self, digest: &Digest) -> Result<Changed, ChangeError> {
        let immutable = self.immutable().await?;
        let tags = artifact::tags_at(&self.client().await?, self.context.organization, self.repository, digest).await?;
        if let Some(tag) = tags.into_iter().find(|tag| is_immutable(immutable.as_deref(), &tag.name)) {
            let no = ArtifactRejection::TagImmutable { tag: tag.name, at: tag.digest };
            return Err(ChangeError::Rejected(no));
        }
        self.expire_manifest(digest).await
    }

    /// Everything in the repository; nothing if a release names part of it or a tag of it may not go. What goes is decided
    /// once: the same request again deletes nothing that came after it.
    pub async fn delete_all(&self) -> Result<Changed, ChangeError> {
        let (tags, manifests) = match self.emptied().await? {
            Some(decided) => decided,
            None => self.empty().await?,
        };
        let mut last = None;
        for TagAt { tag, digest } in &tags {
            let change = self.delete_at(digest);
            last = last.max(self.tag(tag, Some(digest.clone()), false, change).await?);
        }
        for digest in &manifests {
            let command = self.deletion(digest, Parts::Known).await?;
            last = last.max(self.execute::<StoredManifest>(self.manifest(digest), &command, &self.context).await?);
        }
        let shown = self.show(last).await?;
        // what was pushed meanwhile may list what has gone; wholes come first, as their parts do by them
        for digest in &manifests {
            if self.index_shown(digest).await?.is_some() {
                self.keep(std::slice::from_ref(digest)).await?;
            }
        }
        for digest in &manifests {
            if let Some(pinned) = self.pinned_meanwhile(digest).await? {
                let parts_first: Vec<Digest> = manifests.iter().rev().cloned().collect();
                self.keep(&parts_first).await?;
                for TagAt { tag, digest } in &tags {
                    self.tag_again(tag, digest).await?;
                }
                return Err(pinned);
            }
        }
        Ok(shown)
    }

    /// What this very request decided to delete before.
    async fn emptied(&self) -> Result<Option<(Vec<TagAt>, Vec<Digest>)>, ChangeError> {
        let executed = executed::<RepositorySettings>(self.log, self.artifact().0, self.context.command).await;
        Ok(executed.map_err(Fault::from)?.and_then(|executed| executed.events.into_iter().find_map(to_delete)))
    }

    async fn empty(&self) -> Result<(Vec<TagAt>, Vec<Digest>), ChangeError> {
        let (immutable, organization) = (self.immutable().await?, self.context.organization);
        let client = self.client().await?;
        let holding = repository::holding(&client, organization, self.repository).await?;
        if let Some(tag) = holding.tags.iter().find(|tag| is_immutable(immutable.as_deref(), &tag.name)) {
            let no = ArtifactRejection::TagImmutable { tag: tag.name.clone(), at: tag.digest.clone() };
            return Err(ChangeError::Rejected(no));
        }
        for held in &holding.manifests {
            let digest = held.digest.clone();
            if let Some(pin) = artifact::pin(&client, organization, self.repository, &digest).await? {
                return Err(ChangeError::Rejected(ArtifactRejection::Pinned { digest, pin }));
            }
        }
        drop(client);
        let tags = holding.tags.iter().map(|tag| TagAt { tag: tag.name.clone(), digest: tag.digest.clone() }).collect();
        let change =
            SettingsChange::Empty { tags, manifests: holding.manifests_wholes_first(), reason: self.reason.clone() };
        let command = SettingsCommand { repository: self.repository.clone(), change };
        let executed = execute::<RepositorySettings>(self.log, self.artifact().0, &command, &self.context).await?;
        Ok(executed.events.into_iter().find_map(to_delete).unwrap_or_default())
    }

    /// What the repository's rules of retention let go, whether its tags are immutable or not.
    pub(crate) async fn expire_tag(&self, tag: &Tag, at: Digest) -> Result<Changed, ChangeError> {
        let listed = Some(at.clone());
        let deleted = self.tag(tag, listed, false, self.delete_at(&at)).await?;
        self.show(deleted).await
    }

    pub(crate) async fn expire_manifest(&self, digest: &Digest) -> Result<Changed, ChangeError> {
        let organization = self.context.organization;
        let command = self.deletion(digest, Parts::Asked).await?;
        let deleted = self.execute::<StoredManifest>(self.manifest(digest), &command, &self.context).await?;
        let shown = self.show(deleted).await?;
        if let Some(refused) = self.needed_meanwhile(digest).await? {
            self.keep(std::slice::from_ref(digest)).await?;
            return Err(refused);
        }
        let mut last = deleted;
        // those that came later belong to a push that stored the manifest again
        let tags = artifact::tags_at(&self.client().await?, organization, self.repository, digest).await?;
        for tag in tags.into_iter().filter(|tag| tag.position < shown.position.number()) {
            let change = self.delete_at(digest);
            last = last.max(self.tag(&tag.name, Some(tag.digest), false, change).await?);
        }
        self.show(last).await
    }

    /// The manifest with all that it lists, at any depth, parts before wholes, as the read models show them.
    pub async fn whole(&self, digest: &Digest) -> Result<Vec<Digest>, ChangeError> {
        let (client, organization) = (self.client().await?, self.context.organization);
        let (mut levels, mut known) = (vec![], BTreeSet::new());
        let mut next = vec![digest.clone()];
        while !next.is_empty() {
            let here = self.known(&client, &next).await?;
            known.extend(next);
            next = artifact::parts(&client, organization, self.repository, &here).await?;
            next.retain(|part| !known.contains(part));
            levels.push(here);
        }
        Ok(levels.into_iter().rev().flatten().collect())
    }

    /// Stores again what somebody deleted meanwhile. A release and the deletion of what it names look at each other in the read
    /// models before they are facts; so each looks again afterwards, and the release wins.
    pub async fn keep(&self, manifests: &[Digest]) -> Result<(), ChangeError> {
        let mut last = None;
        for digest in self.absent(manifests).await? {
            if let Some(manifest) = self.last_pushed(&digest).await? {
                last = last.max(self.store(manifest, &self.again()).await?);
            }
        }
        match last {
            Some(_) => self.show(last).await.map(drop),
            None => Ok(()),
        }
    }

    /// Those of these manifests that the read models show.
    async fn known(&self, client: &Client, manifests: &[Digest]) -> Result<Vec<Digest>, ChangeError> {
        let known = artifact::known_manifests(client, self.context.organization, self.repository, manifests).await?;
        Ok(known.into_iter().map(|(digest, _)| digest).collect())
    }

    /// Those of these manifests that the read models do not show, in their order.
    async fn absent(&self, manifests: &[Digest]) -> Result<Vec<Digest>, ChangeError> {
        if manifests.is_empty() {
            return Ok(vec![]);
        }
        let client = self.client().await?;
        let known: BTreeSet<Digest> = self.known(&client, manifests).await?.into_iter().collect();
        Ok(manifests.iter().filter(|digest| !known.contains(digest)).cloned().collect())
    }

    /// The manifest as the log has it, whatever became of it.
    async fn last_pushed(&self, digest: &Digest) -> Result<Option<Manifest>, ChangeError> {
        let stream = StreamName::of::<StoredManifest>(self.manifest(digest));
        let (mut pushed, mut revision) = (None, 0);
        loop {
            let page = self.log.read_stream(&stream, revision, EVENTS_AT_ONCE).await?;
            let Some(last) = page.last() else { return Ok(pushed) };
            revision = last.revision + 1;
            for event in &page {
                if let ArtifactEvent::ManifestPushed { manifest, .. } =
                    event.decode().map_err(ReadError::from).map_err(Fault::from)?
                {
                    pushed = Some(manifest);
                }
            }
        }
    }

    async fn tag_again(&self, tag: &Tag, to: &Digest) -> Result<(), ChangeError> {
        if self.listed(tag).await?.is_none() {
            let (repository, change) = (self.repository.clone(), TagChange::Move { to: to.clone() });
            let command = TagCommand { repository, tag: tag.clone(), listed: None, immutable: false, change };
            let stream = TagId::of(self.artifact(), tag).0;
            let moved = self.execute::<TagPointer>(stream, &command, &self.again()).await?;
            self.show(moved).await?;
        }
        Ok(())
    }

    /// What refuses a deletion that was not refused in time.
    async fn pinned_meanwhile(&self, digest: &Digest) -> Result<Option<ChangeError>, ChangeError> {
        let pin = artifact::pin(&self.client().await?, self.context.organization, self.repository, digest).await?;
        Ok(pin.map(|pin| ChangeError::Rejected(ArtifactRejection::Pinned { digest: digest.clone(), pin })))
    }

    /// The same, or an index that was pushed meanwhile and lists it.
    async fn needed_meanwhile(&self, digest: &Digest) -> Result<Option<ChangeError>, ChangeError> {
        let listed = self.index_shown(digest).await?;
        let listed = listed.map(|index| ArtifactRejection::Listed { digest: digest.clone(), index });
        match listed {
            Some(listed) => Ok(Some(ChangeError::Rejected(listed))),
            None => self.pinned_meanwhile(digest).await,
        }
    }

    async fn index_shown(&self, digest: &Digest) -> Result<Option<Digest>, ChangeError> {
        Ok(artifact::index_of(&self.client().await?, self.context.organization, self.repository, digest).await?)
    }

    /// Another command of the same request.
    fn again(&self) -> Context {
        Context { command: Uuid::now_v7(), ..self.context.clone() }
    }

    /// The command to delete a manifest, with what the read models know of it.
    async fn deletion(&self, digest: &Digest, parts: Parts) -> Result<ManifestCommand, ChangeError> {
        let (client, organization) = (self.client().await?, self.context.organization);
        let pin = artifact::pin(&client, organization, self.repository, digest).await?;
        let index = match parts {
            Parts::Asked => artifact::index_of(&client, organization, self.repository, digest).await?,
            Parts::Known => None,
        };
        let delete = |listed| {
            let (repository, digest, reason) = (self.repository.clone(), digest.clone(), self.reason.clone());
            ManifestCommand::Delete { repository, digest, listed, pin, index, reason }
        };
        let Some(row) = artifact::find_manifest(&client, organization, self.repository, digest).await? else {
            return Ok(delete(false));
        };
        // who has just been told that a part is there may still push something with it
        let parts: Vec<Digest> = row.blobs.iter().map(|blob| &blob.digest).chain([&row.digest]).cloned().collect();
        links::renew(&client, organization, self.repository, &parts, self.context.at).await?;
        Ok(delete(true))
    }

    async fn client(&self) -> Result<Client, ChangeError> {
        Ok(self.pool.get().await?)
    }

    async fn store(&self, manifest: Manifest, context: &Context) -> Result<Option<Position>, ChangeError> {
        let stream = self.manifest(&manifest.digest);
        let command = ManifestCommand::Push { repository: self.repository.clone(), manifest };
        self.execute::<StoredManifest>(stream, &command, context).await
    }

    async fn tag(
        &self,
        tag: &Tag,
        listed: Option<Digest>,
        immutable: bool,
        change: TagChange,
    ) -> Result<Option<Position>, ChangeError> {
        let stream = TagId::of(self.artifact(), tag).0;
        let (repository, tag) = (self.repository.clone(), tag.clone());
        let command = TagCommand { repository, tag, listed, immutable, change };
        self.execute::<TagPointer>(stream, &command, &self.context).await
    }

    fn delete_at(&self, digest: &Digest) -> TagChange {
        TagChange::DeleteAt { digest: digest.clone(), reason: self.reason.clone() }
    }

    /// The exceptions, if the repository's tags are immutable.
    async fn immutable(&self) -> Result<Option<Vec<Pattern>>, ChangeError> {
        let settings = repository::settings(&self.client().await?, self.context.organization, self.repository).await?;
        Ok(settings.and_then(|settings| settings.immutable))
    }

    async fn listed(&self, tag: &Tag) -> Result<Option<Digest>, ChangeError> {
        let row = artifact::find_tag(&self.client().await?, self.context.organization, self.repository, tag).await?;
        Ok(row.map(|row| row.digest))
    }

    async fn execute<D: Decider<Rejection = ArtifactRejection>>(
        &self,
        stream: Uuid,
        command: &D::Command,
        context: &Context,
    ) -> Result<Option<Position>, ChangeError> {
        Ok(execute::<D>(self.log, stream, command, context).await?.position)
    }

    /// Waits until the read models show it. What was so already may have been made so just now by another: then until they
    /// show everything.
    async fn show(&self, position: Option<Position>) -> Result<Changed, ChangeError> {
        let (position, changed) = match position {
            Some(position) => (position, true),
            None => (self.log.head().await?, false),
        };
        self.shown.wait_for(position, SHOWN_WITHIN).await?;
        Ok(Changed { position, changed })
    }

    fn artifact(&self) -> ArtifactId {
        ArtifactId::of(self.context.organization, self.repository)
    }

    fn manifest(&self, digest: &Digest) -> Uuid {
        ManifestId::of(self.artifact(), digest).0
    }
}
