//! The parts of a file that is not yet known to have the right shape: what has another shape is passed over.

use serde_json::{Map, Value};

use crate::path::Path;

/// A service, network, volume, config or secret that is a mapping.
#[derive(Clone)]
pub(crate) struct Part<'a> {
    pub(crate) name: &'a str,
    pub(crate) path: Path,
    pub(crate) map: &'a Map<String, Value>,
}

/// Those below the top-level key.
pub(crate) fn parts<'a>(file: &'a Value, kind: &'a str) -> impl Iterator<Item = Part<'a>> {
    let parts = file.get(kind).and_then(Value::as_object).into_iter().flatten();
    parts.filter_map(move |(name, part)| Some(Part { name, path: Path::of([kind, name]), map: part.as_object()? }))
}

impl<'a> Part<'a> {
    pub(crate) fn text(&self, key: &str) -> Option<&'a str> {
        self.map.get(key)?.as_str()
    }

    /// The entries of a list, each with its path.
    pub(crate) fn entries(&self, key: &str) -> impl Iterator<Item = (Path, &'a Value)> + use<'a> {
        let path = self.path.key(key);
        let list = self.map.get(key).and_then(Value::as_array).into_iter().flatten();
        list.enumerate().map(move |(entry, value)| (path.entry(entry), value))
    }

    /// The names of a list of names or of the keys of a mapping, each with its path and what the mapping has for it.
    pub(crate) fn names(&self, key: &str) -> Vec<(Path, &'a str, Option<&'a Value>)> {
        let path = self.path.key(key);
        match self.map.get(key) {
            Some(Value::Array(list)) => {
                let names = list.iter().enumerate();
                names.filter_map(|(entry, name)| Some((path.entry(entry), name.as_str()?, None))).collect()
            }
            Some(Value::Object(map)) => {
                map.iter().map(|(name, value)| (path.key(name), name.as_str(), Some(value))).collect()
            }
            _ => vec![],
        }
    }
}
