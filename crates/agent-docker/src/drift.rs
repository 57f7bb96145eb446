//! What somebody changed by hand: the difference between the containers as they were when the release was proven and as
//! they are now. A container that is unhealthy is not drift, nor is one that the engine restarts.

use std::collections::BTreeSet;

use crate::containers::{Container, State};
use crate::record::{Applied, Service};

/// The most characters of drift that a report holds.
const LONGEST_TEXT: usize = 2000;

/// One phrase a finding, in the order of the services; nothing if all is as applied.
pub(super) fn find(applied: &Applied, containers: &[&Container]) -> Option<String> {
    let mut findings = Vec::new();
    let lasting = applied.baseline.services.iter().filter(|(service, _)| !applied.baseline.jobs.contains(*service));
    for (service, baseline) in lasting {
        let own: Vec<_> = containers.iter().copied().filter(|container| &container.service == service).collect();
        findings.extend(of_count(service, baseline, own.len()));
        findings.extend(own.into_iter().filter_map(|container| of_container(applied.generation, baseline, container)));
    }
    let known: BTreeSet<&str> = applied.baseline.services.keys().map(String::as_str).collect();
    let unknown = containers.iter().filter(|container| !known.contains(container.service.as_str()));
    findings.extend(unknown.map(|container| format!("container {} is not part of the release", container.name)));
    (!findings.is_empty()).then(|| findings.join("; ").chars().take(LONGEST_TEXT).collect())
}

fn of_count(service: &str, baseline: &Service, count: usize) -> Option<String> {
    match (baseline.count, count) {
        (wanted, found) if wanted == found => None,
        (1, 0) => Some(format!("service {service}: container was removed")),
        (wanted, found) => Some(format!("service {service}: {found} containers instead of {wanted}")),
    }
}

fn of_container(generation: u64, baseline: &Service, container: &Container) -> Option<String> {
    let Container { service, name, .. } = container;
    let finding = match container.state {
        State::Exited | State::Dead => {
            return Some(format!("service {service}: container {name} is stopped ({})", container.end()));
        }
        State::Created => "was never started",
        State::Paused => "is paused",
        _ if container.generation != Some(generation) => "is of another generation",
        _ if container.config_hash != baseline.config_hash => "has a changed definition",
        _ if container.image != baseline.image => "runs another image",
        _ => return None,
    };
    Some(format!("service {service}: container {name} {finding}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::containers::Probe;
    use crate::fixture::{applied, container};

    fn found(change: impl FnOnce(&mut Container)) -> Option<String> {
        let mut one = container("web", 4);
        change(&mut one);
        find(&applied(4, &["web"]), &[&one])
    }

    #[test]
    fn what_is_as_applied_is_no_drift() {
        assert_eq!(found(|_| {}), None);
        assert_eq!(found(|container| container.state = State::Restarting), None);
        assert_eq!(found(|container| container.probe = Some(Probe::Unhealthy)), None);
    }

    #[test]
    fn each_change_by_hand_is_named() {
        type Change = fn(&mut Container);
        let cases: [(Change, &str); 8] = [
            (
                |c| (c.state, c.exit_code) = (State::Exited, Some(137)),
                "service web: container web-1 is stopped (exit code 137)",
            ),
            (|c| c.state = State::Dead, "service web: container web-1 is stopped (exit code 0)"),
            (|c| c.state = State::Paused, "service web: container web-1 is paused"),
            (|c| c.state = State::Created, "service web: container web-1 was never started"),
            (|c| c.generation = Some(3), "service web: container web-1 is of another generation"),
            (|c| c.generation = None, "service web: container web-1 is of another generation"),
            (|c| c.config_hash = Some("other".to_owned()), "service web: container web-1 has a changed definition"),
            (|c| c.image = "other".to_owned(), "service web: container web-1 runs another image"),
        ];
        for (change, text) in cases {
            assert_eq!(found(change).as_deref(), Some(text));
        }
    }

    #[test]
    fn a_container_that_is_gone_or_added_is_drift() {
        let applied = applied(4, &["db", "web"]);
        let (db, web, stray) = (container("db", 4), container("web", 4), container("stray", 4));
        assert_eq!(find(&applied, &[&db]).as_deref(), Some("service web: container was removed"));
        assert_eq!(find(&applied, &[&db, &web, &web]).as_deref(), Some("service web: 2 containers instead of 1"));
        let text = find(&applied, &[&web, &stray]).unwrap();
        assert_eq!(text, "service db: container was removed; container stray-1 is not part of the release");
    }

    #[test]
    fn the_text_fits_a_report() {
        let strays: Vec<Container> = (0..100).map(|n| container(&format!("stray{n}"), 4)).collect();
        let text = find(&applied(4, &[]), &strays.iter().collect::<Vec<_>>()).unwrap();
        assert_eq!(text.chars().count(), LONGEST_TEXT);
    }

    #[test]
    fn a_job_that_ended_or_went_is_no_drift() {
        let mut applied = applied(4, &["migrate", "web"]);
        applied.baseline.jobs.insert("migrate".to_owned());
        let mut migrate = container("migrate", 4);
        migrate.state = State::Exited;
        assert_eq!(find(&applied, &[&migrate, &container("web", 4)]), None);
        assert_eq!(find(&applied, &[&container("web", 4)]), None);
    }
}
