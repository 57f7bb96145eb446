//! What an applied generation was made of, so that it can be applied again wherever Helm's history does not have it any more.

use std::fs;
use std::path::PathBuf;

use async_trait::async_trait;
use distr_agent::fault::Failure;
use distr_agent::memory::Applied;
use distr_domain::agent::RunChartInstruction;

use crate::apply::Packages;
use crate::charts::{Charts, is_archive};
use crate::files::Files;
use crate::record::{Baseline, Package};

/// The package of a release whose files were written for Helm.
pub fn of(run: &RunChartInstruction, files: &Files) -> Result<Package, Failure> {
    let read = |path| fs::read(path).map_err(|error| Failure::of_disk("cannot read the generation's files", &error));
    let broken = |error| Failure::internal("the generation's files are not as they were written", error);
    Ok(Package {
        chart: run.chart.clone(),
        values: serde_json::from_slice(&read(&files.values)?).map_err(broken)?,
        plan: serde_json::from_slice(&read(&files.plan)?).map_err(broken)?,
        kinds: run.lock.kinds.clone(),
    })
}

/// The packages that were applied of one deployment, as its record says.
pub struct Kept<'a> {
    pub charts: &'a dyn Charts,
    pub registry: String,
    pub applied: Option<Applied<Baseline>>,
    /// of the applied generation
    pub folder: Option<PathBuf>,
}

#[async_trait]
impl Packages for Kept<'_> {
    async fn of(&self, generation: u64) -> Result<Option<Files>, Failure> {
        let applied = self.applied.as_ref().filter(|applied| applied.generation == generation);
        let package = applied.and_then(|applied| applied.baseline.package.as_ref());
        let (Some(package), Some(folder)) = (package, &self.folder) else { return Ok(None) };
        let files = Files::at(folder);
        let is_there = fs::read(&files.chart).is_ok_and(|bytes| is_archive(&bytes, &package.chart));
        if !is_there {
            files.write(&files.chart, &self.charts.archive(&self.registry, &package.chart).await?)?;
        }
        let plan = serde_json::to_vec(&package.plan).map_err(|error| Failure::internal("no plan", error))?;
        files.write(&files.values, package.values.to_string().as_bytes())?;
        files.write(&files.plan, &plan)?;
        Ok(Some(files))
    }
}
