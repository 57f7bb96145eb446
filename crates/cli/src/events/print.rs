//! One event after the other: as lines for people, with names and the gist of the data; as JSON lines or as one array, with
//! all that there is.

use anyhow::Result;
use serde::Deserialize;
use serde_json::Value;

use crate::app::SigningKey;
use crate::globals::Format;
use crate::names::Names;
use crate::output::{line, text};
use crate::terminal::{escaped, printable};

/// How much of an event's data a line shows.
const GIST: usize = 100;

pub(super) struct Printer {
    format: Format,
    names: Names,
    begun: bool,
}

impl Printer {
    /// The names are for tables.
    pub(super) fn new(format: Format, names: Names) -> Self {
        Self { format, names, begun: false }
    }

    pub(super) fn print(&mut self, event: Value) -> Result<()> {
        let begun = self.begun;
        self.begin()?;
        match self.format {
            Format::Table => line(&table_line(&event, &self.names)),
            Format::Jsonl => line(&escaped(&event.to_string())),
            Format::Json => line(&format!("{}{}", if begun { "," } else { " " }, escaped(&event.to_string()))),
        }
    }

    pub(super) fn end(mut self) -> Result<()> {
        self.begin()?;
        match self.format {
            Format::Json => line("]"),
            Format::Table | Format::Jsonl => Ok(()),
        }
    }

    /// What stands above the first event; not before there is one, as the hub may refuse.
    fn begin(&mut self) -> Result<()> {
        if std::mem::replace(&mut self.begun, true) {
            return Ok(());
        }
        match self.format {
            Format::Table => line(&heading()),
            Format::Json => line("["),
            Format::Jsonl => Ok(()),
        }
    }
}

/// What stands above such lines.
pub(crate) fn heading() -> String {
    row(["POSITION", "RECORDED", "EVENT", "ABOUT", "ACTOR", "CAUSE", "CORRELATION", "DATA"])
}

/// An event in a line, for people.
pub(crate) fn table_line(event: &Value, names: &Names) -> String {
    let of = |field: &str| text(&event[field]);
    let data = &event["data"];
    let about = match (event["stream"].as_str(), data["repository"].as_str()) {
        (_, Some(repository)) => format!("artifact {repository}"),
        (Some(stream), None) => names.of(stream),
        (None, None) => text(&data["subject"]),
    };
    printable(&row([
        &of("position"),
        &of("recordedAt"),
        &of("type"),
        &about,
        &names.of(&of("actor")),
        &end(&of("causation")),
        &end(&of("correlation")),
        &gist(data),
    ]))
}

fn row(cells: [&str; 8]) -> String {
    let [position, recorded, event, about, actor, cause, correlation, data] = cells;
    let line = format!(
        "{position:>8}  {recorded:20}  {event:20}  {about:32}  {actor:26}  {cause:8}  {correlation:11}  {data}"
    );
    line.trim_end().to_owned()
}

/// The end of an id is enough to tell one from another.
fn end(id: &str) -> String {
    let characters = id.chars().count();
    id.chars().skip(characters.saturating_sub(8)).collect()
}

/// What came of a use; of a signing policy what is demanded and why; else the data's own begin.
fn gist(data: &Value) -> String {
    let outcome = &data["outcome"];
    let whole = match (data["action"].as_str(), outcome["outcome"].as_str()) {
        (Some(action), Some(what)) => {
            let why = outcome["reason"].as_str().or(outcome["rule"].as_str()).unwrap_or_default();
            return format!("{action} {what}: {why}");
        }
        _ if data["policy"]["keys"].is_array() => return policy(data),
        _ if data.as_object().is_some_and(serde_json::Map::is_empty) => return String::new(),
        _ => data.to_string(),
    };
    match whole.char_indices().nth(GIST) {
        Some((at, _)) => format!("{}…", &whole[..at]),
        None => whole,
    }
}

fn policy(data: &Value) -> String {
    let keys = Vec::<SigningKey>::deserialize(&data["policy"]["keys"]).unwrap_or_default();
    let names: Vec<String> = keys.iter().map(SigningKey::shown).collect();
    let requires = data["policy"]["requires"].as_str().unwrap_or("images").replace('_', " ");
    let demand = match names.is_empty() {
        true => "no signature is needed".to_owned(),
        false => format!("{requires} signed by {}", names.join(", ")),
    };
    let reason = data["reason"].as_str().map(|reason| format!(": {reason}"));
    demand + reason.as_deref().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_refusal_says_why() {
        let outcome =
            json!({"outcome": "refused", "code": "entitlement.revoked", "reason": "license \"l\" was revoked"});
        let data = json!({"action": "pull", "subject": "acme/hello:1.0.0", "outcome": outcome});
        assert_eq!(gist(&data), "pull refused: license \"l\" was revoked");
    }

    #[test]
    fn a_change_of_a_signing_policy_says_why() {
        let policy = json!({"keys": [{"name": "ci", "pem": "…"}], "requires": "images_and_release"});
        let data = json!({"policy": policy, "reason": "a new build server"});
        assert_eq!(gist(&data), "images and release signed by ci: a new build server");
        assert_eq!(gist(&json!({"policy": {"keys": []}, "reason": "r"})), "no signature is needed: r");
        let pem = include_str!("../release/key/keys/ed25519.pub");
        let named = gist(&json!({"policy": {"keys": [{"name": "ci", "pem": pem}]}, "reason": "r"}));
        assert_eq!(named, "images signed by ci (ffa0f8522b66bdd6): r");
    }

    #[test]
    fn long_data_is_cut_and_no_data_is_nothing() {
        assert_eq!(gist(&json!({})), "");
        assert_eq!(gist(&json!({"text": "ä".repeat(200)})).chars().count(), GIST + 1);
    }
}
