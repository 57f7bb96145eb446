use distr_agent::plan::{Kind, Resume, plan};
use distr_domain::agent::{DataRemoval, DesiredDeployment, Step};

use super::observed;
use crate::containers::{Container, State, candidate_of};
use crate::fixture::*;
use crate::record::Record;

fn next(wanted: DesiredDeployment, containers: &[Container], record: Option<Record>) -> Option<Kind> {
    let memory = record.map(memory).unwrap_or_default();
    let desired = desired(&[wanted]);
    let mut actions = plan(&desired, &observed(&desired, containers, &memory), &memory);
    assert!(actions.len() <= 1, "{actions:?}");
    actions.pop().map(|action| action.kind)
}

fn candidate(generation: u64) -> Container {
    Container { project: candidate_of(PROJECT), ..container("web", generation) }
}

const APPLY: Option<Kind> = Some(Kind::Apply(Resume::Start));
const SWITCH: Option<Kind> = Some(Kind::Apply(Resume::Switch));

fn repair(drift: &str) -> Option<Kind> {
    Some(Kind::Repair { drift: drift.to_owned() })
}

#[test]
fn what_is_wanted_and_not_there_is_applied() {
    let old = || [container("web", 3)];
    let cases = [
        ("new", None, vec![], APPLY),
        ("upgrade", Some(applied_record(3)), old().to_vec(), APPLY),
        ("the state was lost, the containers run", None, vec![container("web", 4)], APPLY),
        (
            "an earlier generation failed",
            Some(Record { failed: failed(3), ..applied_record(2) }),
            old().to_vec(),
            APPLY,
        ),
        ("installed again after a removal", Some(Record { removed: Some(3), ..record() }), vec![], APPLY),
    ];
    for (name, record, containers, kind) in cases {
        assert_eq!(next(wanted(4), &containers, record), kind, "{name}");
    }
}

#[test]
fn what_is_as_wanted_is_left_alone() {
    assert_eq!(next(wanted(4), &[container("web", 4)], Some(applied_record(4))), None);
    let restarting = Container { state: State::Restarting, ..container("web", 4) };
    assert_eq!(next(wanted(4), &[restarting], Some(applied_record(4))), None);
}

#[test]
fn drift_of_the_applied_generation_is_repaired() {
    let of = |containers: &[Container]| next(wanted(4), containers, Some(applied_record(4)));
    assert_eq!(of(&[]), repair("service web: container was removed"));
    let stopped = Container { state: State::Exited, ..container("web", 4) };
    assert_eq!(of(&[stopped]), repair("service web: container web-1 is stopped (exit code 0)"));
    let and_a_stray = [container("web", 4), container("stray", 4)];
    assert_eq!(of(&and_a_stray), repair("container stray-1 is not part of the release"));
}

#[test]
fn a_generation_that_failed_is_not_tried_again_and_the_old_one_is_kept() {
    let failed_over_old = Record { failed: failed(4), ..applied_record(3) };
    let cases = [
        ("the old runs", vec![container("web", 3)], None),
        ("the old was removed by hand", vec![], repair("service web: container was removed")),
        (
            "the agent ended while it went back",
            vec![container("web", 4)],
            repair("service web: container web-1 is of another generation"),
        ),
    ];
    for (name, containers, kind) in cases {
        assert_eq!(next(wanted(4), &containers, Some(failed_over_old.clone())), kind, "{name}");
    }
    let failed_install = Record { failed: failed(4), ..record() };
    assert_eq!(next(wanted(4), &[], Some(failed_install.clone())), None);
    assert_eq!(next(wanted(4), &[container("web", 4)], Some(failed_install.clone())), Some(Kind::TakeDown));
    assert_eq!(next(wanted(5), &[], Some(failed_install)), APPLY);
}

#[test]
fn an_apply_that_was_cut_off_goes_on_where_that_is_safe() {
    for (step, kind) in [
        (Step::Pending, APPLY),
        (Step::Pulling, APPLY),
        (Step::Proving, APPLY),
        (Step::Switching, SWITCH),
        (Step::Removing, APPLY),
    ] {
        let cut = |generation| Record { attempt: attempt(generation, step), ..applied_record(3) };
        let containers = [container("web", 3), candidate(4)];
        assert_eq!(next(wanted(4), &containers, Some(cut(4))), kind, "{step:?}");
        assert_eq!(next(wanted(4), &containers, Some(cut(3))), APPLY, "{step:?} of another generation");
    }
}

#[test]
fn a_candidate_that_is_left_over_is_cleared_away() {
    for record in [applied_record(4), Record { failed: failed(4), ..applied_record(3) }] {
        let containers = [container("web", record.applied.as_ref().unwrap().generation), candidate(4)];
        assert_eq!(next(wanted(4), &containers, Some(record)), Some(Kind::ClearLeftovers));
    }
}

#[test]
fn removal_happens_once_and_only_when_it_is_said() {
    for data in [DataRemoval::Keep, DataRemoval::Remove] {
        let removal = || wanted_removed(5, data);
        let cut_off = Record { attempt: attempt(5, Step::Removing), ..applied_record(4) };
        assert_eq!(next(removal(), &[container("web", 4)], Some(applied_record(4))), Some(Kind::Remove(data)));
        assert_eq!(next(removal(), &[], Some(cut_off)), Some(Kind::Remove(data)));
        assert_eq!(next(removal(), &[], None), Some(Kind::Remove(data)));
        assert_eq!(next(removal(), &[], Some(Record { removed: Some(5), ..record() })), None);
        assert_eq!(next(removal(), &[], Some(Record { removed: Some(3), ..record() })), Some(Kind::Remove(data)));
    }
    let (nothing, memory) = (desired(&[]), memory(applied_record(4)));
    let actions = plan(&nothing, &observed(&nothing, &[container("web", 4)], &memory), &memory);
    assert_eq!(actions, [], "what is not listed is not touched");
}
