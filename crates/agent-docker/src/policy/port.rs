//! Published ports as a rule names them: `8080`, `8000-8999`, `127.0.0.1:8080`, `[::1]:8000-8999`, `random`.

/// Whether the rule covers all of what is wanted. A rule without an address is for every address.
pub(super) fn covers(rule: &str, wanted: &str) -> bool {
    let ((rule_address, rule_ports), (address, ports)) = (split(rule), split(wanted));
    rule_address.is_none_or(|rule_address| Some(rule_address) == address) && within(rule_ports, ports)
}

fn split(text: &str) -> (Option<&str>, &str) {
    match text.rsplit_once(':') {
        Some((address, ports)) => (Some(address), ports),
        None => (None, text),
    }
}

fn within(rule: &str, wanted: &str) -> bool {
    match (range(rule), range(wanted)) {
        (Some((from, to)), Some((first, last))) => from <= first && last <= to,
        _ => rule == wanted,
    }
}

fn range(text: &str) -> Option<(u16, u16)> {
    let (from, to) = text.split_once('-').unwrap_or((text, text));
    let (from, to) = (from.parse().ok()?, to.parse().ok()?);
    (from <= to).then_some((from, to))
}

#[cfg(test)]
mod tests {
    use super::covers;

    #[test]
    fn a_rule_covers_its_addresses_and_ports() {
        for (rule, wanted) in [
            ("8080", "8080"),
            ("8080", "127.0.0.1:8080"),
            ("8000-8999", "8100-8110"),
            ("127.0.0.1:8000-8999", "127.0.0.1:8080"),
            ("[::1]:8080", "[::1]:8080"),
            ("random", "127.0.0.1:random"),
        ] {
            assert!(covers(rule, wanted), "{rule} covers {wanted}");
        }
        for (rule, wanted) in [
            ("8080", "8081"),
            ("127.0.0.1:8080", "8080"),
            ("127.0.0.1:8080", "0.0.0.0:8080"),
            ("8000-8999", "8990-9000"),
            ("8000-8999", "random"),
            ("8000-8999", "99999"),
        ] {
            assert!(!covers(rule, wanted), "{rule} does not cover {wanted}");
        }
    }
}
