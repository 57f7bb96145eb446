//! One event after the other: as lines for people, as JSON lines, or as one array.

use anyhow::Result;
use serde_json::Value;

use crate::args::Format;
use crate::output::{line, printable, text};

pub(super) struct Printer {
    format: Format,
    begun: bool,
}

impl Printer {
    pub(super) fn new(format: Format) -> Self {
        Self { format, begun: false }
    }

    pub(super) fn print(&mut self, event: Value) -> Result<()> {
        let begun = self.begun;
        self.begin()?;
        match self.format {
            Format::Table => line(&table_line(&event)),
            Format::Jsonl => line(&event.to_string()),
            Format::Json => line(&format!("{}{event}", if begun { "," } else { " " })),
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
            Format::Table => {
                line(&row(["POSITION", "RECORDED", "EVENT", "STREAM", "ACTOR", "CAUSE", "CORRELATION", "DATA"]))
            }
            Format::Json => line("["),
            Format::Jsonl => Ok(()),
        }
    }
}

fn table_line(event: &Value) -> String {
    let of = |field: &str| text(&event[field]);
    printable(&row([
        &of("position"),
        &of("recordedAt"),
        &of("type"),
        &short(&of("stream")),
        &short(&of("actor")),
        &short(&of("causation")),
        &short(&of("correlation")),
        &event["data"].to_string(),
    ]))
}

fn row(cells: [&str; 8]) -> String {
    let [position, recorded, event, stream, actor, cause, correlation, data] = cells;
    format!("{position:>8}  {recorded:20}  {event:24}  {stream:22}  {actor:16}  {cause:8}  {correlation:11}  {data}")
}

/// The end of an id is enough to tell one from another; `-o jsonl` has all of it.
fn short(text: &str) -> String {
    let id = text.len().saturating_sub(36);
    match text.is_char_boundary(id) && text.len() >= 36 && text.as_bytes()[text.len() - 13] == b'-' {
        true => format!("{}{}", &text[..id], &text[text.len() - 8..]),
        false => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_shortened_to_their_end() {
        assert_eq!(short("license-0192aaaa-bbbb-7ccc-8ddd-0123456789ab"), "license-456789ab");
        assert_eq!(short("0192aaaa-bbbb-7ccc-8ddd-0123456789ab"), "456789ab");
        assert_eq!(short("operator"), "operator");
        assert_eq!(short("-"), "-");
    }
}
