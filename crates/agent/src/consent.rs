//! Consents: the answers that somebody on this host gave, one file a deployment, each about exactly one generation and what
//! runs with it. Beside them lies why the host holds what is wanted, whole, for those who may see this host's values.

use std::{fs, io};

use chrono::{DateTime, Utc};
use distr_domain::agent::{DesiredDeployment, Instruction, RunChartInstruction, RunInstruction};
use distr_domain::ids::DeploymentId;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::data_dir::DataDir;
use crate::durable::{self, Access};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    pub generation: u64,
    /// checksum of what was agreed to: a hub that later sends something else under the same number has no consent
    pub content: String,
    pub answer: Answer,
    pub at: DateTime<Utc>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    Given,
    Refused,
}

impl Decision {
    pub fn about(wanted: &DesiredDeployment, answer: Answer, at: DateTime<Utc>) -> Self {
        Self { generation: wanted.generation, content: content(wanted), answer, at }
    }

    /// Whether the answer is about this generation with this content.
    pub fn covers(&self, wanted: &DesiredDeployment) -> bool {
        self.generation == wanted.generation && self.content == content(wanted)
    }
}

/// A checksum of what the instruction brings about: files, images and profiles. Left out is what only guards it, keys and
/// signatures, and the values of the configuration, which may change within a generation when a secret is replaced.
fn content(wanted: &DesiredDeployment) -> String {
    let content = match &wanted.instruction {
        Instruction::Run(RunInstruction { version, compose, files, images, profiles, .. }) => {
            let images: Vec<_> =
                images.iter().map(|image| (&image.service, &image.repository, &image.digest)).collect();
            let mut run = json!({"version": version, "compose": compose, "images": images, "profiles": profiles});
            // consents of before there were files count on
            if !files.is_empty() {
                run["files"] = json!(files);
            }
            json!({ "run": run })
        }
        Instruction::RunChart(RunChartInstruction { version, chart, lock, features, .. }) => {
            json!({ "run_chart": { "version": version, "chart": chart, "lock": lock, "features": features } })
        }
        Instruction::Remove { data } => json!({"remove": data}),
        Instruction::Unknown => json!("unknown"),
    };
    // lines of the policy may be of one application
    let content = json!({"application": wanted.application, "does": content});
    hex::encode(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, content.to_string().as_bytes()))
}

pub fn load(data: &DataDir, deployment: DeploymentId) -> io::Result<Option<Decision>> {
    match fs::read(data.consent(deployment)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        bytes => Ok(Some(serde_json::from_slice(&bytes?)?)),
    }
}

/// Voids the answer about another generation than the one that is wanted: it was asked for under other circumstances.
pub fn void_others(data: &DataDir, deployment: DeploymentId, generation: u64) {
    let voided = match load(data, deployment) {
        Ok(Some(decision)) if decision.generation != generation => fs::remove_file(data.consent(deployment)),
        // one that cannot be read is none; whoever asks for it says so
        Ok(_) | Err(_) => Ok(()),
    };
    if let Err(error) = voided {
        tracing::error!(%deployment, generation, %error, "a consent to another generation cannot be removed");
    }
}

/// The answer is used up when what it is about is done: the same generation again asks again.
pub fn use_up(data: &DataDir, deployment: DeploymentId, generation: u64) {
    let used = match load(data, deployment) {
        Ok(Some(decision)) if decision.generation == generation => fs::remove_file(data.consent(deployment)),
        Ok(_) => Ok(()),
        Err(error) => Err(error),
    };
    if let Err(error) = used {
        tracing::error!(%deployment, generation, %error, "a consent that was used cannot be removed");
    }
}

pub fn store(data: &DataDir, deployment: DeploymentId, decision: &Decision) -> io::Result<()> {
    durable::private_folder(&data.deployment(deployment))?;
    durable::write(&data.consent(deployment), &serde_json::to_vec_pretty(decision)?, Access::Owner)
}

/// Keeps why the host holds what is wanted, for `consent list`, in place of an earlier reason. It is reported either way.
pub fn note_reason(data: &DataDir, deployment: DeploymentId, reason: &str) {
    let written = durable::private_folder(&data.deployment(deployment))
        .and_then(|()| durable::write(&data.held(deployment), reason.as_bytes(), Access::Owner));
    if let Err(error) = written {
        tracing::warn!(%deployment, %error, "cannot keep why it is held");
    }
}

/// The reason does not hold any more.
pub fn forget_reason(data: &DataDir, deployment: DeploymentId) {
    match fs::remove_file(data.held(deployment)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            tracing::warn!(%deployment, %error, "cannot forget why it was held");
        }
        _ => {}
    }
}

/// The reason that was kept.
pub fn reason(data: &DataDir, deployment: DeploymentId) -> Option<String> {
    fs::read_to_string(data.held(deployment)).ok()
}

#[cfg(test)]
mod tests {
    use distr_domain::agent::{DataRemoval, Trust};
    use distr_domain::trust::{SignedLayer, SignedParts};

    use super::*;
    use crate::fixture::{DEPLOYMENT, run_instruction, wanted, wanted_removed};

    #[test]
    fn consent_is_for_one_generation_and_its_content() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataDir::open(folder.path()).unwrap();
        let decision = Decision::about(&wanted(4), Answer::Given, DateTime::UNIX_EPOCH);
        store(&data, DEPLOYMENT, &decision).unwrap();
        let kept = load(&data, DEPLOYMENT).unwrap().unwrap();
        assert_eq!(kept, decision);
        let mut secret = run_instruction();
        secret.config.insert("PASSWORD".to_owned(), "new".to_owned());
        let secret = DesiredDeployment { instruction: Instruction::Run(secret), ..wanted(4) };
        assert!(kept.covers(&wanted(4)) && kept.covers(&secret));
        let guarded = RunInstruction {
            trust: Some(Trust { keys: vec![], requires: SignedParts::Release }),
            signatures: vec![SignedLayer { media_type: "x".to_owned(), signature: None, content: String::new() }],
            ..run_instruction()
        };
        let guarded = DesiredDeployment { instruction: Instruction::Run(guarded), ..wanted(4) };
        assert!(kept.covers(&guarded), "keys and signatures guard what runs, and are no part of it");
        let other = RunInstruction { compose: "services: {evil: {}}".to_owned(), ..run_instruction() };
        let other = DesiredDeployment { instruction: Instruction::Run(other), ..wanted(4) };
        let renamed = DesiredDeployment { application: "another".parse().unwrap(), ..wanted(4) };
        for wanted in [wanted(5), other, renamed, wanted_removed(4, DataRemoval::Remove)] {
            assert!(!kept.covers(&wanted), "{wanted:?}");
        }
        use_up(&data, DEPLOYMENT, 3);
        void_others(&data, DEPLOYMENT, 4);
        assert_eq!(load(&data, DEPLOYMENT).unwrap(), Some(decision.clone()));
        void_others(&data, DEPLOYMENT, 5);
        assert_eq!(load(&data, DEPLOYMENT).unwrap(), None);
        store(&data, DEPLOYMENT, &decision).unwrap();
        use_up(&data, DEPLOYMENT, 4);
        assert_eq!(load(&data, DEPLOYMENT).unwrap(), None);
    }
}
