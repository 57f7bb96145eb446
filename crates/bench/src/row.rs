//! What was measured: rows with a value, what it is held against, and how far it is from the aim. Printed for people, as
//! markdown for a README, or one JSON object a line.

use comfy_table::{CellAlignment, Table, TableStyle, presets};
use serde::Serialize;

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    pub name: String,
    pub value: f64,
    pub unit: &'static str,
    /// the peer's figure or the limit, in the same unit
    pub peer: Option<f64>,
    /// how good the value is against the peer; more is better, whatever the unit
    pub ratio: Option<f64>,
    /// what the ratio should reach
    pub aim: Option<f64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    Table,
    Markdown,
    Json,
}

impl Row {
    pub fn new(name: impl Into<String>, value: f64, unit: &'static str) -> Self {
        Self { name: name.into(), value, unit, peer: None, ratio: None, aim: None }
    }

    /// Against the peer's figure, where a larger one is better.
    pub fn over(self, peer: f64) -> Self {
        Self { peer: Some(peer), ratio: Some(self.value / peer), ..self }
    }

    /// Against a limit, or a peer's figure, where a smaller one is better.
    pub fn under(self, peer: f64) -> Self {
        Self { peer: Some(peer), ratio: Some(peer / self.value), ..self }
    }

    pub fn aim(self, ratio: f64) -> Self {
        Self { aim: Some(ratio), ..self }
    }

    fn cells(&self) -> [String; 6] {
        let verdict = match (self.ratio, self.aim) {
            (Some(ratio), Some(aim)) if ratio < aim => format!("{} (missed)", number(aim)),
            (_, aim) => aim.map(number).unwrap_or_default(),
        };
        [
            self.name.clone(),
            number(self.value),
            self.unit.to_owned(),
            self.peer.map(number).unwrap_or_default(),
            self.ratio.map(number).unwrap_or_default(),
            verdict,
        ]
    }
}

const HEADER: [&str; 6] = ["what", "value", "unit", "peer or limit", "ratio (more is better)", "aim"];

pub fn print(rows: &[Row], format: Format) -> String {
    match format {
        Format::Json => {
            let lines = rows.iter().map(|row| serde_json::to_string(row).expect("a row is JSON"));
            lines.collect::<Vec<_>>().join("\n")
        }
        Format::Table => table(rows, presets::NOTHING).to_string(),
        Format::Markdown => table(rows, presets::ASCII_MARKDOWN).to_string(),
    }
}

fn table(rows: &[Row], style: TableStyle) -> Table {
    let mut table = Table::new();
    table.load_style(style).set_header(HEADER);
    table.add_rows(rows.iter().map(Row::cells));
    for index in [1, 3, 4] {
        if let Some(column) = table.column_mut(index) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

/// Three digits that count, large numbers in groups.
fn number(value: f64) -> String {
    match value.abs() {
        size if size >= 1000.0 => {
            let scale = 10_f64.powi(size.log10().floor() as i32 - 2);
            grouped(((value / scale).round() * scale) as i64)
        }
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

fn grouped(value: i64) -> String {
    let digits = value.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ratio_is_better_when_it_is_more_whatever_the_unit() {
        assert_eq!(Row::new("rate", 50.0, "1/s").over(100.0).ratio, Some(0.5));
        assert_eq!(Row::new("wait", 25.0, "ms").under(50.0).ratio, Some(2.0));
    }

    #[test]
    fn a_number_shows_the_digits_that_count() {
        for (value, text) in
            [(0.123, "0.12"), (12.34, "12.3"), (123.4, "123"), (61_257.0, "61 300"), (1e6, "1 000 000")]
        {
            assert_eq!(number(value), text);
        }
    }

    #[test]
    fn json_is_one_row_a_line_with_null_where_there_is_no_peer() {
        let rows = [Row::new("a", 1.0, "ms"), Row::new("b", 2.0, "ms").under(4.0).aim(1.0)];
        let lines = print(&rows, Format::Json);
        let (first, second) = lines.split_once('\n').unwrap();
        assert_eq!(first, r#"{"name":"a","value":1.0,"unit":"ms","peer":null,"ratio":null,"aim":null}"#);
        assert_eq!(second, r#"{"name":"b","value":2.0,"unit":"ms","peer":4.0,"ratio":2.0,"aim":1.0}"#);
    }
}
