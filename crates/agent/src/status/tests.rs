use super::*;
use crate::fixture::Record;
use crate::fixture::*;

fn said(seen: Seen<Name>, record: Option<Record>) -> DeploymentReport {
    report(&wanted(4), &observed(seen), record.as_ref(), &Progress::default())
}

fn ill() -> Seen<Name> {
    Seen { health: Health::Fail, illness: Some("web crashes".to_owned()), ..Seen::nothing(name()) }
}

#[test]
fn illness_is_told_of_what_is_applied() {
    let applied = said(ill(), Some(applied_record(4)));
    assert_eq!((applied.step, applied.health), (Step::Applied, Health::Fail));
    assert_eq!(applied.error.map(|error| error.text).as_deref(), Some("web crashes"));
    let switching = said(ill(), Some(Record { attempt: attempt(4, Step::Switching), ..applied_record(3) }));
    assert_eq!((switching.health, switching.error), (Health::Unknown, None));
    let forgotten = said(ill(), None);
    assert_eq!((forgotten.step, forgotten.health), (Step::Pending, Health::Unknown));
}

#[test]
fn drift_is_told_of_what_is_settled_and_is_the_worst_illness() {
    let drifted = || Seen { drift: Some("web was removed".to_owned()), ..ill() };
    let applied = said(drifted(), Some(applied_record(4)));
    assert_eq!((applied.drift.as_deref(), applied.health), (Some("web was removed"), Health::Fail));
    assert_eq!(applied.error.map(|error| error.text).as_deref(), Some("web was removed"));
    let on_its_way = said(drifted(), Some(Record { attempt: attempt(4, Step::Pulling), ..applied_record(3) }));
    assert_eq!(on_its_way.drift, None);
}

#[test]
fn values_of_the_configuration_are_in_no_text() {
    let mut run = run_instruction();
    run.config.insert("PASSWORD".to_owned(), "hunter2".to_owned());
    let wanted = DesiredDeployment { instruction: Instruction::Run(run), ..wanted(4) };
    let seen = Seen { drift: Some("hunter2 was removed".to_owned()), ..ill() };
    let report = report(&wanted, &observed(seen), Some(&applied_record(4)), &Progress::default());
    assert_eq!(report.drift.as_deref(), Some("*** was removed"));
}
