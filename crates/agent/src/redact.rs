//! Takes secrets out of texts that leave the agent. Which configuration value is secret is not known here, so every one
//! that is long enough to be recognised goes, also as base64, hexadecimal digits, URL or JSON writes it, backwards, or
//! spread over lines. Whoever wants to can still find another encoding: what programs print stays where they run by default.

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use crate::printed::Output;

/// Shorter values ("1", "on") are in every text and tell nothing.
const SHORTEST: usize = 4;
/// Shorter letters and digits are in too many texts to be looked for across what separates them.
const SHORTEST_SPREAD: usize = 6;
/// What the protocol allows for an error.
const LONGEST_TEXT: usize = 2000;

#[derive(Clone, Default)]
pub struct Redactor {
    /// longest first, so that a value that contains another goes whole
    secrets: Vec<String>,
    /// letters and digits alone, lower case
    spread: Vec<Vec<char>>,
    /// whether what tools and programs said may be reported at all
    output: Output,
}

impl Redactor {
    pub fn new<'a>(values: impl IntoIterator<Item = &'a str>, output: Output) -> Self {
        let lines = values.into_iter().flat_map(|value| value.lines().map(str::trim).chain([value]));
        let mut secrets: Vec<String> = lines.filter(|line| line.len() >= SHORTEST).map(str::to_owned).collect();
        secrets.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        secrets.dedup();
        let spread = secrets.iter().flat_map(|secret| forms(secret)).map(|form| squeezed(&form));
        let spread = spread.filter(|form| form.len() >= SHORTEST_SPREAD).collect();
        Self { secrets, spread, output }
    }

    pub fn output(&self) -> Output {
        self.output
    }

    /// Without secrets, and bounded: of a long text the end is kept, where the cause is.
    pub fn clean(&self, text: &str) -> String {
        let text = self.without_secrets(text);
        let length = text.chars().count();
        match length > LONGEST_TEXT {
            true => format!("…{}", text.chars().skip(length - LONGEST_TEXT + 1).collect::<String>()),
            false => text,
        }
    }

    pub fn without_secrets(&self, text: &str) -> String {
        let mut text = text.trim().to_owned();
        for secret in &self.secrets {
            text = text.replace(secret, "***");
        }
        self.without_spread(&text)
    }

    fn without_spread(&self, text: &str) -> String {
        let characters: Vec<char> = text.chars().collect();
        let places: Vec<usize> = (0..characters.len()).filter(|at| characters[*at].is_alphanumeric()).collect();
        let letters: Vec<char> = places.iter().map(|at| lower(characters[*at])).collect();
        let mut hidden = vec![false; characters.len()];
        for form in &self.spread {
            for start in 0..(letters.len() + 1).saturating_sub(form.len()) {
                if letters[start..start + form.len()] == form[..] {
                    hidden[places[start]..=places[start + form.len() - 1]].fill(true);
                }
            }
        }
        let mut clean = String::new();
        for (at, character) in characters.iter().enumerate() {
            match (hidden[at], at > 0 && hidden[at - 1]) {
                (false, _) => clean.push(*character),
                (true, false) => clean.push_str("***"),
                (true, true) => {}
            }
        }
        clean
    }
}

/// Other ways to write it.
fn forms(secret: &str) -> Vec<String> {
    let reversed: String = secret.chars().rev().collect();
    let mut forms = vec![secret.to_owned(), percent(secret), json(secret)];
    for text in [secret, reversed.as_str()] {
        let hex = hex::encode(text);
        forms.extend((0..3).map(|offset| base64_within(text.as_bytes(), offset)));
        forms.push(hex.chars().rev().collect());
        forms.push(hex);
    }
    forms.push(reversed);
    forms
}

/// What does not depend on its neighbours when `offset` bytes, modulo 3, come before it. Beside letters and digits the two
/// alphabets differ, and those are not compared.
fn base64_within(bytes: &[u8], offset: usize) -> String {
    let padded = [&[0; 2][..offset], bytes].concat();
    let text = STANDARD_NO_PAD.encode(&padded);
    let begin = [0, 2, 3][offset];
    let end = text.len() - usize::from(padded.len() % 3 != 0);
    text.get(begin..end).unwrap_or_default().to_owned()
}

fn percent(text: &str) -> String {
    let one = |byte: u8| match byte.is_ascii_alphanumeric() {
        true => char::from(byte).to_string(),
        false => format!("%{byte:02X}"),
    };
    text.bytes().map(one).collect()
}

fn json(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn squeezed(text: &str) -> Vec<char> {
    text.chars().filter(|character| character.is_alphanumeric()).map(lower).collect()
}

fn lower(character: char) -> char {
    character.to_lowercase().next().unwrap_or(character)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redactor(values: &[&str]) -> Redactor {
        Redactor::new(values.iter().copied(), Output::Errors)
    }

    #[test]
    fn configuration_values_are_not_in_the_text() {
        let redactor = redactor(&["hunter2", "hunter2-and-more", "no", "line one\nline two"]);
        assert_eq!(redactor.clean("no hunter2-and-more, hunter2: line two"), "no ***, ***: ***");
    }

    #[test]
    fn whatever_encoding_was_foreseen_is_recognised() {
        let secret = "s3cret/of \"the\" DB?";
        let redactor = redactor(&[secret]);
        let base64 = |before: &str| STANDARD_NO_PAD.encode(format!("{before}{secret}&rest=1"));
        let reversed: String = secret.chars().rev().collect();
        let url_safe = base64::engine::general_purpose::URL_SAFE.encode(secret);
        let lines: String = secret.chars().map(|character| format!("{character}\n")).collect();
        for (text, core) in [
            (base64(""), "czNjcmV0L29mICJ0aGUiIERCP"),
            (base64("a"), "NjcmV0L29mICJ0aGUi"),
            (base64("ab"), "zY3JldC9vZiAidGhlI"),
            (url_safe, "czNjcmV0L29mICJ0aGUiIERCP"),
            (hex::encode(secret), "7333637265742f6f6620"),
            (hex::encode_upper(secret), "7333637265742F6F6620"),
            (secret.bytes().map(|byte| format!("{byte:02x} ")).collect(), "73 33 63"),
            (percent(secret), "s3cret%2Fof"),
            (json(secret), "s3cret/of"),
            (reversed.clone(), "fo/terc3s"),
            (STANDARD_NO_PAD.encode(&reversed), "fo/terc3s"),
            (lines, "s\n3\nc"),
            (secret.to_uppercase(), "S3CRET"),
        ] {
            let clean = redactor.clean(&format!("it said: {text} and ended"));
            assert!(clean.starts_with("it said: ") && clean.ends_with(" ended"), "{clean}");
            assert!(!clean.contains(core) && clean.contains("***"), "{text}: {clean}");
        }
    }

    #[test]
    fn short_values_are_looked_for_as_they_are_alone() {
        let redactor = redactor(&["five5", "abcd"]);
        assert_eq!(redactor.clean("five5 FIVE5 a b c d abcd"), "*** FIVE5 a b c d ***");
    }

    #[test]
    fn a_long_text_keeps_its_end() {
        let text = format!("{}the cause", "x".repeat(5000));
        let clean = Redactor::default().clean(&text);
        assert!(clean.ends_with("the cause") && clean.chars().count() == LONGEST_TEXT, "{}", clean.chars().count());
    }
}
