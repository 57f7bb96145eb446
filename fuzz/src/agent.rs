//! What agents send, read and checked as the hub's handlers do, and handed to the rules that they hand it to.

use std::collections::BTreeMap;

use distr_domain::agent::{EnrolRequest, HeartbeatRequest, Report};
use distr_domain::decider::Decider;
use distr_domain::deployment::{Deployment, DeploymentCommand, DeploymentEvent, Desired, Pace};
use distr_domain::ids::{ApplicationId, CustomerId, LicenseId, TargetId};
use distr_domain::tally::Tally;
use serde::{Serialize, de::DeserializeOwned};
use uuid::Uuid;

#[rustfmt::skip]
#[path = "../../crates/api/src/agent/check.rs"]
mod check;

pub fn agent_bodies(bytes: &[u8]) {
    if let Ok(body) = serde_json::from_slice::<EnrolRequest>(bytes)
        && check::enrolment(&body).is_ok()
    {
        survives(&body);
        assert!(body.nonce.is_none_or(|nonce| (16..=200).contains(&nonce.len())));
    }
    if let Ok(body) = serde_json::from_slice::<HeartbeatRequest>(bytes)
        && check::reports(&body.reports).is_ok()
    {
        survives(&body);
        counted_once(&body.reports);
        body.reports.iter().for_each(observed);
    }
}

/// What was taken is what is stored and read back.
fn survives<T: Serialize + DeserializeOwned>(body: &T) {
    let json = serde_json::to_string(body).expect("a body is JSON");
    let again: T = serde_json::from_str(&json).expect("what was written can be read");
    assert_eq!(serde_json::to_string(&again).expect("a body is JSON"), json);
}

/// Reports that were checked come in an order in which each is new once.
fn counted_once(reports: &[Report]) {
    let Some(first) = reports.first() else { return };
    let mut tally = Tally::of(first);
    for report in &reports[1..] {
        assert!(!tally.knows(report) && tally.count(report) && tally.knows(report));
    }
    if tally.earlier.len() < 16 {
        assert!(reports.iter().all(|report| tally.knows(report)));
    }
}

/// Each report has its effect once.
fn observed(report: &Report) {
    for said in &report.deployments {
        let mut deployment = Deployment::default();
        deployment.evolve(&DeploymentEvent::DesiredReleaseSet {
            generation: 1,
            desired: desired(),
            downgrade: None,
            origin: None,
        });
        let (target, pace) = (TargetId(Uuid::nil()), Pace::Steady);
        let command = DeploymentCommand::Observe { target, report: said.clone(), at: report.at, pace };
        let events = deployment.decide(&command).expect("an observation is not refused");
        events.iter().for_each(|event| deployment.evolve(event));
        let again = deployment.decide(&command).expect("an observation is not refused");
        assert_eq!(again, [], "after {events:?}");
    }
}

fn desired() -> Desired {
    let nil = Uuid::nil();
    Desired {
        customer: CustomerId(nil),
        target: TargetId(nil),
        application: ApplicationId(nil),
        version: "1.0.0".parse().expect("a version"),
        license: LicenseId(nil),
        features: vec![],
        config: BTreeMap::new(),
        secrets: Default::default(),
        asked_by: Default::default(),
        channel: None,
        values: Default::default(),
        namespace: None,
    }
}
