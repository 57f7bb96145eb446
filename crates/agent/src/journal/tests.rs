use std::fs;
use std::path::Path;

use chrono::{DateTime, TimeDelta};
use distr_domain::agent::{Missing, Report};
use uuid::Uuid;

use super::{Journal, Limits};

const SMALL: Limits = Limits { reports: 16, bytes: usize::MAX, under_way: 2 };

fn report(sequence: u64) -> Report {
    Report {
        id: Uuid::from_u128(sequence.into()),
        boot: Uuid::nil(),
        sequence,
        at: DateTime::UNIX_EPOCH + TimeDelta::seconds(sequence as i64),
        agent_version: String::new(),
        facts: None,
        deployments: vec![],
        error: None,
        missing: None,
        contact: None,
    }
}

fn open(folder: &Path) -> Journal {
    Journal::open(folder.join("journal"), Limits::default())
}

fn sequences(journal: &Journal) -> Vec<u64> {
    journal.oldest(usize::MAX).iter().map(|report| report.sequence).collect()
}

#[test]
fn what_is_not_acknowledged_outlives_the_agent() {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = open(folder.path());
    (1..=5).for_each(|n| journal.push(report(n), n == 3));
    journal.acknowledge(&journal.oldest(2));
    drop(journal);
    let journal = open(folder.path());
    assert_eq!(sequences(&journal), [3, 4, 5]);
    assert_eq!(journal.oldest(1), [report(3)]);
}

#[test]
fn a_file_that_is_torn_at_any_byte_loses_no_line_before() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    let mut journal = open(folder.path());
    let mut ends = vec![0];
    for n in 1..=3 {
        journal.push(report(n), true);
        ends.push(fs::metadata(&path).unwrap().len());
    }
    let whole = fs::read(&path).unwrap();
    for length in 0..=whole.len() {
        fs::write(&path, &whole[..length]).unwrap();
        let lines = ends.iter().filter(|end| **end <= length as u64).count() as u64 - 1;
        let mut journal = open(folder.path());
        assert_eq!(sequences(&journal), (1..=lines).collect::<Vec<_>>(), "{length} bytes");
        journal.push(report(9), true);
        assert_eq!(sequences(&open(folder.path())), (1..=lines).chain([9]).collect::<Vec<_>>(), "{length} bytes");
    }
}

#[test]
fn a_line_that_changed_on_the_disk_is_not_believed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    let mut journal = open(folder.path());
    (1..=2).for_each(|n| journal.push(report(n), true));
    let mut content = fs::read(&path).unwrap();
    let last = content.len() - 3;
    content[last] ^= 1;
    fs::write(&path, content).unwrap();
    assert_eq!(sequences(&open(folder.path())), [1]);
}

#[test]
fn what_is_done_with_does_not_stay_in_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = open(folder.path());
    for n in 1..=5_000 {
        journal.push(report(n), false);
        journal.acknowledge(&[report(n)]);
    }
    assert!(journal.is_empty());
    assert!(fs::metadata(folder.path().join("journal")).unwrap().len() < 300 * 1024);
}

#[test]
fn plain_heartbeats_go_first_and_the_gap_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = Journal::open(folder.path().join("journal"), SMALL);
    (1..=17).for_each(|n| journal.push(report(n), n == 3 || n == 5));
    // down to 14: three heartbeats go, neither those under way nor the changes between
    assert_eq!(sequences(&journal), [1, 2, 3, 5, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17]);
    let told = |journal: &Journal| -> Vec<_> {
        journal.oldest(usize::MAX).into_iter().filter_map(|report| Some((report.sequence, report.missing?))).collect()
    };
    let gap = |reports, from, to| Missing { reports, from: report(from).at, to: report(to).at };
    assert_eq!(told(&journal), [(5, gap(1, 4, 4)), (8, gap(2, 6, 7))]);
    (18..=20).for_each(|n| journal.push(report(n), false));
    assert_eq!(sequences(&journal), [1, 2, 3, 5, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20]);
    assert_eq!(told(&journal), [(5, gap(1, 4, 4)), (11, gap(5, 6, 10))]);
    let again = Journal::open(folder.path().join("journal"), SMALL);
    assert_eq!((sequences(&again), told(&again)), (sequences(&journal), told(&journal)), "the file is thinned, too");
}

#[test]
fn of_changes_alone_the_oldest_go_and_the_newest_stays() {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = Journal::open(folder.path().join("journal"), SMALL);
    (1..=1_000).for_each(|n| journal.push(report(n), true));
    let kept = journal.oldest(usize::MAX);
    assert!(kept.len() <= SMALL.reports);
    assert_eq!(kept.last().unwrap().sequence, 1_000);
    let missing: u64 = kept.iter().filter_map(|report| Some(report.missing?.reports)).sum();
    assert_eq!(kept.len() as u64 + missing, 1_000, "each is there or told to be missing");
}

#[test]
fn a_journal_that_cannot_be_written_goes_on_in_memory() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("later");
    let mut journal = Journal::open(missing.join("journal"), Limits::default());
    journal.push(report(1), true);
    assert!(journal.trouble().is_some());
    assert_eq!(sequences(&journal), [1]);
    fs::create_dir(&missing).unwrap();
    journal.push(report(2), false);
    assert!(journal.trouble().is_none());
    assert_eq!(sequences(&Journal::open(missing.join("journal"), Limits::default())), [1, 2]);
}
