//! What two error texts have in common: the same words, whatever the numbers, addresses, digests, ids and quoted names in them.

/// Longer texts are told apart no further.
const LONGEST: usize = 200;
const SHORTEST_HEX: usize = 8;
const MARK: char = '#';

/// The text with a mark for all that differs from one machine to the next.
pub(super) fn of(error: &str) -> String {
    let mut reason = String::new();
    let mut rest = error.trim();
    while let Some(first) = rest.chars().next() {
        let (length, shown) = match first {
            '"' => quoted(rest),
            first if first.is_alphanumeric() => word(rest),
            first => (first.len_utf8(), first.to_string()),
        };
        reason.push_str(&shown);
        rest = &rest[length..];
    }
    reason.chars().take(LONGEST).collect()
}

fn quoted(text: &str) -> (usize, String) {
    match text[1..].find('"') {
        Some(end) => (end + 2, format!("\"{MARK}\"")),
        None => (1, "\"".to_owned()),
    }
}

/// Up to what belongs to no number, name or address.
fn word(text: &str) -> (usize, String) {
    let belongs = |letter: char| letter.is_alphanumeric() || matches!(letter, '.' | ':' | '-' | '_');
    let end = text.find(|letter| !belongs(letter)).unwrap_or(text.len());
    let word = text[..end].trim_end_matches(['.', ':', '-']);
    (word.len(), shown(word))
}

fn shown(word: &str) -> String {
    let name = word.split_once(':').map_or(word, |(_, name)| name);
    let is_hex = |text: &str| {
        let digits = text.chars().filter(|letter| letter.is_ascii_digit()).count();
        let all = text.chars().all(|letter| letter.is_ascii_hexdigit() || letter == '-' || letter == ':');
        text.len() >= SHORTEST_HEX && digits > 0 && all
    };
    if is_hex(word) || word.starts_with("sha256:") && is_hex(name) {
        return MARK.to_string();
    }
    without_numbers(word)
}

/// Each number is a mark, and so is each row of numbers with dots or colons between: an address, a version, a time.
fn without_numbers(word: &str) -> String {
    let mut shown = String::new();
    let mut letters = word.chars().peekable();
    while let Some(letter) = letters.next() {
        if !letter.is_ascii_digit() {
            shown.push(letter);
            continue;
        }
        let mut tail = String::new();
        while let Some(next) = letters.next_if(|next| next.is_ascii_digit() || matches!(next, '.' | ':')) {
            match next.is_ascii_digit() {
                true => tail.clear(),
                false => tail.push(next),
            }
        }
        shown.push(MARK);
        shown.push_str(&tail);
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_between_machines_is_a_mark() {
        for (error, expected) in [
            (
                "web: unhealthy for 60 s: connection to db:5432 refused",
                "web: unhealthy for # s: connection to db:# refused",
            ),
            ("dial tcp 10.0.0.7:443: i/o timeout", "dial tcp #: i/o timeout"),
            ("no such image sha256:9f86d081884c7d659a2feaa0c55ad015", "no such image #"),
            ("container 4c1f0a9b2d77 exited with 137", "container # exited with #"),
            ("deployment 0197f3a0-7b1c-7c5e-9a55-0123456789ab is gone", "deployment # is gone"),
            ("key volumes, value \"/srv/a b\": not allowed", "key volumes, value \"#\": not allowed"),
            ("version 1.4.0 at 10:42:07.", "version # at #."),
            ("an \"open quote", "an \"open quote"),
            ("deadbeef is a word of letters", "deadbeef is a word of letters"),
            ("größe 12 übrig", "größe # übrig"),
            ("", ""),
        ] {
            assert_eq!(of(error), expected, "{error}");
        }
    }

    #[test]
    fn a_reason_has_an_end() {
        assert_eq!(of(&"x".repeat(5_000)).chars().count(), LONGEST);
        assert_eq!(of(&"ß ".repeat(5_000)).chars().count(), LONGEST);
    }

    #[test]
    fn a_reason_of_a_reason_is_itself() {
        let once = of("web 1.2: unhealthy \"a\" for 60 s");
        assert_eq!(of(&once), once);
    }
}
