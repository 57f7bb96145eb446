//! The model: a list of ids for the log, one for each stream. After each step what is new in the log must be made of whole
//! requests of that step, each in its right place, and must agree with what each caller was told.

use std::collections::{HashMap, HashSet};

use distr_eventlog::{Append, AppendError, Entry, EventLog, Expected, Limit, Position, Selection, StreamName};
use proptest::prop_assert;
use proptest::prop_assert_eq;
use proptest::test_runner::TestCaseError;
use uuid::Uuid;

use crate::told::{Sent, Told};

type Checked = Result<(), TestCaseError>;

#[derive(Default)]
pub(crate) struct Model {
    /// ids in the order of their positions, and whether they are facts
    pub(crate) log: Vec<(Uuid, bool)>,
    positions: Vec<Position>,
    /// the store knows ids within their stream alone
    pub(crate) ids_of_streams: bool,
    streams: HashMap<StreamName, Vec<Uuid>>,
}

pub(crate) fn id(entry: &Entry) -> Uuid {
    match entry {
        Entry::Fact(event) => event.id,
        Entry::Telemetry(recorded) => recorded.record.id,
    }
}

/// All that stands behind `after`.
pub(crate) async fn read(log: &dyn EventLog, mut after: Position) -> Vec<Entry> {
    let mut entries = vec![];
    loop {
        let page = log.scan(after, Limit::entries(100), Selection::All).await.expect("the log can be read");
        if page.scanned_to == after {
            return entries;
        }
        after = page.scanned_to;
        entries.extend(page.entries);
    }
}

impl Model {
    pub(crate) fn revision(&self, stream: StreamName) -> Option<u64> {
        (self.streams.get(&stream)?.len() as u64).checked_sub(1)
    }

    pub(crate) fn head(&self) -> Position {
        self.positions.last().copied().unwrap_or_default()
    }

    /// How many entries there are up to that one.
    fn number(&self, position: Position) -> Result<usize, TestCaseError> {
        let found = self.positions.binary_search(&position);
        found.map(|index| index + 1).map_err(|_| TestCaseError::fail(format!("nothing stands at {position}")))
    }

    /// Where an append to the stream would meet the id.
    fn knows(&self, stream: StreamName, id: Uuid) -> bool {
        match self.ids_of_streams {
            true => self.streams.get(&stream).is_some_and(|ids| ids.contains(&id)),
            false => self.log.iter().any(|(known, fact)| *known == id && *fact),
        }
    }

    /// Takes in what a step has added, and compares it with what the callers were told.
    pub(crate) fn take(&mut self, fresh: &[Entry], asked: &[(Sent, Told)], undisturbed: bool) -> Checked {
        let before: HashMap<StreamName, Option<u64>> = asked
            .iter()
            .filter_map(|(sent, _)| match sent {
                Sent::Append(append) => Some((append.stream, self.revision(append.stream))),
                Sent::Telemetry(_) => None,
            })
            .collect();
        let predicted = match asked {
            [(Sent::Append(append), told)] if undisturbed => Some((self.predict(append), told)),
            _ => None,
        };
        self.add(fresh, asked)?;
        for (sent, told) in asked {
            match (sent, told) {
                (Sent::Append(append), told) => self.compare(append, told, before[&append.stream], fresh)?,
                (Sent::Telemetry(_), Told::Telemetry(last)) => {
                    let ids = sent.ids();
                    let end = self.number(*last)?;
                    let stored = &self.log[end - ids.len()..end];
                    let stored: Vec<Uuid> = stored.iter().map(|(id, _)| *id).collect();
                    prop_assert_eq!(stored, ids, "records together, where the answer says");
                }
                (Sent::Telemetry(_), told) => prop_assert!(matches!(told, Told::Unknown), "{:?}", told),
            }
        }
        match predicted {
            Some((expected, told)) => {
                prop_assert_eq!(expected, verdict(told), "one request alone: {:?}", told);
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// The fresh entries are whole requests, each once, in a place that it asked for.
    fn add(&mut self, fresh: &[Entry], asked: &[(Sent, Told)]) -> Checked {
        let mut rest = fresh;
        let mut used = HashSet::new();
        while let Some(first) = rest.first() {
            let of = asked.iter().position(|(sent, _)| {
                sent.ids().first() == Some(&id(first))
                    && sent.ids().iter().eq(rest.iter().take(sent.ids().len()).map(id).collect::<Vec<_>>().iter())
            });
            let Some(index) = of else {
                return Err(TestCaseError::fail(format!(
                    "{first:?} is of no request, or of one that was cut in pieces"
                )));
            };
            let sent = &asked[index].0;
            prop_assert!(used.insert(sent.ids()), "{:?} is stored twice", sent);
            let (entries, others) = rest.split_at(sent.ids().len());
            for entry in entries {
                self.push(entry)?;
            }
            rest = others;
        }
        Ok(())
    }

    fn push(&mut self, entry: &Entry) -> Checked {
        let id = id(entry);
        prop_assert!(entry.position() > self.head(), "positions rise");
        if let Entry::Fact(event) = entry {
            prop_assert!(!self.knows(event.stream, id), "fact {} is stored twice", id);
            let revision = self.revision(event.stream).map_or(0, |revision| revision + 1);
            prop_assert_eq!(event.revision, revision, "{} has a gap", event.stream);
            self.streams.entry(event.stream).or_default().push(id);
        }
        self.log.push((id, matches!(entry, Entry::Fact(_))));
        self.positions.push(entry.position());
        Ok(())
    }

    fn compare(&self, append: &Append, told: &Told, before: Option<u64>, fresh: &[Entry]) -> Checked {
        let ids: Vec<Uuid> = append.events.iter().map(|event| event.id).collect();
        let first = fresh.iter().find(|entry| id(entry) == ids[0]);
        let stream = self.streams.get(&append.stream).map_or(&[][..], Vec::as_slice);
        match told {
            Told::Appended(appended) => {
                let revisions = appended.first_revision as usize..=appended.last_revision as usize;
                prop_assert_eq!(stream.get(revisions), Some(&ids[..]), "it stands where the answer says");
                let last = self.log.get(self.number(appended.position)? - 1).map(|(id, _)| *id);
                prop_assert_eq!(last, ids.last().copied(), "the position is that of the last event");
                let expected = Expected::from(appended.first_revision.checked_sub(1));
                prop_assert!(appended.duplicate || append.expected == expected, "taken at another revision");
                prop_assert!(appended.duplicate || first.is_some(), "told that it is new");
            }
            Told::Refused(AppendError::Conflict { actual, expected, .. }) => {
                prop_assert!(expected == &append.expected && Expected::from(*actual) != *expected, "no conflict");
                let (least, most) = (before, self.revision(append.stream));
                prop_assert!(least <= *actual && *actual <= most, "never at {:?}, {:?} to {:?}", actual, least, most);
                prop_assert!(ids.iter().all(|id| !stream.contains(id)), "refused and stored");
            }
            Told::Refused(AppendError::PartialDuplicate { id, .. }) => {
                let twice = ids.iter().filter(|other| *other == id).count() > 1;
                prop_assert!(twice || self.knows(append.stream, *id), "{} was never there", id);
                prop_assert!(
                    ids.len() == 1 || !stream.windows(ids.len()).any(|window| window == ids),
                    "it is a repetition"
                );
            }
            Told::Unknown => {}
            other => return Err(TestCaseError::fail(format!("{other:?} was told to {append:?}"))),
        }
        Ok(())
    }

    /// What must become of it if nobody else asks.
    fn predict(&self, append: &Append) -> Verdict {
        let ids: Vec<Uuid> = append.events.iter().map(|event| event.id).collect();
        let stream = self.streams.get(&append.stream).map_or(&[][..], Vec::as_slice);
        let twice = (1..ids.len()).any(|index| ids[..index].contains(&ids[index]));
        match ids.iter().any(|id| self.knows(append.stream, *id)) {
            _ if twice => Verdict::Partial,
            true if stream.windows(ids.len()).any(|window| window == ids) => Verdict::Duplicate,
            true => Verdict::Partial,
            false if append.expected == Expected::from(self.revision(append.stream)) => Verdict::New,
            false => Verdict::Conflict,
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    New,
    Duplicate,
    Conflict,
    Partial,
    Other,
}

fn verdict(told: &Told) -> Verdict {
    match told {
        Told::Appended(appended) if appended.duplicate => Verdict::Duplicate,
        Told::Appended(_) => Verdict::New,
        Told::Refused(AppendError::Conflict { .. }) => Verdict::Conflict,
        Told::Refused(AppendError::PartialDuplicate { .. }) => Verdict::Partial,
        _ => Verdict::Other,
    }
}
