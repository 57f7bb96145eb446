//! What Helm reads otherwise than another reader of YAML. It is refused, so that a chart has one meaning: keys that become truth values or
//! numbers, spellings of either that only some know, and merged maps that go over what stands before them.

use granit_parser::{Event, Parser, ScalarStyle, Span, StructureStyle, Tag};

/// Characters that end a line for Helm and stand in one for others, each with how it is written.
const BREAKS: [(char, &str); 3] = [('\u{85}', "\\N"), ('\u{2028}', "\\L"), ('\u{2029}', "\\P")];
/// What Helm reads as true or false. In any other case it is a text.
const TRUTHS: [&str; 8] = ["y", "n", "yes", "no", "on", "off", "true", "false"];
const MERGE: &str = "<<";

/// Refuses what has two meanings, with the line and what to write. What cannot be read is left to the reader.
pub(super) fn check(text: &str) -> Result<(), String> {
    for (index, line) in text.split('\n').enumerate() {
        if let Some((found, written)) = BREAKS.into_iter().find(|(found, _)| line.contains(*found)) {
            return Err(format!(
                "line {} has the character U+{:04X}, where Helm ends the line; write {written} in double quotes",
                index + 1,
                u32::from(found)
            ));
        }
    }
    let mut stack = Opened::default();
    for event in Parser::new_from_str(text) {
        let Ok((event, span)) = event else { return Ok(()) };
        check_colon(text, &event, span).map_err(|why| format!("line {}: {why}", span.start.line()))?;
        step(&mut stack, &event, span)?;
    }
    Ok(())
}

/// In braces and brackets, a colon right before another mark ends a key for some and belongs to a text for others.
fn check_colon(text: &str, event: &Event<'_>, span: Span) -> Result<(), String> {
    let Event::Scalar(key, ScalarStyle::Plain, ..) = event else { return Ok(()) };
    let behind = span.byte_range().and_then(|range| text.get(range.end..)).unwrap_or_default();
    match behind.trim_start_matches([' ', '\t']).strip_prefix(':') {
        Some(next) if next.starts_with([',', '[', ']', '{', '}']) => {
            let key = cut(key);
            Err(format!("Helm reads {key}: with its colon as a text; write a space behind the colon, or \"{key}:\""))
        }
        _ => Ok(()),
    }
}

/// In braces and brackets, a question mark begins a key for Helm, whatever is behind it, and a text for others.
fn check_question(event: &Event<'_>) -> Result<(), String> {
    match event {
        Event::Scalar(text, ScalarStyle::Plain, ..) if text.starts_with('?') => {
            let text = cut(text);
            Err(format!("Helm reads the ? of {text} as the beginning of a key; write \"{text}\""))
        }
        _ => Ok(()),
    }
}

/// A map or a list that is being read.
enum Open {
    List,
    Map {
        /// the next node is one
        key: bool,
        keys: usize,
        merged: bool,
    },
}

/// The maps and lists that are being read, the outermost first.
#[derive(Default)]
struct Opened {
    open: Vec<Open>,
    /// how many of them, the innermost, are in braces or brackets
    flow: usize,
}

impl Opened {
    fn push(&mut self, open: Open, style: StructureStyle) {
        self.open.push(open);
        self.flow += usize::from(self.flow > 0 || style == StructureStyle::Flow);
    }

    fn pop(&mut self) {
        self.open.pop();
        self.flow = self.flow.saturating_sub(1);
    }
}

fn step(stack: &mut Opened, event: &Event<'_>, span: Span) -> Result<(), String> {
    let tag = match event {
        Event::Scalar(_, _, _, tag) | Event::SequenceStart(_, _, tag) | Event::MappingStart(_, _, tag) => {
            tag.as_deref()
        }
        Event::SequenceEnd | Event::MappingEnd => {
            stack.pop();
            None
        }
        Event::Alias(_) => None,
        _ => return Ok(()),
    };
    let line = span.start.line();
    check_tag(tag).map_err(|why| format!("line {line}: {why}"))?;
    if matches!(event, Event::SequenceEnd | Event::MappingEnd) {
        return Ok(());
    }
    let is_key = matches!(stack.open.last(), Some(Open::Map { key: true, .. }));
    if stack.flow > 0 {
        check_question(event).map_err(|why| format!("line {line}: {why}"))?;
    }
    check_node(stack.open.last_mut(), event, (tag, is_key)).map_err(|why| format!("line {line}: {why}"))?;
    if let Some(Open::Map { key, .. }) = stack.open.last_mut() {
        *key = !*key;
    }
    match event {
        Event::SequenceStart(style, ..) => stack.push(Open::List, *style),
        Event::MappingStart(style, ..) => stack.push(Open::Map { key: true, keys: 0, merged: false }, *style),
        _ => {}
    }
    Ok(())
}

/// Helm knows the types of YAML, and reads texts as some of them where others do not.
fn check_tag(tag: Option<&Tag>) -> Result<(), String> {
    match tag {
        Some(tag) if !["str", "map", "seq"].into_iter().any(|known| tag.is_yaml_core_schema_tag(known)) => {
            Err(format!("the tag {} is not taken; leave it out, or quote a text", cut(&tag.original())))
        }
        _ => Ok(()),
    }
}

fn check_node(within: Option<&mut Open>, event: &Event<'_>, (tag, is_key): (Option<&Tag>, bool)) -> Result<(), String> {
    let plain = match event {
        Event::Scalar(text, ScalarStyle::Plain, ..) if tag.is_none() => Some(text.as_ref()),
        _ => None,
    };
    let Some(Open::Map { keys, merged, .. }) = within.filter(|_| is_key) else {
        return plain.map_or(Ok(()), check_value);
    };
    *keys += 1;
    match (event, plain) {
        (_, Some(MERGE)) if *merged => Err("<< is twice in a map; write one with a list, <<: [*a, *b]".to_owned()),
        (_, Some(MERGE)) if *keys > 1 => {
            Err("<< stands behind other keys of its map, over which Helm merges it; put it first".to_owned())
        }
        (_, Some(MERGE)) => {
            *merged = true;
            Ok(())
        }
        (_, Some(key)) => check_key(key),
        (Event::Scalar(..), None) => Ok(()),
        _ => Err("a key is an alias, a map or a list; write a text".to_owned()),
    }
}

fn check_key(key: &str) -> Result<(), String> {
    let is_itself = key == "true" || key == "false" || key.parse::<i64>().is_ok_and(|number| number.to_string() == key);
    match is_itself || !(is_truth(key) || is_nothing(key) || is_number(key)) {
        true => Ok(()),
        false => {
            let key = cut(key);
            Err(format!("Helm reads the key {key} as a number, a truth value or nothing; write \"{key}\""))
        }
    }
}

fn check_value(value: &str) -> Result<(), String> {
    let is_usual = |value: &str| {
        let first = value.chars().next().map(|first| first.to_ascii_uppercase());
        let capital: String = first.into_iter().chain(value.chars().skip(1)).collect();
        let lower = value.to_ascii_lowercase();
        value == lower || value == lower.to_ascii_uppercase() || capital == value && value[1..] == lower[1..]
    };
    if is_truth(value) && !is_usual(value) {
        return Err(format!(
            "{value} is a text for Helm and a truth value for others; write \"{value}\", or true or false"
        ));
    }
    if value.contains('_') && is_number(value) {
        let value = cut(value);
        return Err(format!("{value} is a number for Helm and a text for others; leave _ out, or write \"{value}\""));
    }
    Ok(())
}

fn is_truth(text: &str) -> bool {
    TRUTHS.into_iter().any(|truth| truth.eq_ignore_ascii_case(text))
}

fn is_nothing(text: &str) -> bool {
    text.is_empty() || text == "~" || text.eq_ignore_ascii_case("null")
}

/// Whether some reader takes it for a number.
fn is_number(text: &str) -> bool {
    if !text.starts_with(|first: char| first.is_ascii_digit() || matches!(first, '+' | '-' | '.')) {
        return false;
    }
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text).replace('_', "").to_ascii_lowercase();
    let of_base = |prefix: &str, base: u32| {
        let digits = digits.strip_prefix(prefix);
        digits.is_some_and(|digits| !digits.is_empty() && digits.chars().all(|digit| digit.is_digit(base)))
    };
    let is_decimal =
        || digits.starts_with(|first: char| first.is_ascii_digit() || first == '.') && digits.parse::<f64>().is_ok();
    digits == ".inf" || digits == ".nan" || of_base("0x", 16) || of_base("0o", 8) || of_base("0b", 2) || is_decimal()
}

fn cut(text: &str) -> String {
    text.chars().take(80).collect()
}
