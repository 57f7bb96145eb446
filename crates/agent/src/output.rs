//! Results on standard output. Whoever reads them may stop before their end, as `head` does; then the program ends as well.

use std::error::Error;
use std::fmt::Display;
use std::io::{self, Write};

/// Exit code of a program that ended because nobody read its output any more.
pub const NOBODY_READS: u8 = 141;

pub fn line(text: impl Display) -> io::Result<()> {
    writeln!(io::stdout().lock(), "{}", visible(&text.to_string()))
}

/// The text with what a terminal would obey, or show in another order, escaped: names and values are the vendor's and the hub's.
pub fn visible(text: &str) -> String {
    let is_plain = |c: char| matches!(c, '\n' | '\t' | '"' | '\'' | '\\' | ' '..='~');
    let mut visible = String::with_capacity(text.len());
    for c in text.chars() {
        match is_plain(c) {
            true => visible.push(c),
            false => visible.extend(c.escape_debug()),
        }
    }
    visible
}

pub fn is_unread(error: &(dyn Error + 'static)) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

#[cfg(test)]
mod tests {
    use super::visible;

    #[test]
    fn a_terminal_gets_nothing_that_it_obeys() {
        let text = "a \"b\"\n\tü 日本 \\ 'c'";
        assert_eq!(visible(text), text);
        let said = visible("\u{1b}[2J \u{9b}31m \u{202e}x \r \u{200b} \u{e0041}");
        assert_eq!(said, "\\u{1b}[2J \\u{9b}31m \\u{202e}x \\r \\u{200b} \\u{e0041}");
    }
}
