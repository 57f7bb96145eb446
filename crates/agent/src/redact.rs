//! Takes secrets out of texts that leave the agent. Which configuration value is secret is not known here, so every one
//! that is long enough to be recognised goes.

/// Shorter values ("1", "on") are in every text and tell nothing.
const SHORTEST: usize = 4;
/// What the protocol allows for an error.
const LONGEST_TEXT: usize = 2000;

#[derive(Clone, Default)]
pub struct Redactor {
    /// longest first, so that a value that contains another goes whole
    secrets: Vec<String>,
}

impl Redactor {
    pub fn new<'a>(values: impl IntoIterator<Item = &'a str>) -> Self {
        let lines = values.into_iter().flat_map(|value| value.lines().map(str::trim).chain([value]));
        let mut secrets: Vec<String> = lines.filter(|line| line.len() >= SHORTEST).map(str::to_owned).collect();
        secrets.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        secrets.dedup();
        Self { secrets }
    }

    /// Without secrets, and bounded: of a long text the end is kept, where the cause is.
    pub fn clean(&self, text: &str) -> String {
        let mut text = text.trim().to_owned();
        for secret in &self.secrets {
            text = text.replace(secret, "***");
        }
        let length = text.chars().count();
        match length > LONGEST_TEXT {
            true => format!("…{}", text.chars().skip(length - LONGEST_TEXT + 1).collect::<String>()),
            false => text,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn configuration_values_are_not_in_the_text() {
        let redactor = Redactor::new(["hunter2", "hunter2-and-more", "no", "line one\nline two"]);
        assert_eq!(redactor.clean("no hunter2-and-more, hunter2: line two"), "no ***, ***: ***");
    }

    #[test]
    fn a_long_text_keeps_its_end() {
        let text = format!("{}the cause", "x".repeat(5000));
        let clean = Redactor::default().clean(&text);
        assert!(clean.ends_with("the cause") && clean.chars().count() == LONGEST_TEXT, "{}", clean.chars().count());
    }
}
