//! What proves that the log is as it was.

use async_graphql::{Context, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};
use distr_domain::ids::OrganizationId;
use distr_domain::permission::Permission;
use distr_domain::rejection::Rejection;

use super::context::{ContextExt, Outcome, lines};
use super::guard::{May, MayEverywhere};
use super::scalar::{BigInt, Position};
use crate::failure::Failure;
use crate::operations::history_key::{self, Replacing};
use crate::ops::proof_key::PublicKey;
use crate::ops::signed_root::SignedRoot;

pub(super) struct History(OrganizationId);

/// The history of an organization: its facts, and each use or refusal of a right, in the order of the log, as the leaves of a Merkle
/// tree (RFC 6962) whose root is signed now and then.
#[Object]
impl History {
    /// The newest checkpoint; one is signed now if the tree has grown and the last one is older than five seconds. It is null
    /// while nothing is in the tree.
    async fn checkpoint(&self, ctx: &Context<'_>) -> Result<Option<Checkpoint>> {
        Ok(ctx.hub().signing.checkpoint(self.0).await?.map(Checkpoint::from))
    }

    /// The keys that checkpoints are signed with, the newest first, those that sign no more included.
    async fn keys(&self, ctx: &Context<'_>) -> Result<Vec<CheckpointKey>> {
        Ok(ctx.hub().signing.public_keys(self.0).await?.into_iter().map(CheckpointKey::from).collect())
    }
}

/// A checkpoint: the root of a history, signed.
#[derive(SimpleObject)]
struct Checkpoint {
    /// The number of leaves below the root.
    size: BigInt,
    /// The root, a SHA-256 in base64.
    root: String,
    /// The signed note (C2SP tlog-checkpoint): the name of the history, the number of leaves, the root, and signatures.
    note: String,
    /// The time at which it was signed, by the hub's clock.
    signed_at: DateTime<Utc>,
}

impl From<SignedRoot> for Checkpoint {
    fn from(SignedRoot { checkpoint, signed_at }: SignedRoot) -> Self {
        let root = checkpoint.root;
        Self { size: root.size.into(), root: root.hash.to_string(), note: checkpoint.to_string(), signed_at }
    }
}

/// A public key that checkpoints are signed with.
#[derive(SimpleObject)]
struct CheckpointKey {
    /// The key, as verifiers take it (C2SP signed-note): a name, an id and the key itself.
    key: String,
    /// The time from which it signs.
    begins_at: DateTime<Utc>,
    /// The time until which it signs beside its successor; null for the newest.
    ends_at: Option<DateTime<Utc>>,
}

impl From<PublicKey> for CheckpointKey {
    fn from(PublicKey { key, begins_at, ends_at }: PublicKey) -> Self {
        Self { key: key.to_string(), begins_at, ends_at }
    }
}

/// A proof that an event is in the history of its organization.
#[derive(SimpleObject)]
struct EventProof {
    /// The index of the event's leaf in the history, from 0.
    index: BigInt,
    /// The leaf: a text with a line for each column of the event, and the SHA-256 of its payload.
    leaf: String,
    /// The proof as a file (C2SP tlog-proof): the leaf, its index, the hashes that lead to a root, and the checkpoint of the root.
    file: String,
}

/// Nothing proves the event.
#[derive(Debug, thiserror::Error)]
#[error(
    "the entry at position {0} is not in the history of your organization, or not yet: facts and accesses are in it within \
     seconds, and heartbeats never are"
)]
struct NoProof(distr_eventlog::Position);

impl Rejection for NoProof {
    fn code(&self) -> &'static str {
        "proof.none"
    }
}

#[derive(Default)]
pub(super) struct HistoryQuery;

#[Object]
impl HistoryQuery {
    /// The history of the caller's organization, with what it is signed with. A customer's member sees that of its vendor, so as
    /// to hold the vendor to it later.
    #[graphql(guard = "MayEverywhere(Permission::ReadCatalog)")]
    async fn history(&self, ctx: &Context<'_>) -> Result<History> {
        Ok(History(ctx.organization()?))
    }

    /// The proof that an event is in the history; refused with `proof.none` if it is not.
    #[graphql(guard = "May(Permission::ReadLog)", complexity = 20)]
    async fn event_proof(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The position of the event in the log.")] position: Position,
    ) -> Result<EventProof> {
        let hub = ctx.hub();
        let organization = ctx.organization()?;
        let none = || Failure::rejected(NoProof(position.0));
        let entry = hub.commands.log.entry(position.0).await.map_err(Failure::from)?.ok_or_else(none)?;
        let file = hub.signing.prove(organization, &entry).await?.ok_or_else(none)?;
        let leaf = String::from_utf8_lossy(&file.leaf).into_owned();
        Ok(EventProof { index: file.index.into(), leaf, file: file.to_string() })
    }
}

#[derive(Default)]
pub(super) struct HistoryMutation;

/// The keys of a history after the change.
#[derive(SimpleObject)]
struct HistoryKeyPayload {
    /// The keys that checkpoints are signed with, the newest first, those that sign no more included.
    keys: Vec<CheckpointKey>,
    #[graphql(flatten)]
    outcome: Outcome,
}

#[Object]
impl HistoryMutation {
    /// Puts a new key in the place of the one that signs checkpoints. Both sign for 90 days, so that whoever knows one of them
    /// follows; that the key is replaced is a fact of the history, which names the new one.
    #[graphql(guard = "May(Permission::ManageOrganization)")]
    async fn history_key_replace(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            default,
            desc = "Whether the old key signs no more, as when it was stolen; then nothing that it signed says which the new one is."
        )]
        at_once: bool,
        #[graphql(desc = "The reason for the change, of 1 to 500 characters.")] reason: String,
    ) -> Result<HistoryKeyPayload> {
        let hub = ctx.hub();
        let organization = ctx.organization()?;
        let replacing = Replacing { organization, at_once, reason: lines("reason", reason, 500)? };
        let executed = history_key::replace(&hub.commands, &hub.signing, &ctx.cause()?, replacing).await?;
        let keys = hub.signing.public_keys(organization).await?;
        let keys = keys.into_iter().map(CheckpointKey::from).collect();
        Ok(HistoryKeyPayload { keys, outcome: Outcome::of(ctx, &executed) })
    }
}
