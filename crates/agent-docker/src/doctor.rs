//! The checks of a host's Docker: the engine, its disk and the compose plugin.

use std::time::Duration;

use distr_agent::doctor::{Finding, Verdict, room};

use crate::compose;
use crate::engine::Engine;
use crate::policy::PolicyFile;

const LIMIT: Duration = Duration::from_secs(20);

pub async fn examine() -> Vec<Finding> {
    let engine = Engine::default();
    let mut found = vec![Finding {
        subject: "engine",
        verdict: match engine.version().await {
            Ok(version) => Verdict::Good(version),
            Err(failure) => Verdict::Bad(format!(
                "{}; check that it runs, and that this user may use its socket (DOCKER_HOST)",
                failure.text
            )),
        },
    }];
    if let Some(folder) = engine.root_folder().await.filter(|folder| folder.exists()) {
        let verdict = room(&folder, &folder.display().to_string());
        found.push(Finding { subject: "engine's disk", verdict });
    }
    let verdict = match compose::version(LIMIT).await {
        Ok(version) => Verdict::Good(version),
        Err(failure) => Verdict::Bad(failure.text),
    };
    found.push(Finding { subject: "compose plugin", verdict });
    found
}

/// Whether the policy can be relied on, and where it is.
pub fn policy(file: &PolicyFile) -> Verdict {
    match file.read() {
        Ok(_) if file.path.exists() => Verdict::Good(file.path.display().to_string()),
        Ok(_) => Verdict::Good(format!("the default, as there is no {}", file.path.display())),
        Err(fault) => Verdict::Bad(fault.to_string()),
    }
}
