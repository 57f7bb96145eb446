//! Rows as lines of Postgres' `COPY` in text form (PostgreSQL's documentation, COPY, "Text Format"). The database reads each
//! value as it reads one out of JSON: both ways give the same row.

use std::fmt;

use serde::Serialize;
use serde::de::{DeserializeSeed, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::statements::{Column, storable};

/// The values of one row by column; none for a column that the row does not name.
type Values<'de> = Vec<Option<&'de RawValue>>;

/// Adds the row as a line.
pub(super) fn put(out: &mut Vec<u8>, columns: &[Column], row: &impl Serialize) -> Result<(), serde_json::Error> {
    let json = storable(row)?;
    let values = ByColumn(columns).deserialize(&mut serde_json::Deserializer::from_str(json.get()))?;
    for (index, (column, value)) in columns.iter().zip(values).enumerate() {
        if index > 0 {
            out.push(b'\t');
        }
        put_value(out, column, value.map_or("null", RawValue::get))?;
    }
    out.push(b'\n');
    Ok(())
}

fn put_value(out: &mut Vec<u8>, column: &Column, json: &str) -> Result<(), serde_json::Error> {
    match json.as_bytes() {
        b"null" => out.extend_from_slice(b"\\N"),
        [b'"', text @ .., b'"'] if !column.is_json => match text.contains(&b'\\') {
            false => out.extend_from_slice(text),
            true => escape(out, serde_json::from_str::<String>(json)?.as_bytes()),
        },
        json => escape(out, json),
    }
    Ok(())
}

fn escape(out: &mut Vec<u8>, text: &[u8]) {
    for byte in text {
        match byte {
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            byte => out.push(*byte),
        }
    }
}

struct ByColumn<'a>(&'a [Column]);

impl<'de> DeserializeSeed<'de> for ByColumn<'_> {
    type Value = Values<'de>;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for ByColumn<'_> {
    type Value = Values<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a row")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut values = vec![None; self.0.len()];
        let mut expected = 0; // fields mostly come in the order of the columns
        while let Some(name) = map.next_key::<&str>()? {
            let value = map.next_value()?;
            let is_named = |column: &Column| column.name == name;
            let index = match self.0.get(expected).is_some_and(is_named) {
                true => Some(expected),
                false => self.0.iter().position(is_named),
            };
            // what is no column is passed over, as it is when rows cross as JSON
            if let Some(index) = index {
                values[index] = Some(value);
                expected = index + 1;
            }
        }
        Ok(values)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_kind_of_value_is_written_as_postgres_reads_it() {
        let column = |name: &str, is_json| Column { name: name.into(), is_json };
        let columns =
            [column("t", false), column("j", true), column("n", false), column("k", true), column("u", false)];
        let row = json!({ "n": 7, "t": "a\tb\\c\n", "j": "x\"y", "k": { "a": ["\n"] }, "other": 1 });
        let mut out = vec![];
        put(&mut out, &columns, &row).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "a\\tb\\\\c\\n\t\"x\\\\\"y\"\t7\t{\"a\":[\"\\\\n\"]}\t\\N\n");
    }

    #[test]
    fn a_text_that_means_something_to_copy_is_a_text() {
        let columns = [Column { name: "t".into(), is_json: false }];
        for (text, line) in [("\\N", "\\\\N\n"), ("\\.", "\\\\.\n"), ("a\0b", "a\u{fffd}b\n"), ("", "\n")] {
            let mut out = vec![];
            put(&mut out, &columns, &json!({ "t": text })).unwrap();
            assert_eq!(String::from_utf8(out).unwrap(), line);
        }
    }
}
