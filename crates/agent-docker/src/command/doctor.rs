//! `distr-agent doctor`: whether this host has what the agent needs.

use std::process::ExitCode;

use anyhow::Result;
use distr_agent::doctor::{Surroundings, Verdict, examine};
use distr_agent_docker::doctor as docker;

use crate::{Insecure, Place, PolicyPlace};
use distr_agent::output::line;

pub(crate) async fn run(place: &Place, policy: &PolicyPlace, insecure: &Insecure) -> Result<ExitCode> {
    let surroundings = Surroundings {
        data_dir: place.path(),
        policy: docker::policy(&policy.file()),
        transport: insecure.transport(),
    };
    let mut found = docker::examine().await;
    found.extend(examine(&surroundings).await);
    for finding in &found {
        let (verdict, text) = match &finding.verdict {
            Verdict::Good(text) => ("ok", text),
            Verdict::Doubtful(text) => ("warning", text),
            Verdict::Bad(text) => ("bad", text),
        };
        line(format!("{verdict:8} {:15} {text}", finding.subject))?;
    }
    match found.iter().any(|finding| matches!(finding.verdict, Verdict::Bad(_))) {
        true => Ok(ExitCode::FAILURE),
        false => Ok(ExitCode::SUCCESS),
    }
}
