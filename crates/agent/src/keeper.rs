//! The port to a place that outlives the data folder, where that may vanish with the machine. Without one the folder is all there is.

use std::fmt::Debug;
use std::io;

use async_trait::async_trait;
use distr_domain::ids::DeploymentId;

/// A file of the data folder that an agent cannot do without after its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Item {
    Identity,
    /// see `enrol`
    Nonce,
    /// see `host_trust`
    Trust,
    /// see `desired`
    Desired,
    /// random bytes by which a runtime names what must not be guessed
    Key,
    /// digests by which a runtime knows again what it wrote where others may write, too
    Seals,
    /// with what machines pull images that have no agent, see the runtime
    Pull,
    /// what is remembered of a deployment, see `memory`
    Record(DeploymentId),
}

/// Keeps items beside their files. What it holds is put back into an empty folder before the agent reads it.
#[async_trait]
pub trait Keeper: Debug + Send + Sync + 'static {
    /// Returns when the content is safe. Fails also if another agent wrote the item since this one did or read it: this one is not
    /// in charge any more.
    async fn keep(&self, item: Item, content: &[u8]) -> io::Result<()>;
}
