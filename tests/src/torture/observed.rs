//! What heartbeats change becomes a fact, once, at the report's own time. For deployments whose wish never changes, the
//! facts must be exactly what the deployment's rules make of its reports, each taken once and in their order.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use anyhow::{Context, Result};
use chrono::{DateTime, Utc};
use distr_domain::agent::Report;
use distr_domain::decider::{Category, Decider};
use distr_domain::deployment::{Deployment, DeploymentCommand, DeploymentEvent, Pulse, ReportTime};
use distr_domain::ids::TargetId;
use distr_eventlog::{Entry, RecordedEvent, TelemetryKind};
use uuid::Uuid;

use super::findings::Findings;

/// By deployment: its facts, in order.
fn facts(entries: &[Entry]) -> HashMap<Uuid, Vec<&RecordedEvent>> {
    let mut facts: HashMap<Uuid, Vec<&RecordedEvent>> = HashMap::new();
    for entry in entries {
        if let Entry::Fact(event) = entry
            && event.stream.category == Category::Deployment
        {
            facts.entry(event.stream.id).or_default().push(event);
        }
    }
    facts
}

/// A report and when a hub received it.
type Received = (DateTime<Utc>, Report);

/// By target: its reports in the order of the log, each where it stands first.
fn reports(entries: &[Entry]) -> Result<HashMap<Uuid, Vec<Received>>> {
    let (mut reports, mut known): (HashMap<Uuid, Vec<Received>>, _) = (HashMap::new(), HashSet::new());
    for entry in entries {
        if let Entry::Telemetry(recorded) = entry
            && recorded.record.kind == TelemetryKind::Heartbeat
            && known.insert(recorded.record.id)
        {
            let report = serde_json::from_slice(&recorded.record.payload).context("a report")?;
            reports.entry(recorded.record.subject).or_default().push((recorded.record.recorded_at, report));
        }
    }
    Ok(reports)
}

/// Checks every deployment that was wished for once. Answers with how many facts that were.
pub(crate) fn check(entries: &[Entry], findings: &mut Findings) -> Result<usize> {
    let reports = reports(entries)?;
    let mut checked = 0;
    for (deployment, facts) in facts(entries) {
        let events = facts.iter().map(|fact| fact.decode()).collect::<Result<Vec<DeploymentEvent>, _>>()?;
        once_each(deployment, &facts, findings);
        let Some(DeploymentEvent::DesiredReleaseSet { desired, .. }) = events.first() else { continue };
        let wishes = events.iter().filter(|event| matches!(event, DeploymentEvent::DesiredReleaseSet { .. }));
        if wishes.count() > 1 {
            continue;
        }
        let told = reports.get(&desired.target.0).map_or(&[][..], Vec::as_slice);
        let expected = expected(deployment, desired.target, &events[0], told);
        let actual = facts[1..].iter().zip(&events[1..]).map(|(fact, event)| (fact.causation, event.clone()));
        let actual: Vec<_> = actual.collect();
        let differs = actual.iter().zip(&expected).position(|(actual, expected)| actual != expected);
        match differs {
            Some(at) => findings.differences.push(format!(
                "fact {at} of deployment {deployment} is {:?}; by the reports it should be {:?}",
                actual[at], expected[at]
            )),
            None if actual.len() < expected.len() => {
                findings.lost.push(format!("deployment {deployment} has no fact {:?}", expected[actual.len()]));
            }
            None if actual.len() > expected.len() => findings.doubled.push(format!(
                "deployment {deployment} has the fact {:?}, which no report says",
                actual[expected.len()]
            )),
            None => checked += actual.len(),
        }
    }
    Ok(checked)
}

/// No report says the same thing of a deployment twice.
fn once_each(deployment: Uuid, facts: &[&RecordedEvent], findings: &mut Findings) {
    let mut known = HashSet::new();
    for fact in facts.iter().filter(|fact| fact.causation.is_some()) {
        if !known.insert((fact.causation, &fact.event_type)) {
            let (event_type, report) = (&fact.event_type, fact.causation.unwrap_or_default());
            findings.doubled.push(format!("report {report} became {event_type} of deployment {deployment} twice"));
        }
    }
}

fn expected(
    deployment: Uuid,
    target: TargetId,
    wish: &DeploymentEvent,
    reports: &[Received],
) -> Vec<(Option<Uuid>, DeploymentEvent)> {
    let (mut state, mut pulse) = (Deployment::fold([wish]), Pulse::default());
    let mut expected = vec![];
    for (received, report) in reports {
        for said in report.deployments.iter().filter(|said| said.deployment.0 == deployment) {
            let mut hasher = DefaultHasher::new();
            format!("{said:?}").hash(&mut hasher);
            let (fingerprint, time) = (hasher.finish(), ReportTime::of(report, *received));
            let Some(pace) = pulse.hear(said, fingerprint, time) else { continue };
            let command = DeploymentCommand::Observe { target, report: said.clone(), at: report.at, pace };
            let events = state.decide(&command).unwrap_or_default();
            events.iter().for_each(|event| state.evolve(event));
            pulse.heard(said, fingerprint, time, (!events.is_empty(), state.is_flapping));
            expected.extend(events.into_iter().map(|event| (Some(report.id), event)));
        }
    }
    expected
}
