//! From a text to its names and values, before variables are put in.

use std::borrow::Cow;

use super::InvalidEnvFile;

/// A name, and mostly its value.
pub(super) struct Statement<'a> {
    /// from 1
    pub(super) line: usize,
    pub(super) name: &'a str,
    /// none for a name that stands alone
    pub(super) value: Option<Value<'a>>,
}

/// A value without its quotes.
pub(super) struct Value<'a> {
    pub(super) text: Cow<'a, str>,
    /// within single quotes nothing is put in
    pub(super) is_literal: bool,
}

/// The statements of a text, to its end or its first fault.
pub(super) struct Statements<'a> {
    rest: &'a str,
    /// that of `rest`
    line: usize,
}

impl<'a> Statements<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        Self { rest: text.strip_prefix('\u{feff}').unwrap_or(text), line: 1 }
    }

    /// Takes all before `rest` for done.
    fn go_to(&mut self, rest: &'a str) {
        let done = &self.rest[..self.rest.len() - rest.len()];
        self.line += done.bytes().filter(|byte| *byte == b'\n').count();
        self.rest = rest;
    }

    fn skip_comments(&mut self) {
        loop {
            self.go_to(self.rest.trim_start());
            if !self.rest.starts_with('#') {
                return;
            }
            self.go_to(self.rest.find('\n').map_or("", |end| &self.rest[end..]));
        }
    }

    fn statement(&mut self) -> Result<Statement<'a>, String> {
        let line = self.line;
        let exported = self.rest.strip_prefix("export").filter(|rest| rest.starts_with(char::is_whitespace));
        if let Some(rest) = exported {
            self.go_to(rest.trim_start_matches(is_space));
        }
        let end = self.rest.find(['=', ':', '\n']);
        // compose takes what stands alone and does not end with its line for a value without a name
        let (name, after) = end.map_or(("", self.rest), |end| (&self.rest[..end], &self.rest[end + 1..]));
        check_name(end.map_or(self.rest, |_| name))?;
        let is_alone = end.is_some_and(|end| self.rest[end..].starts_with('\n'));
        self.go_to(after.trim_start_matches(is_space));
        let value = match is_alone {
            true => None,
            false => Some(self.value()?),
        };
        Ok(Statement { line, name: name.trim_end(), value })
    }

    fn value(&mut self) -> Result<Value<'a>, String> {
        match self.rest.chars().next().filter(|quote| ['"', '\''].contains(quote)) {
            Some(quote) => self.quoted(quote),
            None => {
                let (value, rest) = self.rest.split_once('\n').unwrap_or((self.rest, ""));
                self.rest = rest;
                self.line += 1;
                let value = value.split_once(" #").map_or(value, |(value, _)| value).trim_end();
                Ok(Value { text: value.into(), is_literal: false })
            }
        }
    }

    fn quoted(&mut self, quote: char) -> Result<Value<'a>, String> {
        let inner = &self.rest[1..];
        let (mut text, mut is_escaped) = (String::new(), false);
        for (at, c) in inner.char_indices() {
            match c {
                _ if c == quote && !is_escaped => {
                    self.go_to(&inner[at + 1..]);
                    let is_literal = quote == '\'';
                    let text = if is_literal { text } else { unescaped(&text) };
                    return Ok(Value { text: text.into(), is_literal });
                }
                '\\' if !is_escaped => {
                    is_escaped = true;
                    continue;
                }
                _ if is_escaped && c != quote => text.push('\\'),
                _ => {}
            }
            is_escaped = false;
            text.push(c);
        }
        Err(format!("the quote {quote} is not closed; close it, or put \\ before it where it is meant"))
    }
}

impl<'a> Iterator for Statements<'a> {
    type Item = Result<Statement<'a>, InvalidEnvFile>;

    fn next(&mut self) -> Option<Self::Item> {
        self.skip_comments();
        let line = self.line;
        if self.rest.is_empty() {
            return None;
        }
        let statement = self.statement().map_err(|reason| InvalidEnvFile { line, reason });
        if statement.is_err() {
            self.rest = "";
        }
        Some(statement)
    }
}

/// White space within a line, as compose has it.
fn is_space(c: char) -> bool {
    matches!(c, '\t' | '\u{b}' | '\u{c}' | '\r' | ' ' | '\u{85}' | '\u{a0}')
}

/// The sentence does not repeat what stands there: a line that is no NAME=value may be a part of a secret.
fn check_name(name: &str) -> Result<(), String> {
    const WRITE: &str = "write NAME=value, and # before what is a comment";
    let is_part = |c: char| c.is_alphabetic() || c.is_numeric() || is_space(c) || "_.-[]".contains(c);
    match name.chars().position(|c| !is_part(c)) {
        Some(at) => Err(format!("character {} of what should be a name is none that names have; {WRITE}", at + 1)),
        None if name.trim_end().contains(' ') => Err(format!("what should be a name holds a space; {WRITE}")),
        None => Ok(()),
    }
}

/// Text of double quotes, with the characters that `\` and a letter mean. A dollar sign behind one puts nothing in.
fn unescaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        plain.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        let Some(c) = after.chars().next() else {
            rest = &rest[at..];
            break;
        };
        let mut length = c.len_utf8();
        match c {
            'a' => plain.push('\u{7}'),
            'b' => plain.push('\u{8}'),
            'f' => plain.push('\u{c}'),
            'n' => plain.push('\n'),
            'r' => plain.push('\r'),
            't' => plain.push('\t'),
            'v' => plain.push('\u{b}'),
            '$' => plain.push_str("$$"),
            '"' | '\\' => plain.push(c),
            '0' => {
                let digits = after[1..].bytes().take(3).take_while(u8::is_ascii_digit).count();
                length += digits;
                let octal = u8::from_str_radix(&after[1..1 + digits], 8).unwrap_or_default();
                plain.push(char::from(octal));
            }
            _ => plain.extend(['\\', c]),
        }
        rest = &after[length..];
    }
    plain.push_str(rest);
    plain
}
