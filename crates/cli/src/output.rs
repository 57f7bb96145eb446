//! Results on standard output: tables for people, JSON for programs. Both show the same value; a table names the fields
//! that it shows. Progress and remarks go to standard error.

use std::io::Write;

use anyhow::Result;
use chrono::DateTime;
use comfy_table::{ContentArrangement, Table, presets};
use serde_json::Value;

use crate::globals::{Format, Globals};
use crate::terminal::{escaped, printable};

/// Headings, and the JSON pointers to what stands below them.
pub(crate) type Columns = &'static [(&'static str, &'static str)];

pub(crate) struct Output {
    pub(crate) format: Format,
    pub(crate) quiet: bool,
}

impl Output {
    pub(crate) fn new(globals: &Globals) -> Self {
        Self { format: globals.output, quiet: globals.quiet }
    }

    /// A list: in JSON an array.
    pub(crate) fn list(&self, rows: Vec<Value>, columns: Columns) -> Result<()> {
        let rows: Vec<Value> = rows.into_iter().map(references_by_name).collect();
        match self.is_json() {
            true => self.json(&Value::Array(rows)),
            false => line(&table(&rows, columns)),
        }
    }

    /// One thing, a field a line.
    pub(crate) fn show(&self, thing: Value, fields: Columns) -> Result<()> {
        let thing = references_by_name(thing);
        if self.is_json() {
            return self.json(&thing);
        }
        let width = fields.iter().map(|(heading, _)| heading.len()).max().unwrap_or_default();
        for (heading, pointer) in fields {
            let text = printable(&cell(&thing, pointer));
            line(&format!("{heading:width$}  {}", text.trim_end().replace('\n', &format!("\n{:width$}  ", ""))))?;
        }
        Ok(())
    }

    /// What a mutation did. `payload` has the thing under `noun`, and whether anything changed; in JSON the thing, with
    /// `changed` and `position` beside its own fields.
    pub(crate) fn did(&self, payload: Value, noun: &str, sentence: &str) -> Result<()> {
        self.did_or(payload, noun, sentence, &format!("nothing to do, it was so already: {sentence}"))
    }

    /// The same with a sentence of its own for when nothing changed.
    pub(crate) fn did_or(&self, mut payload: Value, noun: &str, sentence: &str, unchanged: &str) -> Result<()> {
        let changed = payload["changed"] != Value::Bool(false);
        if self.is_json() {
            let mut thing = references_by_name(payload.get_mut(noun).map(Value::take).unwrap_or_default());
            if !thing.is_object() {
                thing = Value::Object(Default::default());
            }
            for field in ["changed", "position", "warnings"] {
                if let Some(value) = payload.get(field) {
                    thing[field] = value.clone();
                }
            }
            return self.json(&thing);
        }
        match changed {
            true => self.say(sentence),
            false => self.say(unchanged),
        }
    }

    /// A sentence for people. Programs get JSON or, with `--quiet`, nothing.
    pub(crate) fn say(&self, sentence: &str) -> Result<()> {
        match self.quiet || self.format != Format::Table {
            true => Ok(()),
            false => line(&printable(sentence)),
        }
    }

    pub(crate) fn json(&self, value: &Value) -> Result<()> {
        line(&escaped(&serde_json::to_string_pretty(value)?))
    }

    pub(crate) fn is_json(&self) -> bool {
        self.format != Format::Table
    }
}

pub(crate) fn line(text: &str) -> Result<()> {
    Ok(writeln!(std::io::stdout().lock(), "{text}")?)
}

/// A remark beside the result.
pub(crate) fn remark(text: &str) {
    eprintln!("{}", printable(text));
}

/// Says what the hub noticed beside the result.
pub(crate) fn warn(payload: &Value) {
    for warning in payload["warnings"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        remark(&format!("warning: {warning}"));
    }
}

/// A thing that another one refers to is given by its name: `{"customer": {"name": "globex"}}` → `{"customer": "globex"}`.
pub(crate) fn references_by_name(thing: Value) -> Value {
    match thing {
        Value::Object(fields) => Value::Object(fields.into_iter().map(|(key, value)| (key, by_name(value))).collect()),
        other => other,
    }
}

fn by_name(value: Value) -> Value {
    match value {
        Value::Array(items) => Value::Array(items.into_iter().map(by_name).collect()),
        Value::Object(mut fields) => match fields.get("name") {
            Some(Value::String(_)) if fields.len() == 1 => fields.remove("name").unwrap_or_default(),
            _ => references_by_name(Value::Object(fields)),
        },
        other => other,
    }
}

fn table(rows: &[Value], columns: Columns) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(columns.iter().map(|(heading, _)| heading));
    for row in rows {
        table.add_row(columns.iter().map(|(_, pointer)| printable(&cell(row, pointer)).replace('\n', " ")));
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table.lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>().join("\n")
}

fn cell(row: &Value, pointer: &str) -> String {
    let value = row.pointer(pointer);
    debug_assert!(value.is_some() || is_below_null(row, pointer), "no {pointer} in {row}");
    value.map_or_else(|| "-".to_owned(), text)
}

/// Whether what would hold it is not there.
fn is_below_null(row: &Value, pointer: &str) -> bool {
    pointer.rmatch_indices('/').any(|(end, _)| row.pointer(&pointer[..end]).is_some_and(Value::is_null))
}

pub(crate) fn text(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) if text.is_empty() => "-".to_owned(),
        Value::String(text) => without_fraction(text).unwrap_or_else(|| text.clone()),
        Value::Bool(yes) => if *yes { "yes" } else { "no" }.to_owned(),
        Value::Array(items) if items.is_empty() => "-".to_owned(),
        Value::Array(items) => {
            let separator = if items.iter().any(Value::is_object) { "\n" } else { ", " };
            items.iter().map(text).collect::<Vec<_>>().join(separator)
        }
        Value::Object(fields) => {
            let fields = fields.iter().filter(|(_, value)| !value.is_null());
            fields.map(|(key, value)| format!("{key}: {}", text(value))).collect::<Vec<_>>().join(", ")
        }
        other => other.to_string(),
    }
}

/// Times to the second.
fn without_fraction(text: &str) -> Option<String> {
    (text.len() >= 20 && text.contains('T')).then_some(())?;
    let time = DateTime::parse_from_rfc3339(text).ok()?.to_utc();
    Some(time.format("%Y-%m-%dT%H:%M:%SZ").to_string())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_cell_of_what_is_not_there_is_empty() {
        assert_eq!(cell(&serde_json::json!({ "retention": null }), "/retention/keepLast"), "-");
        assert_eq!(cell(&serde_json::json!({ "retention": { "keepLast": 2 } }), "/retention/keepLast"), "2");
    }

    #[test]
    fn a_reference_is_given_by_its_name() {
        let license =
            json!({"name": "l", "customer": {"name": "globex"}, "tags": [{"name": "a"}], "x": {"name": "n", "y": 1}});
        let expected = json!({"name": "l", "customer": "globex", "tags": ["a"], "x": {"name": "n", "y": 1}});
        assert_eq!(references_by_name(license), expected);
    }

    #[test]
    fn a_table_has_a_line_a_row_and_a_dash_for_nothing() {
        let rows = [
            json!({"name": "hello", "channels": ["alpha", "beta"], "seats": null}),
            json!({"name": "x", "channels": [], "seats": 3}),
        ];
        let columns: Columns = &[("NAME", "/name"), ("CHANNELS", "/channels"), ("SEATS", "/seats")];
        assert_eq!(table(&rows, columns), "NAME   CHANNELS     SEATS\nhello  alpha, beta  -\nx      -            3");
    }

    #[test]
    fn what_others_wrote_does_not_steer_the_terminal() {
        assert_eq!(printable("a\u{1b}[2Jb\nc"), "a\u{fffd}[2Jb\nc");
        assert_eq!(printable("a\u{202e}b"), "a\u{fffd}b");
    }
}
