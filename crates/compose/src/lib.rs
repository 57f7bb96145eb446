//! What `docker compose config` would refuse in a compose file, in words, with the place; pure.

mod command;
mod consistent;
mod cycles;
mod engine;
mod env_file;
mod extends;
mod found;
mod mount;
mod mounts;
mod parts;
mod path;
mod plain;
mod ports;
mod position;
mod profiles;
mod quantity;
mod references;
mod required;
mod resources;
mod runs;
mod schema;
mod similar;
mod typed;
mod variables;
mod warnings;

use std::fmt::{Display, Formatter};

use serde_json::Value;

pub use env_file::{Environment, InvalidEnvFile};
use found::Found;
pub use position::Position;
use position::Positions;
pub use required::{Required, required};
pub use runs::{Runs, runs};

/// Findings that are told at once.
pub const MOST: usize = 20;

/// Something in the file that is wrong, or was surely not meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// the place in words, such as `service "web", key ports`
    pub place: String,
    /// where it is in the text; of what the file lacks, where it would be
    pub position: Option<Position>,
    /// what is wrong, and what to do
    pub reason: String,
}

impl Display for Finding {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        if let Some(Position { line, column }) = self.position {
            write!(f, "line {line}, column {column}: ")?;
        }
        write!(f, "{}: {}", self.place, self.reason)
    }
}

/// Whether compose takes the file, whatever values its variables have; if not, what it refuses, in the order of the text.
///
/// `file` is what `distr_domain::compose_file::read` made of `text`.
pub fn check(file: &Value, text: &str) -> Result<(), Vec<Finding>> {
    let positions = Positions::read(text);
    let mut found = Found::default();
    for (path, _) in &positions.not_text {
        found.add(path.clone(), "the key is no text to YAML; put it in quotes");
    }
    let mut resolved = variables::resolve(file, &mut found);
    let mut schema = Found::default();
    let mut texts = Found::default();
    typed::cast(&mut resolved, &mut texts);
    schema::check(&resolved, &mut schema);
    schema.extend_beside(texts);

    let mut rest = Found::default();
    ports::check(&resolved, &mut rest);
    mounts::check(&resolved, &mut rest);
    references::check(&resolved, &mut rest);
    let services = extends::services(&resolved, &mut rest);
    cycles::check(&services, &mut rest);
    consistent::check(&services, &mut rest);
    profiles::check(&services, &mut rest);
    resources::check(&resolved, &mut rest);
    schema.extend_beside(rest);

    found.extend_beside(schema);
    let findings = findings(found, &positions);
    if findings.is_empty() { Ok(()) } else { Err(findings) }
}

/// What compose takes in the file and a person did surely not mean, or no engine takes, in the order of the text.
pub fn warnings(file: &Value, text: &str) -> Vec<Finding> {
    let mut found = Found::default();
    let resolved = variables::resolve(file, &mut Found::default());
    warnings::check(file, &resolved, &mut found);
    engine::check(&resolved, &mut found);
    findings(found, &Positions::read(text))
}

/// In the order of the text. What an alias or a merge key repeats is told once.
fn findings(found: Found, positions: &Positions) -> Vec<Finding> {
    let mut placed: Vec<_> = found.0.into_iter().map(|(path, reason)| (positions.find(&path), path, reason)).collect();
    placed.sort_by(|a, b| (a.0.is_none(), a.0, &a.1, &a.2).cmp(&(b.0.is_none(), b.0, &b.1, &b.2)));
    placed.dedup_by(|a, b| a.0.is_some() && a.0 == b.0 && a.2 == b.2);
    placed.truncate(MOST);
    placed.into_iter().map(|(position, path, reason)| Finding { place: path.words(), position, reason }).collect()
}

#[cfg(test)]
mod tests;
