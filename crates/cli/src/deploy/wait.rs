//! Waiting for a deployment: looks at its state until that says something final. What it means is a pure function; a hub
//! that is away for a moment does not end the wait.

use std::borrow::Cow;
use std::time::Duration;

use anyhow::Result;
use tokio::time::Instant;

use super::Of;
use crate::exit::{Failure, is_passing};
use crate::hub::Hub;
use crate::operation::read;
use crate::output::Output;
use crate::progress::Progress;

use deploy_progress::{
    DeployProgressDeployment as Seen, DeploymentPhase as Phase, DeploymentStep as Step, TargetState,
};

read!("src/deploy.graphql": DeployProgress);

const INTERVAL: Duration = Duration::from_millis(500);

pub(super) struct Awaited {
    pub(super) of: Of,
    pub(super) generation: u64,
    pub(super) goal: Goal,
    pub(super) timeout: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Goal {
    Healthy,
    Removed,
}

#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    /// and what is being done
    Going(Cow<'static, str>),
    Reached,
    Failed(String),
    /// somebody asked for something else since
    Superseded,
}

/// The sentence about the goal that was reached, or why it was not.
pub(super) async fn until_done(hub: &Hub, out: &Output, awaited: Awaited) -> Result<String> {
    let Of { target, app, .. } = &awaited.of;
    let progress = Progress::start(out);
    let deadline = Instant::now() + awaited.timeout;
    loop {
        let doing = match look(hub, &awaited.of).await {
            Ok(seen) => match verdict(&seen, awaited.generation, awaited.goal) {
                Verdict::Reached if awaited.goal == Goal::Removed => {
                    return Ok(format!("{app} is removed from {target}"));
                }
                Verdict::Reached => return Ok(format!("{app} {} is healthy on {target}", seen.desired_version)),
                Verdict::Failed(reason) => {
                    return failed(format!("{app} {} failed on {target}: {reason}", seen.desired_version));
                }
                Verdict::Superseded => {
                    return failed(format!("{app} on {target}: something else was asked for in the meantime"));
                }
                Verdict::Going(doing) => doing,
            },
            Err(error) if is_passing(&error) => "the hub is away; waiting for it".into(),
            Err(error) => return Err(error),
        };
        progress.tell(&doing);
        if Instant::now() >= deadline {
            let seconds = awaited.timeout.as_secs();
            return failed(format!("{app} on {target} is not done after {seconds} s: {doing}; see: distr fleet"));
        }
        tokio::time::sleep(INTERVAL).await;
    }
}

fn failed(text: String) -> Result<String> {
    Err(Failure::DeploymentFailed(text).into())
}

async fn look(hub: &Hub, of: &Of) -> Result<Seen> {
    let Of { customer, target, app: application } = of.clone();
    Ok(hub.ask::<DeployProgress>(deploy_progress::Variables { customer, target, application }).await?.deployment)
}

fn verdict(seen: &Seen, generation: u64, goal: Goal) -> Verdict {
    if seen.generation > generation {
        return Verdict::Superseded;
    }
    match (&seen.phase, goal) {
        (Phase::HEALTHY, Goal::Healthy) | (Phase::REMOVED | Phase::ABSENT, Goal::Removed) => Verdict::Reached,
        (Phase::FAILED, _) => Verdict::Failed(reason(seen)),
        // whoever owns the host may let it go on while we wait
        (Phase::HELD, _) => Verdict::Going(format!("held by the host: {}", reason(seen)).into()),
        (Phase::UNHEALTHY, _) => Verdict::Going(format!("not healthy: {}", reason(seen)).into()),
        // the agent goes on by itself
        (_, _) if seen.error.is_some() => Verdict::Going(format!("being tried again: {}", reason(seen)).into()),
        _ => Verdict::Going(doing(seen).into()),
    }
}

fn reason(seen: &Seen) -> String {
    let error = match &seen.error {
        // a line of an agent's must not pass for one of ours
        Some(error) => error.text.lines().collect::<Vec<_>>().join(" "),
        None => "the agent gave no reason".to_owned(),
    };
    match &seen.running_version {
        Some(running) if *running != seen.desired_version => format!("{error}; {running} runs on"),
        _ => error,
    }
}

fn doing(seen: &Seen) -> &'static str {
    match (&seen.target.state, &seen.step) {
        (TargetState::UNKNOWN, _) => "waiting for an agent: none was heard from yet",
        (TargetState::STALE | TargetState::OFFLINE, _) => {
            "waiting for the agent: it has not been heard from for a while"
        }
        (_, Some(Step::PULLING)) => "pulling images",
        (_, Some(Step::PROVING)) => "starting it, and waiting for its health",
        (_, Some(Step::SWITCHING)) => "switching over",
        (_, Some(Step::APPLIED)) => "applied; waiting for its health",
        (_, Some(Step::REMOVING)) => "removing",
        _ => "waiting for the agent to fetch it",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn seen(generation: u64, phase: &str, running: Option<&str>, error: Option<&str>) -> Seen {
        let error = error.map(|text| json!({"category": "UNHEALTHY", "text": text}));
        let target = json!({"state": "OK"});
        serde_json::from_value(json!({
            "generation": generation, "desiredVersion": "1.2.0", "phase": phase, "step": "PROVING",
            "runningVersion": running, "error": error, "target": target,
        }))
        .unwrap()
    }

    #[test]
    fn healthy_ends_the_wait_for_health_alone() {
        assert_eq!(verdict(&seen(2, "HEALTHY", Some("1.2.0"), None), 2, Goal::Healthy), Verdict::Reached);
        assert!(matches!(verdict(&seen(2, "HEALTHY", None, None), 2, Goal::Removed), Verdict::Going(_)));
        assert_eq!(verdict(&seen(2, "REMOVED", None, None), 2, Goal::Removed), Verdict::Reached);
    }

    #[test]
    fn a_failure_says_why_and_what_runs_on() {
        let failed = seen(2, "FAILED", Some("1.1.0"), Some("web is unhealthy"));
        assert_eq!(verdict(&failed, 2, Goal::Healthy), Verdict::Failed("web is unhealthy; 1.1.0 runs on".into()));
    }

    #[test]
    fn what_the_host_holds_may_still_go_on() {
        let held = seen(2, "HELD", Some("1.1.0"), Some("waits for consent on this host"));
        let doing = "held by the host: waits for consent on this host; 1.1.0 runs on";
        assert_eq!(verdict(&held, 2, Goal::Healthy), Verdict::Going(doing.into()));
    }

    #[test]
    fn what_is_tried_again_says_why() {
        let retrying = seen(2, "PROGRESSING", Some("1.1.0"), Some("the disk is full"));
        let doing = "being tried again: the disk is full; 1.1.0 runs on";
        assert_eq!(verdict(&retrying, 2, Goal::Healthy), Verdict::Going(doing.into()));
    }

    #[test]
    fn a_newer_wish_ends_the_wait() {
        assert_eq!(verdict(&seen(3, "HEALTHY", None, None), 2, Goal::Healthy), Verdict::Superseded);
    }

    #[test]
    fn unhealthy_may_still_get_healthy() {
        let ill = seen(2, "UNHEALTHY", Some("1.2.0"), Some("web is unhealthy"));
        assert_eq!(verdict(&ill, 2, Goal::Healthy), Verdict::Going("not healthy: web is unhealthy".into()));
    }
}
