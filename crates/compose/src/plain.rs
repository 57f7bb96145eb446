//! Scalars without quotes, as YAML takes them.

/// Whether it is a text, rather than a number, a truth or nothing.
pub(crate) fn is_text(plain: &str) -> bool {
    let is_word =
        matches!(plain, "" | "~" | "null" | "Null" | "NULL" | "true" | "True" | "TRUE" | "false" | "False" | "FALSE");
    let unsigned = plain.strip_prefix(['-', '+']).unwrap_or(plain);
    let is_special = matches!(unsigned, ".inf" | ".Inf" | ".INF" | ".nan" | ".NaN" | ".NAN");
    !is_word && !is_special && !is_based(unsigned) && !is_decimal(unsigned)
}

fn is_based(unsigned: &str) -> bool {
    [("0x", 16), ("0o", 8), ("0b", 2)].into_iter().any(|(prefix, base)| {
        let digits = unsigned.strip_prefix(prefix).unwrap_or_default();
        !digits.is_empty() && digits.chars().all(|c| c.is_digit(base) || c == '_')
    })
}

/// Digits with or without a point and an exponent.
fn is_decimal(unsigned: &str) -> bool {
    let begins = unsigned.trim_start_matches('.').starts_with(|c: char| c.is_ascii_digit());
    begins
        && unsigned.chars().all(|c| c.is_ascii_digit() || "._eE+-".contains(c))
        && unsigned.replace('_', "").parse::<f64>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_truths_and_nothing_are_no_texts() {
        for text in ["a", "1a", "1.2.3", "no", "on", "0xg", "1-2", "2024-01-01", "-", ".", "..1", "1:2"] {
            assert!(is_text(text), "{text}");
        }
        for other in ["1", "-1", "1.5", ".5", "1e3", "1_000", "0x1F", "0o17", "true", "", "~", "null", "-.inf", "007"] {
            assert!(!is_text(other), "{other}");
        }
    }
}
