//! Files of variables that services read (`env_file`, `label_file`), in the dialect of docker compose.

mod statements;

use std::collections::{BTreeMap, BTreeSet};
use std::str::from_utf8;

use crate::MOST;
use crate::required::{Required, of_text};
use crate::variables::{is_of_the_agent, resolve_text};
use statements::{Statement, Statements};

/// What is said of a variable without a default, whose name is not repeated: what follows a dollar sign may be a part of a secret.
const BARE: &str = "a variable is empty where the customer's configuration does not set it; write ${NAME:-default} or \
                    ${NAME:?what it is}, and $$ where a dollar sign is meant";

/// What docker compose, or else each engine, refuses in a file of variables. Compose reads no further.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {reason}")]
pub struct InvalidEnvFile {
    /// from 1
    pub line: usize,
    /// what is wrong, and what to do
    pub reason: String,
}

/// The variables of one service, as its files set them one after the other; what no file sets before it is used has the value of
/// the configuration.
#[derive(Debug, Default)]
pub struct Environment {
    /// whether each is surely empty
    set: BTreeMap<String, bool>,
    required: BTreeMap<String, Required>,
    /// each with the line of its first use; none where it has a default, or is required
    bare: BTreeMap<String, Option<usize>>,
}

impl Environment {
    /// Reads one more file. The sentences, each with its line, are about variables that are empty where the configuration does
    /// not set them, and are few: nobody reads thousands.
    pub fn read(&mut self, content: &[u8]) -> Result<Vec<(usize, String)>, InvalidEnvFile> {
        let text = from_utf8(content).map_err(|error| InvalidEnvFile {
            line: 1 + content[..error.valid_up_to()].iter().filter(|byte| **byte == b'\n').count(),
            reason: "the file is no text in UTF-8; save it as such".to_owned(),
        })?;
        self.bare.clear();
        for statement in Statements::of(text) {
            let Statement { line, name, value } = statement?;
            self.put(name, value, line).map_err(|reason| InvalidEnvFile { line, reason })?;
        }
        let lines: BTreeSet<usize> = std::mem::take(&mut self.bare).into_values().flatten().collect();
        Ok(lines.into_iter().take(MOST).map(|line| (line, BARE.to_owned())).collect())
    }

    /// The variables that the configuration has to set, by name.
    pub fn required(self) -> BTreeMap<String, Required> {
        self.required
    }

    fn put(&mut self, name: &str, value: Option<statements::Value<'_>>, line: usize) -> Result<(), String> {
        // a name alone takes the configuration's value, and is not set where that has none
        let Some(value) = value else { return Ok(()) };
        if name.is_empty() {
            return Err("there is no name before the value; write NAME=value, and end the last line".to_owned());
        }
        if value.text.contains('\0') {
            return Err("the value holds a NUL character, which no process can get; take it out".to_owned());
        }
        let is_empty = match value.is_literal {
            true => value.text.is_empty(),
            false => self.interpolate(&value.text, line)?,
        };
        self.set.insert(name.to_owned(), is_empty);
        Ok(())
    }

    /// Whether the value is surely empty.
    fn interpolate(&mut self, text: &str, line: usize) -> Result<bool, String> {
        let mut required = BTreeMap::new();
        of_text(text, &mut required);
        for (name, required) in required {
            match self.set.get(&name) {
                Some(true) if required == Required::Text => {
                    return Err(format!(
                        "the variable {name:?} is required, and set to nothing before; give it a value"
                    ));
                }
                Some(_) => {}
                None => {
                    let noted = self.required.entry(name).or_insert(required);
                    *noted = required.max(*noted);
                }
            }
        }
        let (set, bare) = (&self.set, &mut self.bare);
        let mut seen = |name: &str, is_bare: bool| {
            if set.contains_key(name) || is_of_the_agent(name) {
                return;
            }
            match is_bare {
                true => drop(bare.entry(name.to_owned()).or_insert(Some(line))),
                false => drop(bare.insert(name.to_owned(), None)),
            }
        };
        match resolve_text(text, &mut seen) {
            Ok(value) => Ok(value.is_empty()),
            // it may hold a secret, and the line says where it is
            Err(_) => Err("the value has a $ with which no variable begins; write ${NAME} or ${NAME:-default} in one line, and $$ \
                           where a dollar sign is meant"
                .to_owned()),
        }
    }
}

#[cfg(test)]
mod tests;
