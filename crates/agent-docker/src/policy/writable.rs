//! Folders of the host in which containers write. Whoever writes to a folder can put a link there, also after the release was
//! checked, and so decides what every path through it leads to: no line of the policy allows such a path.

use std::path::PathBuf;

use super::host;
use super::links::follow;
use super::rule::{Kind, Rule};

pub(super) struct Writable<'a> {
    lines: Vec<(PathBuf, &'a Rule)>,
    stores: Vec<PathBuf>,
}

/// Who could put a link in the way.
#[derive(Debug)]
pub(super) enum Reached<'a> {
    /// a release, by this line
    Line(&'a Rule),
    /// a container, in the engine's own folder
    Store(&'a PathBuf),
}

impl<'a> Writable<'a> {
    pub(super) fn new(allow: &'a [Rule]) -> Self {
        let lines = allow.iter().filter(|rule| rule.kind == Kind::Write);
        let lines = lines.map(|rule| (follow(rule.value.as_ref()).end, rule)).collect();
        Self { lines, stores: host::stores() }
    }

    /// Whether the path leads through such a folder. The folder itself does not: what is mounted cannot be replaced from within.
    pub(super) fn reach(&self, path: &str) -> Option<Reached<'_>> {
        let trail = follow(path.as_ref());
        let line = self.lines.iter().find(|(folder, _)| trail.folders.iter().any(|looked| looked.starts_with(folder)));
        let of_store =
            |store: &&PathBuf| trail.folders.iter().any(|looked| looked != *store && looked.starts_with(store));
        line.map(|(_, rule)| Reached::Line(rule)).or_else(|| self.stores.iter().find(of_store).map(Reached::Store))
    }
}

impl Reached<'_> {
    /// The end of a sentence about a path; `line` would have allowed it.
    pub(super) fn of(&self, line: Option<&Rule>) -> String {
        let what = line.map_or("no line allows it".to_owned(), |line| format!("the line \"{line}\" does not count"));
        match self {
            Self::Line(write) => format!(
                "{what}, because the way there leads through the folder of the line \"{write}\", where a release could put \
                 a link to anywhere; move it out of that folder, or let the release mount the folder itself"
            ),
            Self::Store(store) => format!(
                "{what}, because the way there leads through {}, where containers could put a link to anywhere; \
                 move it elsewhere, or allow the volume by its name",
                store.display()
            ),
        }
    }
}
