//! Commands that are one text, which compose splits into words as a shell would, without being one.

/// What becomes of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Split {
    Whole,
    /// compose drops this operator of a shell, and all behind it
    CutOff(char),
    /// a quote or a parenthesis that nothing closes, or a backslash at the end
    Broken,
}

#[derive(Default)]
struct Quotes {
    single: bool,
    double: bool,
    back: bool,
    dollar: bool,
}

/// Whether compose can split the command, and takes all of it.
pub(crate) fn split(command: &str) -> Split {
    let (mut quotes, mut escaped, mut before) = (Quotes::default(), false, ' ');
    let mut cut = None;
    for c in command.chars() {
        let Quotes { single, double, back, dollar } = quotes;
        if std::mem::take(&mut escaped) {
            before = ' ';
            continue;
        }
        match c {
            '\\' if !single => escaped = true,
            '`' if !single && !double && !dollar => quotes.back = !back,
            ')' if !single && !double && !back => quotes.dollar = !dollar,
            '(' if !single && !double && !back => match !dollar && before == '$' {
                true => quotes.dollar = true,
                false => return Split::Broken,
            },
            '"' if !single && !dollar => quotes.double = !double,
            '\'' if !double && !dollar => quotes.single = !single,
            ';' | '&' | '|' | '<' | '>' if !(single || double || back || dollar) => {
                cut = Some(c);
                break;
            }
            _ => {}
        }
        before = c;
    }
    let Quotes { single, double, back, dollar } = quotes;
    match (escaped || single || double || back || dollar, cut) {
        (true, _) => Split::Broken,
        (false, Some(operator)) => Split::CutOff(operator),
        (false, None) => Split::Whole,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_close() {
        for good in ["", "a b", "a 'b c' \"d 'e\"", "a \\' b", "$(a b)", "`a`", "a '(b)'", "sh -c \"a && b\""] {
            assert_eq!(split(good), Split::Whole, "{good}");
        }
        for bad in ["a 'b", "a \"b", "a \\", "a (b)", "a )", "`a", "$(a", "a \"b'"] {
            assert_eq!(split(bad), Split::Broken, "{bad}");
        }
    }

    #[test]
    fn what_a_shell_would_do_is_cut_off() {
        for (command, operator) in [("a && b", '&'), ("a | b", '|'), ("a > b", '>'), ("a; b 'c", ';')] {
            assert_eq!(split(command), Split::CutOff(operator), "{command}");
        }
    }
}
