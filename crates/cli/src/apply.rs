//! `distr apply`: brings about what YAML files say. Read and check everything, compare with what there is, then change what
//! differs; a second time there is nothing to do.

mod check;
mod current;
mod execute;
mod file;
mod plan;
mod show;

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;

use crate::clock;
use crate::exit::Failure;
use crate::output::remark;
use crate::session::Session;

#[derive(Args)]
#[command(after_help = "\
A file has any of these sections; `---` may separate several documents:
  applications: [{name: hello, displayName: Hello, description: …, channels: [stable],
                  category: …, homepage: …, support: …, documentation: …,
                  labels: {tier: gold}, icon: hello.svg}]
  channels:     [{app: hello, name: beta}]
  customers:    [{name: globex, displayName: Globex}]
  licenses:     [{customer: globex, app: hello, name: hello-2026, versions: [1.x],
                  channels: [stable], features: [], seats: 3,
                  notBefore: 2026-01-01, expires: 2027-12-31}]
  rolloutPolicies:
  - name: careful
    waves: [{name: inside, labels: {ring: early}, soak: 30m}, {name: tenth, percent: 10, soak: 2h},
            {name: half, percent: 50, approve: {roles: [owner], count: 1, within: 24h}}, {name: all, rest: true}]
    limits: {inFlight: 5%, perCustomer: 1, perLabel: {label: region, most: 2}, startsPerMinute: 10}
    gate: {maxFailures: 3, maxFailurePercent: 5, maxUnknownPercent: 5, minDecided: 5,
           minSuccessPercent: 95, requireReachedPercent: 50}
    timeout: 1h
    unhealthyGrace: 5m
    retries: 0
    lead: 5m
    onHalt: withdraw
    tail: 30d
    approve: …
    windows: {zone: Europe/Berlin, allow: [{days: [sat, sun], start: '23:30', minutes: 180}],
              blackouts: [{from: 2026-12-20, to: 2027-01-07}]}
    keepTogether: customer
    sticky: false
    closed: false
  branding:     {accent: '#1f5fbf', accentDark: …, support: …, homeText: …,
                 logo: logo.svg, logoDark: …, favicon: …}
What a file does not name stays as it is. Of a license it names all terms:
those left out do not restrict. Of a rollout policy it names all rules: those
left out have their defaults. Paths of pictures are below the file's folder.")]
pub(crate) struct Apply {
    /// A YAML file, or - for standard input; may be given several times
    #[arg(short = 'f', long = "file", required = true, value_name = "FILE", num_args = 1..)]
    files: Vec<PathBuf>,
    /// Only print what would change; exit code 6 if something would
    #[arg(long)]
    plan: bool,
    /// Why; needed where a signing policy that is in force changes
    #[arg(long)]
    reason: Option<String>,
}

impl Apply {
    pub(crate) async fn run(self, session: impl FnOnce() -> Result<Session>) -> Result<()> {
        let wanted = file::read_all(&self.files)?;
        if wanted.is_empty() {
            remark(
                "the files name nothing: no applications, channels, customers, licenses, rollout policies or branding",
            );
        }
        let Session { hub, out } = session()?;
        let current = current::load(&hub, &wanted).await?;
        check::check(&wanted, &current)?;
        let steps = plan::plan(&wanted, &current, clock::now());
        if !self.plan {
            return execute::execute(&hub, &out, steps, self.reason.as_deref()).await;
        }
        show::plan(&out, &steps)?;
        match steps.iter().any(plan::Step::changes) {
            true => Err(Failure::WouldChange.into()),
            false => Ok(()),
        }
    }
}
