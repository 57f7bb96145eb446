//! What no agent of ours sends: refused whole, and by name.

use std::collections::BTreeSet;

use chrono::Datelike;
use distr_domain::agent::{EnrolRequest, Report};

/// More in one request is refused whole; an agent sends the rest with the next.
const MAX_REPORTS: usize = 1_000;
const MAX_DEPLOYMENTS: usize = 200;
const MAX_TEXT: usize = 2_000;
const MAX_VERSION: usize = 100;
const MAX_FACTS: usize = 50;
const NONCE: std::ops::RangeInclusive<usize> = 16..=200;

/// A sentence about what does not fit.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Malformed(String);

pub(super) fn enrolment(request: &EnrolRequest) -> Result<(), Malformed> {
    match &request.nonce {
        Some(nonce) if !NONCE.contains(&nonce.len()) => {
            let (least, most) = (NONCE.start(), NONCE.end());
            Err(bad(format!("the nonce has {} bytes; send {least} to {most} random ones", nonce.len())))
        }
        _ => Ok(()),
    }
}

pub(super) fn reports(reports: &[Report]) -> Result<(), Malformed> {
    if reports.len() > MAX_REPORTS {
        return Err(bad(format!("{} reports in one request; send at most {MAX_REPORTS}", reports.len())));
    }
    in_order(reports)?;
    reports.iter().try_for_each(one)
}

/// One that came too early would make those before it look as if they were counted.
fn in_order(reports: &[Report]) -> Result<(), Malformed> {
    for (index, report) in reports.iter().enumerate().skip(1) {
        let before = &reports[index - 1];
        let follows = match report.boot == before.boot {
            true => report.sequence > before.sequence,
            false => reports[..index].iter().all(|earlier| earlier.boot != report.boot),
        };
        if !follows {
            let (id, sequence, after) = (report.id, report.sequence, before.sequence);
            return Err(bad(format!(
                "report {id} with sequence {sequence} comes after sequence {after}; send the oldest first, each once"
            )));
        }
    }
    Ok(())
}

fn one(report: &Report) -> Result<(), Malformed> {
    let Report { id, deployments, .. } = report;
    if deployments.len() > MAX_DEPLOYMENTS {
        return Err(bad(format!("report {id} has {} deployments; at most {MAX_DEPLOYMENTS}", deployments.len())));
    }
    let named: BTreeSet<_> = deployments.iter().map(|deployment| deployment.deployment).collect();
    if named.len() < deployments.len() {
        return Err(bad(format!("report {id} names a deployment twice; name each once")));
    }
    // revisions and generations are signed in the database
    let missing = report.missing.map_or(0, |missing| missing.reports);
    let running =
        deployments.iter().filter_map(|deployment| deployment.running.as_ref()).map(|running| running.generation);
    let numbers =
        deployments.iter().map(|deployment| deployment.generation).chain(running).chain([report.sequence, missing]);
    if numbers.into_iter().any(|number| i64::try_from(number).is_err()) {
        return Err(bad(format!("report {id} has a number out of range")));
    }
    if !(1..=9_999).contains(&report.at.year()) {
        return Err(bad(format!("report {id} is of the year {}; years 1 to 9999 can be kept", report.at.year())));
    }
    if report.agent_version.len() > MAX_VERSION {
        return Err(bad(format!("report {id} has an agent_version of more than {MAX_VERSION} bytes")));
    }
    let facts = report.facts.iter().flat_map(|facts| facts.runtime_version.iter().chain(&facts.platforms));
    if facts.clone().any(|fact| fact.len() > MAX_VERSION) || facts.clone().count() > MAX_FACTS {
        return Err(bad(format!(
            "report {id} has facts that are too long: at most {MAX_FACTS}, of {MAX_VERSION} bytes each"
        )));
    }
    let texts = deployments.iter().flat_map(|deployment| deployment.error.as_ref().map(|error| &error.text));
    let texts = texts.chain(deployments.iter().flat_map(|deployment| &deployment.drift));
    let texts = texts.chain(report.error.as_ref().map(|error| &error.text)).chain([&report.agent_version]).chain(facts);
    if texts.clone().any(|text| text.contains('\0')) {
        return Err(bad(format!("report {id} has a text with the character U+0000")));
    }
    let lengths = texts.map(|text| text.chars().count());
    match lengths.into_iter().find(|length| *length > MAX_TEXT) {
        Some(length) => Err(bad(format!("report {id} has a text of {length} characters; at most {MAX_TEXT}"))),
        None => Ok(()),
    }
}

fn bad(message: String) -> Malformed {
    Malformed(message)
}
