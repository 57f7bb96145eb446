//! A report with what proves it: each entry that it rests on, and the way from that to the root that is signed.

use anyhow::{Context, Result, bail, ensure};
use distr_proof::checkpoint::Checkpoint;
use distr_proof::export::{EntryLine, Unreadable};
use distr_proof::hash::Hash;
use distr_proof::note::VerifierKey;
use distr_proof::tile::Tiles;
use distr_proof::tree::inclusion;
use serde::{Deserialize, Serialize};

use super::story::{Asked, Story, tell};

/// The shape of the data.
const FORMAT: &str = "distr-license-report/1";

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Proven {
    format: String,
    pub(super) asked: Asked,
    /// the signed note
    pub(super) checkpoint: String,
    /// follows from the evidence
    pub(super) story: Story,
    pub(super) evidence: Vec<Evidence>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Evidence {
    #[serde(flatten)]
    entry: EntryLine,
    /// in base64
    hashes: Vec<String>,
}

impl Proven {
    pub(super) fn of(
        asked: Asked,
        entries: impl Iterator<Item = Result<EntryLine, Unreadable>>,
        checkpoint: Checkpoint,
        tiles: &Tiles,
    ) -> Result<Self> {
        let told = tell(&asked, entries.map(|entry| Ok(entry?)))?;
        let prove = |entry: EntryLine| {
            let index = entry.index.context("an entry without a leaf")?;
            let hashes = inclusion(index, checkpoint.root.size, tiles).ok().context("the tiles are not whole")?;
            Ok(Evidence { entry, hashes: hashes.iter().map(Hash::to_string).collect() })
        };
        let evidence = told.evidence.into_iter().map(prove).collect::<Result<_>>()?;
        Ok(Self { format: FORMAT.into(), asked, checkpoint: checkpoint.to_string(), story: told.story, evidence })
    }

    /// That each entry is in the history of whoever has the key, and that the story is what they tell, no more and no less.
    pub(super) fn check(&self, key: &VerifierKey) -> Result<()> {
        ensure!(self.format == FORMAT, "the report is {:?}, and this program checks {FORMAT:?}", self.format);
        let checkpoint = Checkpoint::verified(&self.checkpoint, key).context("the checkpoint of the report")?;
        for Evidence { entry, hashes } in &self.evidence {
            let id = entry.envelope.id();
            let Some((index, payload)) = entry.index.zip(entry.payload_digest()) else {
                bail!("entry {id} is without its leaf or its payload");
            };
            let hashes: Vec<Hash> = hashes.iter().map(|hash| hash.parse()).collect::<Result<_, _>>()?;
            let leaf = entry.envelope.leaf(payload);
            let proven = checkpoint.root.includes(index, &leaf, &hashes);
            proven.with_context(|| format!("entry {index} ({id}) is not the one that is signed"))?;
        }
        let entries = self.evidence.iter().map(|Evidence { entry, .. }| Ok(entry.clone()));
        let told = tell(&self.asked, entries)?;
        let is_all = told.evidence.iter().eq(self.evidence.iter().map(|Evidence { entry, .. }| entry));
        ensure!(is_all, "the report holds entries that have nothing to do with it");
        ensure!(told.story == self.story, "the report tells another story than its entries do");
        Ok(())
    }

    pub(super) fn summary(&self) -> String {
        let Story { organization, customer, license, agreed, used, refused, .. } = &self.story;
        let counts = format!("{} agreed, {} used, {} refused", agreed.len(), used.len(), refused.len());
        format!("license {license} of customer {customer} with {organization}: {counts}")
    }
}
