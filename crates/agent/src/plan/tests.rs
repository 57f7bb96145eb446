use super::*;
use crate::fixture::Record;
use crate::fixture::*;

fn next(wanted: DesiredDeployment, seen: Seen<Name>, record: Option<Record>) -> Option<Kind> {
    let memory = record.map(memory).unwrap_or_default();
    let mut actions = plan(&desired(&[wanted]), &observed(seen), &memory);
    assert!(actions.len() <= 1, "{actions:?}");
    actions.pop().map(|action| action.kind)
}

fn runs() -> Seen<Name> {
    Seen { is_there: true, ..Seen::nothing(name()) }
}

fn drifted() -> Seen<Name> {
    Seen { drift: Some("web was removed".to_owned()), ..Seen::nothing(name()) }
}

const APPLY: Option<Kind> = Some(Kind::Apply(Resume::Start));

#[test]
fn what_is_wanted_and_not_settled_is_applied_from_where_it_was_cut_off() {
    assert_eq!(next(wanted(4), Seen::nothing(name()), None), APPLY);
    assert_eq!(next(wanted(4), drifted(), Some(applied_record(3))), APPLY);
    for (step, resume) in [(Step::Proving, Resume::Start), (Step::Switching, Resume::Switch)] {
        let record = Record { attempt: attempt(4, step), ..applied_record(3) };
        assert_eq!(next(wanted(4), runs(), Some(record)), Some(Kind::Apply(resume)));
    }
}

#[test]
fn what_is_settled_is_kept_as_it_was_applied() {
    let repair = Some(Kind::Repair { drift: "web was removed".to_owned() });
    let failed = Record { failed: failed(5), ..applied_record(4) };
    for (generation, record) in [(4, applied_record(4)), (5, failed)] {
        assert_eq!(next(wanted(generation), runs(), Some(record.clone())), None);
        assert_eq!(next(wanted(generation), drifted(), Some(record.clone())), repair);
        let left = Seen { has_leftovers: true, ..drifted() };
        assert_eq!(next(wanted(generation), left, Some(record)), Some(Kind::ClearLeftovers));
    }
    let held = Record { held: Some(5), ..applied_record(4) };
    assert_eq!(next(wanted(5), drifted(), Some(held.clone())), repair);
    assert_eq!(next(wanted(5), runs(), Some(held)), APPLY, "the host is asked again");
}

#[test]
fn what_a_first_try_left_is_taken_down() {
    let record = Record { failed: failed(1), ..record() };
    assert_eq!(next(wanted(1), runs(), Some(record.clone())), Some(Kind::TakeDown));
    assert_eq!(next(wanted(1), Seen::nothing(name()), Some(record)), None);
}

#[test]
fn a_removal_is_done_once_and_what_is_not_listed_is_left_alone() {
    let removal = || wanted_removed(5, DataRemoval::Keep);
    assert_eq!(next(removal(), runs(), Some(applied_record(4))), Some(Kind::Remove(DataRemoval::Keep)));
    assert_eq!(next(removal(), runs(), Some(Record { removed: Some(5), ..record() })), None);
    assert_eq!(plan(&desired(&[]), &observed(drifted()), &memory(applied_record(4))), []);
}
