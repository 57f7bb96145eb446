//! Durations and sizes, as compose reads them.

/// Nanoseconds of each unit. `µ` has two characters that look alike.
const UNITS: [(&str, f64); 8] = [
    ("ns", 1.0),
    ("us", 1e3),
    ("\u{b5}s", 1e3),
    ("\u{3bc}s", 1e3),
    ("ms", 1e6),
    ("s", 1e9),
    ("m", 60e9),
    ("h", 3600e9),
];

/// Whether the text is a duration: numbers, each with a unit, such as `1h30m`, or `0`; not longer than 292 years.
pub(crate) fn is_duration(text: &str) -> bool {
    nanoseconds(text).is_some()
}

/// The nanoseconds of a duration; nothing of a text that is none.
pub(crate) fn nanoseconds(text: &str) -> Option<f64> {
    let sign = if text.starts_with('-') { -1.0 } else { 1.0 };
    let mut rest = text.strip_prefix(['-', '+']).unwrap_or(text);
    if rest == "0" {
        return Some(0.0);
    }
    let mut nanoseconds = 0.0;
    while !rest.is_empty() {
        let after = rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
        let number = decimal(&rest[..rest.len() - after.len()])?;
        let unit = &after[..after.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(after.len())];
        let (_, factor) = UNITS.iter().find(|(name, _)| *name == unit)?;
        nanoseconds += number * factor;
        rest = &after[unit.len()..];
    }
    let is_some = !text.trim_start_matches(['-', '+']).is_empty() && nanoseconds < i64::MAX as f64;
    is_some.then_some(sign * nanoseconds)
}

/// Digits with at most one point.
fn decimal(digits: &str) -> Option<f64> {
    let is_number = digits.chars().any(|c| c.is_ascii_digit()) && digits.matches('.').count() <= 1;
    is_number.then(|| digits.parse().ok())?
}

/// The bytes that the text stands for, such as `512m`, `1.5 GB` or `64KiB`.
pub(crate) fn bytes(text: &str) -> Option<i64> {
    let after = text.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    let number = text[..text.len() - after.len()].to_owned();
    let begins_and_ends = number.starts_with(|c: char| c.is_ascii_digit()) && !number.ends_with('.');
    let number = decimal(&number).filter(|_| begins_and_ends)?;
    let unit = after.strip_prefix(' ').unwrap_or(after).to_ascii_lowercase();
    let unit = unit.strip_suffix('b').unwrap_or(&unit);
    let unit = unit.strip_suffix('i').unwrap_or(unit);
    let power = match unit {
        "" => 0,
        unit => 1 + ["k", "m", "g", "t", "p"].iter().position(|known| *known == unit)?,
    };
    Some((number * 1024f64.powi(i32::try_from(power).ok()?)) as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_units() {
        for good in ["1s", "1h30m", "1.5s", ".5s", "1.s", "0", "-3s", "0s", "1ms2us3ns", "2µs", "2μs", "2562047h"] {
            assert!(is_duration(good), "{good}");
        }
        for bad in ["", "-", "30", "30 s", "1d", "1d12h", "s", ".s", "1.2.3s", "99999999h", "30 seconds", "1S", "é"] {
            assert!(!is_duration(bad), "{bad}");
        }
    }

    #[test]
    fn sizes_have_units_or_none() {
        for (text, size) in [
            ("512", 512),
            ("1k", 1024),
            ("1K", 1024),
            ("1.5 gb", 1_610_612_736),
            ("64KiB", 65536),
            ("512Mi", 536_870_912),
            ("10b", 10),
            ("0", 0),
        ] {
            assert_eq!(bytes(text), Some(size), "{text}");
        }
        for bad in ["", "-5m", "512 megabytes", "fast", "1.", ".5g", "1.2.3", "1  g", "g", "1e3", "5 m ", "1ie"] {
            assert_eq!(bytes(bad), None, "{bad}");
        }
    }
}
